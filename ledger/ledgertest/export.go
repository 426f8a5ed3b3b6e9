package ledgertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Export is the suite that makes random ledgers, makes each anew from its export, and
// looks for a difference. newPair returns two empty ledgers, the time of the second of
// which is not before that of the first. expires says that holds may expire meanwhile:
// the time of the first goes on, and never back.
func Export(t *testing.T, expires bool, newPair func(*rapid.T) (original, copied *ledger.Ledger)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		original, copied := newPair(rt)
		w := &exportWriter{T: rt, ctx: t.Context(), service: original, moves: expires}
		w.write()
		err := original.Export(t.Context(), func(request ledger.Request) error {
			return Remake(t.Context(), copied, request)
		})
		if err != nil {
			rt.Fatalf("%v, after\n%s", err, w.log)
		}
		compareLedgers(t.Context(), rt, original, copied, w.log)
	})
}

// Remake makes a request of an export.
func Remake(ctx context.Context, service ledger.Service, r ledger.Request) error {
	var outcome ledger.Outcome
	var err error
	switch {
	case r.Asset != nil:
		_, err = service.RegisterAsset(ctx, *r.Asset)
		return err
	case r.Status != nil:
		_, err = service.ChangeAccount(ctx, r.Status.Account, ledger.AccountChange{Status: r.Status.Status})
		return err
	case r.Account != nil:
		outcome, err = service.OpenAccount(ctx, *r.Account)
	case r.Transaction != nil:
		outcome, err = service.Post(ctx, *r.Transaction)
	case r.Reversal != nil:
		outcome, err = service.Reverse(ctx, *r.Reversal)
	case r.PostPending != nil:
		outcome, err = service.PostPending(ctx, *r.PostPending)
	case r.VoidPending != nil:
		outcome, err = service.VoidPending(ctx, *r.VoidPending)
	}
	if err == nil && outcome.Result != ledger.Applied {
		err = fmt.Errorf("the outcome of %+v is %s", r, outcome.Result)
	}
	return err
}

// exportWriter writes a random ledger. It does not care what is refused.
type exportWriter struct {
	*rapid.T
	ctx     context.Context
	service ledger.Service
	// done are the ids of the transactions that are there, and held those that were made
	// pending.
	done, held []string
	ids        int
	log        string
	// moves says whether the ledger's time does, and lastEnd is the last at which a hold
	// expires whose end is near.
	moves   bool
	lastEnd time.Time
}

func exportAccounts() []string { return []string{"a", "b", "c", "d", "e"} }

func (w *exportWriter) write() {
	gem := ledger.Asset{Code: "GEM", Scale: 1}
	w.note("register", nil, func() error { _, err := w.service.RegisterAsset(w.ctx, gem); return err }())
	for i, id := range exportAccounts() {
		request := ledger.AccountRequest{
			ID: id, Asset: usd, Metadata: ledger.Metadata{"n": fmt.Sprint(i)},
			OpeningBalance: units(rapid.SampledFrom([]int64{0, 0, 20, 50}).Draw(w.T, "opening")),
		}
		if i == 3 {
			request.Normal = ledger.Debit
		}
		if request.OpeningBalance.Sign() > 0 && rapid.Bool().Draw(w.T, "opened earlier?") {
			request.EffectiveAt = w.now().Add(-time.Duration(rapid.IntRange(0, 3).Draw(w.T, "hours before")) * time.Hour)
		}
		if rapid.IntRange(0, 3).Draw(w.T, "minimum?") == 0 {
			request.MinBalance = units(rapid.Int64Range(-10, 10).Draw(w.T, "minimum"))
		}
		_, err := w.service.OpenAccount(w.ctx, request)
		w.note("open", request, err)
	}
	steps := []func(){w.post, w.post, w.post, w.hold, w.hold, w.settle, w.settle, w.void, w.reverse, w.change}
	for range rapid.IntRange(0, 40).Draw(w.T, "steps") {
		steps[rapid.IntRange(0, len(steps)-1).Draw(w.T, "step")]()
	}
	for w.moves && !w.now().After(w.lastEnd.Add(time.Millisecond)) {
		continue // Until they have expired.
	}
}

func (w *exportWriter) note(what string, request any, err error) {
	w.log += fmt.Sprintf("%s %+v: %v\n", what, request, err)
}

