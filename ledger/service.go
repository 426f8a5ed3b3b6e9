package ledger

import "context"

// Service is what callers use. [Ledger] implements it over a store; a client
// can implement it over a server. It is safe for any number of goroutines.
//
// Errors have a [Code], which errors.Is tells. When ctx ends before an answer
// is there, the call fails with ctx's error; a write may then have happened, and
// asking again with the same id says whether it did.
type Service interface {
	// OpenAccount opens an account, or fails as the request's documentation
	// says. The outcome is Applied or Replayed, with the account.
	OpenAccount(ctx context.Context, request AccountRequest) (Outcome, error)
	// OpenAccounts opens at most [MaxBatch] accounts, in order, each with an
	// outcome of its own.
	OpenAccounts(ctx context.Context, requests []AccountRequest) ([]Outcome, error)
	// ChangeAccount changes an account's name or status and returns the account.
	ChangeAccount(ctx context.Context, id string, change AccountChange) (Account, error)

	// Post posts a transaction. The outcome is Applied or Replayed, with the
	// transaction. A refusal is the error; it leaves the id free.
	Post(ctx context.Context, request TransactionRequest) (Outcome, error)
	// PostBatch posts at most [MaxBatch] transactions, of at most
	// [MaxBatchEntries] entries in all, in order, each seeing those before it, each
	// with an outcome of its own. The error is not about one of them, but says
	// that none was decided.
	PostBatch(ctx context.Context, requests []TransactionRequest) ([]Outcome, error)
	// PostAtomic posts at most [MaxBatch] transactions, as PostBatch does, but all of
	// them or none. The outcomes are Applied or Replayed; a refusal is the error, of
	// the first member that is refused, with its Index.
	PostAtomic(ctx context.Context, requests []TransactionRequest) ([]Outcome, error)
	// DryRun answers as Post would at this moment, and changes nothing: neither the
	// books nor whether the id is free.
	DryRun(ctx context.Context, request TransactionRequest) (Outcome, error)
	// Deposit posts a deposit, as Post does.
	Deposit(ctx context.Context, deposit Deposit) (Outcome, error)

	// Account returns an account with its balance, or [ErrNotFound].
	Account(ctx context.Context, id string) (Account, error)
	// Accounts returns at most [MaxBatch] accounts in the order of ids, all as of
	// one moment. If one is not there, it fails with [ErrNotFound].
	Accounts(ctx context.Context, ids []string) ([]Account, error)
	// Entries returns a page of an account's entries, or [ErrNotFound].
	Entries(ctx context.Context, query EntryQuery) (EntryPage, error)
	// Transaction returns a transaction as it was written, or [ErrNotFound].
	Transaction(ctx context.Context, id string) (Transaction, error)
}

// Limits of a page of entries.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// EntryQuery asks for a page of an account's entries, in the order of their
// keys. For every account but the world's that is also the order of time; a
// world account's entries come stripe by stripe.
type EntryQuery struct {
	Account string
	// OldestFirst turns the order around, which is newest first.
	OldestFirst bool
	// After is the key of the last entry of the page before; nil asks for the
	// first page.
	After *EntryKey
	// Limit is the most entries to return, up to [MaxLimit]; 0 is [DefaultLimit].
	Limit int
}

// EntryKey is an entry's place among its account's entries.
type EntryKey struct {
	Stripe   uint8
	Sequence uint64
}

// Key returns the entry's place among its account's.
func (e Entry) Key() EntryKey { return EntryKey{Stripe: e.Stripe, Sequence: e.Sequence} }

// EntryPage is a page of entries and the account as of the same moment.
type EntryPage struct {
	Account Account
	Entries []Entry
	// More says whether entries follow the last one.
	More bool
}
