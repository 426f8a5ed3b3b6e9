package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements that save. An id that another session inserted first breaks the
// table's key, so that the commit behind it in the same round trip is not carried
// out: see isRace. Balances are updated where their locked rows were found, which
// needs no second search and leaves no choice of plan. Should one not be there,
// the statement fails by reading a sentence as a number.
const (
	insertTransactions = `
INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences)
SELECT $1, u.id, u.recorded_at, $8, u.fingerprint, u.accounts::text[], u.stripes::smallint[], u.sequences::bigint[]
FROM unnest($2::text[], $3::timestamptz[], $4::bytea[], $5::text[], $6::text[], $7::text[])
	AS u(id, recorded_at, fingerprint, accounts, stripes, sequences)`

	// insertDetailed inserts transactions some of which have what a deposit has not.
	insertDetailed = `
INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences,
	effective_at, expires_at, reserved_sides, reserved_amounts, reverses, related, description, metadata, actor)
SELECT $1, u.id, u.recorded_at, $8, u.fingerprint, u.accounts::text[], u.stripes::smallint[], u.sequences::bigint[],
	u.effective_at, u.expires_at, nullif(u.reserved_sides, '')::smallint[], nullif(u.reserved_amounts, '')::numeric[],
	nullif(u.reverses, ''), nullif(u.related, ''), nullif(u.description, ''), nullif(u.metadata, '')::jsonb, nullif(u.actor, '')
FROM unnest($2::text[], $3::timestamptz[], $4::bytea[], $5::text[], $6::text[], $7::text[],
	$9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
	AS u(id, recorded_at, fingerprint, accounts, stripes, sequences,
		effective_at, expires_at, reserved_sides, reserved_amounts, reverses, related, description, metadata, actor)`

	insertAccounts = `
INSERT INTO ledger.accounts (ledger, id, name, opened_at, fingerprint, attempt, metadata)
SELECT $1, u.id, u.name, u.opened_at, u.fingerprint, $6, nullif(u.metadata, '')::jsonb
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::bytea[], $7::text[]) AS u(id, name, opened_at, fingerprint, metadata)`

	insertBalances = `
INSERT INTO ledger.balances (ledger, account, stripe, normal, status, scale, asset, min_balance, debits, credits, sequence, recorded_at,
	pending_debits, pending_credits, next_expiry)
SELECT $1, u.account, u.stripe, u.normal, u.status, u.scale, u.asset, u.min_balance::numeric,
	u.debits::numeric, u.credits::numeric, u.sequence, u.recorded_at,
	nullif(u.pending_debits::numeric, 0), nullif(u.pending_credits::numeric, 0), u.next_expiry
FROM unnest($2::text[], $3::smallint[], $4::smallint[], $5::smallint[], $6::smallint[], $7::text[], $8::text[],
	$9::text[], $10::text[], $11::bigint[], $12::timestamptz[], $13::text[], $14::text[], $15::timestamptz[])
	AS u(account, stripe, normal, status, scale, asset, min_balance, debits, credits, sequence, recorded_at,
		pending_debits, pending_credits, next_expiry)`

	updateBalances = `
WITH updated AS (
	UPDATE ledger.balances AS b SET debits = u.debits::numeric, credits = u.credits::numeric,
		sequence = u.sequence, recorded_at = u.recorded_at
	FROM unnest($1::tid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) AS u(place, debits, credits, sequence, recorded_at)
	WHERE b.ctid = u.place
	RETURNING 1
)
SELECT CASE WHEN count(*) = cardinality($1::tid[]) THEN 0 ELSE ('locked rows were moved ' || count(*))::integer END FROM updated`

	// updateReserved updates rows of which it also changes what is reserved.
	updateReserved = `
WITH updated AS (
	UPDATE ledger.balances AS b SET debits = u.debits::numeric, credits = u.credits::numeric,
		pending_debits = nullif(u.pending_debits::numeric, 0), pending_credits = nullif(u.pending_credits::numeric, 0),
		next_expiry = u.next_expiry, sequence = u.sequence, recorded_at = u.recorded_at
	FROM unnest($1::tid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::timestamptz[])
		AS u(place, debits, credits, sequence, recorded_at, pending_debits, pending_credits, next_expiry)
	WHERE b.ctid = u.place
	RETURNING 1
)
SELECT CASE WHEN count(*) = cardinality($1::tid[]) THEN 0 ELSE ('locked rows were moved ' || count(*))::integer END FROM updated`

	changeName = `UPDATE ledger.accounts SET name = $3 WHERE ledger = $1 AND id = $2`

	changeStatus = `UPDATE ledger.balances SET status = $3 WHERE ledger = $1 AND account = $2`

	insertEntries = `
INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at, effective_at)
SELECT $1, u.account, u.stripe, u.sequence, u.side, u.amount::numeric, u.balance::numeric, u.debits::numeric,
	u.transaction, u.recorded_at, u.effective_at
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::smallint[], $6::text[], $7::text[], $8::text[], $9::text[],
	$10::timestamptz[], $11::timestamptz[])
	AS u(account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at, effective_at)`
)

// save saves the decision and commits, in one round trip.
func (b *batch) save(ctx context.Context) error {
	var requests pgx.Batch
	b.queueAccounts(&requests)
	b.queueTransactions(&requests)
	b.queuePending(&requests)
	b.queueMetadata(&requests)
	b.queueCorrections(&requests)
	if b.joined {
		b.settings.queue(&requests)
	} else {
		requests.Queue("COMMIT")
		b.sent = true
	}
	return b.connection.SendBatch(ctx, &requests).Close()
}

func (b *batch) queueAccounts(requests *pgx.Batch) {
	var opened openedColumns
	var changed, reserved changedColumns
	expiries := b.newExpiries()
	for _, state := range inOrderOf(b.decision.Accounts, func(s *ledger.AccountState) string { return s.ID }) {
		before := b.accounts[state.ID]
		switch {
		case before == nil:
			opened.add(state, expiries[state.ID])
			if ledger.IsWorldID(state.ID) {
				opened.addStripes(state)
			}
		case before.changesReserved(state, expiries[state.ID]):
			reserved.addReserved(before, state, expiries[state.ID])
		case before.Sequence != state.Sequence || before.Balance != state.Balance || !before.LastRecordedAt.Equal(state.LastRecordedAt):
			changed.add(before.place, state)
		}
	}
	opened.queue(requests, b.ledger, b.attempt)
	changed.queue(requests)
	reserved.queueReserved(requests)
	for _, state := range b.decision.Accounts {
		before := b.accounts[state.ID]
		if before != nil && before.Name != state.Name {
			requests.Queue(changeName, b.ledger, state.ID, state.Name)
		}
		if before != nil && before.Status != state.Status {
			requests.Queue(changeStatus, b.ledger, state.ID, int16(state.Status))
		}
	}
}

// inOrderOf returns the items in the order of their ids: who inserts them in the
// order that everybody does can wait for another's insertion, but no two can wait
// for each other.
func inOrderOf[T any](items []T, id func(T) string) []T {
	return slices.SortedFunc(slices.Values(items), func(a, b T) int { return strings.Compare(id(a), id(b)) })
}
