package ledgertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Random is the suite that does random things to a service and to a naive model
// of one, and looks for a difference.
func Random(t *testing.T, newService NewService) {
	t.Helper()
	service, checks := newService(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		// Each check has accounts and assets of its own, which is as good as books
		// of its own, and costs no store anything.
		checks++
		r := newRandom(rt, t, service, checks)
		rt.Repeat(map[string]func(*rapid.T){
			"open":   r.open,
			"status": r.setStatus,
			"post":   r.post,
			"batch":  r.batch,
			"atomic": r.atomic,
			"dry":    r.dryRun,
			"":       r.compareOne,
		})
		r.compareAll()
	})
}

type random struct {
	*rapid.T
	testing testing.TB
	service ledger.Service
	model   *model
	posted  []ledger.TransactionRequest
	// prefix begins the ids of this check.
	prefix      string
	drawAccount *rapid.Generator[string]
	drawAsset   *rapid.Generator[ledger.Asset]
	drawAmount  *rapid.Generator[int64]
}

func newRandom(rt *rapid.T, t testing.TB, service ledger.Service, check int) *random {
	t.Helper()
	prefix := fmt.Sprint(check, "-")
	first := ledger.Asset{Code: fmt.Sprint("A", check), Scale: 2}
	second := ledger.Asset{Code: fmt.Sprint("B", check), Scale: 2}
	accounts := []string{prefix + "a", prefix + "A", prefix + "b", prefix + "b ", prefix + "c", prefix + "d"}
	return &random{
		T: rt, testing: t, service: service, model: newModel(), prefix: prefix,
		drawAccount: rapid.SampledFrom(accounts),
		drawAsset:   rapid.SampledFrom([]ledger.Asset{first, first, first, second, {Code: first.Code, Scale: 3}}),
		drawAmount:  rapid.OneOf(rapid.Int64Range(1, 30), rapid.Int64Range(1, 1<<62)),
	}
}

func (r *random) open(t *rapid.T) {
	request := ledger.AccountRequest{
		ID:        r.drawAccount.Draw(t, "account"),
		Asset:     r.drawAsset.Draw(t, "asset"),
		Normal:    rapid.SampledFrom([]ledger.Side{ledger.Credit, ledger.Credit, ledger.Debit}).Draw(t, "normal"),
		Unlimited: rapid.Bool().Draw(t, "unlimited"),
	}
	if !request.Unlimited {
		request.MinBalance = units(rapid.Int64Range(-20, 10).Draw(t, "minimum"))
	}
	outcome, err := r.service.OpenAccount(r.testing.Context(), request)
	want(t, fmt.Sprintf("open %+v", request), r.model.open(request), outcome.Result, err)
}

func (r *random) setStatus(t *rapid.T) {
	id := r.drawAccount.Draw(t, "account")
	status := rapid.SampledFrom([]ledger.Status{ledger.StatusOpen, ledger.StatusOpen, ledger.StatusFrozen, ledger.StatusClosed}).Draw(t, "status")
	_, err := r.service.ChangeAccount(r.testing.Context(), id, ledger.AccountChange{Status: status})
	want(t, fmt.Sprintf("set %q to %s", id, status), r.model.setStatus(id, status), ledger.Applied, err)
}

func (r *random) post(t *rapid.T) {
	request := r.request(t)
	outcome, err := r.service.Post(r.testing.Context(), request)
	want(t, "post\n"+contentOf(request), r.model.post(request), outcome.Result, err)
	if err == nil {
		r.compareTransaction(t, *outcome.Transaction)
	}
}

func (r *random) batch(t *rapid.T) {
	requests := make([]ledger.TransactionRequest, rapid.IntRange(1, 6).Draw(t, "members"))
	for i := range requests {
		requests[i] = r.request(t)
	}
	outcomes, err := r.service.PostBatch(r.testing.Context(), requests)
	if err != nil || len(outcomes) != len(requests) {
		t.Fatalf("a batch of %d gave %d outcomes, %v", len(requests), len(outcomes), err)
	}
	for i, request := range requests {
		want(t, fmt.Sprintf("member %d\n%s", i, contentOf(request)), r.model.post(request), outcomes[i].Result, outcomes[i].Err)
		if outcomes[i].Err == nil {
			r.compareTransaction(t, *outcomes[i].Transaction)
		}
	}
}

