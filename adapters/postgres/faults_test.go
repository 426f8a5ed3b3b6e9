package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// cutter passes connections on to a server. While muted it passes on what clients
// send, but cuts a connection as soon as the server answers on it: what the
// client asked for is done, and the client is not told.
type cutter struct {
	net.Listener
	server string
	muted  atomic.Bool
	cuts   atomic.Int64
	// cutsAnswer and cutsQuestion, if set, say of what arrives from the server or
	// from a client whether the connection is cut instead of passing it on.
	cutsAnswer, cutsQuestion atomic.Pointer[func() bool]
}

// cutsWhen cuts what the hook belongs to, once, as soon as the condition holds.
func cutsWhen(hook *atomic.Pointer[func() bool], condition func() bool) {
	var once atomic.Bool
	hook.Store(new(func() bool { return !once.Load() && condition() && !once.Swap(true) }))
}

func cuts(hook *atomic.Pointer[func() bool]) bool {
	cuts := hook.Load()
	return cuts != nil && (*cuts)()
}

// newCutter returns a proxy to the server of dsn, and the DSN through it.
func newCutter(t *testing.T, dsn string) (*cutter, string) {
	t.Helper()
	location, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &cutter{Listener: listener, server: location.Host}
	location.Host = listener.Addr().String()
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := p.Accept()
			if err != nil {
				return
			}
			group.Go(func() { p.pass(client) })
		}
	})
	t.Cleanup(func() { listener.Close(); group.Wait() })
	return p, location.String()
}

func (p *cutter) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var group sync.WaitGroup
	group.Go(func() {
		defer server.Close()
		buffer := make([]byte, 64<<10)
		for {
			n, err := client.Read(buffer)
			if err == nil && cuts(&p.cutsQuestion) {
				client.Close()
				return
			}
			if _, failed := server.Write(buffer[:n]); err != nil || failed != nil {
				return
			}
		}
	})
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err == nil && (p.muted.Load() || cuts(&p.cutsAnswer)) {
			p.cuts.Add(1)
			break
		}
		if _, failed := client.Write(buffer[:n]); err != nil || failed != nil {
			break
		}
	}
	client.Close()
	group.Wait()
}

// observer counts what tests want to see happen.
type observer struct {
	commits, uncertain, slow atomic.Int64
}

func (o *observer) Committed(c postgres.Commit) {
	o.commits.Add(1)
	if c.Uncertain {
		o.uncertain.Add(1)
	}
	if c.Slow {
		o.slow.Add(1)
	}
}

// awaitSlow waits until so many groups have waited in the slow lane, be it in vain.
func (o *observer) awaitSlow(t *testing.T, groups int64) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); o.slow.Load() < groups; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d groups waited in the slow lane, not %d", o.slow.Load(), groups)
		}
	}
}

// openWith opens a store and closes it with the test.
func openWith(t testing.TB, config postgres.Config) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func openLedger(t *testing.T, store ledger.Store, accounts int) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var requests []ledger.AccountRequest
	for i := range accounts {
		requests = append(requests, ledger.AccountRequest{ID: fmt.Sprint("a", i), Asset: usd})
	}
	outcomes, err := l.OpenAccounts(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes {
		if outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
	}
	return l
}

func deposit(id, account string) ledger.Deposit {
	return ledger.Deposit{ID: id, Account: account, Asset: usd, Amount: ledger.NewAmount(1)}
}

// TestLostCommits cuts connections just after they have committed, as well as
// at other times. Whoever asked first is told that his transaction was applied,
// and nobody that it was replayed, for each id is asked once.
func TestLostCommits(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	p, through := newCutter(t, dsn)
	seen := &observer{}
	store := openWith(t, postgres.Config{DSN: through, Observer: seen})
	l := openLedger(t, store, 20)
	done := make(chan struct{})
	var cutting sync.WaitGroup
	cutting.Go(func() {
		for {
			select {
			case <-done:
				p.muted.Store(false)
				return
			case <-time.After(rand.N(30 * time.Millisecond)):
				p.muted.Store(true)
				time.Sleep(rand.N(5 * time.Millisecond))
				p.muted.Store(false)
			}
		}
	})
	var applied, failed sync.Map
	var callers sync.WaitGroup
	for caller := range 16 {
		callers.Go(func() {
			for i := range 100 {
				id := fmt.Sprintf("%d-%d", caller, i)
				outcome, err := l.Deposit(t.Context(), deposit(id, fmt.Sprint("a", i%20)))
				switch {
				case err == nil && outcome.Result == ledger.Applied:
					applied.Store(id, outcome.Transaction)
				case errors.Is(err, ledger.ErrUnavailable):
					failed.Store(id, true)
				default:
					t.Errorf("%s: %s, %v", id, outcome.Result, err)
				}
			}
		})
	}
	callers.Wait()
	close(done)
	cutting.Wait()
	if seen.uncertain.Load() == 0 {
		t.Errorf("of %d cuts none was during a commit", p.cuts.Load())
	}
	direct := openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 20)
	applied.Range(func(id, transaction any) bool {
		got, err := direct.Transaction(t.Context(), id.(string))
		want := transaction.(*ledger.Transaction)
		if err != nil || got.Entries[1] != want.Entries[1] {
			t.Errorf("%s was acknowledged as %+v, and is %+v, %v", id, want.Entries[1], got, err)
		}
		return true
	})
	failed.Range(func(id, _ any) bool {
		_, err := direct.Transaction(t.Context(), id.(string))
		outcome, again := direct.Deposit(t.Context(), deposit(id.(string), "a"+lastNumber(id.(string))))
		if again != nil || (err == nil) != (outcome.Result == ledger.Replayed) {
			t.Errorf("%s, asked again, was %s, %v; it was there before: %v", id, outcome.Result, again, err)
		}
		return true
	})
	world, err := direct.Account(t.Context(), ledger.WorldID("USD"))
	if err != nil || world.Posted() != ledger.NewAmount(1600) {
		t.Errorf("the world has %s, %v; want 1600", world.Posted(), err)
	}
}

