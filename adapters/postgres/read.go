package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/seed-d432d95b/ledger/ledger"
)

// accountRow is an account with its totals, summed over its stripes.
type accountRow struct {
	ID         string
	Name       string
	Asset      string
	Scale      uint8
	Normal     ledger.Side
	MinBalance *string
	Status     ledger.Status
	OpenedAt   time.Time
	Debits     string
	Credits    string
	Sequence   uint64
}

func (r *accountRow) account() (a ledger.Account, err error) {
	a = ledger.Account{
		ID: r.ID, Name: r.Name, Asset: ledger.Asset{Code: r.Asset, Scale: r.Scale}, Normal: r.Normal,
		Unlimited: r.MinBalance == nil, Status: r.Status, Sequence: r.Sequence, OpenedAt: r.OpenedAt.UTC(),
	}
	if r.MinBalance != nil {
		if a.MinBalance, err = ledger.ParseUnits(*r.MinBalance); err != nil {
			return a, err
		}
	}
	if a.Balance.Debits, err = ledger.ParseUnits(r.Debits); err != nil {
		return a, err
	}
	a.Balance.Credits, err = ledger.ParseUnits(r.Credits)
	return a, err
}

// selectAccounts reads accounts by their whole keys, all as of one snapshot.
const selectAccounts = `
SELECT a.id, a.name, a.asset, a.scale, a.normal, a.min_balance::text AS min_balance, a.status, a.opened_at,
	b.debits, b.credits, b.sequence
FROM unnest(?::text[]) AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = ? AND id = u.id OFFSET 0) AS a
CROSS JOIN LATERAL (
	SELECT sum(debits)::text AS debits, sum(credits)::text AS credits, sum(sequence)::bigint AS sequence
	FROM ledger.balances WHERE ledger = ? AND account = u.id
) AS b`

// Accounts implements [ledger.Reader].
func (b *book) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	found, err := b.shared.accounts(ctx, ids)
	if err != nil {
		return nil, publicError(err)
	}
	accounts := make([]ledger.Account, len(ids))
	for i, id := range ids {
		account, ok := found[id]
		if !ok {
			return nil, ledger.NoAccount(id)
		}
		accounts[i] = account
	}
	return accounts, nil
}

func (b *book) accounts(ctx context.Context, db bun.IDB, ids []string) (map[string]ledger.Account, error) {
	var rows []accountRow
	if err := db.NewRaw(selectAccounts, pgdialect.Array(ids), b.id, b.id).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	accounts := make(map[string]ledger.Account, len(rows))
	for i := range rows {
		account, err := rows[i].account()
		if err != nil {
			return nil, fmt.Errorf("account %q: %w", rows[i].ID, err)
		}
		accounts[account.ID] = account
	}
	return accounts, nil
}

// entryRow is an entry as it is stored.
type entryRow struct {
	Account     string
	Stripe      uint8
	Sequence    uint64
	Side        ledger.Side
	Amount      string
	Balance     string
	Transaction string
	RecordedAt  time.Time
	Asset       string
	Scale       uint8
}

func (r *entryRow) entry() (e ledger.Entry, err error) {
	e = ledger.Entry{
		Transaction: r.Transaction, Account: r.Account, Stripe: r.Stripe, Side: r.Side, Sequence: r.Sequence,
		Asset: ledger.Asset{Code: r.Asset, Scale: r.Scale}, RecordedAt: r.RecordedAt.UTC(),
	}
	if e.Amount, err = ledger.ParseUnits(r.Amount); err != nil {
		return e, err
	}
	e.Balance, err = ledger.ParseUnits(r.Balance)
	return e, err
}

func entriesOf(rows []entryRow) ([]ledger.Entry, error) {
	entries := make([]ledger.Entry, len(rows))
	for i := range rows {
		var err error
		if entries[i], err = rows[i].entry(); err != nil {
			return nil, fmt.Errorf("entry %d of account %q: %w", rows[i].Sequence, rows[i].Account, err)
		}
	}
	return entries, nil
}

