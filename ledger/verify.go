package ledger

import (
	"context"
	"errors"
	"time"
)

// Check is one of the invariants that [Ledger.Verify] proves. Its text is stable.
type Check string

// The checks.
const (
	// CheckBalanced: debits equal credits in every asset, of each transaction and of the
	// ledger.
	CheckBalanced Check = "debits_equal_credits"
	// CheckSums: an account's totals are those of its entries.
	CheckSums Check = "balance_equals_sum"
	// CheckSequence: an account's entries are numbered without a gap.
	CheckSequence Check = "sequence_without_gap"
	// CheckChain: each entry's running totals follow from those of the entry before.
	CheckChain Check = "running_balance"
	// CheckUnique: nothing is there twice under one id or number.
	CheckUnique Check = "unique_id"
	// CheckPending: what accounts reserve is what pending transactions reserve on them.
	CheckPending Check = "pending_totals"
	// CheckTimes: times never run back along an account's entries, and nothing took
	// effect later than it was recorded.
	CheckTimes Check = "times_in_order"
	// CheckLinks: what names something else names what is there: transactions their
	// entries, entries their account and transaction, reversals what they mirror.
	CheckLinks Check = "links"
	// CheckLimits: no account is below its minimum that did not start there, and none
	// that is closed has anything.
	CheckLimits Check = "limits"
	// CheckStored: what is stored can be read, and what the store derives from it is
	// right.
	CheckStored Check = "stored"
)

// Finding is something that is wrong with the books, and where.
type Finding struct {
	Check Check
	// Account and Transaction are the ids involved, Stripe and Sequence the entry's, if
	// it is about one.
	Account     string
	Stripe      uint8
	Sequence    *uint64
	Transaction string
	// Message says what is wrong: what is there, and what should be.
	Message string
}

// VerifyQuery asks to verify a ledger.
type VerifyQuery struct {
	Scope
	// Found, if set, is told of each finding, in the order in which they are found; an
	// error of its own ends the verification, which fails with it. It must not use the
	// ledger, which may be waiting for it.
	Found func(Finding) error
	// Progress, if set, is told now and then how much has been read.
	Progress func(Counts)
}

// Verification says what was verified, and how much was wrong with it.
type Verification struct {
	Counts
	// Findings counts what was found wrong.
	Findings uint64
	// Now is the ledger's time at the moment that was verified.
	Now time.Time
}

// Count counts what the ledger has, as of one moment: what [Ledger.Verify] is to read of
// a whole one. It looks at every account and transaction, but at no entry.
func (l *Ledger) Count(ctx context.Context) (counts Counts, err error) {
	err = l.book.Inspect(ctx, func(inspection Inspection) (err error) {
		counts, err = inspection.Count(ctx)
		return err
	})
	return counts, err
}

// Verify proves the invariants of the ledger, as of one moment, in constant memory and
// without making anybody wait unless the store says so. What is wrong is told to
// query.Found, of what follows from one cause as little as can be; an error means that
// it could not be verified. An account that is not there is [ErrNotFound].
//
// With a Since, what was recorded before is taken to be right, and the limits of
// accounts are held against what was posted alone, not against what is reserved. With
// an Account, the totals of assets are not looked at.
func (l *Ledger) Verify(ctx context.Context, query VerifyQuery) (Verification, error) {
	query.Since = canonicalTime(query.Since)
	if !validTime(query.Since) {
		return Verification{}, &Error{Code: ErrInvalidRequest, Field: "since", Message: "since should be in the years 1 to 9999"}
	}
	if query.Account != "" {
		if _, err := l.Account(ctx, query.Account); err != nil && !errors.Is(err, ErrInternal) {
			return Verification{}, err
		}
	}
	v := newVerifier(query)
	err := l.book.Inspect(ctx, func(inspection Inspection) error {
		return v.verify(ctx, inspection)
	})
	return v.done, err
}
