package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

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

	insertAccounts = `
INSERT INTO ledger.accounts (ledger, id, name, opened_at, fingerprint, attempt)
SELECT $1, u.id, u.name, u.opened_at, u.fingerprint, $6
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::bytea[]) AS u(id, name, opened_at, fingerprint)`

	insertBalances = `
INSERT INTO ledger.balances (ledger, account, stripe, normal, status, scale, asset, min_balance, debits, credits, sequence, recorded_at)
SELECT $1, u.account, u.stripe, u.normal, u.status, u.scale, u.asset, u.min_balance::numeric,
	u.debits::numeric, u.credits::numeric, u.sequence, u.recorded_at
FROM unnest($2::text[], $3::smallint[], $4::smallint[], $5::smallint[], $6::smallint[], $7::text[], $8::text[],
	$9::text[], $10::text[], $11::bigint[], $12::timestamptz[])
	AS u(account, stripe, normal, status, scale, asset, min_balance, debits, credits, sequence, recorded_at)`

	updateBalances = `
WITH updated AS (
	UPDATE ledger.balances AS b SET debits = u.debits::numeric, credits = u.credits::numeric,
		sequence = u.sequence, recorded_at = u.recorded_at
	FROM unnest($1::tid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) AS u(place, debits, credits, sequence, recorded_at)
	WHERE b.ctid = u.place
	RETURNING 1
)
SELECT CASE WHEN count(*) = cardinality($1::tid[]) THEN 0 ELSE ('locked rows were moved ' || count(*))::integer END FROM updated`

	changeName = `UPDATE ledger.accounts SET name = $3 WHERE ledger = $1 AND id = $2`

	changeStatus = `UPDATE ledger.balances SET status = $3 WHERE ledger = $1 AND account = $2`

	insertEntries = `
INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, transaction, recorded_at)
SELECT $1, u.account, u.stripe, u.sequence, u.side, u.amount::numeric, u.balance::numeric, u.transaction, u.recorded_at
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::smallint[], $6::text[], $7::text[], $8::text[], $9::timestamptz[])
	AS u(account, stripe, sequence, side, amount, balance, transaction, recorded_at)`
)

// save saves the decision and commits, in one round trip.
func (b *batch) save(ctx context.Context) error {
	var requests pgx.Batch
	b.queueAccounts(&requests)
	b.queueTransactions(&requests)
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
	var changed changedColumns
	for _, state := range inOrderOf(b.decision.Accounts, func(s *ledger.AccountState) string { return s.ID }) {
		before := b.accounts[state.ID]
		switch {
		case before == nil:
			opened.add(state)
			if ledger.IsWorldID(state.ID) {
				opened.addStripes(state)
			}
		case before.Sequence != state.Sequence || before.Balance != state.Balance:
			changed.add(before.place, state)
		}
	}
	opened.queue(requests, b.ledger, b.attempt)
	changed.queue(requests)
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

func (b *batch) queueTransactions(requests *pgx.Batch) {
	entries := 0
	for _, recorded := range b.decision.Transactions {
		entries += len(recorded.Entries)
	}
	t, e := newTransactionColumns(len(b.decision.Transactions)), newEntryColumns(entries)
	for _, recorded := range inOrderOf(b.decision.Transactions, func(t *ledger.RecordedTransaction) string { return t.ID }) {
		t.add(recorded)
		for i := range recorded.Entries {
			e.add(&recorded.Entries[i])
		}
	}
	if len(t.id) == 0 {
		return
	}
	requests.Queue(insertTransactions, b.ledger, t.id, t.recordedAt, t.fingerprint, t.accounts, t.stripes, t.sequences, b.attempt)
	requests.Queue(insertEntries, b.ledger, e.account, e.stripe, e.sequence, e.side, e.amount, e.balance, e.transaction, e.recordedAt)
}

type transactionColumns struct {
	id                           []string
	recordedAt                   []time.Time
	fingerprint                  [][]byte
	accounts, stripes, sequences []string
}

func newTransactionColumns(n int) transactionColumns {
	return transactionColumns{
		id: make([]string, 0, n), recordedAt: make([]time.Time, 0, n), fingerprint: make([][]byte, 0, n),
		accounts: make([]string, 0, n), stripes: make([]string, 0, n), sequences: make([]string, 0, n),
	}
}

func (c *transactionColumns) add(recorded *ledger.RecordedTransaction) {
	var accounts, stripes, sequences []byte
	separator := byte('{')
	for i := range recorded.Entries {
		e := &recorded.Entries[i]
		accounts = appendElement(append(accounts, separator), e.Account)
		stripes = strconv.AppendUint(append(stripes, separator), uint64(e.Stripe), 10)
		sequences = strconv.AppendUint(append(sequences, separator), e.Sequence, 10)
		separator = ','
	}
	c.id = append(c.id, recorded.ID)
	c.recordedAt = append(c.recordedAt, recorded.RecordedAt)
	c.fingerprint = append(c.fingerprint, recorded.Fingerprint[:])
	c.accounts = append(c.accounts, string(append(accounts, '}')))
	c.stripes = append(c.stripes, string(append(stripes, '}')))
	c.sequences = append(c.sequences, string(append(sequences, '}')))
}

// appendElement appends an element of an array's text, in quotes.
func appendElement(b []byte, text string) []byte {
	b = append(b, '"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, text[i])
	}
	return append(b, '"')
}

type entryColumns struct {
	account, transaction, amount, balance []string
	stripe, side                          []int16
	sequence                              []int64
	recordedAt                            []time.Time
}

func newEntryColumns(n int) entryColumns {
	return entryColumns{
		account: make([]string, 0, n), transaction: make([]string, 0, n), amount: make([]string, 0, n), balance: make([]string, 0, n),
		stripe: make([]int16, 0, n), side: make([]int16, 0, n), sequence: make([]int64, 0, n), recordedAt: make([]time.Time, 0, n),
	}
}

func (c *entryColumns) add(e *ledger.Entry) {
	c.account = append(c.account, e.Account)
	c.transaction = append(c.transaction, e.Transaction)
	c.amount = append(c.amount, e.Amount.String())
	c.balance = append(c.balance, e.Balance.String())
	c.stripe = append(c.stripe, int16(e.Stripe))
	c.side = append(c.side, int16(e.Side))
	c.sequence = append(c.sequence, int64(e.Sequence))
	c.recordedAt = append(c.recordedAt, e.RecordedAt)
}