func (w *exportWriter) request() ledger.TransactionRequest {
	w.ids++
	// Ids are in no order of time.
	request := ledger.TransactionRequest{ID: fmt.Sprintf("t%02d-%d", w.ids*37%100, w.ids), Actor: "tester"}
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(w.T, "legs") {
		amount := units(rapid.Int64Range(1, 30).Draw(w.T, "amount"))
		account := rapid.SampledFrom(append(exportAccounts(), "world:USD", "world:USD"))
		request.Entries = append(request.Entries,
			ledger.EntryRequest{Account: account.Draw(w.T, "from"), Side: ledger.Debit, Asset: usd, Amount: amount},
			ledger.EntryRequest{Account: account.Draw(w.T, "to"), Side: ledger.Credit, Asset: usd, Amount: amount})
	}
	if len(w.done) > 0 && rapid.IntRange(0, 3).Draw(w.T, "related?") == 0 {
		request.Related = rapid.SampledFrom(w.done).Draw(w.T, "related")
	}
	if rapid.IntRange(0, 3).Draw(w.T, "earlier?") == 0 {
		request.EffectiveAt = w.now().Add(-time.Duration(rapid.IntRange(0, 3).Draw(w.T, "hours")) * time.Hour)
	}
	return request
}

func (w *exportWriter) now() time.Time {
	at, err := w.service.BalanceAt(w.ctx, "world:GEM", ledger.Moment{})
	if err != nil {
		w.Fatal(err)
	}
	return at.Now
}

func (w *exportWriter) post() {
	request := w.request()
	_, err := w.service.Post(w.ctx, request)
	w.note("post", request, err)
	if err == nil {
		w.done = append(w.done, request.ID)
	}
}

func (w *exportWriter) hold() {
	request := w.request()
	// It lowers what is available on one account at most: one that lowers several, and
	// began and ended at once, may have no place that is found for sure.
	request.Pending, request.Entries = true, request.Entries[:2]
	if request.Entries[1].Account == "d" {
		request.Entries[1].Account = "b"
	}
	if rapid.IntRange(0, 2).Draw(w.T, "expires?") == 0 {
		request.ExpiresAt = w.end()
	}
	_, err := w.service.Post(w.ctx, request)
	w.note("hold", request, err)
	if err == nil {
		// Nothing is related to a hold: what was related to one at once may have no order
		// that is sure to be taken.
		w.held = append(w.held, request.ID)
	}
}

// end draws when a hold expires: long after the copy is made, or before.
func (w *exportWriter) end() time.Time {
	now := w.now()
	if !w.moves || rapid.Bool().Draw(w.T, "late?") {
		return now.Add(time.Hour)
	}
	end := now.Add(time.Duration(rapid.IntRange(1, 30).Draw(w.T, "µs")) * time.Microsecond)
	if end.After(w.lastEnd) {
		w.lastEnd = end
	}
	return end
}

func (w *exportWriter) settle() {
	if len(w.held) == 0 {
		return
	}
	request := ledger.PostPendingRequest{Transaction: rapid.SampledFrom(w.held).Draw(w.T, "settled"), Actor: "settler"}
	held, err := w.service.Transaction(w.ctx, request.Transaction)
	if err != nil {
		w.Fatal(err)
	}
	if rapid.Bool().Draw(w.T, "in part?") && held.Status == ledger.Pending {
		for i := 0; i < len(held.Entries); i += 2 {
			most, _ := held.Reserved[i].Int64()
			part := units(rapid.Int64Range(1, most).Draw(w.T, "part"))
			for _, e := range held.Entries[i : i+2] {
				request.Entries = append(request.Entries, ledger.EntryRequest{Account: e.Account, Side: e.Side, Asset: e.Asset, Amount: part})
			}
		}
	}
	_, err = w.service.PostPending(w.ctx, request)
	w.note("settle", request, err)
}

func (w *exportWriter) void() {
	if len(w.held) == 0 {
		return
	}
	request := ledger.VoidPendingRequest{Transaction: rapid.SampledFrom(w.held).Draw(w.T, "voided"), Actor: "voider"}
	_, err := w.service.VoidPending(w.ctx, request)
	w.note("void", request, err)
}

