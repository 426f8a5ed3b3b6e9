package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Transactions is the suite about posting transactions.
func Transactions(t *testing.T, newService NewService) {
	t.Helper()
	world := ledger.WorldID("USD")
	runScenarios(t, newService, []scenario{
		{"a deposit debits the world and credits the account", func(b *books) {
			b.openAll("a")
			b.deposit("one", "a", 20)
			got := b.deposit("two", "a", 30)
			if got.ID != "two" || len(got.Entries) != 2 || got.RecordedAt.IsZero() || got.RecordedAt.Location().String() != "UTC" {
				b.Fatalf("the transaction is %+v", got)
			}
			for i, want := range []ledger.Entry{
				{Transaction: "two", Account: world, Side: ledger.Debit, Amount: units(30), Asset: usd},
				{Transaction: "two", Account: "a", Side: ledger.Credit, Amount: units(30), Asset: usd, Sequence: 2, Balance: units(50)},
			} {
				e := got.Entries[i]
				want.RecordedAt, want.EffectiveAt = got.RecordedAt, got.RecordedAt
				if want.Account == world {
					want.Stripe, want.Sequence, want.Balance, want.Debits = e.Stripe, e.Sequence, e.Balance, e.Debits
				}
				if e != want {
					b.Errorf("entry %d is %+v, want %+v", i, e, want)
				}
			}
			b.wantPosted("a", 50)
			b.wantPosted(world, 50)
			b.check("a")
		}},
		{"a transaction can be read as it was written", func(b *books) {
			b.openAll("a", "b")
			want := b.deposit("one", "a", 20)
			b.post(move("two", "a", "b", 5))
			got, err := b.service.Transaction(b.Context(), "one")
			if err != nil || !sameTransaction(got, want) {
				b.Errorf("read %+v, %v; posted %+v", got, err, want)
			}
			for _, id := range []string{"none", "", "\x00", strings.Repeat("x", ledger.MaxID+1)} {
				_, err = b.service.Transaction(b.Context(), id)
				b.failed(ledger.ErrNotFound, err)
			}
		}},
		{"entries in several assets balance in each", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "ann-usd", OpeningBalance: units(100)},
				ledger.AccountRequest{ID: "ann-eur", Asset: eur},
				ledger.AccountRequest{ID: "desk-usd", Unlimited: true},
				ledger.AccountRequest{ID: "desk-eur", Asset: eur, Unlimited: true},
			)
			exchange := ledger.TransactionRequest{ID: "fx", Entries: []ledger.EntryRequest{
				{Account: "ann-usd", Side: ledger.Debit, Asset: usd, Amount: units(100)},
				{Account: "desk-eur", Side: ledger.Debit, Asset: eur, Amount: units(92)},
				{Account: "desk-usd", Side: ledger.Credit, Asset: usd, Amount: units(100)},
				{Account: "ann-eur", Side: ledger.Credit, Asset: eur, Amount: units(92)},
			}}
			lopsided := exchange
			lopsided.Entries = slices.Clone(exchange.Entries)
			lopsided.Entries[1].Amount = units(100)
			b.refused(ledger.ErrUnbalanced, lopsided)
			b.post(exchange)
			b.wantPosted("ann-usd", 0)
			b.wantPosted("ann-eur", 92)
			b.wantPosted("desk-usd", 100)
			b.wantPosted("desk-eur", -92)
			b.check("ann-usd", "ann-eur", "desk-usd", "desk-eur")
		}},
		{"an account can occur in several entries", func(b *books) {
			b.openAll("a", "fee", "b")
			b.deposit("one", "a", 100)
			got := b.post(ledger.TransactionRequest{ID: "two", Entries: []ledger.EntryRequest{
				{Account: "a", Side: ledger.Debit, Asset: usd, Amount: units(60)},
				{Account: "b", Side: ledger.Credit, Asset: usd, Amount: units(60)},
				{Account: "a", Side: ledger.Debit, Asset: usd, Amount: units(3)},
				{Account: "fee", Side: ledger.Credit, Asset: usd, Amount: units(3)},
			}})
			if first, second := got.Entries[0], got.Entries[2]; first.Sequence != 2 || first.Balance != units(40) ||
				second.Sequence != 3 || second.Balance != units(37) {
				b.Errorf("the entries are %+v and %+v", first, second)
			}
			b.check("a", "fee", "b")
		}},
		{"the largest transaction", func(b *books) {
			b.openAll("a")
			request := ledger.TransactionRequest{ID: "big"}
			accounts := []string{"a"}
			for i := range ledger.MaxEntries / 2 {
				id := fmt.Sprint("b", i)
				b.openAll(id)
				accounts = append(accounts, id)
				request.Entries = append(request.Entries,
					ledger.EntryRequest{Account: world, Side: ledger.Debit, Asset: usd, Amount: units(int64(i + 1))},
					ledger.EntryRequest{Account: id, Side: ledger.Credit, Asset: usd, Amount: units(int64(i + 1))})
			}
			tooBig := request
			tooBig.Entries = append(slices.Clone(request.Entries), request.Entries[0])
			b.refused(ledger.ErrInvalidRequest, tooBig)
			want := b.post(request)
			got, err := b.service.Transaction(b.Context(), "big")
			if err != nil || !sameTransaction(got, want) {
				b.Errorf("the transaction reads differently from how it was posted: %v", err)
			}
			b.check(accounts...)
		}},
		{"amounts of 38 digits are exact, and two of them do not block the world", func(b *books) {
			largest, err := ledger.ParseUnits(strings.Repeat("9", ledger.MaxDigits))
			if err != nil {
				b.Fatal(err)
			}
			b.openAll("a")
			for _, id := range []string{"one", "two", "three"} {
				outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: id, Account: "a", Asset: usd, Amount: largest})
				if err != nil || outcome.Result != ledger.Applied {
					b.Fatalf("deposit %q: %s, %v", id, outcome.Result, err)
				}
			}
			if got := b.account("a").Posted().String(); got != "2"+strings.Repeat("9", ledger.MaxDigits-1)+"7" {
				b.Errorf("the balance is %s", got)
			}
			one, err := largest.Add(units(1))
			if err != nil {
				b.Fatal(err)
			}
			outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "four", Account: "a", Asset: usd, Amount: one})
			b.failed(ledger.ErrAmountOutOfRange, err)
			if outcome.Result != ledger.Rejected {
				b.Errorf("the deposit was %s", outcome.Result)
			}
			b.check("a")
		}},
		{"the same again is a replay with its first balances", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 20)
			request := move("two", "a", "b", 20)
			want := b.post(request)
			b.deposit("three", "a", 50)
			b.setStatus("a", ledger.StatusFrozen)
			outcome, err := b.service.Post(b.Context(), request)
			if err != nil || outcome.Result != ledger.Replayed || !sameTransaction(*outcome.Transaction, want) {
				b.Errorf("posting again gave %+v, %v; the first was %+v", outcome, err, want)
			}
			b.wantPosted("b", 20)
			b.check("a", "b")
		}},
		{"the same id with other content is a conflict", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("one", "a", 20)
			first := move("two", "a", "b", 10)
			b.post(first)
			swapped := first
			swapped.Entries = []ledger.EntryRequest{first.Entries[1], first.Entries[0]}
			for name, other := range map[string]ledger.TransactionRequest{
				"amount":   move("two", "a", "b", 9),
				"account":  move("two", "a", "c", 10),
				"nobody":   move("two", "a", "nobody", 10),
				"way":      move("two", "b", "a", 10),
				"order":    swapped,
				"asset":    moveAsset("two", "a", "b", eur, 10),
				"scale":    moveAsset("two", "a", "b", ledger.Asset{Code: "USD", Scale: 3}, 10),
				"a refund": move("one", "a", "b", 20),
			} {
				if e := b.refused(ledger.ErrTransactionConflict, other); e.Transaction != other.ID {
					b.Errorf("%s: the error names transaction %q, want %q", name, e.Transaction, other.ID)
				}
			}
			b.wantPosted("a", 10)
			b.check("a", "b", "c")
		}},
		{"a refused transaction leaves nothing, and its id free", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 20)
			b.refused(ledger.ErrInsufficientFunds, move("two", "a", "b", 21))
			b.refused(ledger.ErrNotFound, move("two", "a", "nobody", 1))
			_, err := b.service.Transaction(b.Context(), "two")
			b.failed(ledger.ErrNotFound, err)
			b.wantPosted("a", 20)
			if got := b.account("a").Sequence; got != 1 {
				b.Errorf("the sequence is %d, want 1", got)
			}
			b.post(move("two", "a", "b", 20))
			b.check("a", "b")
		}},
		{"an entry names an account that is there and holds its asset", func(b *books) {
			b.openAll("a")
			b.open(ledger.AccountRequest{ID: "e", Asset: eur})
			if e := b.refused(ledger.ErrNotFound, move("one", world, "nobody", 1)); e.Account != "nobody" {
				b.Errorf("the error names account %q, want nobody", e.Account)
			}
			noWorld := ledger.WorldID("JPY")
			if e := b.refused(ledger.ErrAssetMismatch, moveAsset("one", noWorld, "a", jpy, 1)); e.Account != "a" {
				b.Errorf("the error names account %q, want a", e.Account)
			}
			if e := b.refused(ledger.ErrNotFound, moveAsset("one", noWorld, "nobody", jpy, 1)); e.Account != "nobody" {
				b.Errorf("the error names account %q, want nobody", e.Account)
			}
			if e := b.refused(ledger.ErrNotFound, moveAsset("one", noWorld, noWorld, jpy, 1)); e.Account != noWorld {
				b.Errorf("the error names account %q, want %s", e.Account, noWorld)
			}
			wrongSide := move("one", world, "a", 1)
			wrongSide.Entries[1].Normal = ledger.Debit
			if e := b.refused(ledger.ErrNotFound, wrongSide); e.Account != "a" {
				b.Errorf("the error names account %q, want a", e.Account)
			}
			if e := b.refused(ledger.ErrAssetMismatch, move("one", world, "e", 1)); e.Account != "e" {
				b.Errorf("the error names account %q, want e", e.Account)
			}
			b.refused(ledger.ErrAssetMismatch, moveAsset("one", world, "a", ledger.Asset{Code: "USD", Scale: 3}, 1))
		}},
		{"what can never be posted is refused and says the field", func(b *books) {
			b.openAll("a", "b")
			entry := func(change func(*ledger.EntryRequest)) ledger.TransactionRequest {
				request := move("one", "a", "b", 1)
				change(&request.Entries[1])
				return request
			}
			for field, request := range map[string]ledger.TransactionRequest{
				"id":                 move("", "a", "b", 1),
				"entries":            {ID: "one", Entries: move("", "a", "b", 1).Entries[:1]},
				"entries[1].account": entry(func(e *ledger.EntryRequest) { e.Account = "a\x00" }),
				"entries[1].side":    entry(func(e *ledger.EntryRequest) { e.Side = 0 }),
				"entries[1].asset":   entry(func(e *ledger.EntryRequest) { e.Asset.Code = "usd" }),
				"entries[1].amount":  entry(func(e *ledger.EntryRequest) { e.Amount = units(0) }),
			} {
				if e := b.refused(ledger.ErrInvalidRequest, request); e.Field != field {
					b.Errorf("the error is about field %q, want %q", e.Field, field)
				}
			}
			b.refused(ledger.ErrInvalidRequest, entry(func(e *ledger.EntryRequest) { e.Amount = units(-1) }))
			b.refused(ledger.ErrInvalidRequest, ledger.TransactionRequest{ID: "one"})
			b.refused(ledger.ErrUnbalanced, entry(func(e *ledger.EntryRequest) { e.Amount = units(2) }))
			b.refused(ledger.ErrUnbalanced, entry(func(e *ledger.EntryRequest) { e.Side = ledger.Debit }))
			b.check("a", "b")
		}},
		{"a deposit only ever adds", func(b *books) {
			b.open(ledger.AccountRequest{ID: "d", Normal: ledger.Debit, Unlimited: true})
			for _, id := range []string{"d", world, "nobody"} {
				_, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "one", Account: id, Asset: usd, Amount: units(1)})
				b.failed(ledger.ErrNotFound, err)
			}
			_, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "one", Account: "d", Asset: usd, Amount: units(-1)})
			b.failed(ledger.ErrInvalidRequest, err)
		}},
		{"a batch is taken in order, each for itself", func(b *books) {
			b.openAll("a", "b")
			outcomes, err := b.service.PostBatch(b.Context(), []ledger.TransactionRequest{
				move("1", "a", "b", 5),
				move("2", world, "a", 5),
				move("3", "a", "b", 5),
				move("3", "a", "b", 5),
				move("3", "a", "b", 4),
				move("4", "a", "b", 1),
				{ID: "5"},
				move("1", world, "b", 2),
			})
			if err != nil {
				b.Fatal(err)
			}
			b.wantOutcomes(outcomes, "insufficient_funds", "applied", "applied", "replayed", "transaction_conflict",
				"insufficient_funds", "invalid_request", "applied")
			for i, outcome := range outcomes {
				if outcome.Result != ledger.Rejected {
					continue
				}
				if e := b.failed(codeOf(outcome.Err), outcome.Err); outcome.Transaction != nil || e.Account == "" && e.Transaction == "" {
					b.Errorf("outcome %d is %+v", i, outcome)
				}
			}
			if !sameTransaction(*outcomes[2].Transaction, *outcomes[3].Transaction) {
				b.Errorf("the replay is %+v, the first %+v", outcomes[3].Transaction, outcomes[2].Transaction)
			}
			b.wantPosted("a", 0)
			b.wantPosted("b", 7)
			b.check("a", "b")
		}},
		{"a batch has a limit of entries", func(b *books) {
			b.openAll("a")
			requests := make([]ledger.TransactionRequest, 2+ledger.MaxBatchEntries/ledger.MaxEntries)
			for i := range requests {
				requests[i].ID = fmt.Sprint(i)
				for range ledger.MaxEntries / 2 {
					requests[i].Entries = append(requests[i].Entries, move("", world, "a", 1).Entries...)
				}
			}
			requests[len(requests)-1] = move("last", world, "a", 1)
			_, err := b.service.PostBatch(b.Context(), requests)
			b.failed(ledger.ErrInvalidRequest, err)
			b.wantPosted("a", 0)
		}},
		{"a batch has a limit", func(b *books) {
			b.openAll("a")
			requests := make([]ledger.TransactionRequest, ledger.MaxBatch+1)
			for i := range requests {
				requests[i] = move(fmt.Sprint(i), world, "a", 1)
			}
			_, err := b.service.PostBatch(b.Context(), requests)
			b.failed(ledger.ErrInvalidRequest, err)
			outcomes, err := b.service.PostBatch(b.Context(), requests[:ledger.MaxBatch])
			if err != nil || len(outcomes) != ledger.MaxBatch {
				b.Fatalf("%d outcomes, %v", len(outcomes), err)
			}
			outcomes, err = b.service.PostBatch(b.Context(), nil)
			if err != nil || len(outcomes) != 0 {
				b.Fatalf("an empty batch gave %d outcomes, %v", len(outcomes), err)
			}
			b.wantPosted("a", ledger.MaxBatch)
			b.check("a")
		}},
		{"what is answered belongs to the caller", func(b *books) {
			b.openAll("a")
			want := b.deposit("one", "a", 5)
			spoil := func(transaction *ledger.Transaction) {
				transaction.ID = "spoilt"
				for i := range transaction.Entries {
					transaction.Entries[i] = ledger.Entry{}
				}
			}
			again, err := b.service.PostBatch(b.Context(), []ledger.TransactionRequest{
				move("one", world, "a", 5), move("two", world, "a", 1), move("two", world, "a", 1),
			})
			if err != nil {
				b.Fatal(err)
			}
			spoil(again[0].Transaction)
			spoil(again[1].Transaction)
			if again[2].Result != ledger.Replayed || again[2].Transaction.ID != "two" || again[2].Transaction.Entries[1].Balance != units(6) {
				b.Errorf("spoiling one answer spoilt another: %+v", again[2].Transaction)
			}
			outcome, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "a", Asset: usd})
			if err != nil {
				b.Fatal(err)
			}
			outcome.Account.Balance = ledger.Balance{}
			got, err := b.service.Transaction(b.Context(), "one")
			if err != nil || !sameTransaction(got, want) {
				b.Errorf("spoiling an answer changed the books: %+v, %v", got, err)
			}
			b.wantPosted("a", 6)
		}},
	})
}
