package ledger

import "context"

// Service is what callers use. [Ledger] implements it over a store; a client
// can implement it over a server. It is safe for any number of goroutines.
//
// Errors have a [Code], which errors.Is tells. A refusal is the error of a write and
// the Err of its outcome, which is Rejected. When ctx ends before an answer
// is there, the call fails with ctx's error; a write may then have happened, and
// asking again with the same id says whether it did.
type Service interface {
	// RegisterAsset makes an asset known to the ledger that is no currency of ISO
	// 4217. The outcome is Applied, or Replayed if the asset is known. An asset that is
	// known with another scale fails with [ErrAssetExists].
	RegisterAsset(ctx context.Context, asset Asset) (Outcome, error)
	// Assets returns all assets that are known, in the order of codes.
	Assets(ctx context.Context) ([]Asset, error)

	// OpenAccount opens an account, or fails as the request's documentation
	// says. The outcome is Applied or Replayed, with the account.
	OpenAccount(ctx context.Context, request AccountRequest) (Outcome, error)
	// OpenAccounts opens at most [MaxBatch] accounts, in order, each with an
	// outcome of its own.
	OpenAccounts(ctx context.Context, requests []AccountRequest) ([]Outcome, error)
	// ChangeAccount changes an account's name, status or metadata and returns the
	// account.
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
	// PostPending posts a pending transaction, in full or in part. The outcome is
	// Applied or Replayed, with the transaction. It fails with [ErrAlreadyResolved],
	// [ErrExpired], or [ErrAmountOutOfRange] for more than is reserved.
	PostPending(ctx context.Context, request PostPendingRequest) (Outcome, error)
	// VoidPending releases what a pending transaction reserves. The outcome is Applied
	// or Replayed, with the transaction. It fails with [ErrAlreadyResolved] or
	// [ErrExpired].
	VoidPending(ctx context.Context, request VoidPendingRequest) (Outcome, error)
	// Reverse posts the reversal of a transaction. The outcome is Applied or Replayed,
	// with the reversal. It fails as Post does, or with [ErrAlreadyReversed] or
	// [ErrNotReversible].
	Reverse(ctx context.Context, request ReversalRequest) (Outcome, error)

	// Account returns an account with its balance, or [ErrNotFound].
	Account(ctx context.Context, id string) (Account, error)
	// Accounts returns the accounts with the ids, at most [MaxBatch], in the order
	// in which they are given and all as of one moment. If one is not there, it fails
	// with [ErrNotFound].
	Accounts(ctx context.Context, ids []string) ([]Account, error)
	// Entries returns a page of an account's entries, or [ErrNotFound].
	Entries(ctx context.Context, query EntryQuery) (EntryPage, error)
	// Transaction returns a transaction as it now stands, or [ErrNotFound].
	Transaction(ctx context.Context, id string) (Transaction, error)
	// FindAccounts returns a page of the accounts that the query describes.
	FindAccounts(ctx context.Context, query AccountQuery) (AccountPage, error)
	// FindTransactions returns a page of the transactions that the query describes. An
	// account or a cursor that is not there fails with [ErrNotFound].
	FindTransactions(ctx context.Context, query TransactionQuery) (TransactionPage, error)

	// BalanceAt returns an account's totals as of a moment, or [ErrNotFound].
	BalanceAt(ctx context.Context, account string, at Moment) (BalanceAt, error)
	// Statement returns what happened on an account in a period, or [ErrNotFound].
	Statement(ctx context.Context, query StatementQuery) (Statement, error)
	// TrialBalance returns the totals of all accounts as of a moment.
	TrialBalance(ctx context.Context, query TrialBalanceQuery) (TrialBalance, error)
}

// Limits of a page.
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
