package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// holdBooks are books in which holds expire when a test says so.
type holdBooks struct {
	*ledger.Ledger
	store      *postgres.Store
	connection *pgx.Conn
	dsn        string
}

// newHoldBooks opens a ledger with 1000 on a0 and nothing on a1, which is not
// swept.
func newHoldBooks(t *testing.T) holdBooks {
	t.Helper()
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn, SweepInterval: -1})
	b := holdBooks{openLedger(t, store, 2), store, connect(t, dsn), dsn}
	funds := deposit("funds", "a0")
	funds.Amount = ledger.NewAmount(1000)
	if _, err := b.Deposit(t.Context(), funds); err != nil {
		t.Fatal(err)
	}
	return b
}

// hold reserves one unit on a0, to go to a1.
func (b holdBooks) hold(t *testing.T, id string) {
	t.Helper()
	request := move(id, "a0", "a1")
	request.Pending, request.ExpiresAt = true, time.Now().Add(time.Hour)
	if outcome, err := b.Post(t.Context(), request); err != nil || outcome.Transaction.Status != ledger.Pending {
		t.Fatalf("%+v, %v", outcome, err)
	}
}

// holdMany reserves one unit on a0 so many times, all for as long.
func (b holdBooks) holdMany(t *testing.T, count int) {
	t.Helper()
	requests, expiry := make([]ledger.TransactionRequest, count), time.Now().Add(time.Hour)
	for n := range requests {
		requests[n] = move(fmt.Sprint("hold", n), "a0", "a1")
		requests[n].Pending, requests[n].ExpiresAt = true, expiry
	}
	if _, err := b.PostBatch(t.Context(), requests); err != nil {
		t.Fatal(err)
	}
}

// expire makes all holds expire an hour ago.
func (b holdBooks) expire(t *testing.T) {
	t.Helper()
	for _, table := range []string{"reservations", "transactions"} {
		exec(t, b.connection, "UPDATE ledger."+table+" SET expires_at = expires_at - interval '2 hours'")
	}
	exec(t, b.connection, "UPDATE ledger.balances SET next_expiry = next_expiry - interval '2 hours'")
}

// row returns what the row of an account says is pending, and whether something on
// it may expire.
func (b holdBooks) row(t *testing.T, account string) (pending string, expires bool) {
	t.Helper()
	const find = `
SELECT coalesce(pending_debits, 0) || ' ' || coalesce(pending_credits, 0), next_expiry IS NOT NULL
FROM ledger.balances WHERE account = $1`
	if err := b.connection.QueryRow(t.Context(), find, account).Scan(&pending, &expires); err != nil {
		t.Fatal(err)
	}
	return pending, expires
}

// awaitRow waits until the account's row says that nothing is pending.
func (b holdBooks) awaitRow(t *testing.T, account string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if pending, expires := b.row(t, account); pending == "0 0" && !expires {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("the row of %s has %s", account, pending)
		}
	}
}

func (b holdBooks) available(t *testing.T, account string) string {
	t.Helper()
	found, err := b.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return found.Available().String()
}

// TestExpiredIsRetiredByWriters lets more holds expire than a batch retires. None
// of them counts any more, for readers or for the limit; the next writers retire
// them, and so does one who is refused.
func TestExpiredIsRetiredByWriters(t *testing.T) {
	t.Parallel()
	const holds = 300
	b := newHoldBooks(t)
	b.holdMany(t, holds)
	if got := b.available(t, "a0"); got != "700" {
		t.Errorf("a0 has %s available while the holds are open", got)
	}
	b.expire(t)
	b.hold(t, "open")
	wantRow := func(when, account, pending string) {
		t.Helper()
		if got, expires := b.row(t, account); got != pending || !expires {
			t.Errorf("%s, the row of %s has %s, and expires is %t; want %s", when, account, got, expires, pending)
		}
	}
	wantRow("after a hold", "a0", "45 0")
	wantRow("after a hold", "a1", "0 45")
	if got := b.available(t, "a0"); got != "999" {
		t.Errorf("a0 has %s available", got)
	}
	everything := move("everything", "a0", "a1")
	everything.Entries[0].Amount, everything.Entries[1].Amount = ledger.NewAmount(1000), ledger.NewAmount(1000)
	if _, err := b.Post(t.Context(), everything); codeOf(err) != ledger.ErrInsufficientFunds {
		t.Errorf("more than is available: %v", err)
	}
	wantRow("after what was refused", "a0", "1 0")
	everything.Entries[0].Amount, everything.Entries[1].Amount = ledger.NewAmount(999), ledger.NewAmount(999)
	if _, err := b.Post(t.Context(), everything); err != nil {
		t.Errorf("all that is available: %v", err)
	}
	wantRow("in the end", "a0", "1 0")
	wantRow("in the end", "a1", "0 1")
	b.wantConsistent(t)
	if outcome, err := b.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "open"}); err != nil || outcome.Result != ledger.Applied {
		t.Errorf("void: %s, %v", outcome.Result, err)
	}
	if got, expires := b.row(t, "a0"); got != "0 0" || expires {
		t.Errorf("with nothing pending, the row of a0 has %s, and expires is %t", got, expires)
	}
	if _, err := b.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold7"}); codeOf(err) != ledger.ErrExpired {
		t.Errorf("a hold that was retired: %v", err)
	}
}

