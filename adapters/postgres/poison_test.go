package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// holdUp holds committers up while it is locked, and counts how often one came, and
// the callers of the largest group that failed.
type holdUp struct {
	sync.Mutex
	came, failed atomic.Int64
}

func (h *holdUp) Committed(c postgres.Commit) {
	h.came.Add(1)
	h.Lock()
	defer h.Unlock()
	if c.Err != nil {
		h.failed.Store(max(h.failed.Load(), int64(c.Callers)))
	}
}

// TestPoisonedGroup has the database refuse one account's entries: of a group,
// only those who ask for it fail.
func TestPoisonedGroup(t *testing.T) {
	t.Parallel()
	const callers, poisoned = 20, 7
	dsn := postgrestest.Database(t, migrated())
	seen := &holdUp{}
	store := openWith(t, postgres.Config{DSN: dsn, Committers: 1, Observer: seen})
	l := openLedger(t, store, callers)
	statement := fmt.Sprintf("ALTER TABLE ledger.entries ADD CHECK (account <> 'a%d')", poisoned)
	if _, err := connect(t, dsn).Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	var errs [callers]error
	var group sync.WaitGroup
	// While the committer is held up after the first, the others come to wait
	// together.
	seen.Lock()
	came := seen.came.Load()
	group.Go(func() {
		if _, err := l.Deposit(t.Context(), deposit("first", "first")); err == nil {
			t.Error("a deposit to an account that does not exist was applied")
		}
	})
	for seen.came.Load() == came {
		time.Sleep(time.Millisecond)
	}
	for i := range callers {
		group.Go(func() {
			_, errs[i] = l.Deposit(t.Context(), deposit(fmt.Sprint("to", i), fmt.Sprint("a", i)))
		})
	}
	for store.Waiting() < callers {
		time.Sleep(time.Millisecond)
	}
	seen.Unlock()
	group.Wait()
	for i, err := range errs {
		account, read := l.Account(t.Context(), fmt.Sprint("a", i))
		if read != nil {
			t.Fatal(read)
		}
		if want := i != poisoned; (err == nil) != want || (account.Posted() == ledger.NewAmount(1)) != want {
			t.Errorf("%d: answered %v, and the account has %s", i, err, account.Posted())
		}
	}
	if n := seen.failed.Load(); n < 2 {
		t.Errorf("%d callers were in the group that failed; the test shows nothing", n)
	}
}
