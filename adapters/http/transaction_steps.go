package http

import (
	"context"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// postPending answers POST /v1/transactions/{id}/post.
func postPending(r *http.Request, b *book) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return refuse(ctx, err)
	}
	request, err := readOptional(r, wire.DecodePostPendingRequest)
	if err != nil {
		return refuse(ctx, err)
	}
	assets, err := resolve(ctx, b.assets, request.Ask)
	if err != nil {
		return refuse(ctx, err)
	}
	assetOf := func() (ledger.Asset, error) {
		transaction, err := b.service.Transaction(ctx, id)
		if err != nil {
			return ledger.Asset{}, err
		}
		return transaction.Entries[0].Asset, nil
	}
	step, err := request.Domain(id, assetOf, assets)
	if err == nil {
		step.Actor, err = actorOf(ctx, step.Actor)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	return transactionReply(ctx, http.StatusOK)(b.service.PostPending(ctx, step))
}

// voidPending answers POST /v1/transactions/{id}/void.
func voidPending(r *http.Request, b *book) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return refuse(ctx, err)
	}
	request, err := readOptional(r, wire.DecodeVoidPendingRequest)
	if err == nil {
		request.Actor, err = actorOf(ctx, request.Actor)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	return transactionReply(ctx, http.StatusOK)(b.service.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: id, Actor: request.Actor}))
}

// reverseTransaction answers POST /v1/transactions/{id}/reverse.
func reverseTransaction(r *http.Request, b *book) reply {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return refuse(ctx, err)
	}
	request, err := readBody(r, maxOne, wire.DecodeReversalRequest)
	if err == nil {
		request.ID, err = idOrKey(r, request.ID)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	reversal, err := request.Domain(id)
	if err == nil {
		reversal.Actor, err = actorOf(ctx, reversal.Actor)
	}
	if err != nil {
		return refuse(ctx, err)
	}
	return transactionReply(ctx, http.StatusCreated)(b.service.Reverse(ctx, reversal))
}

// transactionReply returns what answers with the transaction of an outcome, with the
// status if it took effect.
func transactionReply(ctx context.Context, made int) func(ledger.Outcome, error) reply {
	return func(outcome ledger.Outcome, err error) reply {
		if err != nil {
			return refuse(ctx, err)
		}
		return written(outcome.Result, made, wire.NewTransaction(outcome.Transaction))
	}
}
