package transfer

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// flush sends the group and counts what became of its lines. What is under way when ctx
// ends is waited for.
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
	for _, it := range im.group.items {
		switch outcome := results[it]; {
		case it.err != nil || outcome.Err != nil:
			im.summary.Rejected++
			if it.request.Account != nil {
				im.assets.forget(it.request.Account.ID)
			}
			if err := im.rejects.write(it.line, errors.Join(it.err, outcome.Err)); err != nil {
				return err
			}
		case outcome.Result == ledger.Replayed:
			im.summary.Replayed++
		default:
			im.summary.Applied++
		}
		im.summary.Line, im.summary.Bytes = it.number, it.end
	}
	im.group.reset()
	if im.config.Progress != nil {
		im.config.Progress(im.summary)
	}
	return nil
}

func (im *importer) send(ctx context.Context, results map[*item]ledger.Outcome) error {
	g := &im.group
	err := sendBatch(ctx, im, g.accounts, results, im.service.OpenAccounts,
		func(it *item) ledger.AccountRequest { return *it.request.Account })
	if err != nil {
		return err
	}
	err = sendBatch(ctx, im, g.transactions, results, im.service.PostBatch,
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
	if g.single != nil {
		results[g.single], err = im.one(ctx, func(ctx context.Context) (ledger.Outcome, error) { return im.make(ctx, g.single) })
		if err != nil {
			return err
		}
	}
	return im.sendSteps(ctx, results)
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
		if outcomes, err = write(context.WithoutCancel(ctx), requests); err != nil {
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

func (im *importer) sendSteps(ctx context.Context, results map[*item]ledger.Outcome) error {
	outcomes, errs := make([]ledger.Outcome, len(im.group.steps)), make([]error, len(im.group.steps))
	var sending sync.WaitGroup
	for i, it := range im.group.steps {
		sending.Go(func() {
			outcomes[i], errs[i] = im.one(ctx, func(ctx context.Context) (ledger.Outcome, error) { return im.make(ctx, it) })
		})
	}
	sending.Wait()
	for i, it := range im.group.steps {
		results[it] = outcomes[i]
	}
	// What is wrong with the ledger is the same for all of them.
	return cmp.Or(errs...)
}

// one makes one request. The outcome has a refusal; another failure is the error.
func (im *importer) one(ctx context.Context, do func(context.Context) (ledger.Outcome, error)) (ledger.Outcome, error) {
	var outcome ledger.Outcome
	err := im.retry(ctx, func() (err error) {
		outcome, err = do(context.WithoutCancel(ctx))
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
