package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Accounts is the suite about opening, reading and changing accounts.
func Accounts(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"an opened account can be read", func(b *books) {
			outcome, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{
				ID: "a", Name: "Ann", Asset: usd, MinBalance: units(-500),
			})
			if err != nil || outcome.Result != ledger.Applied {
				b.Fatalf("open: %s, %v", outcome.Result, err)
			}
			got := b.account("a")
			if !sameAccount(got, *outcome.Account) {
				b.Errorf("read %+v, opened %+v", got, *outcome.Account)
			}
			want := ledger.Account{
				ID: "a", Name: "Ann", Asset: usd, Normal: ledger.Credit, MinBalance: units(-500),
				Status: ledger.StatusOpen, OpenedAt: got.OpenedAt,
			}
			if !sameAccount(got, want) {
				b.Errorf("got %+v, want %+v", got, want)
			}
			if got.OpenedAt.IsZero() || got.OpenedAt.Location().String() != "UTC" {
				b.Errorf("opened at %v, want a time in UTC", got.OpenedAt)
			}
		}},
		{"opening again is a replay with the account as it now stands", func(b *books) {
			request := ledger.AccountRequest{ID: "a", Name: "Ann", Asset: usd, OpeningBalance: units(100)}
			b.open(request)
			b.deposit("tx", "a", 5)
			outcome, err := b.service.OpenAccount(b.Context(), request)
			if err != nil || outcome.Result != ledger.Replayed {
				b.Fatalf("open again: %s, %v", outcome.Result, err)
			}
			if got := outcome.Account.Posted(); got != units(105) {
				b.Errorf("the replay shows a balance of %s, want 105", got)
			}
			b.check("a")
		}},
		{"another account under the same id is refused", func(b *books) {
			first := ledger.AccountRequest{ID: "a", Asset: usd, Name: "Ann"}
			b.open(first)
			for _, other := range []ledger.AccountRequest{
				{ID: "a", Asset: usd},
				{ID: "a", Asset: eur, Name: "Ann"},
				{ID: "a", Asset: usd, Name: "Ann", Normal: ledger.Debit},
				{ID: "a", Asset: usd, Name: "Ann", MinBalance: units(-1)},
				{ID: "a", Asset: usd, Name: "Ann", Unlimited: true},
				{ID: "a", Asset: usd, Name: "Ann", OpeningBalance: units(1)},
			} {
				_, err := b.service.OpenAccount(b.Context(), other)
				if e := b.failed(ledger.ErrAccountExists, err); e.Account != "a" {
					b.Errorf("the error names account %q, want a", e.Account)
				}
			}
			b.wantPosted("a", 0)
		}},
		{"an opening balance is entry 0, against the world", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(100)})
			b.open(ledger.AccountRequest{ID: "d", OpeningBalance: units(30), Normal: ledger.Debit})
			b.deposit("tx", "a", 20)
			if got := b.account("a"); got.Sequence != 1 || got.Posted() != units(120) {
				b.Errorf("sequence %d and balance %s, want 1 and 120", got.Sequence, got.Posted())
			}
			b.wantPosted("d", 30)
			b.wantPosted(ledger.WorldID("USD"), 100+20-30)
			entries := b.entries("a")
			if len(entries) != 2 || entries[0].Sequence != 0 || entries[0].Transaction != ledger.OpeningID("a") {
				b.Errorf("entries are %+v", entries)
			}
			transaction, err := b.service.Transaction(b.Context(), ledger.OpeningID("a"))
			if err != nil || len(transaction.Entries) != 2 {
				b.Errorf("the opening transaction is %+v, %v", transaction, err)
			}
			b.refused(ledger.ErrInvalidRequest, move(ledger.OpeningID("b"), ledger.WorldID("USD"), "a", 1))
			b.check("a", "d")
		}},
		{"the longest ids work", func(b *books) {
			id := strings.Repeat("x", ledger.MaxID)
			b.open(ledger.AccountRequest{ID: id, OpeningBalance: units(7)})
			b.deposit(id, id, 3)
			b.wantPosted(id, 10)
			b.check(id)
		}},
		{"an asset's world account comes with the first account, its scale for good", func(b *books) {
			_, err := b.service.Account(b.Context(), ledger.WorldID("USD"))
			b.failed(ledger.ErrNotFound, err)
			b.openAll("a")
			world := b.account(ledger.WorldID("USD"))
			if world.Asset != usd || world.Normal != ledger.Debit || !world.Unlimited || world.Status != ledger.StatusOpen {
				b.Errorf("the world account is %+v", world)
			}
			_, err = b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "b", Asset: ledger.Asset{Code: "USD", Scale: 3}})
			b.failed(ledger.ErrAssetExists, err)
			_, err = b.service.Account(b.Context(), "b")
			b.failed(ledger.ErrNotFound, err)
		}},
		{"what can never be opened is refused and says the field", func(b *books) {
			for field, request := range map[string]ledger.AccountRequest{
				"id":              {ID: "", Asset: usd},
				"name":            {ID: "a", Asset: usd, Name: "a\x00b"},
				"asset":           {ID: "a"},
				"normal":          {ID: "a", Asset: usd, Normal: 9},
				"min_balance":     {ID: "a", Asset: usd, Unlimited: true, MinBalance: units(1)},
				"opening_balance": {ID: "a", Asset: usd, OpeningBalance: units(-1)},
				"effective_at":    {ID: "a", Asset: usd, EffectiveAt: time.Unix(1, 0)},
			} {
				outcome, err := b.service.OpenAccount(b.Context(), request)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != field || outcome.Result != ledger.Rejected {
					b.Errorf("the account was %s for field %q, want it rejected for %q", outcome.Result, e.Field, field)
				}
			}
			for _, id := range []string{"world", "world:USD", "world:x", strings.Repeat("x", ledger.MaxID+1), "a\nb", "\xff"} {
				_, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: id, Asset: usd})
				b.failed(ledger.ErrInvalidRequest, err)
			}
			_, err := b.service.Account(b.Context(), "a")
			b.failed(ledger.ErrNotFound, err)
		}},
		{"an opening balance takes effect when it is said to", func(b *books) {
			b.open(ledger.AccountRequest{ID: "first"})
			opened := b.now()
			request := ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: units(5), EffectiveAt: opened.Add(-time.Hour)}
			ahead := request
			ahead.EffectiveAt = opened.Add(time.Hour)
			_, err := b.service.OpenAccount(b.Context(), ahead)
			if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != "effective_at" {
				b.Errorf("the error names the field %q", e.Field)
			}
			b.open(request)
			outcome, err := b.service.OpenAccount(b.Context(), request)
			if err != nil || outcome.Result != ledger.Replayed {
				b.Errorf("again it was %s, %v", outcome.Result, err)
			}
			for _, at := range []time.Time{{}, opened.Add(-2 * time.Hour)} {
				other := request
				other.EffectiveAt = at
				_, err := b.service.OpenAccount(b.Context(), other)
				b.failed(ledger.ErrAccountExists, err)
			}
			for _, id := range []string{"a", ledger.WorldID("USD")} {
				for before, want := range map[time.Duration]int64{time.Hour + time.Microsecond: 0, time.Hour: 5, time.Minute: 5} {
					at, err := b.service.BalanceAt(b.Context(), id, ledger.Moment{EffectiveAt: opened.Add(-before)})
					if err != nil || at.Posted() != units(want) {
						b.Errorf("%s before, %s had %s, %v, want %d", before, id, at.Posted(), err, want)
					}
				}
				at, err := b.service.BalanceAt(b.Context(), id, ledger.Moment{RecordedAt: opened})
				if err != nil || at.Posted() != units(0) {
					b.Errorf("by what was recorded before, %s had %s, %v", id, at.Posted(), err)
				}
			}
			opening, err := b.service.Transaction(b.Context(), ledger.OpeningID("a"))
			if err != nil || !opening.EffectiveAt.Equal(request.EffectiveAt) {
				b.Errorf("the opening took effect at %s, %v", opening.EffectiveAt, err)
			}
			b.check("first", "a")
		}},
		{"a batch opens each for itself", func(b *books) {
			outcomes, err := b.service.OpenAccounts(b.Context(), []ledger.AccountRequest{
				{ID: "a", Asset: usd, OpeningBalance: units(1)},
				{ID: "", Asset: usd},
				{ID: "a", Asset: usd, OpeningBalance: units(1)},
				{ID: "a", Asset: eur},
				{ID: "b", Asset: ledger.Asset{Code: "USD", Scale: 0}},
				{ID: "c", Asset: jpy},
			})
			if err != nil {
				b.Fatal(err)
			}
			b.wantOutcomes(outcomes, "applied", "invalid_request", "replayed", "account_exists", "asset_exists", "applied")
			for i, id := range []string{0: "a", 2: "a", 5: "c"} {
				if id != "" && (outcomes[i].Account == nil || !sameAccount(*outcomes[i].Account, b.account(id))) {
					b.Errorf("outcome %d has account %+v, want %+v", i, outcomes[i].Account, b.account(id))
				}
			}
			b.check("a", "c")
		}},
		{"a batch has a limit", func(b *books) {
			requests := make([]ledger.AccountRequest, ledger.MaxBatch+1)
			for i := range requests {
				requests[i] = ledger.AccountRequest{ID: fmt.Sprint("a", i), Asset: usd, OpeningBalance: units(int64(i))}
			}
			_, err := b.service.OpenAccounts(b.Context(), requests)
			b.failed(ledger.ErrInvalidRequest, err)
			outcomes, err := b.service.OpenAccounts(b.Context(), requests[:ledger.MaxBatch])
			if err != nil || len(outcomes) != ledger.MaxBatch {
				b.Fatalf("%d outcomes, %v", len(outcomes), err)
			}
			b.wantPosted(ledger.WorldID("USD"), ledger.MaxBatch*(ledger.MaxBatch-1)/2)
			b.wantPosted(fmt.Sprint("a", ledger.MaxBatch-1), ledger.MaxBatch-1)
		}},
		{"several accounts are read in order", func(b *books) {
			b.openAll("a", "b", "c")
			accounts, err := b.service.Accounts(b.Context(), []string{"c", "a", "c", "b"})
			if err != nil {
				b.Fatal(err)
			}
			for i, want := range []string{"c", "a", "c", "b"} {
				if accounts[i].ID != want {
					b.Errorf("account %d is %q, want %q", i, accounts[i].ID, want)
				}
			}
			_, err = b.service.Accounts(b.Context(), []string{"a", "nobody"})
			if e := b.failed(ledger.ErrNotFound, err); e.Account != "nobody" {
				b.Errorf("the error names account %q, want nobody", e.Account)
			}
			_, err = b.service.Accounts(b.Context(), make([]string, ledger.MaxBatch+1))
			b.failed(ledger.ErrInvalidRequest, err)
			for _, id := range []string{"", "\x00", "\xff", strings.Repeat("x", ledger.MaxID+1)} {
				_, err = b.service.Account(b.Context(), id)
				b.failed(ledger.ErrNotFound, err)
			}
		}},
		{"a deposit changes the balance and the sequence alone", func(b *books) {
			for _, request := range []ledger.AccountRequest{
				{ID: "a", Name: "Ann", Asset: usd, MinBalance: units(-500), OpeningBalance: units(1)},
				{ID: "b", Name: "Bob", Asset: usd, Unlimited: true},
			} {
				outcome, err := b.service.OpenAccount(b.Context(), request)
				if err != nil {
					b.Fatal(err)
				}
				want := *outcome.Account
				for i := range 3 {
					b.deposit(fmt.Sprint(request.ID, i), request.ID, 7)
				}
				want.Sequence = 3
				if want.Balance.Credits, err = want.Balance.Credits.Add(units(21)); err != nil {
					b.Fatal(err)
				}
				if got := b.account(request.ID); !sameAccount(got, want) {
					b.Errorf("got %+v, want %+v", got, want)
				}
				again, err := b.service.OpenAccount(b.Context(), request)
				if err != nil || !sameAccount(*again.Account, want) {
					b.Errorf("opening again gave %+v, %v; want %+v", again.Account, err, want)
				}
			}
		}},
		{"ids are told apart to the byte", func(b *books) {
			long := strings.Repeat("x", 100)
			// Some are words that a path or a query may have.
			b.wantToldApart("a", "A", "a.", "a-", "a_", "a:", "a@", "0", "00", "NULL", "batch", "lookup", "stream", long+"1", long+"2")
		}},
		{"a name and a status can be changed together", func(b *books) {
			b.openAll("a")
			account, err := b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Name: new("Anna"), Status: ledger.StatusFrozen})
			if err != nil || account.Name != "Anna" || account.Status != ledger.StatusFrozen || !sameAccount(account, b.account("a")) {
				b.Errorf("changed to %+v, %v; read %+v", account, err, b.account("a"))
			}
		}},
		{"a name can be changed", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Name: "Ann"})
			b.deposit("tx", "a", 5)
			for _, name := range []string{"Anna", "Anna", ""} {
				account, err := b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Name: &name})
				if err != nil || account.Name != name || !sameAccount(account, b.account("a")) {
					b.Errorf("changed to %+v, %v; read %+v", account, err, b.account("a"))
				}
			}
			b.wantPosted("a", 5)
		}},
		{"a frozen account takes nothing until it is opened again", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("one", "a", 5)
			b.setStatus("c", ledger.StatusFrozen)
			b.setStatus("a", ledger.StatusFrozen)
			b.setStatus("a", ledger.StatusFrozen)
			if e := b.refused(ledger.ErrAccountFrozen, move("two", "a", "b", 1)); e.Account != "a" || e.Transaction != "two" {
				b.Errorf("the error names account %q and transaction %q", e.Account, e.Transaction)
			}
			b.refused(ledger.ErrAccountFrozen, move("two", "b", "a", 1))
			b.setStatus("a", ledger.StatusOpen)
			b.post(move("two", "a", "b", 1))
			b.check("a", "b")
		}},
		{"only an empty account can be closed, and that is final", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 5)
			_, err := b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Status: ledger.StatusClosed})
			b.failed(ledger.ErrAccountNotEmpty, err)
			b.post(move("two", "a", "b", 5))
			b.setStatus("a", ledger.StatusFrozen)
			b.setStatus("a", ledger.StatusClosed)
			b.setStatus("a", ledger.StatusClosed)
			b.refused(ledger.ErrAccountClosed, move("three", "b", "a", 1))
			for _, status := range []ledger.Status{ledger.StatusOpen, ledger.StatusFrozen} {
				_, err = b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Status: status})
				b.failed(ledger.ErrAccountClosed, err)
			}
			b.check("a", "b")
		}},
		{"what cannot be changed is refused", func(b *books) {
			b.openAll("a")
			change := func(id string, change ledger.AccountChange) error {
				_, err := b.service.ChangeAccount(b.Context(), id, change)
				return err
			}
			b.failed(ledger.ErrNotFound, change("nobody", ledger.AccountChange{Status: ledger.StatusFrozen}))
			b.failed(ledger.ErrNotFound, change("\x00", ledger.AccountChange{Status: ledger.StatusFrozen}))
			b.failed(ledger.ErrInvalidRequest, change(ledger.WorldID("USD"), ledger.AccountChange{Status: ledger.StatusFrozen}))
			b.failed(ledger.ErrInvalidRequest, change("a", ledger.AccountChange{Status: 9}))
			b.failed(ledger.ErrInvalidRequest, change("a", ledger.AccountChange{Name: new("\x00")}))
			b.failed(ledger.ErrInvalidRequest, change("a", ledger.AccountChange{Name: new(strings.Repeat("x", ledger.MaxName+1))}))
		}},
	})
}

func (b *books) setStatus(id string, status ledger.Status) {
	b.Helper()
	account, err := b.service.ChangeAccount(b.Context(), id, ledger.AccountChange{Status: status})
	if err != nil || account.Status != status {
		b.Fatalf("setting account %q to %s gave %s, %v", id, status, account.Status, err)
	}
}

// wantOutcomes compares outcomes with results and, for what was rejected, codes.
func (b *books) wantOutcomes(outcomes []ledger.Outcome, want ...string) {
	b.Helper()
	if len(outcomes) != len(want) {
		b.Fatalf("got %d outcomes, want %d", len(outcomes), len(want))
	}
	for i, outcome := range outcomes {
		got := outcome.Result.String()
		if outcome.Result == ledger.Rejected {
			got = string(codeOf(outcome.Err))
		}
		if got != want[i] {
			b.Errorf("outcome %d is %s, want %s", i, got, want[i])
		}
	}
}
