package http

import (
	"context"
	"maps"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// postTransaction answers POST /v1/transactions.
func postTransaction(r *http.Request, b *book) reply {
	p := parametersOf(r)
	isDry := p.flag("dry_run")
	if err := p.end(); err != nil {
		return refuse(r.Context(), err)
	}
	if !isDry {
		return postOne(r, b, b.service.Post)
	}
	a := postOne(r, b, b.service.DryRun)
	header := map[string]string{"Dry-Run": "true"}
	maps.Copy(header, a.header)
	a.header = header
	return a
}

// postOne posts the transaction in the body.
func postOne(r *http.Request, b *book, post func(context.Context, ledger.TransactionRequest) (ledger.Outcome, error)) reply {
	ctx := r.Context()
	request, err := readJSON(r, maxOne, wire.DecodeTransactionRequest)
	if err == nil {
		request.ID, err = idOrKey(r, request.ID)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	assets, err := resolve(ctx, b.assets, request.Ask)
	if err != nil {
		return refuse(ctx, err)
	}
	transaction, err := domainOf(ctx, &request, assets)
	if err != nil {
		return refuse(ctx, err)
	}
	outcome, err := post(ctx, transaction)
	if err != nil {
		return refuse(ctx, request.Explain(err))
	}
	return written(outcome.Result, http.StatusCreated, wire.NewTransaction(outcome.Transaction))
}

// postTransactions answers POST /v1/transactions/batch.
func postTransactions(r *http.Request, b *book) reply {
	ctx := r.Context()
	request, err := readBody(r, maxMany, wire.DecodeBatchRequest)
	if err == nil {
		err = noKey(r)
	}
	if err == nil {
		err = checkCount("transactions", len(request.Transactions))
	}
	if err != nil {
		return refuse(ctx, err)
	}
	post := postMany
	if request.Atomic {
		post = postAtomic
	}
	outcomes, err := post(ctx, b, request.Transactions)
	if err != nil {
		return refuse(ctx, err)
	}
	return ok(wire.Outcomes{Data: outcomesOf(ctx, outcomes)})
}

// listTransactions answers GET /v1/transactions.
func listTransactions(r *http.Request, b *book) reply {
	ctx := r.Context()
	p := parametersOf(r)
	query := ledger.TransactionQuery{
		Account: p.text("account"), From: p.time("from"), To: p.time("to"),
		Status: parameter(p, "status", wire.ParseTransactionStatus), Metadata: p.metadata(),
		OldestFirst: p.oldestFirst(), After: p.after(), Limit: p.limit(),
	}
	if err := p.end(); err != nil {
		return refuse(ctx, err)
	}
	page, err := b.service.FindTransactions(ctx, query)
	if err != nil {
		return refuse(ctx, explainCursor(err, query.After, ledger.NoTransaction(query.After)))
	}
	transactionOf := func(t ledger.Transaction) wire.Transaction { return wire.NewTransaction(&t) }
	cursor := func(t ledger.Transaction) string { return wire.IDCursor(t.ID) }
	return ok(wire.NewPage(page.Transactions, page.More, transactionOf, cursor))
}

// getTransaction answers GET /v1/transactions/{id}.
func getTransaction(r *http.Request, b *book) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err == nil {
		err = noParameters(r)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	transaction, err := b.service.Transaction(ctx, id)
	if err != nil {
		return refuse(ctx, err)
	}
	return ok(wire.NewTransaction(&transaction))
}
