package ledger

import "time"

// exportFeed is a list that is read page by page.
type exportFeed[T any] struct {
	// find returns the page after an item, or the first one after nil.
	find func(after *T) ([]T, error)
	// timeOf is what the list is in the order of.
	timeOf func(*T) time.Time
	page   []T
	next   int
	isLast bool
	err    error
}

// peek returns the next item, or nil after the last one or an error.
func (f *exportFeed[T]) peek() *T {
	if f.next < len(f.page) {
		return &f.page[f.next]
	}
	if f.isLast || f.err != nil {
		return nil
	}
	var after *T
	if len(f.page) > 0 {
		after = &f.page[len(f.page)-1]
	}
	page, err := f.find(after)
	if err != nil {
		f.err = err
		return nil
	}
	f.page, f.next, f.isLast = page, 0, len(page) < MaxLimit
	if len(page) == 0 {
		return nil
	}
	return &f.page[0]
}

func (f *exportFeed[T]) skip() { f.next++ }

// time returns the time of the next item, or nil if there is none.
func (f *exportFeed[T]) time() *time.Time {
	item := f.peek()
	if item == nil {
		return nil
	}
	return new(f.timeOf(item))
}

// at takes the next item if it is of that time, and returns nil otherwise.
func (f *exportFeed[T]) at(at time.Time) *T {
	item := f.peek()
	if item == nil || !f.timeOf(item).Equal(at) {
		return nil
	}
	f.skip()
	return item
}

// earliest returns the earliest of the times that are there.
func earliest(times ...*time.Time) (at time.Time, ok bool) {
	for _, t := range times {
		if t != nil && (!ok || t.Before(at)) {
			at, ok = *t, true
		}
	}
	return at, ok
}

func (e *exporter) accounts(query AccountQuery) *exportFeed[Account] {
	query.OldestFirst, query.Limit = true, MaxLimit
	return &exportFeed[Account]{
		find: func(after *Account) ([]Account, error) {
			if after != nil {
				query.After = after.ID
			}
			return e.book.FindAccounts(e.ctx, query)
		},
		timeOf: func(a *Account) time.Time { return a.OpenedAt },
	}
}

// exportAccount is an account and its opening balance, if it has one.
type exportAccount struct {
	Account
	opening *Entry
}

// opened lists all accounts with their opening balances.
func (e *exporter) opened() *exportFeed[exportAccount] {
	accounts := e.accounts(AccountQuery{})
	return &exportFeed[exportAccount]{
		find: func(after *exportAccount) ([]exportAccount, error) {
			var last *Account
			if after != nil {
				last = &after.Account
			}
			found, err := accounts.find(last)
			if err != nil {
				return nil, err
			}
			return e.withOpenings(found)
		},
		timeOf: func(a *exportAccount) time.Time { return a.OpenedAt },
	}
}

// withOpenings adds their opening balances to a page of accounts.
func (e *exporter) withOpenings(accounts []Account) ([]exportAccount, error) {
	ids := make([]string, len(accounts))
	for i := range accounts {
		ids[i] = accounts[i].ID
	}
	openings, err := e.book.FindOpenings(e.ctx, ids)
	if err != nil {
		return nil, err
	}
	byAccount := make(map[string]*Entry, len(openings))
	for i := range openings {
		byAccount[openings[i].Account] = &openings[i]
	}
	opened := make([]exportAccount, len(accounts))
	for i := range accounts {
		opened[i] = exportAccount{Account: accounts[i], opening: byAccount[accounts[i].ID]}
	}
	return opened, nil
}

func (e *exporter) transactions() *exportFeed[Transaction] {
	query := TransactionQuery{OldestFirst: true, Limit: MaxLimit}
	return &exportFeed[Transaction]{
		find: func(after *Transaction) ([]Transaction, error) {
			if after != nil {
				query.After = after.ID
			}
			return e.book.FindTransactions(e.ctx, query)
		},
		timeOf: func(t *Transaction) time.Time { return t.RecordedAt },
	}
}

func (e *exporter) resolved() *exportFeed[Transaction] {
	query := ResolvedQuery{Limit: MaxLimit}
	return &exportFeed[Transaction]{
		find: func(after *Transaction) ([]Transaction, error) {
			if after != nil {
				query.After, query.AfterID = after.ResolvedAt, after.ID
			}
			return e.book.FindResolved(e.ctx, query)
		},
		timeOf: func(t *Transaction) time.Time { return t.ResolvedAt },
	}
}
