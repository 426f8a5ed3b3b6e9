package ledger

import "context"

// Store keeps ledgers. It is the port that adapters implement; programs hand
// one to [Open] or [NewCatalog] and otherwise leave it alone. The names that it is
// asked for are valid. A Store is safe for any number of goroutines, and fails as a
// [Book] does.
type Store interface {
	// Book returns the book of the named ledger, or [NoLedger]; it never makes one. It
	// may remember the books that it found, for none is ever removed, but not the names
	// that it did not find, for anybody can ask for any number of those.
	Book(ctx context.Context, ledger string) (Book, error)
	// OpenBook returns the book of the named ledger and makes it unless it is there. The
	// result is [Applied] if this call made it, and else [Replayed].
	OpenBook(ctx context.Context, ledger string) (Book, Result, error)
	// FindLedgers returns at most query.Limit names of ledgers, in the order in which
	// they were made. If query.After is not there, it fails with [NoLedger].
	FindLedgers(ctx context.Context, query LedgerQuery) ([]string, error)
}

// Book is what a store keeps of one ledger. No operation on it sees, or waits
// for, another ledger's.
//
// A method that cannot do its work because the store is away fails with
// [ErrUnavailable], and one that finds too much waiting before it with
// [ErrOverloaded]. When ctx ends while a call waits, the call ends with ctx's
// error; what it asked for was then done whole or not at all.
type Book interface {
	Writer
	Reader
	Auditor
	Inspector
}

// Writer decides and saves.
type Writer interface {
	// Write locks and loads what the operations touch, asks a [Decider] with the
	// store's own time, and saves what it says, all or nothing. Each operation
	// has its own outcome, in order. When Write returns, all of it is durable, as
	// far as the store is.
	Write(ctx context.Context, operations []Operation) ([]Outcome, error)
}

// Reader reads. Every answer is of one moment, and reflects all that was
// acknowledged before the question was asked.
type Reader interface {
	// Accounts returns the accounts with the ids, in their order and all as of
	// the same moment, a world account summed over its stripes. An id that is not
	// there fails with [ErrNotFound].
	Accounts(ctx context.Context, ids []string) ([]Account, error)
	// Entries returns at most query.Limit entries, and the account as of the same
	// moment. An account that is not there fails with [ErrNotFound].
	Entries(ctx context.Context, query EntryQuery) (EntryPage, error)
	// Transaction returns the transaction with the id as it now stands, or
	// [ErrNotFound]. Its status is judged by the store's time.
	Transaction(ctx context.Context, id string) (Transaction, error)
	// FindAccounts returns at most query.Limit of the accounts that the query
	// describes, a world account summed over its stripes. If query.After is not there,
	// it fails with [ErrNotFound].
	FindAccounts(ctx context.Context, query AccountQuery) ([]Account, error)
	// FindTransactions returns at most query.Limit of the transactions that the query
	// describes, whose status is judged by the store's time. If query.Account, or else
	// query.After, is not there, it fails with [ErrNotFound].
	FindTransactions(ctx context.Context, query TransactionQuery) ([]Transaction, error)
}

// Auditor reads what was. Every answer is of one snapshot of the books, and has the
// store's time. The totals that were recorded up to a time are those of the last
// entry at or before it, in each stripe; as of an effective time they are corrected
// by [CorrectionsUpTo] it.
type Auditor interface {
	// BalanceAt returns the totals of an account as of a moment; as of now, with what
	// is pending. An account that is not there fails with [ErrNotFound].
	BalanceAt(ctx context.Context, account string, at Moment) (BalanceAt, error)
	// Statement returns the statement with at most query.Limit entries. A query.To of
	// zero is no bound. An account that is not there fails with [ErrNotFound].
	Statement(ctx context.Context, query StatementQuery) (Statement, error)
	// TrialBalance returns the trial balance with at most query.Limit accounts.
	TrialBalance(ctx context.Context, query TrialBalanceQuery) (TrialBalance, error)
}
