package ledger

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPostDeposit(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "alice", Asset: usd, OpeningBalance: NewAmount(100)})
	b.now = noon.Add(time.Second + 999*time.Nanosecond).In(time.FixedZone("", -3600))
	outcome := b.apply(t, depositing(t, "d1", "alice", 20))[0]
	at := noon.Add(time.Second)
	want := Transaction{ID: "d1", Status: Posted, RecordedAt: at, EffectiveAt: at, Entries: []Entry{
		{Transaction: "d1", Account: "world:USD", Side: Debit, Sequence: 2, Asset: usd, Amount: NewAmount(20), Balance: NewAmount(120), Debits: NewAmount(120), RecordedAt: at, EffectiveAt: at},
		{Transaction: "d1", Account: "alice", Side: Credit, Sequence: 1, Asset: usd, Amount: NewAmount(20), Balance: NewAmount(120), RecordedAt: at, EffectiveAt: at},
	}}
	if outcome.Result != Applied || outcome.Err != nil || outcome.Account != nil || !reflect.DeepEqual(*outcome.Transaction, want) {
		t.Errorf("got %+v of %+v", outcome, outcome.Transaction)
	}
	if got := b.transactions["d1"]; !reflect.DeepEqual(got.Transaction, want) {
		t.Errorf("saved is %+v", got)
	}
	if got := b.accounts["alice"].LastRecordedAt; got != at {
		t.Errorf("the account was last written at %s", got)
	}
}

func TestPostReplay(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd})
	first := b.apply(t, depositing(t, "d1", "a", 20))[0]
	wantApplied(t, b.apply(t, depositing(t, "d2", "a", 1), changing(t, "a", AccountChange{Status: StatusFrozen})))
	b.now = noon.Add(time.Hour)
	demanding := credit("a", 20)
	demanding.Normal = Debit
	for name, operation := range map[string]Operation{
		"as before":                     depositing(t, "d1", "a", 20),
		"demanding another normal side": posting(t, "d1", debit("world:USD", 20), demanding),
	} {
		got := b.apply(t, operation)[0]
		if got.Result != Replayed || got.Err != nil || !reflect.DeepEqual(got.Transaction, first.Transaction) {
			t.Errorf("%s: got %+v, want %+v again", name, got, first.Transaction)
		}
	}
	for name, operation := range map[string]Operation{
		"amount":  depositing(t, "d1", "a", 21),
		"account": depositing(t, "d1", "b", 20),
		"missing": depositing(t, "d1", "nobody", 20),
	} {
		problem := wantRejected(t, b.apply(t, operation)[0], ErrTransactionConflict)
		if problem.Transaction != "d1" || !strings.Contains(problem.Message, "other content") {
			t.Errorf("%s: %+v", name, problem)
		}
	}
	b.wantBalance(t, "a", 21, 2)
}

func TestRejectedIDStaysFree(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd})
	spend := posting(t, "t1", debit("a", 20), credit("b", 20))
	wantRejected(t, b.apply(t, spend)[0], ErrInsufficientFunds)
	wantApplied(t, b.apply(t, depositing(t, "d1", "a", 30)))
	wantApplied(t, b.apply(t, spend))

	other := posting(t, "t2", debit("a", 5), credit("b", 5))
	outcomes := b.apply(t, posting(t, "t2", debit("a", 50), credit("b", 50)), other, other)
	wantRejected(t, outcomes[0], ErrInsufficientFunds)
	wantApplied(t, outcomes[1:2])
	if outcomes[2].Result != Replayed {
		t.Errorf("got %+v", outcomes[2])
	}
	b.wantBalance(t, "a", 5, 3)
	b.wantBalance(t, "b", 25, 2)
}