func (r *random) atomic(t *rapid.T) {
	requests := make([]ledger.TransactionRequest, rapid.IntRange(1, 5).Draw(t, "members"))
	for i := range requests {
		requests[i] = r.request(t)
	}
	// One that is invalid by itself is refused before the others are looked at.
	invalid := slices.IndexFunc(requests, func(request ledger.TransactionRequest) bool { return !isBalanced(request) })
	if invalid >= 0 {
		requests = append(requests[:0:0], requests[invalid])
	}
	outcomes, err := r.service.PostAtomic(r.testing.Context(), requests)
	results, refused := r.model.postAtomic(requests)
	if refused >= 0 {
		want(t, fmt.Sprintf("atomic batch of %d", len(requests)), results[refused], ledger.Applied, err)
		if e, ok := errors.AsType[*ledger.Error](err); !ok || e.Index == nil || *e.Index != refused {
			t.Fatalf("the error is %+v, want that of member %d", err, refused)
		}
		return
	}
	if err != nil || len(outcomes) != len(requests) {
		t.Fatalf("an atomic batch of %d gave %d outcomes, %v", len(requests), len(outcomes), err)
	}
	for i, request := range requests {
		want(t, fmt.Sprintf("member %d\n%s", i, contentOf(request)), results[i], outcomes[i].Result, nil)
		r.compareTransaction(t, *outcomes[i].Transaction)
	}
}

func isBalanced(r ledger.TransactionRequest) bool {
	net := make(map[ledger.Asset]ledger.Amount)
	for _, e := range r.Entries {
		amount := e.Amount
		if e.Side == ledger.Credit {
			amount = amount.Neg()
		}
		sum, err := net[e.Asset].Add(amount)
		if err != nil {
			return false
		}
		net[e.Asset] = sum
	}
	for _, sum := range net {
		if sum.Sign() != 0 {
			return false
		}
	}
	return true
}

func (r *random) dryRun(t *rapid.T) {
	request := r.request(t)
	outcome, err := r.service.DryRun(r.testing.Context(), request)
	restore := r.model.snapshot()
	want(t, "dry run\n"+contentOf(request), r.model.post(request), outcome.Result, err)
	if err == nil {
		r.compareTransaction(t, *outcome.Transaction)
	}
	restore()
}

// request draws a transaction: often a new one that balances, sometimes one
// that was asked before or has the id of one, sometimes one that is lopsided.
func (r *random) request(t *rapid.T) ledger.TransactionRequest {
	again := rapid.IntRange(0, 9).Draw(t, "again")
	if again == 0 && len(r.posted) > 0 {
		return rapid.SampledFrom(r.posted).Draw(t, "repeated")
	}
	request := ledger.TransactionRequest{ID: fmt.Sprint(r.prefix, "tx", len(r.posted))}
	if again == 1 && len(r.posted) > 0 {
		request.ID = rapid.SampledFrom(r.posted).Draw(t, "namesake").ID
	}
	account := func(label string, asset ledger.Asset) string {
		if rapid.IntRange(0, 3).Draw(t, "world?") == 0 {
			return ledger.WorldID(asset.Code)
		}
		return r.drawAccount.Draw(t, label)
	}
	for range rapid.IntRange(1, 3).Draw(t, "legs") {
		asset, amount := r.drawAsset.Draw(t, "asset"), units(r.drawAmount.Draw(t, "amount"))
		request.Entries = append(request.Entries,
			ledger.EntryRequest{Account: account("from", asset), Side: ledger.Debit, Asset: asset, Amount: amount},
			ledger.EntryRequest{Account: account("to", asset), Side: ledger.Credit, Asset: asset, Amount: amount})
	}
	if rapid.IntRange(0, 19).Draw(t, "lopsided?") == 0 {
		request.Entries[0].Amount = units(r.drawAmount.Draw(t, "lopsided"))
	}
	request.UpTo = len(request.Entries) == 2 && rapid.IntRange(0, 3).Draw(t, "up to?") == 0
	if rapid.IntRange(0, 4).Draw(t, "conditions?") == 0 {
		request.Conditions = rapid.SliceOfN(rapid.Custom(r.condition), 1, 2).Draw(t, "conditions")
	}
	r.posted = append(r.posted, request)
	return request
}