// lastNumber returns the number of the account that the id was for.
func lastNumber(id string) string {
	var caller, i int
	if _, err := fmt.Sscanf(id, "%d-%d", &caller, &i); err != nil {
		return ""
	}
	return fmt.Sprint(i % 20)
}

// TestLockedAccount has an account that somebody else keeps locked: only those
// who need it wait, until it is free again.
func TestLockedAccount(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	seen := &observer{}
	store := openWith(t, postgres.Config{DSN: dsn, Observer: seen})
	l := openLedger(t, store, 10)
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	for _, statement := range []string{
		"BEGIN",
		"SELECT 1 FROM ledger.balances WHERE account = 'a0' FOR UPDATE",
		// A stripe of the world, too, which is nobody's account.
		"SELECT 1 FROM ledger.balances WHERE account = 'world:USD' AND stripe % 2 = 0 FOR UPDATE",
	} {
		if _, err := other.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	var stuck sync.WaitGroup
	var waiting atomic.Int64
	for i := range 20 {
		waiting.Add(1)
		stuck.Go(func() {
			defer waiting.Add(-1)
			if _, err := l.Deposit(t.Context(), deposit(fmt.Sprint("stuck", i), "a0")); err != nil {
				t.Error(err)
			}
		})
	}
	var free sync.WaitGroup
	for i := range 9 {
		free.Go(func() {
			for n := range 50 {
				if _, err := l.Deposit(t.Context(), deposit(fmt.Sprintf("free%d-%d", i, n), fmt.Sprint("a", i+1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	free.Wait()
	if waiting.Load() != 20 {
		t.Errorf("%d of 20 wait for the locked account", waiting.Load())
	}
	if _, err := other.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	stuck.Wait()
	account, err := l.Account(t.Context(), "a0")
	if err != nil || account.Posted() != ledger.NewAmount(20) {
		t.Errorf("the account has %s, %v; want 20", account.Posted(), err)
	}
	if seen.slow.Load() == 0 {
		t.Error("nothing went through the slow lane")
	}
}

// TestLockedStripes has two accounts that somebody else keeps locked, and all
// stripes of the world but one, which stay locked for longer: once the accounts are free, nobody waits any more.
func TestLockedStripes(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	seen := &observer{}
	l := openLedger(t, openWith(t, postgres.Config{DSN: dsn, Observer: seen}), 2)
	stripes := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account = 'world:USD' AND stripe <> 7 FOR UPDATE")
	defer stripes()
	accounts := holding(t, dsn, "SELECT 1 FROM ledger.balances WHERE account IN ('a0', 'a1') FOR UPDATE")
	var group sync.WaitGroup
	for _, account := range []string{"a0", "a1"} {
		group.Go(func() {
			if _, err := l.Deposit(t.Context(), deposit("to "+account, account)); err != nil {
				t.Errorf("%s: %v", account, err)
			}
		})
	}
	seen.awaitSlow(t, 2)
	accounts()
	// Who waited for the stripes would be answered with an error: they stay locked for
	// longer than the slow lane waits.
	group.Wait()
}

// TestUncommittedID has an id that somebody has inserted and not committed: only
// who asks for that id waits.
func TestUncommittedID(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn, Committers: 1})
	l := openLedger(t, store, 10)
	other, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	inside, err := ledger.Open(t.Context(), store.InTx(tx), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inside.Deposit(t.Context(), deposit("taken", "a0")); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() {
		_, err := l.Deposit(t.Context(), deposit("taken", "a1"))
		waited <- err
	}()
	var free sync.WaitGroup
	for i := range 8 {
		free.Go(func() {
			for n := range 20 {
				if _, err := l.Deposit(t.Context(), deposit(fmt.Sprintf("free%d-%d", i, n), fmt.Sprint("a", i+2))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	free.Wait()
	select {
	case err := <-waited:
		t.Errorf("who asked for the id did not wait: %v", err)
	default:
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

// TestOverload has a queue that is full.
func TestOverload(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn, Queue: 4, Committers: 1})
	l := openLedger(t, store, 1)
	var overloaded, applied atomic.Int64
	var callers sync.WaitGroup
	for i := range 200 {
		callers.Go(func() {
			_, err := l.Deposit(t.Context(), deposit(fmt.Sprint(i), "a0"))
			switch {
			case err == nil:
				applied.Add(1)
			case errors.Is(err, ledger.ErrOverloaded):
				overloaded.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	callers.Wait()
	account, err := l.Account(t.Context(), "a0")
	if err != nil || account.Posted() != ledger.NewAmount(applied.Load()) || overloaded.Load() == 0 {
		t.Errorf("%d applied, %d overloaded, and the account has %s, %v", applied.Load(), overloaded.Load(), account.Posted(), err)
	}
}
