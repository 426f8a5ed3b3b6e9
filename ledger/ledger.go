package ledger

import "context"

// DefaultName is the name of the ledger that an empty [Config] opens.
const DefaultName = "main"

// Config says which ledger to open. Its zero value works.
type Config struct {
	// Name is the ledger's name; empty is [DefaultName].
	Name string
}

// Ledger is a named book of accounts and transactions in a store. It implements
// [Service], holds no state but the store's, and needs no closing. Any number of
// Ledgers may be open on the same book, in one process or in many.
type Ledger struct {
	name string
	book Book
}

var _ Service = (*Ledger)(nil)

// Open opens the ledger that config names, making it if the store has none.
func Open(ctx context.Context, store Store, config Config) (*Ledger, error) {
	if config.Name == "" {
		config.Name = DefaultName
	}
	if err := ValidateLedgerName(config.Name); err != nil {
		return nil, err
	}
	book, _, err := openBook(ctx, store, config.Name)
	if err != nil {
		return nil, err
	}
	return &Ledger{name: config.Name, book: book}, nil
}

// Name returns the ledger's name.
func (l *Ledger) Name() string { return l.name }

// RegisterAsset implements [Service].
func (l *Ledger) RegisterAsset(ctx context.Context, asset Asset) (Outcome, error) {
	if err := asset.Validate(); err != nil {
		return rejected(err), err
	}
	outcome, err := l.writeOne(ctx, registerOperation{asset})
	// It has a stripe of the world account, which says nothing to the caller.
	outcome.Account = nil
	return outcome, err
}

// OpenAccount implements [Service].
func (l *Ledger) OpenAccount(ctx context.Context, request AccountRequest) (Outcome, error) {
	operation, err := newOpenOperation(request)
	if err != nil {
		return rejected(err), err
	}
	return l.writeOne(ctx, operation)
}

// OpenAccounts implements [Service].
func (l *Ledger) OpenAccounts(ctx context.Context, requests []AccountRequest) ([]Outcome, error) {
	return writeAll(ctx, l, requests, newOpenOperation)
}

// ChangeAccount implements [Service].
func (l *Ledger) ChangeAccount(ctx context.Context, id string, change AccountChange) (Account, error) {
	if ValidateID(id) != nil {
		return Account{}, NoAccount(id)
	}
	operation, err := newChangeOperation(id, change)
	if err != nil {
		return Account{}, err
	}
	outcome, err := l.writeOne(ctx, operation)
	if err != nil {
		return Account{}, err
	}
	return *outcome.Account, nil
}

// Post implements [Service].
func (l *Ledger) Post(ctx context.Context, request TransactionRequest) (Outcome, error) {
	operation, err := newPostOperation(request.clone())
	if err != nil {
		return rejected(err), err
	}
	return l.writeOne(ctx, operation)
}

// PostBatch implements [Service].
func (l *Ledger) PostBatch(ctx context.Context, requests []TransactionRequest) ([]Outcome, error) {
	if err := checkBatch(requests); err != nil {
		return nil, err
	}
	return writeAll(ctx, l, requests, func(request TransactionRequest) (*postOperation, error) {
		return newPostOperation(request.clone())
	})
}

// PostAtomic implements [Service].
func (l *Ledger) PostAtomic(ctx context.Context, requests []TransactionRequest) ([]Outcome, error) {
	if err := checkBatch(requests); err != nil || len(requests) == 0 {
		return nil, err
	}
	atomic := &atomicOperation{members: make([]Operation, len(requests))}
	for i, request := range requests {
		member, err := newPostOperation(request.clone())
		if err != nil {
			return nil, atMember(err, i)
		}
		atomic.members[i] = member
	}
	outcome, err := l.writeOne(ctx, atomic)
	if err != nil {
		return nil, err
	}
	if len(outcome.Members) != len(requests) {
		return nil, broken("the store gave %d outcomes for %d members", len(outcome.Members), len(requests))
	}
	return outcome.Members, nil
}

