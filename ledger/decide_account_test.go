package ledger

import (
	"strings"
	"testing"
	"time"
)

func TestOpenAccount(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	b.now = noon.Add(1500 * time.Nanosecond).In(time.FixedZone("", 3600))
	request := AccountRequest{ID: "alice", Name: "Alice", Asset: usd, MinBalance: NewAmount(-50)}
	outcomes := b.apply(t, opening(t, request))
	wantApplied(t, outcomes)
	at := noon.Add(time.Microsecond)
	want := Account{ID: "alice", Name: "Alice", Asset: usd, Normal: Credit, MinBalance: NewAmount(-50), Status: StatusOpen, OpenedAt: at}
	if got := *outcomes[0].Account; !same(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if outcomes[0].Transaction != nil || len(b.transactions) != 0 {
		t.Error("an account without an opening balance has a transaction")
	}
	request, _ = request.normalized()
	if state := b.accounts["alice"]; !same(state.Account, want) || state.LastRecordedAt != at || state.Fingerprint != request.fingerprint() {
		t.Errorf("the state is %+v", state)
	}
	world := Account{ID: "world:USD", Asset: usd, Normal: Debit, Unlimited: true, Status: StatusOpen, OpenedAt: at}
	if got := b.accounts["world:USD"]; !same(got, AccountState{Account: world, LastRecordedAt: at}) {
		t.Errorf("the world account is %+v", got)
	}
	if len(b.accounts) != 2 {
		t.Errorf("%d accounts are there", len(b.accounts))
	}
}

func TestOpenUnlimitedDebitAccount(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "costs", Asset: jpy, Normal: Debit, Unlimited: true})
	if got := b.accounts["costs"]; !got.Unlimited || got.Normal != Debit || got.Asset != jpy {
		t.Errorf("got %+v", got)
	}
}

func TestOpeningBalance(t *testing.T) {
	t.Parallel()
	for normal, worldSide := range map[Side]Side{Credit: Debit, Debit: Credit} {
		t.Run(normal.String(), func(t *testing.T) {
			t.Parallel()
			b := newBooks(t)
			outcomes := b.apply(t, opening(t, AccountRequest{ID: "a", Asset: usd, Normal: normal, OpeningBalance: NewAmount(100)}))
			wantApplied(t, outcomes)
			if got := outcomes[0].Account; got.Posted() != NewAmount(100) || got.Sequence != 0 || outcomes[0].Transaction != nil {
				t.Errorf("the account is answered as %+v", got)
			}
			b.wantBalance(t, "a", 100, 0)
			worldUnits := map[Side]int64{Debit: 100, Credit: -100}[worldSide]
			b.wantBalance(t, "world:USD", worldUnits, 1)
			want := []Entry{
				{Transaction: "opening:a", Account: "world:USD", Side: worldSide, Sequence: 1, Asset: usd, Amount: NewAmount(100), Balance: NewAmount(worldUnits), Debits: NewAmount(max(0, worldUnits)), RecordedAt: noon, EffectiveAt: noon},
				{Transaction: "opening:a", Account: "a", Side: normal, Sequence: 0, Asset: usd, Amount: NewAmount(100), Balance: NewAmount(100), Debits: NewAmount(100 - max(0, worldUnits)), RecordedAt: noon, EffectiveAt: noon},
			}
			recorded := b.transactions["opening:a"]
			if len(recorded.Entries) != 2 || recorded.Entries[0] != want[0] || recorded.Entries[1] != want[1] {
				t.Errorf("got %+v, want %+v", recorded.Entries, want)
			}
			if recorded.Fingerprint != (TransactionRequest{Entries: []EntryRequest{
				{Account: "world:USD", Side: worldSide, Asset: usd, Amount: NewAmount(100)},
				{Account: "a", Side: normal, Asset: usd, Amount: NewAmount(100)},
			}}).fingerprint() {
				t.Error("the opening transaction's fingerprint is not that of its content")
			}
		})
	}
}

