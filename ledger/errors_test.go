package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

var codes = []ledger.Code{
	ledger.ErrInvalidRequest, ledger.ErrNotFound, ledger.ErrAccountExists, ledger.ErrAssetExists, ledger.ErrTransactionConflict,
	ledger.ErrAccountNotEmpty, ledger.ErrInsufficientFunds, ledger.ErrAccountFrozen, ledger.ErrAccountClosed, ledger.ErrUnbalanced,
	ledger.ErrAssetMismatch, ledger.ErrAmountOutOfRange, ledger.ErrOverloaded, ledger.ErrUnavailable, ledger.ErrInternal,
}

func TestErrorIsItsCode(t *testing.T) {
	t.Parallel()
	for _, code := range codes {
		err := fmt.Errorf("post: %w", &ledger.Error{Code: code})
		for _, other := range codes {
			if got := errors.Is(err, other); got != (code == other) {
				t.Errorf("errors.Is(%s, %s) = %t", code, other, got)
			}
		}
	}
	if errors.Is(&ledger.Error{Code: "eof"}, io.EOF) {
		t.Error("an error is one that it does not wrap")
	}
}

func TestErrorDetailsAndCause(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("post: %w", &ledger.Error{Code: ledger.ErrUnavailable, Account: "alice", Cause: io.ErrUnexpectedEOF})
	problem, ok := errors.AsType[*ledger.Error](err)
	if !ok || problem.Account != "alice" {
		t.Errorf("got %+v, %t", problem, ok)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{&ledger.Error{Code: ledger.ErrOverloaded}, "overloaded"},
		{&ledger.Error{Code: ledger.ErrOverloaded, Message: "too much is waiting"}, "too much is waiting"},
		{&ledger.Error{Code: ledger.ErrUnavailable, Cause: io.EOF}, "unavailable: EOF"},
		{&ledger.Error{Code: ledger.ErrUnavailable, Message: "the store is away", Cause: io.EOF}, "the store is away: EOF"},
		{ledger.NoAccount("a\nb"), `account "a\nb" does not exist`},
		{ledger.NoTransaction("t1"), `transaction "t1" does not exist`},
		{ledger.NoLedger("l1"), `ledger "l1" does not exist`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	account, _ := errors.AsType[*ledger.Error](ledger.NoAccount("a1"))
	if account.Code != ledger.ErrNotFound || account.Account != "a1" || account.Transaction != "" {
		t.Errorf("got %+v", account)
	}
	transaction, _ := errors.AsType[*ledger.Error](ledger.NoTransaction("t1"))
	if transaction.Code != ledger.ErrNotFound || transaction.Transaction != "t1" || transaction.Account != "" {
		t.Errorf("got %+v", transaction)
	}
}
