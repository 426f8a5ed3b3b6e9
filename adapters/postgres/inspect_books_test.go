package postgres_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// inspectedBooks are books with something of everything, beside others in the database.
type inspectedBooks struct {
	*ledger.Ledger
	store      *postgres.Store
	book       ledger.Book
	dsn        string
	connection *pgx.Conn
	// middle is a time between two halves of what was written.
	middle time.Time
}

// oddID has what texts of SQL and arrays must quote.
const oddID = `ödd "id"\{},'%_`

// newInspected writes books. Nothing sweeps them.
func newInspected(t *testing.T) *inspectedBooks {
	t.Helper()
	dsn := postgrestest.Database(t, migrated())
	return fillInspected(t, dsn, openWith(t, postgres.Config{DSN: dsn, SweepInterval: -1}))
}

func fillInspected(t *testing.T, dsn string, store *postgres.Store) *inspectedBooks {
	t.Helper()
	for _, other := range []string{"before", "after"} {
		l := openAccounts(t, store, other, 2)
		if _, err := l.Deposit(t.Context(), deposit("tx-0", "user-0")); err != nil {
			t.Fatal(err)
		}
		if other == "after" {
			continue
		}
		openAccounts(t, store, "inspected", 0)
	}
	l, err := ledger.Open(t.Context(), store, ledger.Config{Name: "inspected"})
	if err != nil {
		t.Fatal(err)
	}
	book, err := store.Book(t.Context(), "inspected")
	if err != nil {
		t.Fatal(err)
	}
	b := &inspectedBooks{Ledger: l, store: store, book: book, dsn: dsn, connection: connect(t, dsn)}
	b.open(t)
	b.write(t, "1")
	for time.Now().Before(b.lastRecorded(t).Add(2 * time.Millisecond)) {
	}
	b.middle = time.Now().Truncate(time.Microsecond)
	b.write(t, "2")
	return b
}

func (b *inspectedBooks) lastRecorded(t *testing.T) time.Time {
	t.Helper()
	page, err := b.FindTransactions(t.Context(), ledger.TransactionQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	return page.Transactions[0].RecordedAt
}

func (b *inspectedBooks) open(t *testing.T) {
	t.Helper()
	eur := ledger.Asset{Code: "EUR", Scale: 2}
	for _, request := range []ledger.AccountRequest{
		{ID: "a", Asset: usd, OpeningBalance: ledger.NewAmount(1_000_000), Metadata: ledger.Metadata{"kind": "x", oddID: oddID}},
		{ID: "b", Asset: usd, MinBalance: ledger.NewAmount(-1000)},
		{ID: "c", Asset: usd, Normal: ledger.Debit, Unlimited: true},
		{ID: "e", Asset: eur, Metadata: ledger.Metadata{"kind": "x"}},
		{ID: oddID, Asset: usd},
		{ID: "idle", Asset: usd},
	} {
		if _, err := b.OpenAccount(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
}

func moving(id, from, to string, amount int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: from, Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(amount)},
		{Account: to, Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(amount)},
	}}
}

// write writes transactions of every kind, with ids that end as is said.
func (b *inspectedBooks) write(t *testing.T, suffix string) {
	t.Helper()
	world := ledger.WorldID("USD")
	post := func(r ledger.TransactionRequest, change ...func(*ledger.TransactionRequest)) {
		t.Helper()
		r.ID += suffix
		for _, each := range change {
			each(&r)
		}
		if _, err := b.Post(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	pending := func(r *ledger.TransactionRequest) { r.Pending = true }
	backdated := func(ago time.Duration) func(*ledger.TransactionRequest) {
		return func(r *ledger.TransactionRequest) { r.EffectiveAt = time.Now().Add(-ago) }
	}
	for n := range 5 {
		post(moving(fmt.Sprint("deposit-", n, "-"), world, "a", int64(n+1)))
	}
	post(moving("move-", "a", "b", 30), func(r *ledger.TransactionRequest) {
		r.Description, r.Metadata, r.Actor = "moved", ledger.Metadata{"order": suffix, "kind": "x"}, "somebody"
	})
	post(moving("fee-", "b", "c", 1), func(r *ledger.TransactionRequest) { r.Related = "move-" + suffix })
	post(moving(oddID, "a", oddID, 7), func(r *ledger.TransactionRequest) { r.Metadata = ledger.Metadata{oddID: oddID} })
	post(moving("back-", "a", "c", 5), backdated(40*time.Hour))
	post(moving("back-again-", world, "a", 5), backdated(3*time.Second))
	post(moving("hold-open-", "a", "b", 11), pending, func(r *ledger.TransactionRequest) {
		r.Metadata = ledger.Metadata{"held": "yes"}
		r.ExpiresAt = time.Now().Add(time.Hour)
	})
	post(moving("hold-forever-", world, "b", 12), pending)
	post(moving("hold-world-", world, ledger.WorldID("USD"), 13), pending)
	post(moving("hold-void-", "a", "b", 14), pending)
	post(moving("hold-posted-", "a", "b", 15), pending, backdated(time.Hour))
	post(moving("hold-part-", "a", oddID, 16), pending)
	b.hold(t, moving("hold-expired-"+suffix, "a", "b", 17))
	steps := []func() (ledger.Outcome, error){
		func() (ledger.Outcome, error) {
			return b.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "hold-void-" + suffix, Actor: "me"})
		},
		func() (ledger.Outcome, error) {
			return b.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold-posted-" + suffix})
		},
		func() (ledger.Outcome, error) {
			return b.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "hold-part-" + suffix, Amount: new(ledger.NewAmount(6))})
		},
		func() (ledger.Outcome, error) {
			return b.Reverse(t.Context(), ledger.ReversalRequest{ID: "undo-" + suffix, Transaction: "move-" + suffix})
		},
		func() (ledger.Outcome, error) {
			return b.Reverse(t.Context(), ledger.ReversalRequest{ID: "undo-hold-" + suffix, Transaction: "hold-part-" + suffix})
		},
	}
	for _, step := range steps {
		if _, err := step(); err != nil {
			t.Fatal(err)
		}
	}
	var expired ledger.Transaction
	for expired.Status != ledger.Expired {
		var err error
		if expired, err = b.Transaction(t.Context(), "hold-expired-"+suffix); err != nil {
			t.Fatal(err)
		}
	}
}

