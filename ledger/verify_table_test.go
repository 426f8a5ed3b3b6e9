package ledger_test

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// table is a book as plain lists, to be broken.
type table struct {
	ledger.Lister
	now          time.Time
	totals       []ledger.AssetTotals
	balances     []ledger.StoredBalance
	entries      []ledger.Entry
	transactions []ledger.Transaction
	reservations []ledger.Reservation
	flaws        []ledger.Finding
	// unreadable are errors beside what is yielded of an account, an entry or a
	// transaction, and fatal those that end its sequence.
	unreadableBalance, unreadableEntry, unreadableRecord func(account, transaction string, sequence uint64) error
	// afterTotals ends the context.
	afterTotals func()
}

var _ ledger.Inspection = (*table)(nil)

func (t *table) Now() time.Time { return t.now }

func (t *table) Count(context.Context) (ledger.Counts, error) { return ledger.Counts{}, nil }

func (t *table) Totals(context.Context) ([]ledger.AssetTotals, error) {
	if t.afterTotals != nil {
		t.afterTotals()
	}
	return t.totals, nil
}

func (t *table) Flaws(context.Context, ledger.Scope) iter.Seq2[ledger.Finding, error] {
	return func(yield func(ledger.Finding, error) bool) {
		for _, f := range t.flaws {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func beside(unreadable func(string, string, uint64) error, account, transaction string, sequence uint64) error {
	if unreadable == nil {
		return nil
	}
	return unreadable(account, transaction, sequence)
}

func (t *table) Balances(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.StoredBalance, error] {
	return func(yield func(ledger.StoredBalance, error) bool) {
		for _, s := range t.balances {
			isIn := scope.Since.IsZero()
			for e := range t.Entries(ctx, scope) {
				isIn = isIn || e.Account == s.ID && e.Stripe == s.Stripe
			}
			for _, r := range t.reservations {
				if r.Account == s.ID {
					s.Reserved.PendingDebits = plus(s.Reserved.PendingDebits, r.Debits)
					s.Reserved.PendingCredits = plus(s.Reserved.PendingCredits, r.Credits)
				}
			}
			if !isIn || scope.Account != "" && s.ID != scope.Account {
				continue
			}
			if err := beside(t.unreadableBalance, s.ID, "", s.Sequence); !yield(s, err) || isFatal(err) {
				return
			}
		}
	}
}

func (t *table) Entries(_ context.Context, scope ledger.Scope) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for i, e := range t.entries {
			isBase := i+1 < len(t.entries) && t.entries[i+1].Account == e.Account && t.entries[i+1].Stripe == e.Stripe &&
				!t.entries[i+1].RecordedAt.Before(scope.Since)
			if scope.Account != "" && e.Account != scope.Account || e.RecordedAt.Before(scope.Since) && !isBase {
				continue
			}
			if err := beside(t.unreadableEntry, e.Account, e.Transaction, e.Sequence); !yield(e, err) || isFatal(err) {
				return
			}
		}
	}
}

func isFatal(err error) bool { return err != nil && !errors.Is(err, ledger.ErrInternal) }

func (t *table) Records(_ context.Context, scope ledger.Scope) iter.Seq2[ledger.Record, error] {
	var ids []string
	for _, transaction := range t.transactions {
		ids = append(ids, transaction.ID)
	}
	for _, e := range t.entries {
		ids = append(ids, e.Transaction)
	}
	for _, r := range t.reservations {
		ids = append(ids, r.Transaction)
	}
	slices.Sort(ids)
	return func(yield func(ledger.Record, error) bool) {
		for _, id := range slices.Compact(ids) {
			record := t.record(id)
			if len(record.Transactions) > 0 && record.Transactions[0].RecordedAt.Before(scope.Since) &&
				record.Transactions[0].ResolvedAt.Before(scope.Since) {
				continue
			}
			if err := beside(t.unreadableRecord, "", id, 0); !yield(record, err) || isFatal(err) {
				return
			}
		}
	}
}

// record gathers what names a transaction.
func (t *table) record(id string) ledger.Record {
	record := ledger.Record{ID: id}
	reverses := ""
	for _, transaction := range t.transactions {
		if transaction.ID == id {
			record.Transactions = append(record.Transactions, transaction)
			reverses = transaction.Reverses
		}
	}
	for _, r := range t.reservations {
		if r.Transaction == id {
			record.Reservations = append(record.Reservations, r)
		}
	}
	for _, e := range t.entries {
		if e.Transaction == id {
			record.Entries = append(record.Entries, e)
		}
		if e.Transaction == reverses && reverses != "" {
			record.Reversed = append(record.Reversed, e)
		}
	}
	return record
}

func plus(a, b ledger.Amount) ledger.Amount {
	sum, err := a.Add(b)
	if err != nil {
		panic(err)
	}
	return sum
}

// The parts of a table, to change them.

func (t *table) balance(account string, stripe uint8) *ledger.StoredBalance {
	i := slices.IndexFunc(t.balances, func(s ledger.StoredBalance) bool { return s.ID == account && s.Stripe == stripe })
	return &t.balances[i]
}

func (t *table) entry(account string, sequence uint64) *ledger.Entry {
	return &t.entries[slices.IndexFunc(t.entries, func(e ledger.Entry) bool { return e.Account == account && e.Sequence == sequence })]
}

func (t *table) transaction(id string) *ledger.Transaction {
	return &t.transactions[slices.IndexFunc(t.transactions, func(each ledger.Transaction) bool { return each.ID == id })]
}

// reservation is that of the hold "open".
func (t *table) reservation(account string) *ledger.Reservation {
	return &t.reservations[slices.IndexFunc(t.reservations, func(r ledger.Reservation) bool { return r.Account == account && r.Transaction == "open" })]
}

func (t *table) deleteEntry(account string, sequence uint64) {
	t.entries = slices.DeleteFunc(t.entries, func(e ledger.Entry) bool { return e.Account == account && e.Sequence == sequence })
}

func (t *table) deleteTransaction(id string) {
	t.transactions = slices.DeleteFunc(t.transactions, func(each ledger.Transaction) bool { return each.ID == id })
}

func (t *table) deleteReservation(account, id string) {
	t.reservations = slices.DeleteFunc(t.reservations, func(r ledger.Reservation) bool { return r.Account == account && r.Transaction == id })
}

func (t *table) sort() {
	slices.SortStableFunc(t.entries, func(a, b ledger.Entry) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Stripe, b.Stripe), cmp.Compare(a.Sequence, b.Sequence))
	})
}