func TestOpeningBalanceTakesEffectEarlier(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	request := AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(5), EffectiveAt: noon.Add(time.Microsecond)}
	problem := wantRejected(t, b.apply(t, opening(t, request))[0], ErrInvalidRequest)
	_, isOpen := b.accounts["a"]
	if _, isThere := b.transactions["opening:a"]; problem.Field != "effective_at" || isOpen || isThere {
		t.Errorf("ahead of the ledger's time: %+v, with account %t and transaction %t left behind", problem, isOpen, isThere)
	}
	request.EffectiveAt = noon.Add(-time.Hour)
	operation := opening(t, request)
	decision, err := b.decide(t, operation)
	if err != nil {
		t.Fatal(err)
	}
	wantApplied(t, decision.Outcomes)
	corrected := make(map[string]int)
	for _, c := range decision.Corrections {
		corrected[c.Account]++
	}
	if corrected["a"] == 0 || corrected["a"] != corrected["world:USD"] {
		t.Errorf("the corrections are of %v", corrected)
	}
	wantApplied(t, b.apply(t, operation))
	recorded := b.transactions["opening:a"]
	if recorded.EffectiveAt != request.EffectiveAt || recorded.RecordedAt != noon || b.accounts["a"].OpenedAt != noon {
		t.Errorf("got %+v", recorded)
	}
	for _, e := range recorded.Entries {
		if e.EffectiveAt != request.EffectiveAt || e.RecordedAt != noon {
			t.Errorf("got %+v", e)
		}
	}
	if recorded.Fingerprint != (TransactionRequest{Entries: []EntryRequest{
		{Account: "world:USD", Side: Debit, Asset: usd, Amount: NewAmount(5)},
		{Account: "a", Side: Credit, Asset: usd, Amount: NewAmount(5)},
	}, EffectiveAt: request.EffectiveAt}).fingerprint() {
		t.Error("the opening transaction's fingerprint is not that of its content")
	}
}

func TestOpeningBalanceBelowMinimum(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, MinBalance: NewAmount(500), OpeningBalance: NewAmount(100)})
	b.wantBalance(t, "a", 100, 0)
	wantApplied(t, b.apply(t, depositing(t, "d1", "a", 100)))
	b.wantBalance(t, "a", 200, 1)
}

func TestOpenAccountAgain(t *testing.T) {
	t.Parallel()
	request := AccountRequest{ID: "alice", Name: "Alice", Asset: usd, OpeningBalance: NewAmount(100)}
	b := newBooks(t, request)
	wantApplied(t, b.apply(t, depositing(t, "d1", "alice", 20)))
	b.now = noon.Add(time.Hour)
	outcomes := b.apply(t, opening(t, request))
	if got := outcomes[0]; got.Result != Replayed || got.Err != nil || !same(*got.Account, b.accounts["alice"].Account) {
		t.Errorf("got %+v; want the account as it stands", got)
	}
	b.wantBalance(t, "alice", 120, 1)
	for name, spoil := range map[string]func(*AccountRequest){
		"name":            func(r *AccountRequest) { r.Name = "Bob" },
		"asset":           func(r *AccountRequest) { r.Asset = jpy },
		"normal":          func(r *AccountRequest) { r.Normal = Debit },
		"minimum":         func(r *AccountRequest) { r.MinBalance = NewAmount(-1) },
		"unlimited":       func(r *AccountRequest) { r.Unlimited = true },
		"opening balance": func(r *AccountRequest) { r.OpeningBalance = NewAmount(101) },
		"effective time":  func(r *AccountRequest) { r.EffectiveAt = noon },
		"metadata":        func(r *AccountRequest) { r.Metadata = Metadata{"k": "v"} },
	} {
		other := request
		spoil(&other)
		problem := wantRejected(t, b.apply(t, opening(t, other))[0], ErrAccountExists)
		if problem.Account != "alice" || !strings.Contains(problem.Message, "other content") {
			t.Errorf("%s: %+v", name, problem)
		}
	}
	if _, ok := b.accounts["world:JPY"]; ok {
		t.Error("a refused request opened a world account")
	}
}

func TestOpenAccountTwiceInBatch(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	request := AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(7)}
	other := AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(8)}
	outcomes := b.apply(t, opening(t, request), opening(t, request), opening(t, other), opening(t, AccountRequest{ID: "b", Asset: usd}))
	wantApplied(t, []Outcome{outcomes[0], outcomes[3]})
	if outcomes[1].Result != Replayed || !same(outcomes[1].Account, outcomes[0].Account) {
		t.Errorf("got %+v", outcomes[1])
	}
	wantRejected(t, outcomes[2], ErrAccountExists)
	b.wantBalance(t, "a", 7, 0)
}

func TestAssetKeepsItsScale(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	fine := Asset{Code: "USD", Scale: 3}
	problem := wantRejected(t, b.apply(t, opening(t, AccountRequest{ID: "b", Asset: fine, OpeningBalance: NewAmount(1)}))[0], ErrAssetExists)
	if problem.Field != "asset" || !strings.Contains(problem.Message, "scale of 2") {
		t.Errorf("got %+v", problem)
	}
	if _, ok := b.accounts["b"]; ok {
		t.Error("the refused account is there")
	}
	outcomes := b.apply(t,
		opening(t, AccountRequest{ID: "c", Asset: eur}),
		opening(t, AccountRequest{ID: "d", Asset: Asset{Code: "EUR", Scale: 0}}),
		opening(t, AccountRequest{ID: "b", Asset: usd}))
	wantApplied(t, []Outcome{outcomes[0], outcomes[2]})
	wantRejected(t, outcomes[1], ErrAssetExists)
}

