package postgres

import (
	"context"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// selectAccounts reads accounts by their whole keys, all as of one snapshot. What
// it groups by is the same in all stripes. What has expired and is not swept is taken
// off what is pending; it is looked for only where there may be any. Other statements
// have the ids from elsewhere than $1, between the head and the tail.
const (
	selectAccounts = accountsHead + `unnest($1::text[])` + accountsTail

	accountsHead = `
SELECT a.id, a.name, b.asset, b.scale, b.normal, b.min_balance, b.status, a.opened_at, b.debits, b.credits,
	(b.pending_debits - coalesce(x.debits, 0))::text AS pending_debits, (b.pending_credits - coalesce(x.credits, 0))::text AS pending_credits,
	b.sequence, a.metadata::text
FROM `

	accountsTail = ` AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = $2 AND id = u.id OFFSET 0) AS a
CROSS JOIN LATERAL (
	SELECT asset, scale, normal, min_balance::text, status,
		sum(debits)::text AS debits, sum(credits)::text AS credits, sum(sequence)::bigint AS sequence,
		sum(pending_debits) AS pending_debits, sum(pending_credits) AS pending_credits, min(next_expiry) AS next_expiry,
		greatest(max(recorded_at), statement_timestamp()) AS judged_at
	FROM ledger.balances WHERE ledger = $2 AND account = u.id
	GROUP BY asset, scale, normal, min_balance, status
) AS b
LEFT JOIN LATERAL (
	-- In the order of the primary key, which the index of all that expires is not in.
	SELECT sum(r.debits) AS debits, sum(r.credits) AS credits
	FROM (
		SELECT debits, credits FROM ledger.reservations
		WHERE ledger = $2 AND account = u.id AND expires_at <= b.judged_at
		ORDER BY expires_at, transaction OFFSET 0
	) AS r
	WHERE b.next_expiry <= b.judged_at
) AS x ON true`
)

// accountRow is a row of selectAccounts.
type accountRow struct {
	account        ledger.Account
	scale          int64
	normal, status int64
	sequence       int64
}

// fields are where the columns go.
func (r *accountRow) fields() []any {
	a := &r.account
	return []any{
		&a.ID, &a.Name, &a.Asset.Code, &r.scale, &r.normal,
		minimum{a},
		&r.status, &a.OpenedAt,
		numeric{&a.Balance.Debits},
		numeric{&a.Balance.Credits},
		numeric{&a.Balance.PendingDebits},
		numeric{&a.Balance.PendingCredits},
		&r.sequence,
		pairs{&a.Metadata},
	}
}

func (r *accountRow) read() ledger.Account {
	a := r.account
	a.Asset.Scale = uint8(r.scale)
	a.Normal = ledger.Side(r.normal)
	a.Status = ledger.Status(r.status)
	a.Sequence = uint64(r.sequence)
	a.OpenedAt = a.OpenedAt.UTC()
	return a
}

// readAccounts returns those of the accounts that exist.
func readAccounts(ctx context.Context, q querier, book int32, ids []string) (map[string]ledger.Account, error) {
	accounts := make(map[string]ledger.Account, len(ids))
	var row accountRow
	err := q.query(ctx, selectAccounts, []any{ids, book}, row.fields(), func() error {
		account := row.read()
		accounts[account.ID] = account
		return nil
	})
	return accounts, err
}

// The entries of a page are a range of the primary key.
const (
	columnsOfEntry = `account, stripe, sequence, side, amount::text, balance::text, debits::text, transaction, recorded_at, effective_at`

	selectNewest = `
SELECT ` + columnsOfEntry + ` FROM ledger.entries
WHERE ledger = $2 AND account = $3 AND (stripe, sequence) < ($4, $5)
ORDER BY stripe DESC, sequence DESC LIMIT $6`

	selectOldest = `
SELECT ` + columnsOfEntry + ` FROM ledger.entries
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
	account, transaction    *string
	amount, balance, debits ledger.Amount
	stripe, sequence, side  *int64
	recordedAt, effectiveAt *time.Time
}

// fields are where the columns go.
func (r *entryRow) fields() []any {
	return []any{
		&r.account, &r.stripe, &r.sequence, &r.side,
		numeric{&r.amount},
		numeric{&r.balance},
		numeric{&r.debits},
		&r.transaction, &r.recordedAt, &r.effectiveAt,
	}
}

func (r *entryRow) read(asset ledger.Asset) ledger.Entry {
	e := ledger.Entry{
		Transaction: *r.transaction, Account: *r.account, Stripe: uint8(*r.stripe), Side: ledger.Side(*r.side),
		Sequence: uint64(*r.sequence), Asset: asset, Amount: r.amount, Balance: r.balance, Debits: r.debits,
		RecordedAt: r.recordedAt.UTC(), EffectiveAt: r.recordedAt.UTC(),
	}
	if r.effectiveAt != nil {
		e.EffectiveAt = r.effectiveAt.UTC()
	}
	return e
}

func readEntries(ctx context.Context, q querier, book int32, query ledger.EntryQuery) (page ledger.EntryPage, err error) {
	statement := pageNewest
	if query.OldestFirst {
		statement = pageOldest
	}
	stripe, sequence := startAfter(query.OldestFirst, query.After)
	arguments := []any{[]string{query.Account}, book, query.Account, stripe, sequence, query.Limit}
	var account accountRow
	var row entryRow
	found := false
	err = q.query(ctx, statement, arguments, append(account.fields(), row.fields()...), func() error {
		if !found {
			found = true
			page.Account = account.read()
		}
		if row.account != nil {
			page.Entries = append(page.Entries, row.read(page.Account.Asset))
		}
		return nil
	})
	if err == nil && !found {
		err = ledger.NoAccount(query.Account)
	}
	return page, err
}

// startAfter returns the key that the entries of a page come after.
func startAfter(oldestFirst bool, after *ledger.EntryKey) (stripe, sequence int64) {
	switch {
	case after != nil:
		return int64(after.Stripe), int64(min(after.Sequence, 1<<63-1))
	case oldestFirst:
		return -1, 0
	default:
		return stripes, 0
	}
}
