package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// verifiedBooks opens a ledger with something of everything, all of it at times of its
// own, that is broken when it is inspected. The stripes of the world account are so
// many that only "a" and "b" are good to break.
func verifiedBooks(t testing.TB, damage func(*table)) *ledger.Ledger {
	t.Helper()
	ctx, usd := t.Context(), ledger.Asset{Code: "USD", Scale: 2}
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store := memory.New(memory.Config{Now: func() time.Time { clock = clock.Add(time.Second); return clock }})
	books, err := ledger.Open(ctx, brokenStore{store, t, damage}, ledger.Config{})
	check(err)
	move := func(id string, amount int64) ledger.TransactionRequest {
		units := ledger.NewAmount(amount)
		return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
			{Account: "a", Side: ledger.Debit, Asset: usd, Amount: units}, {Account: "b", Side: ledger.Credit, Asset: usd, Amount: units},
		}}
	}
	hold := func(id string, amount int64, lifetime time.Duration) ledger.TransactionRequest {
		request := move(id, amount)
		request.Pending = true
		if lifetime > 0 {
			request.ExpiresAt = clock.Add(lifetime)
		}
		return request
	}
	post := func(request ledger.TransactionRequest) {
		t.Helper()
		_, err := books.Post(ctx, request)
		check(err)
	}
	for _, request := range []ledger.AccountRequest{
		{ID: "a", Asset: usd, OpeningBalance: ledger.NewAmount(100)},
		{ID: "b", Asset: usd},
		{ID: "c", Asset: usd},
		{ID: "low", Asset: usd, MinBalance: ledger.NewAmount(10), OpeningBalance: ledger.NewAmount(4)},
	} {
		_, err := books.OpenAccount(ctx, request)
		check(err)
	}
	post(move("t1", 30))
	post(move("t2", 5))
	_, err = books.Reverse(ctx, ledger.ReversalRequest{ID: "undo", Transaction: "t1"})
	check(err)
	post(hold("part", 10, 0))
	_, err = books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "part", Amount: new(ledger.NewAmount(6))})
	check(err)
	post(hold("void", 10, 0))
	_, err = books.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "void"})
	check(err)
	post(hold("open", 7, 0))
	post(hold("ends", 8, time.Hour))
	_, err = books.ChangeAccount(ctx, "c", ledger.AccountChange{Status: ledger.StatusClosed})
	check(err)
	return books
}

// findings are those of a ledger, in short and in order.
func findings(t testing.TB, books *ledger.Ledger, scope ledger.Scope) (short, long []string) {
	t.Helper()
	done, err := books.Verify(t.Context(), ledger.VerifyQuery{Scope: scope, Found: func(f ledger.Finding) error {
		text := string(f.Check)
		if f.Account != "" {
			text += " " + f.Account
		}
		if f.Sequence != nil {
			text += fmt.Sprint("/", *f.Sequence)
		}
		if f.Transaction != "" {
			text += " of " + f.Transaction
		}
		short, long = append(short, text), append(long, f.Message)
		return nil
	}})
	if err != nil || done.Findings != uint64(len(short)) {
		t.Errorf("got %+v, %v, and %d findings", done, err, len(short))
	}
	return short, long
}

type damaged struct {
	name   string
	damage func(*table)
	want   []string
}

func testDamaged(t *testing.T, all []damaged) {
	t.Helper()
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			got, messages := findings(t, verifiedBooks(t, b.damage), ledger.Scope{})
			if !slices.Equal(got, b.want) {
				t.Errorf("found\n  %s\nwant\n  %s\n%s", strings.Join(got, "\n  "), strings.Join(b.want, "\n  "), strings.Join(messages, "\n"))
			}
			for _, message := range messages {
				if message == "" || strings.Contains(message, "%!") {
					t.Errorf("a finding says %q", message)
				}
			}
		})
	}
}

func TestVerifyFindsNothing(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	books := verifiedBooks(t, func(*table) {})
	scopes := []ledger.Scope{{}, {Account: "a"}, {Account: "low"}, {Account: "world:USD"}}
	for i := range 60 {
		scopes = append(scopes, ledger.Scope{Since: start.Add(time.Duration(i) * 500 * time.Millisecond)})
	}
	for _, scope := range scopes {
		if got, messages := findings(t, books, scope); len(got) > 0 {
			t.Errorf("%+v: found %q: %q", scope, got, messages)
		}
	}
}

func units(n int64) ledger.Amount { return ledger.NewAmount(n) }

