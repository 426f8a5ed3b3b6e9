package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements that save what is reserved, while the accounts are locked. A
// reservation is found by its whole key and deleted in its place; one that is not
// there would leave the account's totals wrong, and fails the statement.
const (
	insertReservations = `
INSERT INTO ledger.reservations (ledger, account, expires_at, transaction, debits, credits, recorded_at)
SELECT $1, u.account, coalesce(u.expires_at, 'infinity'), u.transaction,
	coalesce(sum(u.amount::numeric) FILTER (WHERE u.side = 1), 0), coalesce(sum(u.amount::numeric) FILTER (WHERE u.side = 2), 0),
	u.recorded_at
FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::smallint[], $6::text[], $7::timestamptz[])
	AS u(account, expires_at, transaction, side, amount, recorded_at)
GROUP BY u.account, u.expires_at, u.transaction, u.recorded_at`

	insertPendingAccounts = `
INSERT INTO ledger.pending_accounts (ledger, account, recorded_at, transaction)
SELECT $1, u.account, u.recorded_at, u.transaction
FROM unnest($2::text[], $3::timestamptz[], $4::text[]) AS u(account, recorded_at, transaction)`

	deleteReservations = `
WITH ended AS (
	DELETE FROM ledger.reservations AS r
	USING unnest($2::text[], $3::timestamptz[], $4::text[]) AS u(account, expires_at, transaction)
	CROSS JOIN LATERAL (
		SELECT ctid FROM ledger.reservations
		WHERE ledger = $1 AND account = u.account AND expires_at = coalesce(u.expires_at, 'infinity') AND transaction = u.transaction
		OFFSET 0
	) AS found
	WHERE r.ctid = found.ctid
	RETURNING 1
)
SELECT CASE WHEN count(*) = cardinality($2::text[]) THEN 0 ELSE ('reservations are missing beside ' || count(*))::integer END FROM ended`

	insertResolutions = `
INSERT INTO ledger.resolutions (ledger, transaction, status, recorded_at, attempt, actor, stripes, sequences)
SELECT $1, u.transaction, u.status, u.recorded_at, $2, nullif(u.actor, ''),
	CASE u.status WHEN 1 THEN u.stripes::smallint[] END, CASE u.status WHEN 1 THEN u.sequences::bigint[] END
FROM unnest($3::text[], $4::smallint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[])
	AS u(transaction, status, recorded_at, actor, stripes, sequences)`
)

// queuePending saves what the batch reserved and released. A transaction that it
// made and resolved has no reservations in the tables.
func (b *batch) queuePending(requests *pgx.Batch) {
	b.queuePendingAccounts(requests)
	if len(b.decision.Resolutions) == 0 {
		b.queueReservations(requests, nil)
		return
	}
	made := make(map[string]bool)
	for _, recorded := range b.decision.Transactions {
		made[recorded.ID] = recorded.Status == ledger.Pending
	}
	resolved := make(map[string]bool)
	var ended reservationColumns
	var r resolutionColumns
	for _, resolution := range inOrderOf(b.decision.Resolutions, idOf) {
		resolved[resolution.ID] = true
		r.add(&resolution.Transaction)
		if !made[resolution.ID] {
			ended.addAccounts(&resolution.Transaction)
		}
	}
	requests.Queue(insertResolutions, b.ledger, b.attempt, r.transaction, r.status, r.recordedAt, r.actor, r.stripes, r.sequences)
	if len(ended.account) > 0 {
		requests.Queue(deleteReservations, b.ledger, ended.account, ended.expiresAt, ended.transaction)
	}
	b.queueReservations(requests, resolved)
}

// queueReservations inserts the reservations of the new transactions that are
// pending still.
func (b *batch) queueReservations(requests *pgx.Batch, resolved map[string]bool) {
	var c reservationColumns
	for _, recorded := range b.decision.Transactions {
		if recorded.Status == ledger.Pending && !resolved[recorded.ID] {
			c.addEntries(&recorded.Transaction)
		}
	}
	if len(c.account) > 0 {
		requests.Queue(insertReservations, b.ledger, c.account, c.expiresAt, c.transaction, c.side, c.amount, c.recordedAt)
	}
}

// queuePendingAccounts inserts what the new pending transactions are listed by.
func (b *batch) queuePendingAccounts(requests *pgx.Batch) {
	var accounts, transactions []string
	var times []time.Time
	for _, recorded := range b.decision.Transactions {
		if recorded.Reserved == nil {
			continue
		}
		for _, account := range listedUnder(&recorded.Transaction) {
			accounts, times, transactions = append(accounts, account), append(times, recorded.RecordedAt), append(transactions, recorded.ID)
		}
	}
	if len(accounts) > 0 {
		requests.Queue(insertPendingAccounts, b.ledger, accounts, times, transactions)
	}
}

