package memory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestFindTransactionsAtAnyTime compares what random queries find with what should be,
// of transactions of every kind that were written while the clock ran backwards, too.
// Before most of those that are pending have ended, and after, other ways are walked.
func TestFindTransactionsAtAnyTime(t *testing.T) {
	t.Parallel()
	clock, random := newTestClock(), rand.New(rand.NewPCG(3, 4))
	const opened = 40
	var accounts, ids, held []string
	for i := range opened {
		accounts = append(accounts, fmt.Sprint("account-", i))
		ids = append(ids, ledger.OpeningID(accounts[i]))
	}
	books, book := openBooks(t, clock, accounts...)
	const late = 10
	for i := range late {
		ids = append(ids, postLate(t, books, book, clock, i, accounts)...)
	}
	accounts = append(accounts, ledger.WorldID("USD"))
	anyAccount := func() string { return accounts[random.IntN(len(accounts))] }
	for i := range 600 {
		clock.advance([]time.Duration{0, 0, time.Second, 2 * time.Second, -time.Second, -30 * time.Second, time.Minute}[random.IntN(7)])
		r := payment(fmt.Sprint("t", random.IntN(10), "-", i), anyAccount(), anyAccount(), 1)
		if random.IntN(4) == 0 {
			r.Entries = append(r.Entries, payment("", anyAccount(), anyAccount(), 1).Entries...)
		}
		switch random.IntN(4) {
		case 0:
			r, held = pending(r, time.Time{}), append(held, r.ID)
		case 1:
			r, held = pending(r, clock.now().Add(time.Hour)), append(held, r.ID)
		}
		if random.IntN(2) == 0 {
			r.Metadata = ledger.Metadata{"color": []string{"red", "green"}[random.IntN(2)], "size": fmt.Sprint(random.IntN(20))}
		}
		post(t, books, r)
		ids = append(ids, r.ID)
	}
	known := 0
	for i := range book.shards {
		known += len(book.shards[i].timeline.late)
	}
	if known < late {
		t.Errorf("%d transactions are late for their shards, want at least %d", known, late)
	}
	compareFound(t, books, clock, random, accounts, ids)
	for i, id := range held {
		var err error
		switch {
		case i%75 == 0:
		case i%2 == 0:
			_, err = books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id})
		default:
			_, err = books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id})
		}
		if err != nil && !errors.Is(err, ledger.ErrExpired) {
			t.Fatal(err)
		}
	}
	compareFound(t, books, clock, random, accounts, ids)
	clock.advance(2 * time.Hour)
	compareFound(t, books, clock, random, accounts, ids)
}

// postLate posts a transaction, sets the clock back, and posts another one in the same
// shard between other accounts, for those of the first would not let it be recorded at
// an earlier time. Nothing may have been recorded later than the clock says. It returns
// the ids.
func postLate(t *testing.T, books *ledger.Ledger, book *book, clock *testClock, number int, accounts []string) []string {
	t.Helper()
	first, second := fmt.Sprint("first-", number), ""
	for i := 0; second == ""; i++ {
		if id := fmt.Sprint("late-", number, "-", i); shardOf(book.hash(id)) == shardOf(book.hash(first)) {
			second = id
		}
	}
	clock.advance(2 * time.Second)
	post(t, books, payment(first, accounts[0], accounts[1], 1))
	clock.advance(-time.Second)
	post(t, books, payment(second, accounts[2], accounts[3], 1))
	clock.advance(time.Second)
	return []string{first, second}
}

// compareFound asks random queries.
func compareFound(t *testing.T, books *ledger.Ledger, clock *testClock, random *rand.Rand, accounts, ids []string) {
	t.Helper()
	var all []ledger.Transaction
	for _, id := range ids {
		read, err := books.Transaction(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, read)
	}
	slices.SortFunc(all, func(a, b ledger.Transaction) int { return itemOf(&a).compare(itemOf(&b)) })
	for range 400 {
		query := ledger.TransactionQuery{
			Status: ledger.TransactionStatus(random.IntN(5)), OldestFirst: random.IntN(2) == 0, Limit: []int{1, 7, 100}[random.IntN(3)],
		}
		if random.IntN(2) == 0 {
			query.Account = accounts[random.IntN(len(accounts))]
		}
		if random.IntN(3) == 0 {
			query.Metadata = ledger.Metadata{"color": "red"}
		}
		if random.IntN(6) == 0 {
			query.Metadata = ledger.Metadata{"color": "red", "size": fmt.Sprint(random.IntN(20))}
		}
		if random.IntN(3) == 0 {
			query.From = all[random.IntN(len(all))].RecordedAt
		}
		if random.IntN(3) == 0 {
			if query.To = all[random.IntN(len(all))].RecordedAt; query.To.Before(query.From) {
				query.From, query.To = query.To, query.From
			}
		}
		var want []string
		for i := range all {
			if matches(&all[i], query) {
				want = append(want, all[i].ID)
			}
		}
		if !query.OldestFirst {
			slices.Reverse(want)
		}
		asked := query
		var got []string
		for more := true; more; {
			page, err := books.FindTransactions(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range page.Transactions {
				got = append(got, found.ID)
				query.After = found.ID
			}
			more = page.More
		}
		if !slices.Equal(got, want) {
			t.Fatalf("at %s %+v finds %v, want %v", clock.now(), asked, got, want)
		}
	}
}

func matches(t *ledger.Transaction, query ledger.TransactionQuery) bool {
	return (query.Account == "" || slices.Contains(accountsOf(t), query.Account)) && (query.Status == 0 || t.Status == query.Status) &&
		t.Metadata.Contains(query.Metadata) && !t.RecordedAt.Before(query.From) && (query.To.IsZero() || t.RecordedAt.Before(query.To))
}

// endingContext ends after it was looked at so many times.
type endingContext struct {
	context.Context
	looks int
}

func (c *endingContext) Err() error {
	if c.looks--; c.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestFindTransactionsEnds looks for what is not there among many.
func TestFindTransactionsEnds(t *testing.T) {
	t.Parallel()
	books, _ := openBooks(t, newTestClock(), "a")
	for i := range 3000 {
		post(t, books, pending(payment(fmt.Sprint("t", i), ledger.WorldID("USD"), "a", 1), time.Time{}))
	}
	ctx := &endingContext{Context: t.Context(), looks: 2}
	_, err := books.FindTransactions(ctx, ledger.TransactionQuery{Account: "a", Status: ledger.Voided})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it gave %v", err)
	}
}
