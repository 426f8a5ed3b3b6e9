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

// The statements that save. An id that another session inserted first makes the
// statement fail by reading a sentence as a number, which nothing but the
// counts can bring about, so that the commit behind it in the same round trip
// is not carried out. Balances are written by an insertion with ON CONFLICT,
// which finds its row by the key whatever the statistics say.
const (
	insertTransactions = `
WITH inserted AS (
	INSERT INTO ledger.transactions (ledger, id, recorded_at, fingerprint, accounts, stripes, sequences)
	SELECT $1, u.id, u.recorded_at, u.fingerprint, u.accounts::text[], u.stripes::smallint[], u.sequences::bigint[]
	FROM unnest($2::text[], $3::timestamptz[], $4::bytea[], $5::text[], $6::text[], $7::text[])
		AS u(id, recorded_at, fingerprint, accounts, stripes, sequences)
	ON CONFLICT DO NOTHING
	RETURNING 1
)
SELECT CASE WHEN count(*) = cardinality($2::text[]) THEN 0 ELSE ('` + raced + ` ' || count(*))::integer END FROM inserted`

	insertAccounts = `
WITH inserted AS (
	INSERT INTO ledger.accounts (ledger, id, name, asset, scale, normal, min_balance, status, opened_at, fingerprint)
	SELECT $1, u.id, u.name, u.asset, u.scale, u.normal, u.min_balance::numeric, u.status, u.opened_at, u.fingerprint
	FROM unnest($2::text[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::text[], $8::smallint[], $9::timestamptz[], $10::bytea[])
		AS u(id, name, asset, scale, normal, min_balance, status, opened_at, fingerprint)
	ON CONFLICT DO NOTHING
	RETURNING 1
)
SELECT CASE WHEN count(*) = cardinality($2::text[]) THEN 0 ELSE ('` + raced + ` ' || count(*))::integer END FROM inserted`

	changeAccount = `UPDATE ledger.accounts SET name = $3, status = $4 WHERE ledger = $1 AND id = $2`

	upsertBalances = `
INSERT INTO ledger.balances (ledger, account, stripe, debits, credits, sequence, recorded_at)
SELECT $1, u.account, u.stripe, u.debits::numeric, u.credits::numeric, u.sequence, u.recorded_at
FROM unnest($2::text[], $3::smallint[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[])
	AS u(account, stripe, debits, credits, sequence, recorded_at)
ON CONFLICT (ledger, account, stripe) DO UPDATE SET
	debits = EXCLUDED.debits, credits = EXCLUDED.credits,
	sequence = EXCLUDED.sequence, recorded_at = EXCLUDED.recorded_at`

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
	if !b.joined {
		requests.Queue("COMMIT")
		b.sent = true
	}
	return b.connection.SendBatch(ctx, &requests).Close()
}

func (b *batch) queueAccounts(requests *pgx.Batch) {
	var opened accountColumns
	var balances balanceColumns
	for _, state := range inOrderOf(b.decision.Accounts, func(s *ledger.AccountState) string { return s.ID }) {
		before := b.accounts[state.ID]
		switch {
		case before == nil:
			opened.add(state)
			if ledger.IsWorldID(state.ID) {
				balances.addEmptyStripes(state)
			}
		case before.Name != state.Name || before.Status != state.Status:
			requests.Queue(changeAccount, b.ledger, state.ID, state.Name, int16(state.Status))
		}
		if before == nil || before.Sequence != state.Sequence || before.Balance != state.Balance {
			balances.add(state)
		}
	}
	if len(opened.id) > 0 {
		requests.Queue(insertAccounts, b.ledger, opened.id, opened.name, opened.asset, opened.scale, opened.normal,
			opened.minimum, opened.status, opened.openedAt, opened.fingerprint)
	}
	if len(balances.account) > 0 {
		requests.Queue(upsertBalances, b.ledger, balances.account, balances.stripe, balances.debits, balances.credits,
			balances.sequence, balances.recordedAt)
	}
}

// inOrderOf returns the items in the order of their ids: who inserts them in the
// order that everybody does can wait for another's insertion, but no two can wait
// for each other.
func inOrderOf[T any](items []T, id func(T) string) []T {
	return slices.SortedFunc(slices.Values(items), func(a, b T) int { return strings.Compare(id(a), id(b)) })
}

type accountColumns struct {
	id, name, asset       []string
	scale, normal, status []int16
	minimum               []*string
	openedAt              []time.Time
	fingerprint           [][]byte
}

func (c *accountColumns) add(state *ledger.AccountState) {
	var minimum *string
	if !state.Unlimited {
		minimum = new(state.MinBalance.String())
	}
	c.id = append(c.id, state.ID)
	c.name = append(c.name, state.Name)
	c.asset = append(c.asset, state.Asset.Code)
	c.scale = append(c.scale, int16(state.Asset.Scale))
	c.normal = append(c.normal, int16(state.Normal))
	c.status = append(c.status, int16(state.Status))
	c.minimum = append(c.minimum, minimum)
	c.openedAt = append(c.openedAt, state.OpenedAt)
	c.fingerprint = append(c.fingerprint, state.Fingerprint[:])
}

type balanceColumns struct {
	account         []string
	stripe          []int16
	debits, credits []string
	sequence        []int64
	recordedAt      []time.Time
}

func (c *balanceColumns) add(state *ledger.AccountState) {
	c.account = append(c.account, state.ID)
	c.stripe = append(c.stripe, int16(state.Stripe))
	c.debits = append(c.debits, state.Balance.Debits.String())
	c.credits = append(c.credits, state.Balance.Credits.String())
	c.sequence = append(c.sequence, int64(state.Sequence))
	c.recordedAt = append(c.recordedAt, state.LastRecordedAt)
}

// addEmptyStripes adds the rows of a new world account but the one that state is.
func (c *balanceColumns) addEmptyStripes(state *ledger.AccountState) {
	for i := range stripes {
		if i != int(state.Stripe) {
			c.add(&ledger.AccountState{
				Account: ledger.Account{ID: state.ID}, Stripe: uint8(i), LastRecordedAt: state.OpenedAt,
			})
		}
	}
}

func (b *batch) queueTransactions(requests *pgx.Batch) {
	var t transactionColumns
	var e entryColumns
	for _, recorded := range inOrderOf(b.decision.Transactions, func(t *ledger.RecordedTransaction) string { return t.ID }) {
		t.add(recorded)
		for i := range recorded.Entries {
			e.add(&recorded.Entries[i])
		}
	}
	if len(t.id) == 0 {
		return
	}
	requests.Queue(insertTransactions, b.ledger, t.id, t.recordedAt, t.fingerprint, t.accounts, t.stripes, t.sequences)
	requests.Queue(insertEntries, b.ledger, e.account, e.stripe, e.sequence, e.side, e.amount, e.balance, e.transaction, e.recordedAt)
}

type transactionColumns struct {
	id                           []string
	recordedAt                   []time.Time
	fingerprint                  [][]byte
	accounts, stripes, sequences []string
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