// Pages are ranges of the primary key. A row comparison would do for the key,
// but then the first column alone would be an index condition.
const (
	selectNewest = `
SELECT account, stripe, sequence, side, amount::text, balance::text, transaction, recorded_at FROM ledger.entries
WHERE ledger = ? AND account = ? AND (stripe, sequence) < (?, ?)
ORDER BY stripe DESC, sequence DESC LIMIT ?`

	selectOldest = `
SELECT account, stripe, sequence, side, amount::text, balance::text, transaction, recorded_at FROM ledger.entries
WHERE ledger = ? AND account = ? AND (stripe, sequence) > (?, ?)
ORDER BY stripe, sequence LIMIT ?`
)

// Entries implements [ledger.Reader].
func (b *book) Entries(ctx context.Context, query ledger.EntryQuery) (page ledger.EntryPage, err error) {
	snapshot := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	err = b.store.db.RunInTx(ctx, snapshot, func(ctx context.Context, tx bun.Tx) error {
		page, err = b.entries(ctx, tx, query)
		return err
	})
	return page, publicError(err)
}

func (b *book) entries(ctx context.Context, tx bun.Tx, query ledger.EntryQuery) (ledger.EntryPage, error) {
	accounts, err := b.accounts(ctx, tx, []string{query.Account})
	if err != nil {
		return ledger.EntryPage{}, err
	}
	account, ok := accounts[query.Account]
	if !ok {
		return ledger.EntryPage{}, ledger.NoAccount(query.Account)
	}
	statement, stripe, sequence := selectNewest, int64(stripes), int64(0)
	if query.OldestFirst {
		statement, stripe, sequence = selectOldest, -1, 0
	}
	if query.After != nil {
		stripe, sequence = int64(query.After.Stripe), int64(min(query.After.Sequence, 1<<63-1))
	}
	var rows []entryRow
	if err := tx.NewRaw(statement, b.id, query.Account, stripe, sequence, query.Limit).Scan(ctx, &rows); err != nil {
		return ledger.EntryPage{}, err
	}
	for i := range rows {
		rows[i].Asset, rows[i].Scale = account.Asset.Code, account.Asset.Scale
	}
	entries, err := entriesOf(rows)
	return ledger.EntryPage{Account: account, Entries: entries}, err
}

// selectTransaction reads a transaction's entries in their order, by their keys.
const selectTransaction = `
SELECT e.account, e.stripe, e.sequence, e.side, e.amount::text AS amount, e.balance::text AS balance,
	e.transaction, t.recorded_at, a.asset, a.scale
FROM ledger.transactions AS t
CROSS JOIN LATERAL unnest(t.accounts, t.stripes, t.sequences) WITH ORDINALITY AS k(account, stripe, sequence, n)
CROSS JOIN LATERAL (
	SELECT * FROM ledger.entries
	WHERE ledger = t.ledger AND account = k.account AND stripe = k.stripe AND sequence = k.sequence
	OFFSET 0
) AS e
CROSS JOIN LATERAL (SELECT asset, scale FROM ledger.accounts WHERE ledger = t.ledger AND id = k.account OFFSET 0) AS a
WHERE t.ledger = ? AND t.id = ?
ORDER BY k.n`

// Transaction implements [ledger.Reader].
func (b *book) Transaction(ctx context.Context, id string) (ledger.Transaction, error) {
	var rows []entryRow
	if err := b.store.db.NewRaw(selectTransaction, b.id, id).Scan(ctx, &rows); err != nil {
		return ledger.Transaction{}, publicError(err)
	}
	if len(rows) == 0 {
		return ledger.Transaction{}, ledger.NoTransaction(id)
	}
	entries, err := entriesOf(rows)
	return ledger.Transaction{ID: id, Entries: entries, RecordedAt: rows[0].RecordedAt.UTC()}, err
}
