package http

import (
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// openLedger answers POST /v1/ledgers.
func (h *handler) openLedger(r *http.Request, _ *book) reply {
	ctx := r.Context()
	request, err := readBody(r, maxOne, wire.DecodeLedger)
	if err != nil {
		return refuse(ctx, err)
	}
	if h.config.Catalog == nil {
		return refuse(ctx, errOneLedger())
	}
	result, err := h.config.Catalog.OpenLedger(ctx, request.Name)
	if err != nil {
		return refuse(ctx, renamed(err, "ledger", "name"))
	}
	return written(result, http.StatusCreated, request)
}

// listLedgers answers GET /v1/ledgers.
func (h *handler) listLedgers(r *http.Request, _ *book) reply {
	ctx := r.Context()
	p := parametersOf(r)
	query := ledger.LedgerQuery{OldestFirst: p.oldestFirst(), After: p.after(), Limit: p.limit()}
	if err := p.end(); err != nil {
		return refuse(ctx, err)
	}
	if h.config.Catalog == nil {
		return refuse(ctx, errOneLedger())
	}
	page, err := h.config.Catalog.FindLedgers(ctx, query)
	if err != nil {
		return refuse(ctx, explainCursor(err, query.After, ledger.NoLedger(query.After)))
	}
	ledgerOf := func(name string) wire.Ledger { return wire.Ledger{Name: name} }
	return ok(wire.NewPage(page.Names, page.More, ledgerOf, wire.IDCursor))
}
