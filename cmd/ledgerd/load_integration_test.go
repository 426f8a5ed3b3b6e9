//go:build integration

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/ledger"
)

// load is callers who deposit 1 each time, under ids that nobody used before,
// for users who are seeded without a balance.
type load struct {
	client *http.Client
	users  int
	next   atomic.Int64

	mu sync.Mutex
	// accepted and unanswered are the ids that were answered 202, and those that
	// were not answered, or with 503.
	accepted, unanswered map[int64]bool
	unavailable          int
}

func newLoad(users int) *load {
	transport := &http.Transport{MaxIdleConnsPerHost: 512}
	return &load{
		client: &http.Client{Transport: transport, Timeout: 40 * time.Second}, users: users,
		accepted: make(map[int64]bool), unanswered: make(map[int64]bool),
	}
}

// seed opens the users in the database.
func seed(t *testing.T, dsn string, users int) {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range users {
		request := ledger.AccountRequest{ID: userOf(int64(i), users), Asset: ledger.Asset{Code: "USD", Scale: 2}}
		if _, err := books.OpenAccount(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
}

func userOf(id int64, users int) string { return fmt.Sprintf("user-%d", id%int64(users)) }

// ask asks for one deposit and returns the status, or 0 if there is no answer.
func (l *load) ask(t *testing.T, address string, id int64) int {
	t.Helper()
	response, err := l.client.Post("http://"+address+"/users/"+userOf(id, l.users)+"/add", "application/json",
		strings.NewReader(fmt.Sprintf(`{"amount":1,"transaction_id":"tx_%d"}`, id)))
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0
	}
	switch response.StatusCode {
	case http.StatusAccepted, http.StatusUnprocessableEntity:
	case http.StatusServiceUnavailable:
		if response.Header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	default:
		t.Errorf("%d %s", response.StatusCode, body)
	}
	return response.StatusCode
}

// note keeps what a new id was answered.
func (l *load) note(t *testing.T, id int64, status int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch status {
	case http.StatusAccepted:
		l.accepted[id] = true
	case http.StatusUnprocessableEntity:
		t.Errorf("id %d, which is new, was answered 422", id)
	default:
		l.unanswered[id] = true
		if status == http.StatusServiceUnavailable {
			l.unavailable++
		}
	}
}

func (l *load) acceptedSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

// run has callers ask for one deposit after the other until ctx ends. Those who
// are refused wait a moment.
func (l *load) run(ctx context.Context, t *testing.T, callers int, address string) *sync.WaitGroup {
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				id := l.next.Add(1)
				status := l.ask(t, address, id)
				l.note(t, id, status)
				if status != http.StatusAccepted {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	return &group
}

// awaitAccepted waits until so many more deposits have been accepted, and says
// how long that took.
func (l *load) awaitAccepted(t *testing.T, more int) time.Duration {
	t.Helper()
	start := time.Now()
	for want := l.acceptedSoFar() + more; l.acceptedSoFar() < want; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 60*time.Second {
			t.Fatalf("not %d more deposits were accepted within a minute", more)
		}
	}
	return time.Since(start)
}

// awaitUnavailable waits until somebody else is answered 503. While the database is
// away that takes a moment: a commit of which nobody knows is tried again first.
func (l *load) awaitUnavailable(t *testing.T) {
	t.Helper()
	before := l.unavailableSoFar()
	for start := time.Now(); l.unavailableSoFar() == before; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatal("nobody was answered 503")
		}
	}
}

func (l *load) unavailableSoFar() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unavailable
}

// settle asks a server that is well for everything again: what was accepted was
// processed, and what was not answered is done now, or was before. Each id then
// counts once.
func (l *load) settle(t *testing.T, address, dsn string) {
	t.Helper()
	var group sync.WaitGroup
	ids := make(chan int64)
	for range 32 {
		group.Go(func() {
			for id := range ids {
				status := l.ask(t, address, id)
				if status != http.StatusUnprocessableEntity && (l.accepted[id] || status != http.StatusAccepted) {
					t.Errorf("id %d, accepted %t, was then answered %d", id, l.accepted[id], status)
				}
			}
		})
	}
	for _, id := range slices.Concat(slices.Collect(maps.Keys(l.unanswered)), slices.Collect(maps.Keys(l.accepted))) {
		ids <- id
	}
	close(ids)
	group.Wait()
	expectBooks(t, dsn, len(l.accepted)+len(l.unanswered))
}

// countFaults counts what contradicts itself in the books of seeded users: a
// transaction without its two entries or with an entry twice, a balance that is
// not the sum of its entries or not numbered as they are, a running balance that
// is not the one before and the amount.
const countFaults = `
WITH numbered AS (
	SELECT *, row_number() OVER w AS n, coalesce(lag(balance) OVER w, 0) AS before FROM ledger.entries
	WINDOW w AS (PARTITION BY ledger, account, stripe ORDER BY sequence)
), summed AS (
	SELECT ledger, account, stripe, count(*) AS sequence,
		coalesce(sum(amount) FILTER (WHERE side = 1), 0) AS debits, coalesce(sum(amount) FILTER (WHERE side = 2), 0) AS credits
	FROM ledger.entries GROUP BY 1, 2, 3
)
SELECT
	(SELECT count(*) FROM numbered WHERE sequence <> n OR balance <> before + amount) +
	(SELECT count(*) FROM ledger.balances AS b FULL JOIN summed AS s USING (ledger, account, stripe)
		WHERE (coalesce(b.sequence, -1), b.debits, b.credits) IS DISTINCT FROM
			(coalesce(s.sequence, 0), coalesce(s.debits, 0), coalesce(s.credits, 0))) +
	(SELECT count(*) FROM ledger.transactions AS t
		FULL JOIN (SELECT ledger, transaction AS id, count(*) AS n FROM ledger.entries GROUP BY 1, 2) AS e USING (ledger, id)
		WHERE (t.recorded_at IS NOT NULL, e.n) IS DISTINCT FROM (true, 2))`

// expectBooks expects so many deposits of 1 and nothing else, without a fault.
func expectBooks(t *testing.T, dsn string, deposits int) {
	t.Helper()
	if n := query[int](t, dsn, "SELECT count(*) FROM ledger.transactions"); n != deposits {
		t.Errorf("%d transactions, want %d", n, deposits)
	}
	const sum = "SELECT coalesce(sum(credits), 0)::bigint FROM ledger.balances WHERE account LIKE 'user-%'"
	if n := query[int](t, dsn, sum); n != deposits*100 {
		t.Errorf("the users have %d, want %d", n, deposits*100)
	}
	if n := query[int](t, dsn, countFaults); n != 0 {
		t.Errorf("%d faults in the books", n)
	}
}
