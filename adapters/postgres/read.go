package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// selectAccounts reads accounts by their whole keys, all as of one snapshot. What
// it groups by is the same in all stripes.
const selectAccounts = `
SELECT a.id, a.name, b.asset, b.scale, b.normal, b.min_balance, b.status, a.opened_at, b.debits, b.credits, b.sequence
FROM unnest($1::text[]) AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = $2 AND id = u.id OFFSET 0) AS a
CROSS JOIN LATERAL (
	SELECT asset, scale, normal, min_balance::text, status,
		sum(debits)::text AS debits, sum(credits)::text AS credits, sum(sequence)::bigint AS sequence
	FROM ledger.balances WHERE ledger = $2 AND account = u.id
	GROUP BY asset, scale, normal, min_balance, status
) AS b`

// accountRow is a row of selectAccounts.
type accountRow struct {
	account         ledger.Account
	scale           int64
	normal, status  int64
	minimum         *string
	debits, credits string
	sequence        int64
}

// fields are where the columns go.
func (r *accountRow) fields() []any {
	a := &r.account
	return []any{
		&a.ID, &a.Name, &a.Asset.Code, &r.scale, &r.normal, &r.minimum, &r.status, &a.OpenedAt,
		&r.debits, &r.credits, &r.sequence,
	}
}

func (r *accountRow) read() (a ledger.Account, err error) {
	a = r.account
	a.Asset.Scale = uint8(r.scale)
	a.Normal = ledger.Side(r.normal)
	a.Status = ledger.Status(r.status)
	a.Sequence = uint64(r.sequence)
	a.OpenedAt = a.OpenedAt.UTC()
	if a.Unlimited = r.minimum == nil; !a.Unlimited {
		if a.MinBalance, err = ledger.ParseUnits(*r.minimum); err != nil {
			return a, fmt.Errorf("minimum balance of account %q: %w", a.ID, err)
		}
	}
	if a.Balance.Debits, err = ledger.ParseUnits(r.debits); err != nil {
		return a, fmt.Errorf("debits of account %q: %w", a.ID, err)
	}
	if a.Balance.Credits, err = ledger.ParseUnits(r.credits); err != nil {
		return a, fmt.Errorf("credits of account %q: %w", a.ID, err)
	}
	return a, nil
}

// readAccounts returns those of the accounts that exist.
func readAccounts(ctx context.Context, q querier, book int32, ids []string) (map[string]ledger.Account, error) {
	accounts := make(map[string]ledger.Account, len(ids))
	var row accountRow
	err := q.query(ctx, selectAccounts, []any{ids, book}, row.fields(), func() error {
		account, err := row.read()
		accounts[account.ID] = account
		row.minimum = nil
		return err
	})
	return accounts, err
}

// The entries of a page are a range of the primary key.
const (
	selectNewest = `
SELECT account, stripe, sequence, side, amount::text, balance::text, transaction, recorded_at FROM ledger.entries
WHERE ledger = $2 AND account = $3 AND (stripe, sequence) < ($4, $5)
ORDER BY stripe DESC, sequence DESC LIMIT $6`

	selectOldest = `
SELECT account, stripe, sequence, side, amount::text, balance::text, transaction, recorded_at FROM ledger.entries
WHERE ledger = $2 AND account = $3 AND (stripe, sequence) > ($4, $5)
ORDER BY stripe, sequence LIMIT $6`

	// A page and its account, in one statement and so as of one snapshot; an
	// account without entries on the page has a row without one.
	pageHead   = `SELECT a.*, e.* FROM (` + selectAccounts + `) AS a LEFT JOIN LATERAL (`
	pageNewest = pageHead + selectNewest + `) AS e ON true ORDER BY e.stripe DESC, e.sequence DESC`
	pageOldest = pageHead + selectOldest + `) AS e ON true ORDER BY e.stripe, e.sequence`
)

// entryRow is an entry as it is stored, or nothing.
type entryRow struct {
	account, transaction, amount, balance *string
	stripe, sequence, side                *int64
	recordedAt                            *time.Time
}

// fields are where the columns go.
func (r *entryRow) fields() []any {
	return []any{&r.account, &r.stripe, &r.sequence, &r.side, &r.amount, &r.balance, &r.transaction, &r.recordedAt}
}

func (r *entryRow) read(asset ledger.Asset) (e ledger.Entry, err error) {
	e = ledger.Entry{
		Transaction: *r.transaction, Account: *r.account, Stripe: uint8(*r.stripe), Side: ledger.Side(*r.side),
		Sequence: uint64(*r.sequence), Asset: asset, RecordedAt: r.recordedAt.UTC(),
	}
	if e.Amount, err = ledger.ParseUnits(*r.amount); err != nil {
		return e, fmt.Errorf("amount of entry %d of account %q: %w", e.Sequence, e.Account, err)
	}
	if e.Balance, err = ledger.ParseUnits(*r.balance); err != nil {
		return e, fmt.Errorf("balance of entry %d of account %q: %w", e.Sequence, e.Account, err)
	}
	return e, nil
}

func readEntries(ctx context.Context, q querier, book int32, query ledger.EntryQuery) (page ledger.EntryPage, err error) {
	statement, stripe, sequence := pageNewest, int64(stripes), int64(0)
	if query.OldestFirst {
		statement, stripe, sequence = pageOldest, -1, 0
	}
	if query.After != nil {
		stripe, sequence = int64(query.After.Stripe), int64(min(query.After.Sequence, 1<<63-1))
	}
	arguments := []any{[]string{query.Account}, book, query.Account, stripe, sequence, query.Limit}
	var account accountRow
	var row entryRow
	found := false
	err = q.query(ctx, statement, arguments, append(account.fields(), row.fields()...), func() error {
		if !found {
			found = true
			if page.Account, err = account.read(); err != nil {
				return err
			}
		}
		if row.account == nil {
			return nil
		}
		e, err := row.read(page.Account.Asset)
		page.Entries = append(page.Entries, e)
		return err
	})
	if err == nil && !found {
		err = ledger.NoAccount(query.Account)
	}
	return page, err
}

// selectTransaction reads a transaction's entries in their order, by their keys.
const selectTransaction = `
SELECT e.account, e.stripe, e.sequence, e.side, e.amount::text, e.balance::text, e.transaction, t.recorded_at, b.asset, b.scale
FROM ledger.transactions AS t
CROSS JOIN LATERAL unnest(t.accounts, t.stripes, t.sequences) WITH ORDINALITY AS k(account, stripe, sequence, n)
CROSS JOIN LATERAL (
	SELECT * FROM ledger.entries
	WHERE ledger = t.ledger AND account = k.account AND stripe = k.stripe AND sequence = k.sequence
	OFFSET 0
) AS e
CROSS JOIN LATERAL (
	SELECT asset, scale FROM ledger.balances WHERE ledger = t.ledger AND account = k.account AND stripe = k.stripe OFFSET 0
) AS b
WHERE t.ledger = $1 AND t.id = $2
ORDER BY k.n`

func readTransaction(ctx context.Context, q querier, book int32, id string) (ledger.Transaction, error) {
	t := ledger.Transaction{ID: id}
	var row entryRow
	var code string
	var scale int64
	err := q.query(ctx, selectTransaction, []any{book, id}, append(row.fields(), &code, &scale), func() error {
		e, err := row.read(ledger.Asset{Code: code, Scale: uint8(scale)})
		t.Entries, t.RecordedAt = append(t.Entries, e), e.RecordedAt
		return err
	})
	if err == nil && len(t.Entries) == 0 {
		err = ledger.NoTransaction(id)
	}
	return t, err
}
