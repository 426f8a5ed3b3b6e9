package postgres_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestInspectEntries compares entries with pages of accounts.
func TestInspectEntries(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	for name, scope := range b.scopes() {
		want, _ := inScope(b.allEntries(t, scope.Account), scope)
		b.inspect(t, func(i ledger.Inspection) error {
			if got := all(t, i.Entries(t.Context(), scope)); !slices.Equal(got, want) {
				t.Errorf("%s: got %d entries, want %d:\n%v\n%v", name, len(got), len(want), got, want)
			}
			return nil
		})
	}
}

// TestInspectRecords compares records with the transactions and the entries of accounts.
func TestInspectRecords(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	for name, scope := range b.scopes() {
		entries := b.allEntries(t, "")
		_, want := inScope(b.allEntries(t, scope.Account), scope)
		page, err := b.FindTransactions(t.Context(), ledger.TransactionQuery{Limit: ledger.MaxLimit})
		if err != nil || page.More {
			t.Fatal(page.More, err)
		}
		transactions, reserved := make(map[string]ledger.Transaction), b.reserved(t)
		for _, found := range page.Transactions {
			transactions[found.ID] = found
			isOn := scope.Account == "" || slices.Contains(reserved[found.ID], scope.Account)
			if isOn && (!found.RecordedAt.Before(scope.Since) || !found.ResolvedAt.Before(scope.Since) && !found.ResolvedAt.IsZero()) {
				want[found.ID] = true
			}
		}
		b.inspect(t, func(i ledger.Inspection) error {
			var ids []string
			for _, record := range all(t, i.Records(t.Context(), scope)) {
				ids = append(ids, record.ID)
				checkRecord(t, name, record, transactions[record.ID], entries, reserved[record.ID])
			}
			wanted := make([]string, 0, len(want))
			for id := range want {
				wanted = append(wanted, id)
			}
			slices.Sort(wanted)
			if !slices.Equal(ids, wanted) {
				t.Errorf("%s: got %q, want %q", name, ids, wanted)
			}
			return nil
		})
	}
}

