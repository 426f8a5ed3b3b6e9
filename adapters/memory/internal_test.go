package memory

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

func TestRecordedTimeNeverRunsBackwards(t *testing.T) {
	t.Parallel()
	usd := ledger.Asset{Code: "USD", Scale: 2}
	clock := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.FixedZone("east", 3600))
	books, err := ledger.Open(t.Context(), New(Config{Now: func() time.Time { return clock }}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := books.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd}); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 2, 2, 4, 5, 678_901_000, time.UTC)
	for i, step := range []struct{ at, want time.Time }{
		{clock, start},
		{clock.Add(time.Second), start.Add(time.Second)},
		{clock.Add(-time.Hour), start.Add(time.Second)},
		{time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), start.Add(time.Second)},
		{clock.Add(2 * time.Second), start.Add(2 * time.Second)},
	} {
		clock = step.at
		outcome, err := books.Deposit(t.Context(), ledger.Deposit{ID: fmt.Sprint(i), Account: "a", Asset: usd, Amount: ledger.NewAmount(1)})
		if err != nil || outcome.Transaction.RecordedAt != step.want {
			t.Errorf("deposit %d was recorded at %v, %v; want %v", i, outcome.Transaction, err, step.want)
		}
		read, err := books.Transaction(t.Context(), fmt.Sprint(i))
		if err != nil || read.RecordedAt != step.want {
			t.Errorf("deposit %d reads as recorded at %v, %v; want %v", i, read.RecordedAt, err, step.want)
		}
	}
}

// TestJournalBlocks writes records of every kind of size over many blocks, and
// reads them all again.
func TestJournalBlocks(t *testing.T) {
	t.Parallel()
	usd := ledger.Asset{Code: "USD", Scale: 2}
	accounts := []*account{{number: 0, id: "a", asset: usd, normal: ledger.Credit}, {number: 1, id: "b", asset: usd, normal: ledger.Debit, stripe: 3}}
	largest, err := ledger.ParseUnits(strings.Repeat("9", 76))
	if err != nil {
		t.Fatal(err)
	}
	j := newJournal(5)
	written := make(map[place]ledger.RecordedTransaction)
	entries := make(map[place]ledger.Entry)
	for i := range 3000 {
		recorded := ledger.RecordedTransaction{
			Transaction: ledger.Transaction{ID: fmt.Sprint("tx", i), RecordedAt: time.UnixMicro(int64(i) - 100).UTC()},
			Fingerprint: ledger.Fingerprint{byte(i)},
		}
		count := 2
		if i%100 == 0 {
			count = 4000
		}
		for n := range count {
			a := accounts[n%2]
			e := ledger.Entry{
				Transaction: recorded.ID, Account: a.id, Stripe: a.stripe, Side: ledger.Credit, Sequence: uint64(n) << 40,
				Asset: usd, Amount: ledger.NewAmount(int64(n)), Balance: largest.Neg(), RecordedAt: recorded.RecordedAt,
			}
			recorded.Entries = append(recorded.Entries, e)
		}
		record := j.begin(&recorded)
		for n := range recorded.Entries {
			entries[record.entry(accounts[n%2], &recorded.Entries[n])] = recorded.Entries[n]
		}
		written[record.end()] = recorded
	}
	if len(written) != 3000 {
		t.Fatalf("%d records have places of their own, want 3000", len(written))
	}
	for at, want := range written {
		got := j.transaction(at, accounts)
		if at.shard() != 5 || got.ID != want.ID || got.Fingerprint != want.Fingerprint || len(got.Entries) != len(want.Entries) {
			t.Fatalf("at %x: %+v, want %+v", at, got.ID, want.ID)
		}
		for i := range got.Entries {
			if got.Entries[i] != want.Entries[i] {
				t.Fatalf("entry %d is %+v, want %+v", i, got.Entries[i], want.Entries[i])
			}
		}
	}
	for at, want := range entries {
		if got := j.entry(at, accounts); got != want {
			t.Fatalf("the entry at %x is %+v, want %+v", at, got, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	var p places
	for i := range place(1000) {
		p.append(i * 7)
		for _, n := range []place{0, i / 2, i} {
			if got := p.at(uint64(n)); got != n*7 {
				t.Fatalf("of %d places, number %d is %d, want %d", i+1, n, got, n*7)
			}
		}
	}
}
