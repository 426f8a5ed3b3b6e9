package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// uncertainty is a ledger whose commits can be made uncertain, and the same
// ledger without that.
type uncertainty struct {
	cutter         *cutter
	through, plain *ledger.Ledger
	connection     *pgx.Conn
}

func newUncertainty(t *testing.T) uncertainty {
	t.Helper()
	dsn := postgrestest.Database(t, migrated())
	cutter, throughDSN := newCutter(t, dsn)
	return uncertainty{
		cutter:     cutter,
		through:    openLedger(t, openWith(t, postgres.Config{DSN: throughDSN, Committers: 1, SweepInterval: -1}), 3),
		plain:      openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 3),
		connection: connect(t, dsn),
	}
}

// has says whether the transaction has been committed.
func (u uncertainty) has(t *testing.T, id string) (there bool) {
	t.Helper()
	const find = "SELECT EXISTS (SELECT FROM ledger.transactions WHERE id = $1)"
	if err := u.connection.QueryRow(t.Context(), find, id).Scan(&there); err != nil {
		t.Error(err)
	}
	return there
}

// setClockBack makes the server's clock seem an hour behind the accounts' times.
func (u uncertainty) setClockBack(t *testing.T) {
	t.Helper()
	const ahead = "UPDATE ledger.balances SET recorded_at = clock_timestamp() + interval '1 hour'"
	if _, err := u.connection.Exec(t.Context(), ahead); err != nil {
		t.Fatal(err)
	}
}

func move(id, from, to string) ledger.TransactionRequest {
	request := deposit(id, to).Request()
	request.Entries[0].Account = from
	return request
}

// TestTwoLostAnswers loses the answers to two attempts in a row: the first applied
// one member of a batch, the second the other. Nobody else asked for either.
func TestTwoLostAnswers(t *testing.T) {
	t.Parallel()
	u := newUncertainty(t)
	cutsWhen(&u.cutter.cutsAnswer, func() bool {
		if !u.has(t, "first") {
			return false
		}
		// What the first attempt refused can be done from now on.
		if _, err := u.plain.Deposit(t.Context(), deposit("funds", "a1")); err != nil {
			t.Error(err)
		}
		cutsWhen(&u.cutter.cutsAnswer, func() bool { return u.has(t, "second") })
		return true
	})
	outcomes, err := u.through.PostBatch(t.Context(), []ledger.TransactionRequest{deposit("first", "a0").Request(), move("second", "a1", "a2")})
	if err != nil {
		t.Fatal(err)
	}
	for i, outcome := range outcomes {
		if outcome.Result != ledger.Applied {
			t.Errorf("member %d is %s, %v", i, outcome.Result, outcome.Err)
		}
	}
	if n := u.cutter.cuts.Load(); n != 2 {
		t.Errorf("%d answers were lost", n)
	}
}

// TestLostAnswerWhileClockIsBehind tells its own work from another's when both
// have the same time and numbers.
func TestLostAnswerWhileClockIsBehind(t *testing.T) {
	t.Parallel()
	u := newUncertainty(t)
	u.setClockBack(t)
	cutsWhen(&u.cutter.cutsAnswer, func() bool { return u.has(t, "own") })
	outcome, err := u.through.Deposit(t.Context(), deposit("own", "a0"))
	if err != nil || outcome.Result != ledger.Applied || u.cutter.cuts.Load() != 1 {
		t.Fatalf("%s, %v, and %d answers were lost", outcome.Result, err, u.cutter.cuts.Load())
	}
	if at := outcome.Transaction.RecordedAt; at.Location() != time.UTC {
		t.Errorf("it was recorded at %v, want UTC", at)
	}
}

// TestLostQuestionWhileClockIsBehind loses a commit before the server has it, and
// has another caller post the same id, at the same time and numbers.
func TestLostQuestionWhileClockIsBehind(t *testing.T) {
	t.Parallel()
	u := newUncertainty(t)
	if _, err := u.through.Deposit(t.Context(), deposit("funds", "a0")); err != nil {
		t.Fatal(err)
	}
	// The first time, its statements are prepared.
	if _, err := u.through.Post(t.Context(), move("before", "a0", "a1")); err != nil {
		t.Fatal(err)
	}
	if _, err := u.through.Post(t.Context(), move("back", "a1", "a0")); err != nil {
		t.Fatal(err)
	}
	u.setClockBack(t)
	questions := 0
	var other sync.WaitGroup
	cutsWhen(&u.cutter.cutsQuestion, func() bool {
		if questions++; questions < 2 {
			return false
		}
		other.Go(func() {
			outcome, err := u.plain.Post(t.Context(), move("same", "a0", "a1"))
			if err != nil || outcome.Result != ledger.Applied {
				t.Errorf("the other's is %s, %v", outcome.Result, err)
			}
		})
		u.awaitLockWait(t)
		return true
	})
	outcome, err := u.through.Post(t.Context(), move("same", "a0", "a1"))
	other.Wait()
	if err != nil || outcome.Result != ledger.Replayed || questions < 2 {
		t.Errorf("%s, %v, after %d questions", outcome.Result, err, questions)
	}
}

