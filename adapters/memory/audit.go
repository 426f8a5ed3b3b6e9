package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// time returns the store's time as the ledger keeps times. Who judges by it holds
// the locks.
func (b *book) time() time.Time { return b.now().UTC().Truncate(time.Microsecond) }

// BalanceAt implements [ledger.Auditor].
func (b *book) BalanceAt(ctx context.Context, account string, at ledger.Moment) (ledger.BalanceAt, error) {
	touched := b.shardsOfAccount(account)
	b.lock(touched)
	defer b.unlock(touched)
	if err := ctx.Err(); err != nil {
		return ledger.BalanceAt{}, err
	}
	return b.balanceAt(account, at, b.time())
}

func (b *book) balanceAt(account string, at ledger.Moment, now time.Time) (ledger.BalanceAt, error) {
	chains := b.chains(account)
	if len(chains) == 0 {
		return ledger.BalanceAt{}, ledger.NoAccount(account)
	}
	first := chains[0]
	answer := ledger.BalanceAt{Account: account, Asset: first.asset, Normal: first.normal, Now: now}
	if at.Time().IsZero() {
		total, err := sum(chains, now)
		answer.Balance = total.Balance
		return answer, err
	}
	for _, stripe := range chains {
		var err error
		if answer.Balance, err = answer.Balance.Add(b.totalsAt(stripe, at)); err != nil {
			return ledger.BalanceAt{}, err
		}
	}
	return answer, nil
}

// Statement implements [ledger.Auditor].
func (b *book) Statement(ctx context.Context, query ledger.StatementQuery) (ledger.Statement, error) {
	statement, found, numbered, err := b.state(ctx, query)
	if err != nil {
		return ledger.Statement{}, err
	}
	statement.Entries = b.readEntries(found, numbered)
	return statement, nil
}

// state returns the statement without its entries, and their places.
func (b *book) state(ctx context.Context, query ledger.StatementQuery) (ledger.Statement, []place, []*account, error) {
	touched := b.shardsOfAccount(query.Account)
	b.lock(touched)
	defer b.unlock(touched)
	if err := ctx.Err(); err != nil {
		return ledger.Statement{}, nil, nil, err
	}
	chains := b.chains(query.Account)
	if len(chains) == 0 {
		return ledger.Statement{}, nil, nil, ledger.NoAccount(query.Account)
	}
	statement := ledger.Statement{From: query.From, To: query.To, Now: b.time()}
	var err error
	if statement.Account, err = sum(chains, statement.Now); err != nil {
		return ledger.Statement{}, nil, nil, err
	}
	spans := make([]span, len(chains))
	for i, stripe := range chains {
		s := b.spanOf(stripe, query.From, query.To)
		spans[i] = s
		if statement.Opening, err = statement.Opening.Add(b.totalsBefore(stripe, s.low)); err != nil {
			return ledger.Statement{}, nil, nil, err
		}
		if statement.Closing, err = statement.Closing.Add(b.totalsBefore(stripe, s.high)); err != nil {
			return ledger.Statement{}, nil, nil, err
		}
	}
	page := ledger.EntryQuery{OldestFirst: query.OldestFirst, After: query.After, Limit: query.Limit}
	return statement, findEntries(chains, spans, page), b.numbered, nil
}

// spanOf returns the numbers of the entries that were recorded from one time to
// before another, of which zero is no bound.
func (b *book) spanOf(a *account, from, to time.Time) span {
	s := a.span()
	if !from.IsZero() {
		s.low = b.firstFrom(a, from)
	}
	if !to.IsZero() {
		s.high = b.firstFrom(a, to)
	}
	return s
}

// TrialBalance implements [ledger.Auditor].
func (b *book) TrialBalance(ctx context.Context, query ledger.TrialBalanceQuery) (ledger.TrialBalance, error) {
	b.lock(allShards)
	defer b.unlock(allShards)
	if err := ctx.Err(); err != nil {
		return ledger.TrialBalance{}, err
	}
	answer := ledger.TrialBalance{Now: b.time()}
	if query.After == "" {
		var err error
		if answer.Totals, err = b.assetTotals(query.At); err != nil {
			return ledger.TrialBalance{}, err
		}
	}
	for _, id := range b.ids.after(query.After, query.Limit) {
		balance, err := b.balanceAt(id, query.At, answer.Now)
		if err != nil {
			return ledger.TrialBalance{}, err
		}
		answer.Accounts = append(answer.Accounts, balance)
	}
	return answer, nil
}

// assetTotals returns the totals of all accounts, in the order of assets.
func (b *book) assetTotals(at ledger.Moment) ([]ledger.AssetTotals, error) {
	byCode := make(map[string]ledger.AssetTotals)
	for _, a := range b.numbered {
		balance := a.state.Balance
		if !at.Time().IsZero() {
			balance = b.totalsAt(a, at)
		}
		totals := byCode[a.asset.Code]
		totals.Asset = a.asset
		var err error
		if totals.Debits, err = totals.Debits.Add(balance.Debits); err != nil {
			return nil, err
		}
		if totals.Credits, err = totals.Credits.Add(balance.Credits); err != nil {
			return nil, err
		}
		byCode[a.asset.Code] = totals
	}
	return slices.SortedFunc(maps.Values(byCode), func(a, b ledger.AssetTotals) int {
		return cmp.Compare(a.Asset.Code, b.Asset.Code)
	}), nil
}