func TestChangeAccount(t *testing.T) {
	t.Parallel()
	name, none := "Alicia", ""
	b := newBooks(t, AccountRequest{ID: "a", Name: "Alice", Asset: usd, OpeningBalance: NewAmount(5)})
	b.now = noon.Add(time.Hour)
	for _, step := range []struct {
		change AccountChange
		result Result
		name   string
		status Status
	}{
		{AccountChange{}, Replayed, "Alice", StatusOpen},
		{AccountChange{Name: &name}, Applied, "Alicia", StatusOpen},
		{AccountChange{Name: &name}, Replayed, "Alicia", StatusOpen},
		{AccountChange{Status: StatusOpen}, Replayed, "Alicia", StatusOpen},
		{AccountChange{Status: StatusFrozen}, Applied, "Alicia", StatusFrozen},
		{AccountChange{Status: StatusFrozen}, Replayed, "Alicia", StatusFrozen},
		{AccountChange{Name: &none, Status: StatusFrozen}, Applied, "", StatusFrozen},
		{AccountChange{Name: &name, Status: StatusOpen}, Applied, "Alicia", StatusOpen},
	} {
		before := b.accounts["a"]
		outcome := b.apply(t, changing(t, "a", step.change))[0]
		if outcome.Result != step.result || outcome.Err != nil || outcome.Transaction != nil {
			t.Errorf("%+v: %+v", step.change, outcome)
		}
		want := before
		want.Name, want.Status = step.name, step.status
		if got := b.accounts["a"]; !same(got, want) || !same(*outcome.Account, want.Account) {
			t.Errorf("%+v made of it %+v, and answers with %+v", step.change, got, *outcome.Account)
		}
	}
}

func TestChangeMissingAccount(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	problem := wantRejected(t, b.apply(t, changing(t, "a", AccountChange{Status: StatusFrozen}))[0], ErrNotFound)
	if problem.Account != "a" {
		t.Errorf("got %+v", problem)
	}
}

func TestCloseAccount(t *testing.T) {
	t.Parallel()
	name := "gone"
	closing := AccountChange{Status: StatusClosed, Name: &name}
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, MinBalance: NewAmount(-100)})
	for _, step := range []struct {
		id, text string
		units    int64
	}{{"in", "balance of 0.50 USD", 50}, {"out", "balance of -0.25 USD", -75}} {
		entries := []EntryRequest{debit("world:USD", step.units), credit("a", step.units)}
		if step.units < 0 {
			entries = []EntryRequest{credit("world:USD", -step.units), debit("a", -step.units)}
		}
		wantApplied(t, b.apply(t, posting(t, step.id, entries...)))
		problem := wantRejected(t, b.apply(t, changing(t, "a", closing))[0], ErrAccountNotEmpty)
		if problem.Account != "a" || !strings.Contains(problem.Message, step.text) {
			t.Errorf("got %+v", problem)
		}
		if b.accounts["a"].Name != "" {
			t.Error("a refused change left its name")
		}
	}
	wantApplied(t, b.apply(t, depositing(t, "even", "a", 25)))
	outcomes := b.apply(t, changing(t, "a", closing), changing(t, "a", closing),
		changing(t, "a", AccountChange{Status: StatusOpen}), changing(t, "a", AccountChange{Status: StatusFrozen}))
	wantApplied(t, outcomes[:1])
	if outcomes[1].Result != Replayed {
		t.Errorf("closed again: %+v", outcomes[1])
	}
	for _, outcome := range outcomes[2:] {
		if problem := wantRejected(t, outcome, ErrAccountClosed); problem.Account != "a" || !strings.Contains(problem.Message, "for good") {
			t.Errorf("got %+v", problem)
		}
	}
	if got := b.accounts["a"]; got.Status != StatusClosed || got.Name != name || got.Sequence != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestCloseFrozenAccount(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd})
	wantApplied(t, b.apply(t, changing(t, "a", AccountChange{Status: StatusFrozen}), changing(t, "a", AccountChange{Status: StatusClosed})))
	if got := b.accounts["a"].Status; got != StatusClosed {
		t.Errorf("the account is %s", got)
	}
}
