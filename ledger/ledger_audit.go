package ledger

import (
	"cmp"
	"context"
	"slices"
)

// Assets implements [Service].
func (l *Ledger) Assets(ctx context.Context) ([]Asset, error) {
	var assets []Asset
	query := AccountQuery{Prefix: worldPrefix, Limit: MaxLimit}
	for {
		page, err := l.FindAccounts(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, world := range page.Accounts {
			assets = append(assets, world.Asset)
		}
		if !page.More {
			break
		}
		query.After = page.Accounts[len(page.Accounts)-1].ID
	}
	// What the ledger has comes first: its scale stays, whatever the list says by now.
	assets = append(assets, isoAssets()...)
	slices.SortStableFunc(assets, func(a, b Asset) int { return cmp.Compare(a.Code, b.Code) })
	return slices.CompactFunc(assets, func(a, b Asset) bool { return a.Code == b.Code }), nil
}

// FindAccounts implements [Service].
func (l *Ledger) FindAccounts(ctx context.Context, query AccountQuery) (AccountPage, error) {
	query, err := query.normalized()
	if err != nil {
		return AccountPage{}, err
	}
	limit := query.Limit
	query.Limit++
	found, err := l.book.FindAccounts(ctx, query)
	if err != nil {
		return AccountPage{}, err
	}
	accounts, more := cut(found, limit)
	return AccountPage{Accounts: accounts, More: more}, nil
}

// FindTransactions implements [Service].
func (l *Ledger) FindTransactions(ctx context.Context, query TransactionQuery) (TransactionPage, error) {
	query, err := query.normalized()
	if err != nil {
		return TransactionPage{}, err
	}
	limit := query.Limit
	query.Limit++
	found, err := l.book.FindTransactions(ctx, query)
	if err != nil {
		return TransactionPage{}, err
	}
	transactions, more := cut(found, limit)
	return TransactionPage{Transactions: transactions, More: more}, nil
}

// BalanceAt implements [Service].
func (l *Ledger) BalanceAt(ctx context.Context, account string, at Moment) (BalanceAt, error) {
	if ValidateID(account) != nil {
		return BalanceAt{}, NoAccount(account)
	}
	at, err := at.canonical()
	if err != nil {
		return BalanceAt{}, err
	}
	balance, err := l.book.BalanceAt(ctx, account, at)
	if err == nil {
		err = at.check(balance.Now)
	}
	if err != nil {
		return BalanceAt{}, err
	}
	return balance, nil
}

// Statement implements [Service].
func (l *Ledger) Statement(ctx context.Context, query StatementQuery) (Statement, error) {
	if ValidateID(query.Account) != nil {
		return Statement{}, NoAccount(query.Account)
	}
	limit, err := validLimit(query.Limit)
	if err != nil {
		return Statement{}, err
	}
	query.Limit = limit + 1
	if query.From, query.To, err = canonicalPeriod(query.From, query.To); err != nil {
		return Statement{}, err
	}
	statement, err := l.book.Statement(ctx, query)
	if err == nil {
		err = checkPast("to", query.To, statement.Now)
	}
	if err == nil {
		err = checkPast("from", query.From, statement.Now)
	}
	if err != nil {
		return Statement{}, err
	}
	statement.Entries, statement.More = cut(statement.Entries, limit)
	statement.From, statement.To = query.From, query.To
	return statement, nil
}

// TrialBalance implements [Service].
func (l *Ledger) TrialBalance(ctx context.Context, query TrialBalanceQuery) (TrialBalance, error) {
	limit, err := validLimit(query.Limit)
	if err != nil {
		return TrialBalance{}, err
	}
	query.Limit = limit + 1
	if query.After != "" && ValidateID(query.After) != nil {
		return TrialBalance{}, NoAccount(query.After)
	}
	if query.At, err = query.At.canonical(); err != nil {
		return TrialBalance{}, err
	}
	balance, err := l.book.TrialBalance(ctx, query)
	if err == nil {
		err = query.At.check(balance.Now)
	}
	if err != nil {
		return TrialBalance{}, err
	}
	balance.Accounts, balance.More = cut(balance.Accounts, limit)
	return balance, nil
}