// DryRun implements [Service].
func (l *Ledger) DryRun(ctx context.Context, request TransactionRequest) (Outcome, error) {
	operation, err := newPostOperation(request.clone())
	if err != nil {
		return rejected(err), err
	}
	return l.writeOne(ctx, dryOperation{operation})
}

// Deposit implements [Service].
func (l *Ledger) Deposit(ctx context.Context, deposit Deposit) (Outcome, error) {
	operation, err := newDepositOperation(deposit)
	if err != nil {
		return rejected(err), err
	}
	return l.writeOne(ctx, operation)
}

// writeOne writes one operation and returns its refusal as an error.
func (l *Ledger) writeOne(ctx context.Context, operation Operation) (Outcome, error) {
	outcomes, err := l.write(ctx, []Operation{operation})
	if err != nil {
		return Outcome{}, err
	}
	return outcomes[0], outcomes[0].Err
}

// write asks the book, and checks that it answered for every operation.
func (l *Ledger) write(ctx context.Context, operations []Operation) ([]Outcome, error) {
	outcomes, err := l.book.Write(ctx, operations)
	if err != nil {
		return nil, err
	}
	if len(outcomes) != len(operations) {
		return nil, broken("the store gave %d outcomes for %d operations", len(outcomes), len(operations))
	}
	return outcomes, nil
}

// writeAll makes operations of the requests and writes those that are valid in
// one batch. The others are rejected where they stand.
func writeAll[R any, O Operation](ctx context.Context, l *Ledger, requests []R, operationOf func(R) (O, error)) ([]Outcome, error) {
	if len(requests) > MaxBatch {
		return nil, errBatchTooLarge(len(requests))
	}
	outcomes := make([]Outcome, len(requests))
	operations := make([]Operation, 0, len(requests))
	places := make([]int, 0, len(requests))
	for i, request := range requests {
		operation, err := operationOf(request)
		if err != nil {
			outcomes[i] = rejected(err)
			continue
		}
		operations = append(operations, operation)
		places = append(places, i)
	}
	if len(operations) == 0 {
		return outcomes, nil
	}
	written, err := l.write(ctx, operations)
	if err != nil {
		return nil, err
	}
	for i, outcome := range written {
		outcomes[places[i]] = outcome
	}
	return outcomes, nil
}

// Account implements [Service].
func (l *Ledger) Account(ctx context.Context, id string) (Account, error) {
	accounts, err := l.Accounts(ctx, []string{id})
	if err != nil {
		return Account{}, err
	}
	return accounts[0], nil
}

// Accounts implements [Service].
func (l *Ledger) Accounts(ctx context.Context, ids []string) ([]Account, error) {
	if len(ids) > MaxBatch {
		return nil, errBatchTooLarge(len(ids))
	}
	for _, id := range ids {
		if ValidateID(id) != nil {
			return nil, NoAccount(id)
		}
	}
	accounts, err := l.book.Accounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	if len(accounts) != len(ids) {
		return nil, broken("the store gave %d accounts for %d ids", len(accounts), len(ids))
	}
	return accounts, nil
}

// Entries implements [Service].
func (l *Ledger) Entries(ctx context.Context, query EntryQuery) (EntryPage, error) {
	if ValidateID(query.Account) != nil {
		return EntryPage{}, NoAccount(query.Account)
	}
	limit, err := validLimit(query.Limit)
	if err != nil {
		return EntryPage{}, err
	}
	query.Limit = limit + 1
	page, err := l.book.Entries(ctx, query)
	if err != nil {
		return EntryPage{}, err
	}
	page.Entries, page.More = cut(page.Entries, limit)
	return page, nil
}

// Transaction implements [Service].
func (l *Ledger) Transaction(ctx context.Context, id string) (Transaction, error) {
	if ValidateID(id) != nil {
		return Transaction{}, NoTransaction(id)
	}
	return l.book.Transaction(ctx, id)
}
