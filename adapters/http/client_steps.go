package http

import (
	"context"
	"errors"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// PostPending implements [ledger.Service]. With an Amount it first reads the
// transaction, for the wire has no amounts without their asset.
func (c *Client) PostPending(ctx context.Context, request ledger.PostPendingRequest) (ledger.Outcome, error) {
	var asset ledger.Asset
	if request.Amount != nil {
		transaction, err := c.Transaction(ctx, request.Transaction)
		if err == nil && len(transaction.Entries) == 0 {
			err = errSenseless(errors.New("a transaction has no entries"))
		}
		if err != nil {
			return refused(err)
		}
		asset = transaction.Entries[0].Asset
	}
	body, err := wire.NewPostPendingRequest(request, asset)
	return c.step(ctx, request.Transaction, "/post", body, err)
}

// VoidPending implements [ledger.Service].
func (c *Client) VoidPending(ctx context.Context, request ledger.VoidPendingRequest) (ledger.Outcome, error) {
	body, err := wire.NewVoidPendingRequest(request)
	return c.step(ctx, request.Transaction, "/void", body, err)
}

// step sends a step of a transaction, unless its body could not be made.
func (c *Client) step(ctx context.Context, id, path string, body any, err error) (ledger.Outcome, error) {
	if err != nil {
		return refused(err)
	}
	if ledger.ValidateID(id) != nil {
		return refused(ledger.NoTransaction(id))
	}
	return c.write(ctx, http.StatusOK, post(c.transactionPath(id)+path, body))
}

// Reverse implements [ledger.Service].
func (c *Client) Reverse(ctx context.Context, request ledger.ReversalRequest) (ledger.Outcome, error) {
	body, err := wire.NewReversalRequest(request)
	switch {
	case err != nil:
		return refused(err)
	case ledger.ValidateID(request.Transaction) != nil:
		return refused(ledger.NoTransaction(request.Transaction))
	}
	return c.write(ctx, http.StatusCreated, post(c.transactionPath(request.Transaction)+"/reverse", body))
}
