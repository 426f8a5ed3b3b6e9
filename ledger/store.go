package ledger

import "context"

// Store keeps ledgers. It is the port that adapters implement; programs hand
// one to [Open] and otherwise leave it alone. A Store is safe for any number of
// goroutines.
type Store interface {
	// Book returns the book of the named ledger, and makes it if there is none.
	// The name is valid.
	Book(ctx context.Context, ledger string) (Book, error)
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
	// Transaction returns the transaction with the id, or [ErrNotFound].
	Transaction(ctx context.Context, id string) (Transaction, error)
}