func TestPostRefusals(t *testing.T) {
	t.Parallel()
	demanding := func(normal Side, e EntryRequest) EntryRequest {
		e.Normal = normal
		return e
	}
	rich := debit("rich", 10)
	tests := map[string]struct {
		entries []EntryRequest
		code    Code
		account string
		text    string
	}{
		"missing account":         {[]EntryRequest{rich, credit("nobody", 10)}, ErrNotFound, "nobody", "does not exist; open it first"},
		"debit-normal demanded":   {[]EntryRequest{rich, demanding(Debit, credit("poor", 10))}, ErrNotFound, "poor", "takes a debit-normal one"},
		"credit-normal demanded":  {[]EntryRequest{rich, demanding(Credit, credit("costs", 10))}, ErrNotFound, "costs", "takes a credit-normal one"},
		"deposit to world":        {Deposit{Account: "world:USD", Asset: usd, Amount: NewAmount(1)}.Request().Entries, ErrNotFound, "world:USD", "takes a credit-normal one"},
		"other code":              {[]EntryRequest{in(eur, credit("euros", 10)), in(eur, debit("rich", 10))}, ErrAssetMismatch, "rich", "holds USD/2, not EUR/2"},
		"other scale":             {[]EntryRequest{in(Asset{"USD", 3}, rich), in(Asset{"USD", 3}, credit("poor", 10))}, ErrAssetMismatch, "rich", "not USD/3"},
		"frozen, paying":          {[]EntryRequest{debit("frozen", 1), credit("poor", 1)}, ErrAccountFrozen, "frozen", "is frozen"},
		"frozen, receiving":       {[]EntryRequest{rich, credit("frozen", 10)}, ErrAccountFrozen, "frozen", "until it is opened again"},
		"closed, receiving":       {[]EntryRequest{rich, credit("closed", 10)}, ErrAccountClosed, "closed", "is closed"},
		"closed, nothing in sum":  {[]EntryRequest{debit("closed", 10), credit("closed", 10)}, ErrAccountClosed, "closed", "is closed"},
		"too little":              {[]EntryRequest{debit("poor", 1), credit("rich", 1)}, ErrInsufficientFunds, "poor", "has 0.00 USD available; this would leave -0.01, and it must keep at least 0.00"},
		"past the overdraft":      {[]EntryRequest{debit("overdrawn", 51), credit("rich", 51)}, ErrInsufficientFunds, "overdrawn", "at least -0.50"},
		"last account of several": {[]EntryRequest{rich, credit("costs", 10), debit("poor", 1), credit("euros", 1)}, ErrAssetMismatch, "euros", "holds EUR/2"},
		"debit-normal's limit":    {[]EntryRequest{credit("costs", 1), debit("rich", 1)}, ErrInsufficientFunds, "costs", "has 0.00 USD"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBooks(t,
				AccountRequest{ID: "rich", Asset: usd, OpeningBalance: NewAmount(1000)},
				AccountRequest{ID: "poor", Asset: usd},
				AccountRequest{ID: "overdrawn", Asset: usd, MinBalance: NewAmount(-50)},
				AccountRequest{ID: "costs", Asset: usd, Normal: Debit},
				AccountRequest{ID: "euros", Asset: eur},
				AccountRequest{ID: "frozen", Asset: usd, OpeningBalance: NewAmount(5)},
				AccountRequest{ID: "closed", Asset: usd})
			wantApplied(t, b.apply(t, changing(t, "frozen", AccountChange{Status: StatusFrozen}), changing(t, "closed", AccountChange{Status: StatusClosed})))
			refused := posting(t, "t1", test.entries...)
			decision, err := b.decide(t, refused)
			if err != nil || len(decision.Accounts) != 0 || len(decision.Transactions) != 0 {
				t.Fatalf("a refusal is saved as %+v, %v", decision, err)
			}
			problem := wantRejected(t, decision.Outcomes[0], test.code)
			if problem.Account != test.account || problem.Transaction != "t1" || !strings.Contains(problem.Message, test.text) {
				t.Errorf("got %+v", problem)
			}

			move := posting(t, "t2", debit("rich", 7), credit("poor", 7))
			with := b.apply(t, refused, move)
			wantApplied(t, with[1:2])
			if first := with[1].Transaction.Entries[0]; first.Sequence != 1 || first.Balance != NewAmount(993) {
				t.Errorf("after a refusal the next entry is %+v", first)
			}
			b.wantBalance(t, "rich", 993, 1)
			b.wantBalance(t, "poor", 7, 1)
		})
	}
}

func TestLimitJudgesTheNetEffect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		minimum int64
		entries []EntryRequest
		ok      bool
	}{
		"down to the minimum":             {0, []EntryRequest{debit("a", 100), credit("b", 100)}, true},
		"one below":                       {0, []EntryRequest{debit("a", 101), credit("b", 101)}, false},
		"below and back":                  {0, []EntryRequest{debit("a", 500), credit("b", 500), debit("b", 450), credit("a", 450)}, true},
		"below and not all the way back":  {0, []EntryRequest{debit("a", 500), credit("b", 500), debit("b", 399), credit("a", 399)}, false},
		"back first":                      {0, []EntryRequest{credit("a", 50), debit("b", 50), debit("a", 150), credit("b", 150)}, true},
		"around in one account":           {0, []EntryRequest{debit("a", 500), credit("a", 500)}, true},
		"down to the overdraft":           {-50, []EntryRequest{debit("a", 150), credit("b", 150)}, true},
		"past the overdraft":              {-50, []EntryRequest{debit("a", 151), credit("b", 151)}, false},
		"raised while below":              {200, []EntryRequest{credit("a", 1), debit("b", 1)}, true},
		"raised in sum while below":       {200, []EntryRequest{debit("a", 5), credit("a", 6), debit("b", 1)}, true},
		"left as it is while below":       {200, []EntryRequest{debit("a", 5), credit("a", 5)}, true},
		"lowered while below":             {200, []EntryRequest{debit("a", 1), credit("b", 1)}, false},
		"lowered in sum while below":      {200, []EntryRequest{credit("a", 5), debit("a", 6), credit("b", 1)}, false},
		"lowered to just above a minimum": {99, []EntryRequest{debit("a", 1), credit("b", 1)}, true},
	}
	for name, test := range tests {
		for _, normal := range []Side{Credit, Debit} {
			t.Run(name+", "+normal.String(), func(t *testing.T) {
				t.Parallel()
				b := newBooks(t,
					AccountRequest{ID: "a", Asset: usd, Normal: normal, MinBalance: NewAmount(test.minimum), OpeningBalance: NewAmount(100)},
					AccountRequest{ID: "b", Asset: usd, Normal: normal, Unlimited: true})
				entries := slices.Clone(test.entries)
				for i := range entries {
					if normal == Debit {
						entries[i].Side = entries[i].Side.opposite()
					}
				}
				outcome := b.apply(t, posting(t, "t1", entries...))[0]
				if test.ok {
					wantApplied(t, []Outcome{outcome})
				} else {
					wantRejected(t, outcome, ErrInsufficientFunds)
				}
			})
		}
	}
}

