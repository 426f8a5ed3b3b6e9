package http

import (
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// getBalance answers GET /v1/accounts/{id}/balance.
func getBalance(r *http.Request, b *book) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return refuse(ctx, err)
	}
	p := parametersOf(r)
	at := p.moment()
	if err := p.end(); err != nil {
		return refuse(ctx, err)
	}
	balance, err := b.service.BalanceAt(ctx, id, at)
	if err != nil {
		return refuse(ctx, explainMoment(err))
	}
	return ok(wire.NewBalanceAt(balance, at.Time().IsZero()))
}

// listEntries answers GET /v1/accounts/{id}/entries.
func listEntries(r *http.Request, b *book) reply {
	ctx := r.Context()
	query, err := statementQuery(r)
	if err != nil {
		return refuse(ctx, err)
	}
	page := ledger.EntryPage{}
	if query.From.IsZero() && query.To.IsZero() {
		page, err = b.service.Entries(ctx, ledger.EntryQuery{
			Account: query.Account, OldestFirst: query.OldestFirst, After: query.After, Limit: query.Limit,
		})
	} else {
		var statement ledger.Statement
		statement, err = b.service.Statement(ctx, query)
		page.Entries, page.More = statement.Entries, statement.More
	}
	if err != nil {
		return refuse(ctx, err)
	}
	cursor := func(e ledger.Entry) string { return wire.EntryCursor(e.Key()) }
	return ok(wire.NewPage(page.Entries, page.More, wire.NewAccountEntry, cursor))
}

// getStatement answers GET /v1/accounts/{id}/statement.
func getStatement(r *http.Request, b *book) reply {
	ctx := r.Context()
	query, err := statementQuery(r)
	if err != nil {
		return refuse(ctx, err)
	}
	statement, err := b.service.Statement(ctx, query)
	if err != nil {
		return refuse(ctx, err)
	}
	body, err := wire.NewStatement(statement)
	if err != nil {
		return refuse(ctx, err)
	}
	return ok(body)
}

func statementQuery(r *http.Request) (query ledger.StatementQuery, err error) {
	if query.Account, err = pathID(r, "id"); err != nil {
		return query, err
	}
	p := parametersOf(r)
	query.From, query.To = p.time("from"), p.time("to")
	query.OldestFirst, query.After, query.Limit = p.oldestFirst(), p.afterEntry(), p.limit()
	return query, p.end()
}

// getTrialBalance answers GET /v1/trial-balance.
func getTrialBalance(r *http.Request, b *book) reply {
	ctx := r.Context()
	p := parametersOf(r)
	query := ledger.TrialBalanceQuery{At: p.moment(), After: p.after(), Limit: p.limit()}
	if err := p.end(); err != nil {
		return refuse(ctx, err)
	}
	balance, err := b.service.TrialBalance(ctx, query)
	if err != nil {
		return refuse(ctx, explainCursor(explainMoment(err), query.After, ledger.NoAccount(query.After)))
	}
	return ok(wire.NewTrialBalance(balance, query.At.Time().IsZero()))
}