// TestExpiredIsRetiredInTx has a transaction of the caller's retire what has
// expired, though it posts only what was posted before.
func TestExpiredIsRetiredInTx(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	b.hold(t, "hold")
	if _, err := b.Post(t.Context(), move("moved", "a0", "a1")); err != nil {
		t.Fatal(err)
	}
	b.expire(t)
	tx, err := b.connection.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	joined, err := ledger.Open(t.Context(), b.store.InTx(tx), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if outcome, err := joined.Post(t.Context(), move("moved", "a0", "a1")); err != nil || outcome.Result != ledger.Replayed {
		t.Fatalf("%s, %v", outcome.Result, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pending, expires := b.row(t, "a0"); pending != "0 0" || expires {
		t.Errorf("the row of a0 has %s, and expires is %t", pending, expires)
	}
	// Should the clock be set back now, what was retired must stay expired.
	const late = "SELECT min(recorded_at) > (SELECT max(recorded_at) FROM ledger.entries) FROM ledger.balances WHERE account IN ('a0', 'a1')"
	var judged bool
	if err := b.connection.QueryRow(t.Context(), late).Scan(&judged); err != nil || !judged {
		t.Errorf("the accounts' times are those of their entries, %v", err)
	}
	b.wantConsistent(t)
}

// wantConsistent compares the accounts' rows with their reservations.
func (b holdBooks) wantConsistent(t *testing.T) {
	t.Helper()
	const count = `
SELECT count(*) FROM ledger.balances AS b
LEFT JOIN (
	SELECT ledger, account, sum(debits) AS debits, sum(credits) AS credits, min(expires_at) AS first
	FROM ledger.reservations GROUP BY ledger, account
) AS r USING (ledger, account)
WHERE coalesce(b.pending_debits, 0) <> coalesce(r.debits, 0) OR coalesce(b.pending_credits, 0) <> coalesce(r.credits, 0)
	OR coalesce(b.next_expiry, 'infinity') > coalesce(r.first, 'infinity')`
	var wrong int
	if err := b.connection.QueryRow(t.Context(), count).Scan(&wrong); err != nil || wrong != 0 {
		t.Errorf("%d rows differ from their reservations, %v", wrong, err)
	}
}

// TestSweep lets holds expire on accounts that nobody writes to. One that somebody
// has locked is left out until he has gone.
func TestSweep(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	for n := range 3 {
		b.hold(t, fmt.Sprint("hold", n))
	}
	b.expire(t)
	release := holding(t, b.dsn, "SELECT FROM ledger.balances WHERE account = 'a1' FOR UPDATE")
	for range 2 {
		openLedger(t, openWith(t, postgres.Config{DSN: b.dsn, SweepInterval: 10 * time.Millisecond}), 0)
	}
	b.awaitRow(t, "a0")
	if pending, _ := b.row(t, "a1"); pending != "0 3" {
		t.Errorf("while it is locked, the row of a1 has %s", pending)
	}
	release()
	b.awaitRow(t, "a1")
	b.wantConsistent(t)
}

// TestSweepPassesOver lets more holds of an account expire at the same time than one
// step of a sweep deletes, while somebody has that account locked. The accounts behind
// it are swept nevertheless.
func TestSweepPassesOver(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	b.holdMany(t, 600)
	b.expire(t)
	release := holding(t, b.dsn, "SELECT FROM ledger.balances WHERE account = 'a0' FOR UPDATE")
	openLedger(t, openWith(t, postgres.Config{DSN: b.dsn, SweepInterval: 10 * time.Millisecond}), 0)
	b.awaitRow(t, "a1")
	if pending, _ := b.row(t, "a0"); pending != "600 0" {
		t.Errorf("while it is locked, the row of a0 has %s", pending)
	}
	release()
	b.awaitRow(t, "a0")
	b.wantConsistent(t)
}

// TestSweepOfOneTime lets more holds of one account expire at the same time than one
// step of a sweep deletes. One sweep deletes them all.
func TestSweepOfOneTime(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	b.holdMany(t, 900)
	b.expire(t)
	// The test waits for three sweeps, and no longer.
	openLedger(t, openWith(t, postgres.Config{DSN: b.dsn, SweepInterval: 3 * time.Second}), 0)
	b.awaitRow(t, "a0")
	b.awaitRow(t, "a1")
	b.wantConsistent(t)
}

// TestExpiredStaysExpired sets the clock back while more has expired than a writer
// retires: what an account's time has passed is expired for all that ask.
func TestExpiredStaysExpired(t *testing.T) {
	t.Parallel()
	b := newHoldBooks(t)
	b.holdMany(t, 300)
	b.expire(t)
	all := move("all", "a0", "a1")
	for i := range all.Entries {
		all.Entries[i].Amount = ledger.NewAmount(1000)
	}
	if _, err := b.Post(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	// As if the clock were two hours behind.
	for _, column := range []string{"reservations SET expires_at = expires_at", "transactions SET expires_at = expires_at", "balances SET next_expiry = next_expiry"} {
		exec(t, b.connection, "UPDATE ledger."+column+" + interval '2 hours'")
	}
	exec(t, b.connection, "UPDATE ledger.balances SET recorded_at = recorded_at + interval '2 hours'")
	check := func() {
		t.Helper()
		account, err := b.Account(t.Context(), "a0")
		if err != nil || account.Available().Sign() != 0 || account.Balance.PendingDebits.Sign() != 0 {
			t.Errorf("the account is %+v, %v; want nothing on it, and nothing pending", account, err)
		}
	}
	check()
	if _, err := b.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold299"}); !errors.Is(err, ledger.ErrExpired) {
		t.Errorf("got %v, want %s", err, ledger.ErrExpired)
	}
	check()
	if pending, _ := b.row(t, "a0"); pending != "0 0" {
		t.Errorf("a refused step retired nothing: %s is left", pending)
	}
}
