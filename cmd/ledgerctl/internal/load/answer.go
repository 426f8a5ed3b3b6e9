package load

import (
	"context"
	"errors"

	"github.com/seed-d432d95b/ledger/ledger"
)

// answer is what is known of an operation after it was asked for.
type answer uint8

const (
	// acknowledged: it is done.
	acknowledged answer = iota
	// refused: the ledger will not do it, and has not.
	refused
	// overloaded: the ledger had no time for it, and has not done it. An attempt that a
	// client made before may have.
	overloaded
	// failed: whether it is done is not known.
	failed
)

// Codes of a report beside the ledger's own.
const (
	codeInterrupted  = "interrupted"
	codeInconsistent = "inconsistent_read"
	codeOther        = "other"
)

// judge tells what an error says of an operation, and its code.
func judge(err error) (known answer, code string) {
	if err == nil {
		return acknowledged, ""
	}
	if _, ok := errors.AsType[*inconsistency](err); ok {
		return failed, codeInconsistent
	}
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return judgeCode(e.Code), string(e.Code)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return failed, codeInterrupted
	}
	return failed, codeOther
}

// judgeCode tells what a code says of an operation. Codes that are not the ledger's own
// judgement come from what stands before it.
func judgeCode(code ledger.Code) answer {
	switch code {
	case ledger.ErrOverloaded:
		return overloaded
	case ledger.ErrInvalidRequest, ledger.ErrNotFound, ledger.ErrTransactionConflict, ledger.ErrAlreadyResolved,
		ledger.ErrExpired, ledger.ErrConditionFailed, ledger.ErrInsufficientFunds, ledger.ErrAccountFrozen,
		ledger.ErrAccountClosed, ledger.ErrUnbalanced, ledger.ErrAssetMismatch, ledger.ErrUnknownAsset,
		ledger.ErrAmountOutOfRange:
		return refused
	default:
		return failed
	}
}
