package ledger

import (
	"fmt"
	"strings"
)

// Code says why the ledger refused or could not answer. Codes are stable: they
// are what programs branch on, and they survive every adapter. Each is an
// error of its own, so that errors.Is(err, ledger.ErrNotFound) tells it
// wherever it is wrapped.
type Code string

// Error returns the code itself.
func (c Code) Error() string { return string(c) }

// The codes.
const (
	// ErrInvalidRequest: the request is malformed and can never succeed.
	ErrInvalidRequest Code = "invalid_request"
	// ErrNotFound: what the request names is not in this ledger, or there is no such
	// ledger.
	ErrNotFound Code = "not_found"
	// ErrAccountExists: another account was opened under this id.
	ErrAccountExists Code = "account_exists"
	// ErrAssetExists: the asset is known with another scale.
	ErrAssetExists Code = "asset_exists"
	// ErrTransactionConflict: the id belongs to a transaction of other content.
	ErrTransactionConflict Code = "transaction_conflict"
	// ErrAlreadyResolved: the transaction was posted or voided by another step, or
	// was never pending.
	ErrAlreadyResolved Code = "already_resolved"
	// ErrExpired: the pending transaction's time has run out.
	ErrExpired Code = "expired"
	// ErrAlreadyReversed: another transaction reverses the same one.
	ErrAlreadyReversed Code = "already_reversed"
	// ErrNotReversible: the transaction has posted nothing, or is a reversal.
	ErrNotReversible Code = "not_reversible"
	// ErrAccountNotEmpty: only an account with a balance of zero and nothing pending
	// can be closed.
	ErrAccountNotEmpty Code = "account_not_empty"
	// ErrConditionFailed: an account is not as the request demands.
	ErrConditionFailed Code = "condition_failed"
	// ErrInsufficientFunds: the account would fall below its minimum balance.
	ErrInsufficientFunds Code = "insufficient_funds"
	// ErrAccountFrozen: the account takes no new transactions for now.
	ErrAccountFrozen Code = "account_frozen"
	// ErrAccountClosed: the account takes no new transactions any more.
	ErrAccountClosed Code = "account_closed"
	// ErrUnbalanced: debits and credits differ in some asset.
	ErrUnbalanced Code = "unbalanced"
	// ErrAssetMismatch: an entry is in another asset than its account.
	ErrAssetMismatch Code = "asset_mismatch"
	// ErrUnknownAsset: the asset is neither a currency of ISO 4217 nor registered.
	ErrUnknownAsset Code = "unknown_asset"
	// ErrAmountOutOfRange: an amount or a total has too many digits, or is more than
	// is reserved.
	ErrAmountOutOfRange Code = "amount_out_of_range"
	// ErrUnauthorized: whoever asks does not say who they are, or not in a way that is
	// believed.
	ErrUnauthorized Code = "unauthorized"
	// ErrForbidden: whoever asks may not do that.
	ErrForbidden Code = "forbidden"
	// ErrTokenExists: another token has, or had, the name.
	ErrTokenExists Code = "token_exists"
	// ErrOverloaded: too much is waiting; nothing was done, ask again later.
	ErrOverloaded Code = "overloaded"
	// ErrUnavailable: the store cannot be reached; ask again with the same id,
	// which tells whether the request took effect.
	ErrUnavailable Code = "unavailable"
	// ErrInternal: a rule that always holds was found broken; nothing was saved.
	ErrInternal Code = "internal"
)

// Error is every error that the ledger itself makes. Reach it with errors.AsType
// to learn the ids involved, or test its code with errors.Is.
type Error struct {
	// Code is what went wrong, for programs.
	Code Code
	// Message is what went wrong and what to do, for people.
	Message string
	// Field is the part of the request at fault, if it is one.
	Field string
	// Account and Transaction are the ids involved, if there are any.
	Account     string
	Transaction string
	// Index is the place of the member at fault, from 0, of a batch that is done as
	// a whole; nil otherwise.
	Index *int
	// Cause is the error beneath, if there is one.
	Cause error
}

// Error returns the message, with the cause behind it.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Message == "" {
		b.WriteString(string(e.Code))
	} else {
		b.WriteString(e.Message)
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Is tells whether target is e's code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// NoAccount returns the [ErrNotFound] that says that there is no account with the id.
func NoAccount(id string) error {
	return &Error{Code: ErrNotFound, Account: id, Message: fmt.Sprintf("account %q does not exist", id)}
}

// NoTransaction returns the [ErrNotFound] that says that there is no transaction with
// the id.
func NoTransaction(id string) error {
	return &Error{Code: ErrNotFound, Transaction: id, Message: fmt.Sprintf("transaction %q does not exist", id)}
}

// NoLedger returns the [ErrNotFound] that says that there is no ledger with the name.
func NoLedger(name string) error {
	return &Error{Code: ErrNotFound, Field: "ledger", Message: fmt.Sprintf("ledger %q does not exist", name)}
}