func TestUnlimitedAccount(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, Unlimited: true}, AccountRequest{ID: "b", Asset: usd})
	wantApplied(t, b.apply(t, posting(t, "t1", debit("a", 100), credit("b", 100)), posting(t, "t2", debit("world:USD", 1), credit("b", 1))))
	b.wantBalance(t, "a", -100, 1)
	wantApplied(t, b.apply(t, posting(t, "t3", credit("world:USD", 101), debit("b", 101))))
	b.wantBalance(t, "world:USD", -100, 2)
}

func TestOneAccountInSeveralEntries(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(10)}, AccountRequest{ID: "b", Asset: usd})
	outcomes := b.apply(t, posting(t, "t1", debit("a", 30), credit("b", 20), credit("a", 25), credit("b", 10), debit("b", 25)))
	wantApplied(t, outcomes)
	type line struct {
		sequence uint64
		balance  int64
	}
	for i, want := range []line{{1, -20}, {1, 20}, {2, 5}, {2, 30}, {3, 5}} {
		got := outcomes[0].Transaction.Entries[i]
		if got.Sequence != want.sequence || got.Balance != NewAmount(want.balance) {
			t.Errorf("entry %d has number %d and balance %s, want %+v", i, got.Sequence, got.Balance, want)
		}
	}
	b.wantBalance(t, "a", 5, 2)
	b.wantBalance(t, "b", 5, 3)
}

func TestSeveralAssets(t *testing.T) {
	t.Parallel()
	b := newBooks(t,
		AccountRequest{ID: "a:usd", Asset: usd, OpeningBalance: NewAmount(1000)}, AccountRequest{ID: "a:jpy", Asset: jpy},
		AccountRequest{ID: "fx:usd", Asset: usd}, AccountRequest{ID: "fx:jpy", Asset: jpy, OpeningBalance: NewAmount(2000)})
	wantApplied(t, b.apply(t, posting(t, "t1",
		debit("a:usd", 1000), in(jpy, debit("fx:jpy", 1500)), credit("fx:usd", 1000), in(jpy, credit("a:jpy", 1500)))))
	b.wantBalance(t, "a:usd", 0, 1)
	b.wantBalance(t, "a:jpy", 1500, 1)
	b.wantBalance(t, "fx:usd", 1000, 1)
	b.wantBalance(t, "fx:jpy", 500, 1)
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd}, AccountRequest{ID: "b", Asset: usd}, AccountRequest{ID: "c", Asset: usd})
	recorded := func(outcome Outcome) time.Duration {
		t.Helper()
		wantApplied(t, []Outcome{outcome})
		at := outcome.Transaction.RecordedAt
		for _, e := range outcome.Transaction.Entries {
			if !e.RecordedAt.Equal(at) || b.accounts[e.Account].LastRecordedAt.Before(at) {
				t.Errorf("transaction of %s has entry %+v", at, e)
			}
		}
		return at.Sub(noon)
	}
	b.now = noon.Add(9 * time.Second)
	wantApplied(t, b.apply(t, depositing(t, "d1", "a", 100)))
	b.now = noon.Add(3 * time.Second)
	outcomes := b.apply(t,
		posting(t, "t1", debit("a", 1), credit("b", 1)),
		posting(t, "t2", debit("b", 1), credit("c", 1)),
		opening(t, AccountRequest{ID: "d", Asset: eur}),
		opening(t, AccountRequest{ID: "e", Asset: usd, OpeningBalance: NewAmount(1)}))
	if got := recorded(outcomes[0]); got != 9*time.Second {
		t.Errorf("the entries are of %s after noon, want those 9 s of the account", got)
	}
	if got := recorded(outcomes[1]); got != 9*time.Second {
		t.Errorf("the next of %s, want 9 s", got)
	}
	if got := b.accounts["d"].OpenedAt; got != b.now {
		t.Errorf("an account unrelated is opened at %s", got)
	}
	if got := b.transactions["opening:e"].RecordedAt.Sub(noon); got != 9*time.Second {
		t.Errorf("the opening is of %s after noon, want the 9 s of the world account", got)
	}
	b.now = noon.Add(20 * time.Second)
	if got := recorded(b.apply(t, posting(t, "t3", debit("a", 1), credit("b", 1)))[0]); got != 20*time.Second {
		t.Errorf("later it is %s after noon, want 20 s", got)
	}
}

