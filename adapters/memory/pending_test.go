package memory

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

var usd = ledger.Asset{Code: "USD", Scale: 2}

// testClock is a clock that a test sets.
type testClock struct{ micros atomic.Int64 }

func newTestClock() *testClock {
	c := new(testClock)
	c.micros.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMicro())
	return c
}

func (c *testClock) now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *testClock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// openBooks returns a ledger with the accounts, each with 1,000.00, and its book.
func openBooks(t *testing.T, clock *testClock, accounts ...string) (*ledger.Ledger, *book) {
	t.Helper()
	store := New(Config{Now: clock.now})
	books, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range accounts {
		_, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: id, Asset: usd, OpeningBalance: ledger.NewAmount(100_000)})
		if err != nil {
			t.Fatal(err)
		}
	}
	opened, err := store.Book(t.Context(), ledger.DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	return books, opened.(*book)
}

// payment is a payment of so many cents.
func payment(id, from, to string, cents int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: from, Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(cents)},
		{Account: to, Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(cents)},
	}}
}

func pending(r ledger.TransactionRequest, expiresAt time.Time) ledger.TransactionRequest {
	r.Pending, r.ExpiresAt = true, expiresAt
	return r
}

func post(t *testing.T, books *ledger.Ledger, r ledger.TransactionRequest) ledger.Transaction {
	t.Helper()
	outcome, err := books.Post(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return *outcome.Transaction
}

// checkRead checks that the transaction reads as the one that is wanted.
func checkRead(t *testing.T, books *ledger.Ledger, want ledger.Transaction) {
	t.Helper()
	if got, err := books.Transaction(t.Context(), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("transaction %q reads as %+v, %v; want %+v", want.ID, got, err, want)
	}
}

// TestDetails_read reads transactions with every detail, as holds and as records.
func TestDetails_read(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, _ := openBooks(t, clock, "a", "b")
	withDetails := func(r ledger.TransactionRequest) ledger.TransactionRequest {
		r.Description, r.Actor, r.Related = "lunch\u00e9", "till 4", ledger.OpeningID("a")
		r.Metadata = ledger.Metadata{"order": "17", "shop": ""}
		return r
	}
	backDated := withDetails(payment("paid", "a", "b", 7))
	backDated.EffectiveAt = time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)
	checkRead(t, books, post(t, books, backDated))
	for _, expiresAt := range []time.Time{{}, clock.now().Add(time.Hour)} {
		for _, kind := range []string{"posted", "part", "voided"} {
			clock.advance(time.Second)
			id := fmt.Sprint(kind, expiresAt.IsZero())
			held := post(t, books, pending(withDetails(payment(id, "a", "b", 1000)), expiresAt))
			checkRead(t, books, held)
			clock.advance(time.Second)
			var outcome ledger.Outcome
			var err error
			switch kind {
			case "posted":
				outcome, err = books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id, Actor: "shop"})
			case "part":
				outcome, err = books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id, Amount: new(ledger.NewAmount(1))})
			case "voided":
				outcome, err = books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id, Actor: "shop"})
			}
			if err != nil {
				t.Fatal(err)
			}
			checkRead(t, books, *outcome.Transaction)
			if kind == "voided" {
				continue
			}
			entries, err := books.Entries(t.Context(), ledger.EntryQuery{Account: "a", Limit: 1})
			if err != nil || entries.Entries[0] != outcome.Transaction.Entries[0] {
				t.Errorf("the last entry is %+v, %v; want %+v", entries.Entries, err, outcome.Transaction.Entries[0])
			}
		}
	}
	reversed, err := books.Reverse(t.Context(), ledger.ReversalRequest{ID: "undo", Transaction: "paid", Actor: "boss"})
	if err != nil {
		t.Fatal(err)
	}
	checkRead(t, books, *reversed.Transaction)
	if paid, err := books.Transaction(t.Context(), "paid"); err != nil || paid.ReversedBy != "undo" {
		t.Errorf("the reversed transaction reads as %+v, %v", paid, err)
	}
}

// TestHold_isCopied changes what callers get and reads what the store kept.
func TestHold_isCopied(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, _ := openBooks(t, clock, "a", "b")
	made := post(t, books, pending(payment("held", "a", "b", 5), time.Time{}))
	made.Entries[0].Account, made.Reserved[0] = "x", ledger.NewAmount(9)
	read, err := books.Transaction(t.Context(), "held")
	if err != nil || read.Entries[0].Account != "a" || read.Reserved[0] != ledger.NewAmount(5) {
		t.Fatalf("read %+v, %v", read, err)
	}
	read.Entries[0].Account, read.Reserved[0] = "x", ledger.NewAmount(9)
	if again, err := books.Transaction(t.Context(), "held"); err != nil || again.Entries[0].Account != "a" || again.Reserved[0] != ledger.NewAmount(5) {
		t.Fatalf("read %+v, %v", again, err)
	}
}

