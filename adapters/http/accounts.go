package http

import (
	"context"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// openAccount answers POST /v1/accounts.
func openAccount(r *http.Request, b *book) reply {
	ctx := r.Context()
	request, err := readBody(r, maxOne, wire.DecodeAccountRequest)
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
	account, err := request.Domain(assets)
	if err != nil {
		return refuse(ctx, err)
	}
	outcome, err := b.service.OpenAccount(ctx, account)
	if err != nil {
		return refuse(ctx, request.Explain(err))
	}
	return written(outcome.Result, http.StatusCreated, wire.NewAccount(*outcome.Account))
}

// openAccounts answers POST /v1/accounts/batch.
func openAccounts(r *http.Request, b *book) reply {
	ctx := r.Context()
	request, err := readBody(r, maxMany, wire.DecodeAccountsRequest)
	if err == nil {
		err = noKey(r)
	}
	if err == nil {
		err = checkCount("accounts", len(request.Accounts))
	}
	if err != nil {
		return refuse(ctx, err)
	}
	assets, err := resolve(ctx, b.assets, func(assets wire.Assets) {
		for i := range request.Accounts {
			request.Accounts[i].Ask(assets)
		}
	})
	if err != nil {
		return refuse(ctx, err)
	}
	outcomes, err := convertAll(request.Accounts, func(a wire.AccountRequest) (ledger.AccountRequest, error) {
		return a.Domain(assets)
	}, func(accounts []ledger.AccountRequest) ([]ledger.Outcome, error) {
		return b.service.OpenAccounts(ctx, accounts)
	})
	if err != nil {
		return refuse(ctx, err)
	}
	explainAll(request.Accounts, outcomes)
	return ok(wire.Outcomes{Data: outcomesOf(ctx, outcomes)})
}

// lookUpAccounts answers POST /v1/accounts/lookup.
func lookUpAccounts(r *http.Request, b *book) reply {
	ctx := r.Context()
	request, err := readBody(r, maxOne, wire.DecodeIDs)
	if err == nil {
		err = checkCount("ids", len(request.IDs))
	}
	if err != nil {
		return refuse(ctx, err)
	}
	accounts, err := b.service.Accounts(ctx, request.IDs)
	if err != nil {
		return refuse(ctx, err)
	}
	return ok(wire.NewPage(accounts, false, wire.NewAccount, accountCursor))
}

func accountCursor(a ledger.Account) string { return wire.IDCursor(a.ID) }

// listAccounts answers GET /v1/accounts.
func listAccounts(r *http.Request, b *book) reply {
	ctx := r.Context()
	p := parametersOf(r)
	query := ledger.AccountQuery{
		Prefix: p.text("prefix"), Asset: p.text("asset"), Status: parameter(p, "status", wire.ParseStatus), Metadata: p.metadata(),
		OldestFirst: p.oldestFirst(), After: p.after(), Limit: p.limit(),
	}
	if err := p.end(); err != nil {
		return refuse(ctx, err)
	}
	page, err := b.service.FindAccounts(ctx, query)
	if err != nil {
		return refuse(ctx, explainCursor(err, query.After, ledger.NoAccount(query.After)))
	}
	return ok(wire.NewPage(page.Accounts, page.More, wire.NewAccount, accountCursor))
}

// getAccount answers GET /v1/accounts/{id}.
func getAccount(r *http.Request, b *book) reply {
	return onAccount(r, func(ctx context.Context, id string) (any, error) {
		account, err := b.service.Account(ctx, id)
		return wire.NewAccount(account), err
	})
}

// onAccount answers a read of the account in the path that takes no parameters.
func onAccount(r *http.Request, read func(ctx context.Context, id string) (any, error)) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err == nil {
		err = noParameters(r)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	body, err := read(ctx, id)
	if err != nil {
		return refuse(ctx, err)
	}
	return ok(body)
}

// changeAccount answers PATCH /v1/accounts/{id}.
func changeAccount(r *http.Request, b *book) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return refuse(ctx, err)
	}
	request, err := readBody(r, maxOne, wire.DecodeAccountChange)
	if err != nil {
		return refuse(ctx, err)
	}
	change, err := request.Domain()
	if err != nil {
		return refuse(ctx, err)
	}
	account, err := b.service.ChangeAccount(ctx, id, change)
	if err != nil {
		return refuse(ctx, err)
	}
	return ok(wire.NewAccount(account))
}