// listedUnder returns the transaction's accounts, each once, and an empty one if it
// reserves nothing on any.
func listedUnder(t *ledger.Transaction) []string {
	accounts := make([]string, 0, len(t.Entries)+1)
	reserves := false
	for i := range t.Entries {
		accounts = append(accounts, t.Entries[i].Account)
		reserves = reserves || !ledger.IsWorldID(t.Entries[i].Account)
	}
	if !reserves {
		accounts = append(accounts, "")
	}
	return sortedSet(accounts)
}

// reservationColumns are reservations, or the parts of them that entries make, in
// columns. A world account has none.
type reservationColumns struct {
	account, transaction, amount []string
	expiresAt                    []*time.Time
	recordedAt                   []time.Time
	side                         []int16
}

func (c *reservationColumns) add(account string, t *ledger.Transaction) {
	c.account = append(c.account, account)
	c.transaction = append(c.transaction, t.ID)
	c.expiresAt = append(c.expiresAt, nullTime(t.ExpiresAt))
}

// addEntries adds what each entry reserves.
func (c *reservationColumns) addEntries(t *ledger.Transaction) {
	for i, amount := range t.Reserved {
		e := &t.Entries[i]
		if !ledger.IsWorldID(e.Account) {
			c.add(e.Account, t)
			c.side = append(c.side, int16(e.Side))
			c.amount = append(c.amount, amount.String())
			c.recordedAt = append(c.recordedAt, t.RecordedAt)
		}
	}
}

// addAccounts adds the keys of the transaction's reservations, each once.
func (c *reservationColumns) addAccounts(t *ledger.Transaction) {
	var accounts []string
	for i := range t.Entries {
		if !ledger.IsWorldID(t.Entries[i].Account) {
			accounts = append(accounts, t.Entries[i].Account)
		}
	}
	for _, account := range sortedSet(accounts) {
		c.add(account, t)
	}
}

type resolutionColumns struct {
	transaction, actor, stripes, sequences []string
	status                                 []int16
	recordedAt                             []time.Time
}

func (c *resolutionColumns) add(t *ledger.Transaction) {
	stripes, sequences := keysOf(t)
	c.transaction = append(c.transaction, t.ID)
	c.status = append(c.status, int16(t.Status))
	c.recordedAt = append(c.recordedAt, t.ResolvedAt)
	c.actor = append(c.actor, t.ResolvedBy)
	c.stripes = append(c.stripes, stripes)
	c.sequences = append(c.sequences, sequences)
}

// newExpiries returns when the first of the new reservations of each account
// expires, of those that ever do.
func (b *batch) newExpiries() map[string]time.Time {
	var first map[string]time.Time
	for _, recorded := range b.decision.Transactions {
		if recorded.Status != ledger.Pending || recorded.ExpiresAt.IsZero() {
			continue
		}
		if first == nil {
			first = make(map[string]time.Time)
		}
		for i := range recorded.Entries {
			if account := recorded.Entries[i].Account; !ledger.IsWorldID(account) {
				first[account] = earlier(first[account], recorded.ExpiresAt)
			}
		}
	}
	return first
}

// earlier returns the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// changesReserved says whether a new state of the account, with reservations the
// first of which expires at a time, changes what its row says of reservations.
func (l *lockedAccount) changesReserved(state *ledger.AccountState, expiry time.Time) bool {
	return l.Balance.PendingDebits != state.Balance.PendingDebits || l.Balance.PendingCredits != state.Balance.PendingCredits ||
		!earlier(l.nextExpiry, expiry).Equal(l.nextExpiry)
}

// reserved returns what the row is to say of reservations. None are left if the
// totals are zero, for each is more than that.
func (l *lockedAccount) reserved(state *ledger.AccountState, expiry time.Time) (debits, credits ledger.Amount, next time.Time) {
	// It would take more reservations than can be to overflow the sum.
	total, _ := ledger.Balance{PendingDebits: state.Balance.PendingDebits, PendingCredits: state.Balance.PendingCredits}.Add(l.unretired)
	if total == (ledger.Balance{}) {
		return debits, credits, time.Time{}
	}
	return total.PendingDebits, total.PendingCredits, earlier(l.nextExpiry, expiry)
}