func TestStripeOfWorld(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	world := b.accounts["world:USD"]
	world.Stripe = 11
	b.seed(world)
	entries := b.apply(t, depositing(t, "d1", "a", 1))[0].Transaction.Entries
	if entries[0].Stripe != 11 || entries[1].Stripe != 0 || entries[0].Key() != (EntryKey{Stripe: 11, Sequence: 1}) {
		t.Errorf("got %+v", entries)
	}
}

func TestTotalsOutOfRange(t *testing.T) {
	t.Parallel()
	largest := amountOf(limit)
	room, _ := largest.Sub(NewAmount(10))
	for side, spoil := range map[Side]func(*AccountState){
		Credit: func(s *AccountState) { s.Balance.Credits = room },
		Debit:  func(s *AccountState) { s.Balance.Debits, s.Unlimited = room, true },
	} {
		b := newBooks(t, AccountRequest{ID: "full", Asset: usd}, AccountRequest{ID: "b", Asset: usd, OpeningBalance: NewAmount(500)})
		full := b.accounts["full"]
		spoil(&full)
		b.seed(full)
		post := func(id string, units int64) Operation {
			return posting(t, id,
				EntryRequest{Account: "b", Side: side.opposite(), Asset: usd, Amount: NewAmount(units)},
				EntryRequest{Account: "full", Side: side, Asset: usd, Amount: NewAmount(units)})
		}
		outcomes := b.apply(t, post("t1", 4), post("t2", 7), post("t3", 6), post("t4", 1))
		problem := wantRejected(t, outcomes[1], ErrAmountOutOfRange)
		if problem.Account != "full" || problem.Transaction != "t2" || !strings.Contains(problem.Message, "totals") {
			t.Errorf("got %+v", problem)
		}
		wantApplied(t, []Outcome{outcomes[0], outcomes[2]})
		wantRejected(t, outcomes[3], ErrAmountOutOfRange)
		if got := b.accounts["full"]; got.Sequence != 2 || got.Balance.Debits != largest && got.Balance.Credits != largest {
			t.Errorf("%s: got %+v", side, got)
		}
	}
}

func TestWorldTotalsOutOfRange(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	world := b.accounts["world:USD"]
	world.Balance.Debits = amountOf(limit)
	b.seed(world)
	outcomes := b.apply(t, opening(t, AccountRequest{ID: "b", Asset: usd, OpeningBalance: NewAmount(1)}), opening(t, AccountRequest{ID: "c", Asset: usd}))
	wantRejected(t, outcomes[0], ErrAmountOutOfRange)
	wantApplied(t, outcomes[1:])
	if _, ok := b.accounts["b"]; ok || len(b.transactions) != 0 || !same(b.accounts["world:USD"], world) {
		t.Error("a refused opening left a trace")
	}
}

func TestManyAccountsInOneTransaction(t *testing.T) {
	t.Parallel()
	for _, accounts := range []int{7, 8, 9, 10, MaxEntries - 1} {
		b := newBooks(t)
		operations := make([]Operation, accounts)
		entries := make([]EntryRequest, 0, accounts+1)
		for i := range operations {
			id := fmt.Sprint("a", i)
			operations[i] = opening(t, AccountRequest{ID: id, Asset: usd})
			entries = append(entries, credit(id, int64(i+1)))
		}
		entries = append(entries, debit("world:USD", int64(accounts*(accounts+1)/2)))
		wantApplied(t, b.apply(t, append(operations, posting(t, "t1", entries...))...))
		wantApplied(t, b.apply(t, posting(t, "t2", entries...)))
		for i := range accounts {
			b.wantBalance(t, fmt.Sprint("a", i), 2*int64(i+1), 2)
		}
	}
}

func TestSequenceCannotWrap(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	worn := b.accounts["a"]
	worn.Sequence = math.MaxUint64
	b.seed(worn)
	_, err := b.decide(t, depositing(t, "d1", "a", 1))
	wantProblem(t, err, ErrInternal, "", "gap in a sequence")
}