func TestVerifyChains(t *testing.T) {
	t.Parallel()
	// Account a: 0 opening 100, 1 t1 -30, 2 t2 -5, 3 undo +30, 4 part -6.
	testDamaged(t, []damaged{
		{"an amount", func(b *table) { b.entry("a", 2).Amount = units(6) }, []string{
			"running_balance a/2 of t2", "running_balance a/2 of t2", "balance_equals_sum", "debits_equal_credits of t2",
		}},
		{"a running balance", func(b *table) { b.entry("a", 2).Balance = units(1) }, []string{
			"running_balance a/2 of t2", "running_balance a/3 of undo",
		}},
		{"running debits", func(b *table) { b.entry("a", 2).Debits = units(1) }, []string{
			"running_balance a/2 of t2", "running_balance a/3 of undo",
		}},
		{"a side", func(b *table) { b.entry("b", 2).Side = ledger.Debit }, []string{
			"running_balance b/2 of t2", "running_balance b/2 of t2", "balance_equals_sum", "debits_equal_credits of t2",
		}},
		{"no side", func(b *table) { b.entry("b", 2).Side = 7 }, []string{
			"stored b/2 of t2", "balance_equals_sum",
		}},
		{"an amount of zero", func(b *table) { b.entry("b", 2).Amount = units(0) }, []string{
			"stored b/2 of t2", "balance_equals_sum", "debits_equal_credits of t2",
		}},
		{"an entry that is gone", func(b *table) { b.deleteEntry("a", 2) }, []string{
			"sequence_without_gap a/3 of undo", "balance_equals_sum", "links a/2 of t2",
		}},
		{"a first entry that is gone", func(b *table) { b.deleteEntry("b", 1) }, []string{
			"sequence_without_gap b/2 of t2", "balance_equals_sum", "links b/1 of t1", "links of undo",
		}},
		{"a last entry that is gone", func(b *table) { b.deleteEntry("a", 4) }, []string{
			"balance_equals_sum a", "sequence_without_gap a", "balance_equals_sum", "links a/4 of part",
		}},
		{"an opening balance that is gone", func(b *table) { b.deleteEntry("a", 0) }, []string{
			"running_balance a/1 of t1", "balance_equals_sum", "links a/0 of opening:a",
		}},
		{"an entry that is there twice", func(b *table) { b.entries = append(b.entries, *b.entry("a", 2)); b.sort() }, []string{
			"unique_id a/2 of t2",
		}},
		{"a number twice", func(b *table) { b.entry("a", 3).Sequence = 2 }, []string{
			"unique_id a/2 of undo", "sequence_without_gap a/4 of part", "balance_equals_sum", "links a/2 of undo", "links a/3 of undo",
		}},
		{"all entries of an account gone", func(b *table) {
			b.entries = slices.DeleteFunc(b.entries, func(e ledger.Entry) bool { return e.Account == "low" })
		}, []string{"balance_equals_sum low", "balance_equals_sum", "links low/0 of opening:low"}},
		{"a count without entries", func(b *table) { b.balance("c", 0).Sequence = 2 }, []string{"sequence_without_gap c"}},
		{"totals", func(b *table) { b.balance("b", 0).Balance.Credits = units(5) }, []string{"balance_equals_sum b", "limits b"}},
		{"totals of a stripe", func(b *table) { b.balance("world:USD", 15).Balance.Debits = units(5) }, []string{"balance_equals_sum world:USD"}},
		{"a count", func(b *table) { b.balance("b", 0).Sequence = 5 }, []string{"sequence_without_gap b"}},
		{"entry 0 of another transaction", func(b *table) { b.entry("low", 0).Transaction = "t1" }, []string{
			"links low/0 of t1", "links low/0 of opening:low", "links low/0 of t1", "links of undo",
		}},
		{"entries without a balance", func(b *table) {
			b.balances = slices.DeleteFunc(b.balances, func(s ledger.StoredBalance) bool { return s.ID == "low" })
		}, []string{"links low"}},
		{"a balance that is there twice", func(b *table) {
			i := slices.IndexFunc(b.balances, func(s ledger.StoredBalance) bool { return s.ID == "b" })
			b.balances = slices.Insert(b.balances, i, b.balances[i])
		}, []string{"unique_id b"}},
		{"a time that runs back", func(b *table) { b.entry("a", 2).RecordedAt = b.entry("a", 2).RecordedAt.Add(-time.Minute) }, []string{
			"times_in_order a/2 of t2", "times_in_order a/2 of t2", "times_in_order a/2 of t2",
		}},
		{"an effective time that is later", func(b *table) {
			for _, e := range []*ledger.Entry{b.entry("a", 2), b.entry("b", 2)} {
				e.EffectiveAt = e.EffectiveAt.Add(time.Second)
			}
			b.transaction("t2").EffectiveAt = b.entry("a", 2).EffectiveAt
		}, []string{"times_in_order a/2 of t2", "times_in_order b/2 of t2", "times_in_order of t2"}},
		{"an account's time", func(b *table) { b.balance("b", 0).LastRecordedAt = b.entry("b", 1).RecordedAt }, []string{"times_in_order b"}},
	})
}