// condition draws one that holds about as often as not.
func (r *random) condition(t *rapid.T) ledger.Condition {
	c := ledger.Condition{Account: r.drawAccount.Draw(t, "condition's account")}
	if rapid.Bool().Draw(t, "sequence?") {
		sequence := rapid.Uint64Range(0, 1).Draw(t, "ahead")
		if a := r.model.accounts[c.Account]; a != nil {
			sequence += uint64(len(a.entries))
		}
		c.Sequence = &sequence
	}
	if c.Sequence == nil || rapid.Bool().Draw(t, "available?") {
		c.MinAvailable = new(units(rapid.Int64Range(-10, 10).Draw(t, "available")))
	}
	return c
}

// want compares what became of something with what should have.
func want(t *rapid.T, what, want string, result ledger.Result, err error) {
	got := result.String()
	if err != nil {
		got = string(codeOf(err))
	}
	if got != want {
		t.Fatalf("%s\ngave %s (%v), want %s", what, got, err, want)
	}
}

func (r *random) compareTransaction(t *rapid.T, got ledger.Transaction) {
	places := r.model.transactions[got.ID].places
	if len(got.Entries) != len(places) {
		t.Fatalf("transaction %q has %d entries, want %d", got.ID, len(got.Entries), len(places))
	}
	for i, e := range got.Entries {
		if ledger.IsWorldID(e.Account) {
			continue // Its number and balance are those of a stripe.
		}
		compareEntry(t, e, r.model.accounts[e.Account].entries[places[i]-1], places[i])
	}
}

func compareEntry(t *rapid.T, got ledger.Entry, want modelEntry, sequence int) {
	if got.Sequence != uint64(sequence) || got.Transaction != want.transaction || got.Side != want.side ||
		bigOf(got.Amount).Cmp(want.amount) != 0 || bigOf(got.Balance).Cmp(want.balance) != 0 {
		t.Fatalf("an entry of %q is %+v, want number %d: %+v", got.Account, got, sequence, want)
	}
}

// compareOne compares one account after every step.
func (r *random) compareOne(t *rapid.T) {
	id := r.drawAccount.Draw(t, "look at")
	account, err := r.service.Account(r.testing.Context(), id)
	want := r.model.accounts[id]
	switch {
	case want == nil && codeOf(err) != ledger.ErrNotFound:
		t.Fatalf("account %q, which is not there, gave %+v, %v", id, account, err)
	case want != nil && err != nil:
		t.Fatalf("account %q: %v", id, err)
	case want != nil:
		compareAccount(t, account, want)
	}
}

func compareAccount(t *rapid.T, got ledger.Account, want *modelAccount) {
	if got.Sequence != uint64(len(want.entries)) || bigOf(got.Posted()).Cmp(want.balance()) != 0 ||
		got.Status != want.status || got.Asset != want.asset || got.Normal != want.normal {
		t.Fatalf("the account is %+v, want %d entries and a balance of %s", got, len(want.entries), want.balance())
	}
}

// compareAll compares all that was written, and proves that the books keep the
// rules that always hold.
func (r *random) compareAll() {
	b := &books{TB: r.testing, service: r.service}
	var ids []string
	for id, want := range r.model.accounts {
		compareAccount(r.T, b.account(id), want)
		if ledger.IsWorldID(id) {
			continue
		}
		ids = append(ids, id)
		for i, e := range b.entries(id) {
			compareEntry(r.T, e, want.entries[i], i+1)
		}
	}
	b.check(ids...)
	for _, request := range r.posted {
		got, err := r.service.Transaction(r.testing.Context(), request.ID)
		if _, ok := r.model.transactions[request.ID]; ok != (err == nil) {
			r.Fatalf("transaction %q is there: %t, want %t", request.ID, err == nil, ok)
		}
		if err == nil {
			r.compareTransaction(r.T, got)
		}
	}
}