// TestReservations_expire lets holds of random lengths expire, be posted and be
// voided, and compares what is pending with what should be.
func TestReservations_expire(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, b := openBooks(t, clock, "a", "b")
	random := rand.New(rand.NewPCG(1, 2))
	open := make(map[string]ledger.Transaction)
	for i := range 2000 {
		clock.advance(time.Second)
		id := fmt.Sprint("h", i)
		var expiresAt time.Time
		if random.IntN(4) > 0 {
			expiresAt = clock.now().Add(time.Duration(1+random.IntN(100)) * time.Second)
		}
		open[id] = post(t, books, pending(payment(id, "a", "b", int64(1+random.IntN(9))), expiresAt))
		if id := fmt.Sprint("h", random.IntN(i+1)); random.IntN(2) == 0 {
			held, isOpen := open[id]
			_, err := books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id})
			if expired := held.StatusAt(clock.now()) == ledger.Expired; expired && !errors.Is(err, ledger.ErrExpired) || isOpen && !expired && err != nil {
				t.Fatalf("voiding %q at %v: %v", id, clock.now(), err)
			}
			delete(open, id)
		}
		var want ledger.Amount
		for id, held := range open {
			if held.StatusAt(clock.now()) == ledger.Expired {
				delete(open, id)
				continue
			}
			want = sumOf(want, held.Reserved[0])
		}
		accounts, err := books.Accounts(t.Context(), []string{"a", "b"})
		if err != nil || accounts[0].Balance.PendingDebits != want || accounts[1].Balance.PendingCredits != want {
			t.Fatalf("%v and %v are pending, %v; want %v", accounts[0].Balance, accounts[1].Balance, err, want)
		}
		if count := len(b.chains("a")[0].reservations); count > len(open) {
			t.Fatalf("the account keeps %d reservations for %d holds", count, len(open))
		}
	}
}

// TestReservations_leave ends holds long before their time, and finds nothing of them
// beside the journal.
func TestReservations_leave(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, b := openBooks(t, clock, "a", "b")
	for i := range 3000 {
		id := fmt.Sprint("h", i)
		post(t, books, pending(payment(id, "a", "b", 5), clock.now().Add(1000*time.Hour)))
		var err error
		if i%2 == 0 {
			_, err = books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id})
		} else {
			_, err = books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"a", "b"} {
		if kept := b.chains(id)[0].reservations; cap(kept) > 4 {
			t.Errorf("account %q has memory for %d reservations", id, cap(kept))
		}
	}
	for i := range b.shards {
		if count := len(b.shards[i].pending); count > 0 {
			t.Errorf("shard %d keeps %d holds", i, count)
		}
	}
}

// TestReservations_clockSetBack shows that what has expired stays so.
func TestReservations_clockSetBack(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, _ := openBooks(t, clock, "a", "b")
	post(t, books, pending(payment("held", "a", "b", 5), clock.now().Add(time.Minute)))
	clock.advance(time.Hour)
	if a, err := books.Account(t.Context(), "a"); err != nil || a.Balance.PendingDebits.Sign() != 0 {
		t.Fatalf("an expired hold is pending: %+v, %v", a, err)
	}
	clock.advance(-time.Hour)
	if _, err := books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "held"}); !errors.Is(err, ledger.ErrExpired) {
		t.Errorf("posting what had expired: %v", err)
	}
}

// TestReservations_race posts, voids and reads holds on one account while they
// expire.
func TestReservations_race(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	books, b := openBooks(t, clock, "a", "b")
	var posted atomic.Int64
	var group sync.WaitGroup
	for caller := range 8 {
		group.Go(func() {
			for i := range 200 {
				id := fmt.Sprint("h", caller, "-", i)
				expiresAt := clock.now().Add(20 * time.Microsecond)
				clock.advance(time.Microsecond)
				_, err := books.Post(t.Context(), pending(payment(id, "a", "b", 5), expiresAt))
				if errors.Is(err, ledger.ErrInvalidRequest) {
					continue // The others have moved the clock past it.
				}
				if err != nil {
					t.Error(err)
				}
				if i%3 == 0 {
					_, err = books.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: id})
				} else if _, err = books.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: id}); err == nil {
					posted.Add(5)
				}
				if err != nil && !errors.Is(err, ledger.ErrExpired) {
					t.Error(err)
				}
				if _, err := books.Account(t.Context(), "b"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	clock.advance(time.Hour)
	a, err := books.Account(t.Context(), "a")
	want := ledger.Balance{Debits: ledger.NewAmount(posted.Load()), Credits: ledger.NewAmount(100_000)}
	if err != nil || a.Balance != want || len(b.chains("a")[0].reservations) != 0 {
		t.Errorf("in the end the account has %+v, %v; want %+v", a.Balance, err, want)
	}
}
