package http

import (
	"context"
	"errors"
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
	find := h.config.Catalog.FindLedgers
	if principal, ok := PrincipalOf(ctx); ok && principal.Ledger != "" {
		find = onlyLedger(h.config.Catalog, principal.Ledger)
	}
	page, err := find(ctx, query)
	if err != nil {
		return refuse(ctx, explainCursor(err, query.After, ledger.NoLedger(query.After)))
	}
	ledgerOf := func(name string) wire.Ledger { return wire.Ledger{Name: name} }
	return ok(wire.NewPage(page.Names, page.More, ledgerOf, wire.IDCursor))
}

// onlyLedger returns what finds one ledger, and nothing of any other.
func onlyLedger(catalog ledger.Catalog, name string) func(context.Context, ledger.LedgerQuery) (ledger.LedgerPage, error) {
	return func(ctx context.Context, query ledger.LedgerQuery) (page ledger.LedgerPage, err error) {
		if query.After != "" && query.After != name {
			return page, ledger.NoLedger(query.After)
		}
		_, err = catalog.Ledger(ctx, name)
		switch {
		case errors.Is(err, ledger.ErrNotFound):
			return page, nil
		case err == nil && query.After == "":
			page.Names = []string{name}
		}
		return page, err
	}
}