// awaitLockWait waits until somebody waits for a lock.
func (u uncertainty) awaitLockWait(t *testing.T) {
	t.Helper()
	const waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
	for start := time.Now(); !u.hasRow(t, waiting); time.Sleep(time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Error("nobody waited for a lock")
			return
		}
	}
}

// hasRow says whether a row has been committed.
func (u uncertainty) hasRow(t *testing.T, condition string) (there bool) {
	t.Helper()
	if err := u.connection.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM "+condition+")").Scan(&there); err != nil {
		t.Error(err)
	}
	return there
}

// TestLostAnswerOfStep loses the answer to a step on a transaction that somebody
// else made, or to its reversal. What was done is told as applied, and as a replay to
// the next who asks.
func TestLostAnswerOfStep(t *testing.T) {
	t.Parallel()
	const resolved, reversed = "ledger.resolutions WHERE transaction = 'hold'", "ledger.transactions WHERE reverses = 'funds'"
	for name, test := range map[string]struct {
		committed string
		step      func(*testing.T, *ledger.Ledger) (ledger.Outcome, error)
		status    ledger.TransactionStatus
	}{
		"post": {resolved, func(t *testing.T, l *ledger.Ledger) (ledger.Outcome, error) {
			t.Helper()
			return l.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold", Actor: "me"})
		}, ledger.Posted},
		"void": {resolved, func(t *testing.T, l *ledger.Ledger) (ledger.Outcome, error) {
			t.Helper()
			return l.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "hold", Actor: "me"})
		}, ledger.Voided},
		"reverse": {reversed, func(t *testing.T, l *ledger.Ledger) (ledger.Outcome, error) {
			t.Helper()
			return l.Reverse(t.Context(), ledger.ReversalRequest{ID: "back", Transaction: "funds", Actor: "me"})
		}, ledger.Posted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUncertainty(t)
			hold := move("hold", "a0", "a1")
			hold.Pending = true
			for _, request := range []ledger.TransactionRequest{deposit("funds", "a0").Request(), deposit("more", "a0").Request(), hold} {
				if _, err := u.plain.Post(t.Context(), request); err != nil {
					t.Fatal(err)
				}
			}
			cutsWhen(&u.cutter.cutsAnswer, func() bool { return u.hasRow(t, test.committed) })
			outcome, err := test.step(t, u.through)
			if err != nil || outcome.Result != ledger.Applied || outcome.Transaction.Status != test.status {
				t.Errorf("%s, %+v, %v", outcome.Result, outcome.Transaction, err)
			}
			if n := u.cutter.cuts.Load(); n != 1 {
				t.Errorf("%d answers were lost", n)
			}
			if outcome, err := test.step(t, u.plain); err != nil || outcome.Result != ledger.Replayed {
				t.Errorf("again: %s, %v", outcome.Result, err)
			}
		})
	}
}

// TestLostQuestionOfStep loses the commit of a step before the server has it, and
// has somebody else take the same step: it is not told as this one's own.
func TestLostQuestionOfStep(t *testing.T) {
	t.Parallel()
	u := newUncertainty(t)
	for _, id := range []string{"hold", "prepared"} {
		hold := move(id, "a0", "a1")
		hold.Pending = true
		for _, request := range []ledger.TransactionRequest{deposit("funds of "+id, "a0").Request(), hold} {
			if _, err := u.plain.Post(t.Context(), request); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := u.through.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "prepared"}); err != nil {
		t.Fatal(err)
	}
	var other sync.WaitGroup
	lost := false
	cutsWhen(&u.cutter.cutsQuestion, func() bool {
		// What comes while the account is locked is what saves and commits.
		const free = "(SELECT FROM ledger.balances WHERE account = 'a0' FOR UPDATE SKIP LOCKED) AS free"
		if lost = !u.hasRow(t, free); !lost {
			return false
		}
		other.Go(func() {
			outcome, err := u.plain.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold"})
			if err != nil || outcome.Result != ledger.Applied {
				t.Errorf("the other's is %s, %v", outcome.Result, err)
			}
		})
		u.awaitLockWait(t)
		return true
	})
	outcome, err := u.through.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold"})
	other.Wait()
	if err != nil || outcome.Result != ledger.Replayed || !lost {
		t.Errorf("%s, %v, and lost is %t", outcome.Result, err, lost)
	}
}