func TestVerifyAccounts(t *testing.T) {
	t.Parallel()
	testDamaged(t, []damaged{
		{"an asset that does not balance", func(b *table) { b.totals[0].Debits = units(7) }, []string{"debits_equal_credits", "balance_equals_sum"}},
		{"totals that are not the entries'", func(b *table) {
			b.totals[0].Debits, b.totals[0].Credits = units(7), units(7)
		}, []string{"balance_equals_sum"}},
		{"what is pending", func(b *table) { b.balance("a", 0).Balance.PendingDebits = units(16) }, []string{"pending_totals a"}},
		{"what is pending in", func(b *table) { b.balance("b", 0).Balance.PendingCredits = units(14) }, []string{"pending_totals b"}},
		{"a world account with something pending", func(b *table) { b.balance("world:USD", 3).Balance.PendingDebits = units(1) }, []string{"pending_totals world:USD"}},
		{"a world account with a limit", func(b *table) { b.balance("world:USD", 3).Unlimited = false }, []string{"limits world:USD"}},
		{"a world account that is frozen", func(b *table) { b.balance("world:USD", 3).Status = ledger.StatusFrozen }, []string{"limits world:USD"}},
		{"a world account of another asset", func(b *table) { b.balance("world:USD", 3).Asset.Code = "EUR" }, []string{
			"stored world:USD", "stored world:USD", "stored world:USD",
		}},
		{"another scale", func(b *table) { b.balance("c", 0).Asset.Scale = 3 }, []string{"stored c"}},
		{"no normal side", func(b *table) { b.balance("c", 0).Normal = 0 }, []string{"stored c"}},
		{"no status", func(b *table) { b.balance("c", 0).Status = 9 }, []string{"stored c"}},
		{"a stripe", func(b *table) { b.balance("c", 0).Stripe = 2 }, []string{"stored c"}},
		{"negative totals", func(b *table) {
			b.balance("c", 0).Balance.Debits, b.balance("c", 0).Balance.Credits = units(-1), units(-1)
		}, []string{"stored c", "balance_equals_sum c"}},
		{"closed with a balance", func(b *table) { b.balance("b", 0).Status = ledger.StatusClosed }, []string{"limits b"}},
		{"closed with something pending", func(b *table) {
			b.balance("c", 0).Balance.PendingCredits = units(7)
			b.reservation("b").Account = "c"
			b.balance("b", 0).Balance.PendingCredits = units(8)
			b.transaction("open").Entries[1].Account = "c"
		}, []string{"limits c"}},
		{"below its minimum", func(b *table) { b.balance("a", 0).MinBalance = units(101) }, []string{"limits a"}},
		{"below its minimum, as it started", func(b *table) { b.balance("b", 0).MinBalance = units(100) }, nil},
		{"reserved below its minimum", func(b *table) { b.balance("a", 0).MinBalance = units(75) }, []string{"limits a"}},
		{"reserved below its minimum by what has expired", func(b *table) {
			b.balance("a", 0).MinBalance = units(75)
			b.now = b.now.Add(2 * time.Hour)
		}, []string{}},
	})
}