// hold makes a hold that expires soon, but not before it is made.
func (b *inspectedBooks) hold(t *testing.T, r ledger.TransactionRequest) {
	t.Helper()
	r.Pending = true
	err := error(ledger.ErrInvalidRequest)
	for lifetime := 20 * time.Millisecond; errors.Is(err, ledger.ErrInvalidRequest); lifetime *= 2 {
		r.ExpiresAt = time.Now().Add(lifetime)
		_, err = b.Post(t.Context(), r)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// inspect inspects the books.
func (b *inspectedBooks) inspect(t *testing.T, inspect func(ledger.Inspection) error) {
	t.Helper()
	if err := b.book.Inspect(t.Context(), inspect); err != nil {
		t.Fatal(err)
	}
}

// all returns all of a sequence, without an error.
func all[T any](t *testing.T, sequence iter.Seq2[T, error]) (found []T) {
	t.Helper()
	for each, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, each)
	}
	return found
}

// allEntries returns the entries of an account, or of all.
func (b *inspectedBooks) allEntries(t *testing.T, account string) (entries []ledger.Entry) {
	t.Helper()
	ids := []string{account}
	if account == "" {
		page, err := b.FindAccounts(t.Context(), ledger.AccountQuery{Limit: ledger.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		ids = nil
		for i := range page.Accounts {
			ids = append(ids, page.Accounts[i].ID)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		page, err := b.Entries(t.Context(), ledger.EntryQuery{Account: id, OldestFirst: true, Limit: ledger.MaxLimit})
		if err != nil || page.More {
			t.Fatal(page.More, err)
		}
		entries = append(entries, page.Entries...)
	}
	return entries
}

// scopes are the three kinds of scopes, and both at once.
func (b *inspectedBooks) scopes() map[string]ledger.Scope {
	return map[string]ledger.Scope{
		"whole":               {},
		"account":             {Account: "a"},
		"world":               {Account: ledger.WorldID("USD")},
		"odd account":         {Account: oddID},
		"account untouched":   {Account: "idle"},
		"since":               {Since: b.middle},
		"since the start":     {Since: time.Unix(0, 0).UTC()},
		"since now":           {Since: time.Now().Add(time.Hour)},
		"account since":       {Account: "a", Since: b.middle},
		"world since":         {Account: ledger.WorldID("USD"), Since: b.middle},
		"odd account since":   {Account: oddID, Since: b.middle},
		"account since start": {Account: "b", Since: time.Unix(0, 0).UTC()},
	}
}

type chainKey struct {
	account string
	stripe  uint8
}

func keyOf(e ledger.Entry) chainKey { return chainKey{e.Account, e.Stripe} }

// inScope returns the entries in a scope, and those before that they follow.
func inScope(entries []ledger.Entry, scope ledger.Scope) (with []ledger.Entry, ids map[string]bool) {
	ids = make(map[string]bool)
	for i, e := range entries {
		isRecent := !e.RecordedAt.Before(scope.Since)
		if isRecent {
			ids[e.Transaction] = true
		}
		isBase := !isRecent && i+1 < len(entries) && keyOf(entries[i+1]) == keyOf(e) && !entries[i+1].RecordedAt.Before(scope.Since)
		if isRecent || isBase {
			with = append(with, e)
		}
	}
	return with, ids
}
