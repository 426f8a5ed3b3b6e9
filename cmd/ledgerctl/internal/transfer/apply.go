package transfer

import (
	"context"
	"errors"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// flush sends the group and counts what became of its lines.
func (im *importer) flush(ctx context.Context) error {
	if len(im.group.items) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	results := make(map[*item]ledger.Outcome, len(im.group.items))
	if !im.config.DryRun {
		if err := im.send(ctx, results); err != nil {
			return err
		}
	}
	return im.conclude(results)
}

// conclude counts what became of the lines of the group, and then keeps those that were
// refused, so that the counts are right whether that succeeds or not.
func (im *importer) conclude(results map[*item]ledger.Outcome) error {
	items := im.group.items
	im.group = group{}
	for _, it := range items {
		switch outcome := results[it]; {
		case it.err != nil || outcome.Err != nil:
			im.summary.Rejected++
		case outcome.Result == ledger.Replayed:
			im.summary.Replayed++
		default:
			im.summary.Applied++
		}
	}
	for _, it := range items {
		if reason := errors.Join(it.err, results[it].Err); reason != nil {
			if err := im.rejects.write(it.line, reason); err != nil {
				return err
			}
			im.summary.Kept++
		}
		im.summary.Line, im.summary.Bytes = it.number, it.end
	}
	if im.config.Progress != nil {
		im.config.Progress(im.summary)
	}
	return nil
}

// send sends the group: accounts first.
func (im *importer) send(ctx context.Context, results map[*item]ledger.Outcome) error {
	g := &im.group
	err := sendBatch(ctx, im, g.accounts, results, im.service.OpenAccounts,
		func(it *item) ledger.AccountRequest { return *it.request.Account })
	if err != nil {
		return err
	}
	isRefused := false
	for _, it := range g.accounts {
		if results[it].Err != nil {
			isRefused = true
			im.assets.forget(it.request.Account.ID)
		}
	}
	if !isRefused {
		return im.sendRest(ctx, g, results)
	}
	// What the refused lines said that accounts hold is not so, and others of the group
	// may have been read by it.
	var rest group
	for _, it := range g.items {
		if it.request.Account != nil {
			continue
		}
		if err := im.resolve(it); err != nil {
			return err
		}
		if rest.mustEnd(it) {
			if err := im.sendRest(ctx, &rest, results); err != nil {
				return err
			}
			rest = group{}
		}
		rest.add(it)
	}
	return im.sendRest(ctx, &rest, results)
}

// sendRest sends what is no account.
func (im *importer) sendRest(ctx context.Context, g *group, results map[*item]ledger.Outcome) error {
	err := sendBatch(ctx, im, g.transactions, results, im.service.PostBatch,
		func(it *item) ledger.TransactionRequest { return *it.request.Transaction })
	if err != nil {
		return err
	}
	for _, it := range g.transactions {
		if it.asWritten != nil && errors.Is(results[it].Err, ledger.ErrTransactionConflict) {
			// It was in before it expired, as it is written.
			if results[it], err = im.one(ctx, func(ctx context.Context) (ledger.Outcome, error) {
				return im.service.Post(ctx, *it.asWritten)
			}); err != nil {
				return err
			}
		}
	}
	if it := g.single; it != nil {
		results[it], err = im.one(ctx, func(ctx context.Context) (ledger.Outcome, error) { return im.make(ctx, it) })
		if err != nil {
			return err
		}
		if results[it].Err != nil && it.request.Asset != nil {
			im.assets.unregister(it.request.Asset.Code)
		}
	}
	return im.sendSteps(ctx, g.steps, results)
}

// sendBatch sends some of the group at once. A batch that is refused as a whole is cut in
// halves, until it is known what is at fault.
func sendBatch[T any](ctx context.Context, im *importer, items []*item, results map[*item]ledger.Outcome,
	write func(context.Context, []T) ([]ledger.Outcome, error), request func(*item) T,
) error {
	if len(items) == 0 {
		return nil
	}
	requests := make([]T, len(items))
	for i, it := range items {
		requests[i] = request(it)
	}
	var outcomes []ledger.Outcome
	err := im.retry(ctx, func() (err error) {
		before := outcomes
		if outcomes, err = write(ctx, requests); err != nil {
			outcomes = before
			return err
		}
		return awayOf(before, outcomes)
	})
	switch {
	case err != nil && !isRefusal(err):
		return err
	case err != nil && len(items) == 1:
		results[items[0]] = ledger.Outcome{Err: err}
		return nil
	case err != nil:
		half := len(items) / 2
		if err := sendBatch(ctx, im, items[:half], results, write, request); err != nil {
			return err
		}
		return sendBatch(ctx, im, items[half:], results, write, request)
	}
	for i, it := range items {
		if i >= len(outcomes) {
			return errors.New("the ledger has answered with fewer outcomes than requests")
		}
		if err := outcomes[i].Err; err != nil && !isRefusal(err) {
			return err
		}
		results[it] = outcomes[i]
	}
	return nil
}

// awayOf returns why one of a batch could not be made because the ledger, or the account
// that it is about, is away, for the batch to be sent again. What an attempt before it
// has done is then no replay.
func awayOf(before, outcomes []ledger.Outcome) (away error) {
	for i := range outcomes {
		if i < len(before) && before[i].Err == nil && outcomes[i].Err == nil {
			outcomes[i] = before[i]
		}
		if isAway(outcomes[i].Err) {
			away = outcomes[i].Err
		}
	}
	return away
}

// one makes one request. The outcome has a refusal; another failure is the error.
func (im *importer) one(ctx context.Context, do func(context.Context) (ledger.Outcome, error)) (ledger.Outcome, error) {
	var outcome ledger.Outcome
	err := im.retry(ctx, func() (err error) {
		outcome, err = do(ctx)
		return err
	})
	if err != nil && isRefusal(err) {
		return ledger.Outcome{Err: err}, nil
	}
	outcome.Err = nil
	return outcome, err
}

// make makes the request of a line.
func (im *importer) make(ctx context.Context, it *item) (ledger.Outcome, error) {
	switch r := it.request; {
	case r.Asset != nil:
		return im.service.RegisterAsset(ctx, *r.Asset)
	case r.Status != nil:
		return im.changeStatus(ctx, *r.Status)
	case r.Reversal != nil:
		return im.service.Reverse(ctx, *r.Reversal)
	case r.VoidPending != nil:
		return im.service.VoidPending(ctx, *r.VoidPending)
	default:
		return im.postPending(ctx, it)
	}
}

// changeStatus gives an account the status that it should have, unless it has it already.
func (im *importer) changeStatus(ctx context.Context, r ledger.StatusRequest) (ledger.Outcome, error) {
	account, err := im.service.Account(ctx, r.Account)
	if err != nil {
		return ledger.Outcome{}, err
	}
	if account.Status == r.Status {
		return ledger.Outcome{Result: ledger.Replayed}, nil
	}
	_, err = im.service.ChangeAccount(ctx, r.Account, ledger.AccountChange{Status: r.Status})
	return ledger.Outcome{Result: ledger.Applied}, err
}

func (im *importer) postPending(ctx context.Context, it *item) (ledger.Outcome, error) {
	request := *it.request.PostPending
	if it.part != nil {
		t, err := im.service.Transaction(ctx, request.Transaction)
		if err != nil {
			return ledger.Outcome{}, err
		}
		amount, err := wire.ParseAmount(t.Entries[0].Asset, "amount", it.part.Amount)
		if err != nil {
			return ledger.Outcome{}, err
		}
		request.Amount = &amount
	}
	return im.service.PostPending(ctx, request)
}

// isRefusal says whether an error is about a line, and not about the ledger or the way
// to it.
func isRefusal(err error) bool {
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok || e.Field == "ledger" {
		return false
	}
	switch e.Code { //nolint:exhaustive // All others are about the ledger, or the way to it.
	case ledger.ErrInvalidRequest, ledger.ErrNotFound, ledger.ErrAccountExists, ledger.ErrAssetExists, ledger.ErrTransactionConflict,
		ledger.ErrAlreadyResolved, ledger.ErrExpired, ledger.ErrAlreadyReversed, ledger.ErrNotReversible, ledger.ErrAccountNotEmpty,
		ledger.ErrConditionFailed, ledger.ErrInsufficientFunds, ledger.ErrAccountFrozen, ledger.ErrAccountClosed, ledger.ErrUnbalanced,
		ledger.ErrAssetMismatch, ledger.ErrUnknownAsset, ledger.ErrAmountOutOfRange, "too_large":
		return true
	}
	return false
}
