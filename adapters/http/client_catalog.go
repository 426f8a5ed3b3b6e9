package http

import (
	"context"
	"net/http"
	"sync"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// Catalog returns the ledgers of the client's server. They share its connections.
func (c *Client) Catalog() ledger.Catalog { return clientCatalog{c.link} }

type clientCatalog struct{ link *link }

// OpenLedger implements [ledger.Catalog].
func (c clientCatalog) OpenLedger(ctx context.Context, name string) (ledger.Result, error) {
	if err := ledger.ValidateLedgerName(name); err != nil {
		return ledger.Rejected, err
	}
	_, a, err := ask[wire.Ledger](ctx, c.link, post("/v1/ledgers", wire.Ledger{Name: name}))
	if err != nil {
		return 0, err
	}
	return a.result(http.StatusCreated), nil
}

// Ledger implements [ledger.Catalog]. It asks the server once for each name that is
// there.
func (c clientCatalog) Ledger(ctx context.Context, name string) (ledger.Service, error) {
	if ledger.ValidateLedgerName(name) != nil {
		return nil, ledger.NoLedger(name)
	}
	if err := ctx.Err(); err != nil {
		return nil, interrupted(err, nil)
	}
	found := c.link.names.find(name)
	if found == nil {
		// Any read tells whether the ledger is there.
		prefix := ledgerPrefix(name)
		if _, _, err := ask[wire.Page[wire.Asset]](ctx, c.link, get(prefix+"/assets", pageQuery(false, "", 1))); err != nil {
			return nil, err
		}
		found = c.link.names.keep(name, c.link.client(prefix))
	}
	return found, nil
}

// FindLedgers implements [ledger.Catalog].
func (c clientCatalog) FindLedgers(ctx context.Context, query ledger.LedgerQuery) (page ledger.LedgerPage, err error) {
	if query.After != "" && ledger.ValidateLedgerName(query.After) != nil {
		return page, ledger.NoLedger(query.After)
	}
	q := get("/v1/ledgers", pageQuery(query.OldestFirst, idCursor(query.After), query.Limit))
	answer, _, err := ask[wire.Page[wire.Ledger]](ctx, c.link, q)
	if err != nil {
		return page, cursorError(err, ledger.NoLedger(query.After))
	}
	page.More = answer.NextCursor != nil
	for _, l := range answer.Data {
		page.Names = append(page.Names, l.Name)
	}
	return page, nil
}

// names remembers the clients of ledgers that are there, for no ledger is ever
// removed.
type names struct {
	mu      sync.Mutex
	clients map[string]*Client
}

func newNames() *names { return &names{clients: make(map[string]*Client)} }

func (n *names) find(name string) *Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.clients[name]
}

// keep returns the client that is remembered: the one given, or one that somebody else
// was faster with.
func (n *names) keep(name string, client *Client) *Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	if known := n.clients[name]; known != nil {
		return known
	}
	if len(n.clients) >= maxBooks {
		clear(n.clients)
	}
	n.clients[name] = client
	return client
}
