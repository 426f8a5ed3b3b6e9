package ledger

import (
	"context"
	"errors"
	"slices"
)

// PostPending implements [Service].
func (l *Ledger) PostPending(ctx context.Context, request PostPendingRequest) (Outcome, error) {
	if err := request.validate(); err != nil {
		return rejected(err), err
	}
	return l.step(ctx, request.Transaction, request.Actor, func(op *stepOperation) {
		op.entries = slices.Clone(request.Entries)
		if request.Amount != nil {
			op.amount = new(*request.Amount)
		}
	})
}

// VoidPending implements [Service].
func (l *Ledger) VoidPending(ctx context.Context, request VoidPendingRequest) (Outcome, error) {
	if err := validateActor(request.Actor); err != nil {
		return rejected(err), err
	}
	return l.step(ctx, request.Transaction, request.Actor, func(op *stepOperation) { op.void = true })
}

// step reads the transaction, for its accounts must be known to be locked, and
// writes the step that is made of it.
func (l *Ledger) step(ctx context.Context, id, actor string, complete func(*stepOperation)) (Outcome, error) {
	t, err := l.Transaction(ctx, id)
	if err != nil {
		return refused(err)
	}
	op := newStepOperation(t, actor)
	complete(op)
	return l.writeOne(ctx, op)
}

// Reverse implements [Service].
func (l *Ledger) Reverse(ctx context.Context, request ReversalRequest) (Outcome, error) {
	if err := request.validate(); err != nil {
		return rejected(err), err
	}
	original, err := l.Transaction(ctx, request.Transaction)
	if err != nil {
		return refused(err)
	}
	return l.writeOne(ctx, newReverseOperation(request, original))
}

// refused returns the outcome of an error that came up before there was an
// operation: only one of the ledger's own judging is a refusal.
func refused(err error) (Outcome, error) {
	if errors.Is(err, ErrNotFound) {
		return rejected(err), err
	}
	return Outcome{}, err
}
