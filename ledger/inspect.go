package ledger

import (
	"context"
	"iter"
	"time"
)

// Inspector reads a book as a whole: to prove it, and to make another like it.
type Inspector interface {
	// Inspect calls inspect with the book as of one moment, and returns its error. The
	// inspection is of no use once inspect has returned. It may take long; a store that
	// others write to meanwhile does not make them wait for it.
	Inspect(ctx context.Context, inspect func(Inspection) error) error
}

// Inspection is a book as of one moment. It is used by one goroutine, but several of
// its sequences may be under way at once. A sequence ends after an error, with one
// exception: what is stored in a way that cannot be read is yielded as far as it can
// be, its place at least, beside an [ErrInternal] that says why, and the sequence goes
// on.
type Inspection interface {
	Lister
	// Now is the store's time at that moment.
	Now() time.Time
	// Count counts what there is, of the entries those that have a number: opening
	// balances are not among them.
	Count(ctx context.Context) (Counts, error)
	// Totals returns the totals of each asset over all accounts, in the order of codes;
	// beside an [ErrInternal] those that can be read.
	Totals(ctx context.Context) ([]AssetTotals, error)
	// Balances yields what the store keeps of each account, and of each stripe of a
	// world account, in the order of ids, bytewise, and stripes.
	Balances(ctx context.Context, scope Scope) iter.Seq2[StoredBalance, error]
	// Entries yields entries in the order of accounts, stripes and sequence numbers,
	// with the asset of their account, if that is there.
	Entries(ctx context.Context, scope Scope) iter.Seq2[Entry, error]
	// Records yields what there is of each transaction, in the order of ids, bytewise.
	Records(ctx context.Context, scope Scope) iter.Seq2[Record, error]
	// Flaws yields what the store itself finds wrong with how it keeps the book: parts
	// that lack their counterpart, indexes and sums that are not what they are made of.
	Flaws(ctx context.Context, scope Scope) iter.Seq2[Finding, error]
}

// Counts says how many accounts, entries and transactions there are, or have been read.
type Counts struct {
	Accounts, Entries, Transactions uint64
}

// Lister lists what a book has, page by page.
type Lister interface {
	// FindAccounts and FindTransactions are those of [Reader].
	FindAccounts(ctx context.Context, query AccountQuery) ([]Account, error)
	FindTransactions(ctx context.Context, query TransactionQuery) ([]Transaction, error)
	// FindOpenings returns the entries that are the opening balances of those of the
	// accounts that have one, at most [MaxLimit] of them, in any order.
	FindOpenings(ctx context.Context, accounts []string) ([]Entry, error)
	// FindResolved returns at most query.Limit of the transactions that were pending and
	// then posted or voided, in the order of the times of that and of ids, the first
	// after the query's.
	FindResolved(ctx context.Context, query ResolvedQuery) ([]Transaction, error)
}

// ResolvedQuery asks for a page of the transactions that were posted or voided after
// they had been pending, oldest first.
type ResolvedQuery struct {
	// After and AfterID are the ResolvedAt and the id of the last transaction of the page
	// before. A zero After asks for the first page.
	After   time.Time
	AfterID string
	Limit   int
}

// Scope says how much of a book to inspect. Its zero value is all of it.
type Scope struct {
	// Account, if set, is the id of the one account to inspect: its entries, and all of
	// the transactions that have an entry on it, or a reservation.
	Account string
	// Since, if set, leaves out what was recorded before: of the transactions those that
	// were neither recorded nor resolved at that time or later, of the accounts and
	// stripes those without an entry or a reservation of such a transaction. Of the
	// entries of an account the last one before the first of them is there too, for those
	// that follow to be compared with.
	Since time.Time
}

// IsWhole says whether the scope is all of the book.
func (s Scope) IsWhole() bool { return s.Account == "" && s.Since.IsZero() }

// StoredBalance is what a store keeps of an account, or of a stripe of a world account.
type StoredBalance struct {
	// AccountState has the totals as they are stored, what has expired and is still
	// counted as pending among them. It need not have the name, the metadata and the
	// fingerprint.
	AccountState
	// Reserved has the sums of the stored reservations, as PendingDebits and
	// PendingCredits.
	Reserved Balance
}

// Reservation is what a pending transaction reserves on an account.
type Reservation struct {
	Account     string
	Transaction string
	// Debits and Credits are what its entries on the account add up to.
	Debits  Amount
	Credits Amount
	// ExpiresAt is when it no longer counts; zero is never.
	ExpiresAt time.Time
}

// Record is all that a store has under the id of a transaction, wherever it keeps it.
// So that no record takes more memory than a right one may, each of its lists ends with
// [MaxEntries] + 1 elements.
type Record struct {
	ID string
	// Transactions has one element, unless the books are broken. Its entries are what the
	// transaction itself says of them: the account; the stripe and the sequence number if
	// it was posted; the side if it was made pending, with the amount in Reserved.
	Transactions []Transaction
	// Entries are those that name the transaction, in the order of accounts, stripes and
	// sequence numbers.
	Entries []Entry
	// Reservations are those that name the transaction, in the order of accounts.
	Reservations []Reservation
	// Reversed are the entries of the transaction that this one reverses, if it does, in
	// the order of accounts, stripes and sequence numbers.
	Reversed []Entry
}