// reserved returns the accounts that the transactions have reservations on, in order.
func (b *inspectedBooks) reserved(t *testing.T) map[string][]string {
	t.Helper()
	rows, err := b.connection.Query(t.Context(), "SELECT transaction, account FROM ledger.reservations ORDER BY account")
	if err != nil {
		t.Fatal(err)
	}
	reserved := make(map[string][]string)
	var id, account string
	_, err = pgx.ForEachRow(rows, []any{&id, &account}, func() error {
		reserved[id] = append(reserved[id], account)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return reserved
}

func checkRecord(t *testing.T, name string, record ledger.Record, want ledger.Transaction, entries []ledger.Entry, reserved []string) {
	t.Helper()
	of := func(id string) (found []ledger.Entry) {
		for _, e := range entries {
			if e.Transaction == id {
				found = append(found, e)
			}
		}
		return found
	}
	if len(record.Transactions) != 1 {
		t.Fatalf("%s: %q is there %d times", name, record.ID, len(record.Transactions))
	}
	got := record.Transactions[0]
	if !slices.Equal(record.Entries, of(record.ID)) || !slices.Equal(record.Reversed, of(want.Reverses)) {
		t.Errorf("%s: %q: got %v and %v, want %v and %v", name, record.ID, record.Entries, record.Reversed, of(record.ID), of(want.Reverses))
	}
	var accounts []string
	for _, r := range record.Reservations {
		accounts = append(accounts, r.Account)
	}
	if !slices.Equal(accounts, reserved) {
		t.Errorf("%s: %q reserves %v, want it on %q", name, record.ID, record.Reservations, reserved)
	}
	for _, r := range record.Reservations {
		if r.Transaction != record.ID || !r.ExpiresAt.Equal(want.ExpiresAt) || r.Debits == r.Credits {
			t.Errorf("%s: got %+v of %+v", name, r, want)
		}
	}
	for n := range got.Entries {
		e, listed := got.Entries[n], want.Entries[n]
		if e.Account != listed.Account || e.Stripe != listed.Stripe || e.Sequence != listed.Sequence || got.Reserved != nil && e.Side != listed.Side {
			t.Errorf("%s: %q lists %+v, want %+v", name, record.ID, e, listed)
		}
	}
	if want.Status == ledger.Expired {
		want.Status = ledger.Pending
	}
	got.Entries, want.Entries = nil, nil
	if !sameTransaction(got, want) {
		t.Errorf("%s: got %+v, want %+v", name, got, want)
	}
}

func sameTransaction(a, b ledger.Transaction) bool {
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

// TestInspectBalances compares balances with the accounts.
func TestInspectBalances(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	for name, scope := range b.scopes() {
		within, _ := inScope(b.allEntries(t, scope.Account), scope)
		page, err := b.FindTransactions(t.Context(), ledger.TransactionQuery{Limit: ledger.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		wanted := make(map[chainKey]bool)
		for _, e := range within {
			wanted[keyOf(e)] = true
		}
		reserved := b.reserved(t)
		for _, found := range page.Transactions {
			for _, account := range reserved[found.ID] {
				if !found.RecordedAt.Before(scope.Since) && (scope.Account == "" || scope.Account == account) {
					wanted[chainKey{account: account}] = true
				}
			}
		}
		b.inspect(t, func(i ledger.Inspection) error {
			got := all(t, i.Balances(t.Context(), scope))
			if !slices.IsSortedFunc(got, func(a, b ledger.StoredBalance) int {
				return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Stripe, b.Stripe))
			}) {
				t.Errorf("%s: not in order: %v", name, got)
			}
			sums := make(map[string]ledger.StoredBalance)
			for _, s := range got {
				if key := (chainKey{s.ID, s.Stripe}); !wanted[key] && !scope.Since.IsZero() {
					t.Errorf("%s: got %v", name, key)
				} else {
					delete(wanted, key)
				}
				sum := sums[s.ID]
				s.Balance, _ = s.Balance.Add(sum.Balance)
				s.Sequence += sum.Sequence
				s.Reserved, _ = s.Reserved.Add(sum.Reserved)
				sums[s.ID] = s
			}
			if len(wanted) > 0 {
				t.Errorf("%s: lacks %v", name, wanted)
			}
			b.checkSums(t, name, scope, sums)
			return nil
		})
	}
}

func (b *inspectedBooks) checkSums(t *testing.T, name string, scope ledger.Scope, sums map[string]ledger.StoredBalance) {
	t.Helper()
	for id, s := range sums {
		account, err := b.Account(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if s.Asset != account.Asset || s.Normal != account.Normal || s.Unlimited != account.Unlimited || s.MinBalance != account.MinBalance ||
			s.Status != account.Status || !s.OpenedAt.Equal(account.OpenedAt) || s.LastRecordedAt.Before(s.OpenedAt) {
			t.Errorf("%s: got %+v, want %+v", name, s, account)
		}
		stored := ledger.Balance{PendingDebits: s.Balance.PendingDebits, PendingCredits: s.Balance.PendingCredits}
		if stored != s.Reserved || (id == "a" || id == "b") && stored == (ledger.Balance{}) {
			t.Errorf("%s: %s has %v stored as pending, and reservations of %v", name, id, stored, s.Reserved)
		}
		if ledger.IsWorldID(id) && !scope.Since.IsZero() {
			continue
		}
		if s.Balance.Debits != account.Balance.Debits || s.Balance.Credits != account.Balance.Credits || s.Sequence != account.Sequence {
			t.Errorf("%s: %s has %+v, want %+v", name, id, s.Balance, account.Balance)
		}
	}
}

// TestInspectLists compares pages with those of the ledger.
func TestInspectLists(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	b.inspect(t, func(i ledger.Inspection) error {
		accounts, err := i.FindAccounts(t.Context(), ledger.AccountQuery{OldestFirst: true, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		next, err := i.FindAccounts(t.Context(), ledger.AccountQuery{OldestFirst: true, After: accounts[2].ID, Limit: 100})
		if err != nil || len(next) != 5 {
			t.Errorf("got %d accounts, %v", len(next), err)
		}
		pending, err := i.FindTransactions(t.Context(), ledger.TransactionQuery{Account: "a", Status: ledger.Pending, Limit: 100})
		if err != nil || len(pending) != 2 {
			t.Errorf("got %d transactions, %v", len(pending), err)
		}
		var resolved []string
		query := ledger.ResolvedQuery{Limit: 2}
		for {
			page, err := i.FindResolved(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range page {
				resolved = append(resolved, found.ID)
				if query.After.After(found.ResolvedAt) {
					t.Errorf("%q was resolved before %s", found.ID, query.After)
				}
				query.After, query.AfterID = found.ResolvedAt, found.ID
			}
			if len(page) < query.Limit {
				break
			}
		}
		want := []string{"hold-void-1", "hold-posted-1", "hold-part-1", "hold-void-2", "hold-posted-2", "hold-part-2"}
		if !slices.Equal(resolved, want) {
			t.Errorf("got %q, want %q", resolved, want)
		}
		totals, err := i.Totals(t.Context())
		if err != nil || len(totals) != 2 || totals[0].Asset.Code != "EUR" || totals[1].Asset != usd || !totals[1].IsBalanced() || totals[1].Debits.Sign() == 0 {
			t.Errorf("got %v, %v", totals, err)
		}
		if since := time.Since(i.Now()); since < 0 || since > time.Minute {
			t.Errorf("it is of %s", i.Now())
		}
		return nil
	})
}

// TestInspectSound verifies books with something of everything.
func TestInspectSound(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	for name, scope := range b.scopes() {
		for _, f := range b.verify(t, scope) {
			t.Errorf("%s: found %+v", name, f)
		}
	}
}

// TestInspectReadOnly inspects where no temporary table can be made, as on a standby: it
// reads the same.
func TestInspectReadOnly(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	exec(t, b.connection, "UPDATE ledger.entries SET amount = amount + 1 WHERE transaction = 'deposit-0-2' AND account = 'a'")
	readOnly := openStore(t, b.dsn+"&default_transaction_read_only=on", func(c *postgres.Config) { c.SweepInterval = -1 })
	books, err := ledger.Open(t.Context(), readOnly, ledger.Config{Name: "inspected"})
	if err != nil {
		t.Fatal(err)
	}
	for name, scope := range b.scopes() {
		want, got := b.verify(t, scope), (&inspectedBooks{Ledger: books}).verify(t, scope)
		if !slices.EqualFunc(got, want, func(a, b ledger.Finding) bool { return a.Message == b.Message }) {
			t.Errorf("%s: found %+v, want %+v", name, got, want)
		}
		if isBroken := name == "account" || name == "since the start"; isBroken && len(want) == 0 {
			t.Errorf("%s: found nothing", name)
		}
	}
}

// TestInspectLedgerGone verifies a ledger that somebody deleted from the list of ledgers.
func TestInspectLedgerGone(t *testing.T) {
	t.Parallel()
	b := newInspected(t)
	exec(t, b.connection, "DELETE FROM ledger.ledgers WHERE name = 'inspected'")
	if got := tell(b.verify(t, ledger.Scope{})); !slices.Equal(got, []string{"links"}) {
		t.Errorf("found %q", got)
	}
}

// verify returns what verification finds.
func (b *inspectedBooks) verify(t *testing.T, scope ledger.Scope) (found []ledger.Finding) {
	t.Helper()
	_, err := b.Verify(t.Context(), ledger.VerifyQuery{Scope: scope, Found: func(f ledger.Finding) error {
		found = append(found, f)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