func when(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

func TestVerifySince(t *testing.T) {
	t.Parallel()
	var since time.Time
	damage := func(change func(*table)) func(*table) {
		return func(b *table) {
			since = b.entry("a", 3).RecordedAt
			change(b)
		}
	}
	for name, b := range map[string]damaged{
		"what was before is trusted": {damage: func(b *table) { b.entry("a", 1).Balance = units(1) }},
		"the one before is the base": {damage: func(b *table) { b.entry("a", 2).Balance = units(1) }, want: []string{"running_balance a/3 of undo"}},
		"the one before is gone":     {damage: func(b *table) { b.deleteEntry("a", 2) }, want: []string{"sequence_without_gap a/3 of undo"}},
		"all before are gone": {damage: func(b *table) {
			b.entries = slices.DeleteFunc(b.entries, func(e ledger.Entry) bool { return e.Account == "a" && e.Sequence < 3 })
		}, want: []string{"sequence_without_gap a/3 of undo", "links of undo"}},
		"the last is gone": {damage: func(b *table) { b.deleteEntry("a", 4) }, want: []string{
			"balance_equals_sum a", "sequence_without_gap a", "links a/4 of part",
		}},
	} {
		books := verifiedBooks(t, damage(b.damage))
		_, err := books.Verify(t.Context(), ledger.VerifyQuery{})
		if err != nil {
			t.Fatal(err)
		}
		if got, messages := findings(t, books, ledger.Scope{Since: since}); !slices.Equal(got, b.want) {
			t.Errorf("%s: found %q, want %q: %q", name, got, b.want, messages)
		}
	}
}

func TestVerifyThatCannot(t *testing.T) {
	t.Parallel()
	away := &ledger.Error{Code: ledger.ErrUnavailable, Message: "away"}
	for name, test := range map[string]struct {
		damage func(*table)
		want   error
	}{
		"balances": {func(b *table) {
			b.unreadableBalance = func(account, _ string, _ uint64) error { return when(account == "b", away) }
		}, away},
		"entries": {func(b *table) {
			b.unreadableEntry = func(account, _ string, _ uint64) error { return when(account == "b", away) }
		}, away},
		"records": {func(b *table) {
			b.unreadableRecord = func(_, transaction string, _ uint64) error { return when(transaction == "t2", away) }
		}, away},
		"balances out of order": {func(b *table) { slices.Reverse(b.balances) }, ledger.ErrInternal},
		"entries out of order":  {func(b *table) { slices.Reverse(b.entries) }, ledger.ErrInternal},
	} {
		if _, err := verifiedBooks(t, test.damage).Verify(t.Context(), ledger.VerifyQuery{}); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := verifiedBooks(t, func(b *table) { b.afterTotals = cancel }).Verify(ctx, ledger.VerifyQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ends on the way: got %v", err)
	}
	cancel()
	enough := errors.New("enough")
	told := 0
	broken := verifiedBooks(t, func(b *table) { b.totals[0].Debits = units(7) })
	done, err := broken.Verify(t.Context(), ledger.VerifyQuery{Found: func(ledger.Finding) error { told++; return enough }})
	if !errors.Is(err, enough) || told != 1 || done.Findings != 1 {
		t.Errorf("after %d findings: %+v, %v", told, done, err)
	}
	_, err = broken.Verify(t.Context(), ledger.VerifyQuery{Scope: ledger.Scope{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}})
	if !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

// TestStepAfterTheClockIsSetBack: world accounts keep no time of what is pending on
// them, and the step is not recorded before the hold nevertheless.
func TestStepAfterTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	ctx, usd := t.Context(), ledger.Asset{Code: "USD", Scale: 2}
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	books, err := ledger.Open(ctx, memory.New(memory.Config{Now: func() time.Time { return clock }}), ledger.Config{})
	check(err)
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "a", Asset: usd})
	check(err)
	clock = clock.Add(time.Hour)
	for _, id := range []string{"posted", "voided"} {
		_, err = books.Post(ctx, ledger.TransactionRequest{ID: id, Pending: true, EffectiveAt: clock.Add(-time.Second), Entries: []ledger.EntryRequest{
			{Account: "world:USD", Side: ledger.Debit, Asset: usd, Amount: units(5)}, {Account: "world:USD", Side: ledger.Credit, Asset: usd, Amount: units(5)},
		}})
		check(err)
	}
	made := clock
	clock = clock.Add(-time.Minute)
	posted, err := books.PostPending(ctx, ledger.PostPendingRequest{Transaction: "posted"})
	check(err)
	voided, err := books.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "voided"})
	check(err)
	for _, outcome := range []ledger.Outcome{posted, voided} {
		if !outcome.Transaction.ResolvedAt.Equal(made) {
			t.Errorf("the step on %q was recorded at %s, the hold at %s", outcome.Transaction.ID, outcome.Transaction.ResolvedAt, made)
		}
	}
	if got, messages := findings(t, books, ledger.Scope{}); len(got) > 0 {
		t.Errorf("found %q: %q", got, messages)
	}
}