// tableOf copies a book into lists.
func tableOf(ctx context.Context, t testing.TB, inspection ledger.Inspection) *table {
	t.Helper()
	totals, err := inspection.Totals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	copied := &table{Lister: inspection, now: inspection.Now(), totals: totals}
	for s, err := range inspection.Balances(ctx, ledger.Scope{}) {
		s.Reserved = ledger.Balance{}
		copied.balances = append(copied.balances, s)
		if err != nil {
			t.Fatal(err)
		}
	}
	for e, err := range inspection.Entries(ctx, ledger.Scope{}) {
		copied.entries = append(copied.entries, e)
		if err != nil {
			t.Fatal(err)
		}
	}
	for r, err := range inspection.Records(ctx, ledger.Scope{}) {
		copied.transactions = append(copied.transactions, r.Transactions...)
		copied.reservations = append(copied.reservations, r.Reservations...)
		if err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

// brokenStore is a store in memory whose books are broken before anybody inspects them.
type brokenStore struct {
	*memory.Store
	testing testing.TB
	damage  func(*table)
}

func (s brokenStore) OpenBook(ctx context.Context, name string) (ledger.Book, ledger.Result, error) {
	book, result, err := s.Store.OpenBook(ctx, name)
	return brokenBook{book, s}, result, err
}

type brokenBook struct {
	ledger.Book
	store brokenStore
}

func (b brokenBook) Inspect(ctx context.Context, inspect func(ledger.Inspection) error) error {
	return b.Book.Inspect(ctx, func(inspection ledger.Inspection) error {
		broken := tableOf(ctx, b.store.testing, inspection)
		b.store.damage(broken)
		return inspect(broken)
	})
}
