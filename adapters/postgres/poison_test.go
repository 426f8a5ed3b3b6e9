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

// holdUp holds committers up while it is locked, and counts the callers of the
// largest group that failed.
type holdUp struct {
	sync.Mutex
	failed atomic.Int64
}

func (h *holdUp) Committed(c postgres.Commit) {
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
	l := openLedger(t, openWith(t, postgres.Config{DSN: dsn, Committers: 1, Observer: seen}), callers)
	statement := fmt.Sprintf("ALTER TABLE ledger.entries ADD CHECK (account <> 'a%d')", poisoned)
	if _, err := connect(t, dsn).Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	var errs [callers]error
	var group sync.WaitGroup
	// While the committer is held up after the first, the others come to wait
	// together.
	seen.Lock()
	group.Go(func() {
		if _, err := l.Deposit(t.Context(), deposit("first", "first")); err == nil {
			t.Error("a deposit to an account that does not exist was applied")
		}
	})
	time.Sleep(100 * time.Millisecond)
	for i := range callers {
		group.Go(func() {
			_, errs[i] = l.Deposit(t.Context(), deposit(fmt.Sprint("to", i), fmt.Sprint("a", i)))
		})
	}
	time.Sleep(100 * time.Millisecond)
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