func (w *exportWriter) reverse() {
	if len(w.done) == 0 {
		return
	}
	w.ids++
	request := ledger.ReversalRequest{
		ID: fmt.Sprint("r", w.ids), Transaction: rapid.SampledFrom(append(w.held, w.done...)).Draw(w.T, "reversed"), Description: "undo",
	}
	if rapid.IntRange(0, 5).Draw(w.T, "opening?") == 0 {
		request.Transaction = ledger.OpeningID("a")
	}
	_, err := w.service.Reverse(w.ctx, request)
	w.note("reverse", request, err)
	if err == nil {
		w.done = append(w.done, request.ID)
	}
}

func (w *exportWriter) change() {
	id := rapid.SampledFrom(exportAccounts()).Draw(w.T, "changed")
	change := ledger.AccountChange{
		Name:   new(fmt.Sprint("name ", w.ids)),
		Status: rapid.SampledFrom([]ledger.Status{0, ledger.StatusOpen, ledger.StatusFrozen, ledger.StatusClosed}).Draw(w.T, "status"),
	}
	_, err := w.service.ChangeAccount(w.ctx, id, change)
	w.note("change "+id, change.Status, err)
}

// compareLedgers fails unless a copy is equal to its original, but for what a copy has
// of its own.
func compareLedgers(ctx context.Context, t *rapid.T, original, copied *ledger.Ledger, log string) {
	left, right := readLedger(ctx, t, original), readLedger(ctx, t, copied)
	for i := range max(len(left.accounts), len(right.accounts)) {
		if i >= len(left.accounts) || i >= len(right.accounts) || !sameAccount(left.accounts[i], right.accounts[i]) {
			t.Fatalf("the accounts differ:\n%+v\n%+v\nafter\n%s", left.accounts, right.accounts, log)
		}
	}
	for i := range max(len(left.transactions), len(right.transactions)) {
		if i >= len(left.transactions) || i >= len(right.transactions) || !sameTransaction(left.transactions[i], right.transactions[i]) {
			t.Fatalf("the transactions differ:\n%+v\n%+v\nafter\n%s", left.transactions, right.transactions, log)
		}
	}
	for _, at := range left.effective {
		for _, a := range left.accounts {
			want, err := original.BalanceAt(ctx, a.ID, ledger.Moment{EffectiveAt: at})
			if errors.Is(err, ledger.ErrInvalidRequest) {
				continue // The clock was set back, and is not there yet.
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := copied.BalanceAt(ctx, a.ID, ledger.Moment{EffectiveAt: at})
			if err != nil || got.Balance != want.Balance {
				t.Fatalf("as of %s account %q has %+v, %v, and had %+v, after\n%s", at, a.ID, got.Balance, err, want.Balance, log)
			}
		}
	}
}

// readBooks is a ledger but for what a copy has of its own.
type readBooks struct {
	accounts     []ledger.Account
	transactions []ledger.Transaction
	// effective are the times at which something took effect.
	effective []time.Time
}

func readLedger(ctx context.Context, t *rapid.T, l *ledger.Ledger) readBooks {
	var read readBooks
	accounts, err := l.FindAccounts(ctx, ledger.AccountQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range accounts.Accounts {
		a.OpenedAt = time.Time{}
		read.accounts = append(read.accounts, a)
	}
	transactions, err := l.FindTransactions(ctx, ledger.TransactionQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range transactions.Transactions {
		read.add(tx)
	}
	slices.SortFunc(read.accounts, func(a, b ledger.Account) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(read.transactions, func(a, b ledger.Transaction) int { return cmp.Compare(a.ID, b.ID) })
	return read
}

func (r *readBooks) add(tx ledger.Transaction) {
	switch {
	case tx.Status == ledger.Pending && tx.EffectiveAt.Equal(tx.RecordedAt):
		tx.EffectiveAt = time.Time{}
	default:
		r.effective = append(r.effective, tx.EffectiveAt)
	}
	if tx.Status == ledger.Posted || tx.Status == ledger.Voided {
		tx.ExpiresAt = time.Time{}
	}
	tx.RecordedAt, tx.ResolvedAt = time.Time{}, time.Time{}
	tx.Entries = slices.Clone(tx.Entries)
	for i := range tx.Entries {
		e := &tx.Entries[i]
		e.RecordedAt, e.EffectiveAt = time.Time{}, tx.EffectiveAt
		if ledger.IsWorldID(e.Account) {
			e.Stripe, e.Sequence, e.Balance, e.Debits = 0, 0, ledger.Amount{}, ledger.Amount{}
		}
	}
	r.transactions = append(r.transactions, tx)
}
