package http

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// Post implements [ledger.Service].
func (c *Client) Post(ctx context.Context, request ledger.TransactionRequest) (ledger.Outcome, error) {
	return c.postOne(ctx, request, false)
}

// DryRun implements [ledger.Service].
func (c *Client) DryRun(ctx context.Context, request ledger.TransactionRequest) (ledger.Outcome, error) {
	return c.postOne(ctx, request, true)
}

// Deposit implements [ledger.Service].
func (c *Client) Deposit(ctx context.Context, deposit ledger.Deposit) (ledger.Outcome, error) {
	// The id of the world's account is made of it.
	if err := deposit.Asset.Validate(); err != nil {
		return refused(err)
	}
	outcome, err := c.postOne(ctx, deposit.Request(), false)
	if outcome.Err != nil {
		outcome.Err = depositError(outcome.Err)
	}
	return outcome, depositError(err)
}

func (c *Client) postOne(ctx context.Context, request ledger.TransactionRequest, isDry bool) (ledger.Outcome, error) {
	known, err := c.conditionAssets(ctx, request)
	if err != nil {
		return ledger.Outcome{}, err
	}
	body, err := known.request(request)
	if err != nil {
		return refused(err)
	}
	q := post(c.prefix+"/transactions", body)
	if isDry {
		q.query, q.isRead = url.Values{"dry_run": {"true"}}, true
	}
	return c.write(ctx, http.StatusCreated, q)
}

// write sends what is answered with a transaction, with the status if it took effect
// now.
func (c *Client) write(ctx context.Context, status int, q question) (ledger.Outcome, error) {
	transaction, a, err := fetch[wire.Transaction](ctx, c.link, q)
	if err != nil {
		return refused(err)
	}
	return ledger.Outcome{Result: a.result(status), Transaction: &transaction}, nil
}

// PostBatch implements [ledger.Service]. A batch of more than 16 MiB as JSON fails with
// [ErrTooLarge].
func (c *Client) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	if err := checkTransactions(requests); err != nil {
		return nil, err
	}
	known, err := c.conditionAssets(ctx, requests...)
	if err != nil {
		return nil, err
	}
	return convertAll(requests, known.request, func(transactions []wire.TransactionRequest) ([]ledger.Outcome, error) {
		return c.batch(ctx, "/transactions/batch", wire.BatchRequest{Transactions: transactions}, len(transactions))
	})
}

// PostAtomic implements [ledger.Service]. A batch of more than 16 MiB as JSON fails
// with [ErrTooLarge].
func (c *Client) PostAtomic(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	if err := checkTransactions(requests); err != nil || len(requests) == 0 {
		return nil, err
	}
	known, err := c.conditionAssets(ctx, requests...)
	if err != nil {
		return nil, err
	}
	body := wire.BatchRequest{Transactions: make([]wire.TransactionRequest, len(requests)), Atomic: true}
	for i, request := range requests {
		if body.Transactions[i], err = known.request(request); err != nil {
			return nil, atMember(err, i)
		}
	}
	return c.batch(ctx, "/transactions/batch", body, len(requests))
}

// checkTransactions refuses a batch that is too large before it is sent.
func checkTransactions(requests []ledger.TransactionRequest) error {
	entries := 0
	for i := range requests {
		entries += len(requests[i].Entries)
	}
	if len(requests) <= ledger.MaxBatch && entries > ledger.MaxBatchEntries {
		return &ledger.Error{
			Code: ledger.ErrInvalidRequest, Field: "entries",
			Message: fmt.Sprintf("a batch should have at most %d entries in all, not %d", ledger.MaxBatchEntries, entries),
		}
	}
	return checkMembers(len(requests))
}

// Transaction implements [ledger.Service].
func (c *Client) Transaction(ctx context.Context, id string) (ledger.Transaction, error) {
	if ledger.ValidateID(id) != nil {
		return ledger.Transaction{}, ledger.NoTransaction(id)
	}
	transaction, _, err := fetch[wire.Transaction](ctx, c.link, get(c.transactionPath(id), nil))
	return transaction, err
}

func (c *Client) transactionPath(id string) string { return c.prefix + "/transactions/" + escaped(id) }

// FindTransactions implements [ledger.Service].
func (c *Client) FindTransactions(ctx context.Context, q ledger.TransactionQuery) (page ledger.TransactionPage, err error) {
	if q.After != "" && ledger.ValidateID(q.After) != nil {
		return page, ledger.NoTransaction(q.After)
	}
	if q.Account != "" && ledger.ValidateID(q.Account) != nil {
		return page, ledger.NoAccount(q.Account)
	}
	query := pageQuery(q.OldestFirst, idCursor(q.After), q.Limit)
	setText(query, "account", q.Account)
	setMetadata(query, q.Metadata)
	if q.Status != 0 {
		query.Set("status", q.Status.String())
	}
	if err := setPeriod(query, q.From, q.To); err != nil {
		return page, err
	}
	page.Transactions, page.More, err = fetchPage[wire.Transaction](ctx, c.link, get(c.prefix+"/transactions", query), ledger.NoTransaction(q.After))
	return page, err
}
