package ledgertest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

func (r *random) post(t *rapid.T) {
	request := r.request(t)
	outcome, err := r.service.Post(r.testing.Context(), request)
	if r.isInDoubt() {
		return
	}
	r.compareOutcome(t, "post\n"+contentOf(request), r.model.post(request), outcome, err)
}

func (r *random) batch(t *rapid.T) {
	requests := make([]ledger.TransactionRequest, rapid.IntRange(1, 6).Draw(t, "members"))
	for i := range requests {
		requests[i] = r.request(t)
	}
	outcomes, err := r.service.PostBatch(r.testing.Context(), requests)
	if r.isInDoubt() {
		return
	}
	if err != nil || len(outcomes) != len(requests) {
		t.Fatalf("a batch of %d gave %d outcomes, %v", len(requests), len(outcomes), err)
	}
	for i, request := range requests {
		r.compareOutcome(t, fmt.Sprintf("member %d\n%s", i, contentOf(request)), r.model.post(request), outcomes[i], outcomes[i].Err)
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
	if r.isInDoubt() {
		return
	}
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
		r.compareOutcome(t, fmt.Sprintf("member %d\n%s", i, contentOf(request)), results[i], outcomes[i], nil)
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
	if r.isInDoubt() {
		return
	}
	restore, times := r.model.snapshot(), r.times
	r.compareOutcome(t, "dry run\n"+contentOf(request), r.model.post(request), outcome, err)
	restore()
	r.times = times
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
	for range rapid.IntRange(1, 3).Draw(t, "legs") {
		request.Entries = append(request.Entries, r.leg(t)...)
	}
	if rapid.IntRange(0, 19).Draw(t, "lopsided?") == 0 {
		request.Entries[0].Amount = units(r.drawAmount.Draw(t, "lopsided"))
	}
	request.UpTo = len(request.Entries) == 2 && rapid.IntRange(0, 3).Draw(t, "up to?") == 0
	if rapid.IntRange(0, 4).Draw(t, "conditions?") == 0 {
		request.Conditions = rapid.SliceOfN(rapid.Custom(r.condition), 1, 2).Draw(t, "conditions")
	}
	r.describe(t, &request)
	r.posted = append(r.posted, request)
	return request
}

// leg draws a debit and a credit that balance, mostly of accounts that hold the same
// asset.
func (r *random) leg(t *rapid.T) []ledger.EntryRequest {
	asset, amount := r.drawAsset.Draw(t, "asset"), units(r.drawAmount.Draw(t, "amount"))
	var fitting []string
	for _, id := range slices.Sorted(maps.Keys(r.model.accounts)) {
		if a := r.model.accounts[id]; a.asset == asset && a.status != ledger.StatusClosed {
			fitting = append(fitting, id)
		}
	}
	account := func(label string) string {
		if len(fitting) == 0 || rapid.IntRange(0, 19).Draw(t, "any?") == 0 {
			return r.drawAccount.Draw(t, label)
		}
		return rapid.SampledFrom(fitting).Draw(t, label)
	}
	return []ledger.EntryRequest{
		{Account: account("from"), Side: ledger.Debit, Asset: asset, Amount: amount},
		{Account: account("to"), Side: ledger.Credit, Asset: asset, Amount: amount},
	}
}

// describe draws what a request has beside its entries.
func (r *random) describe(t *rapid.T, request *ledger.TransactionRequest) {
	if request.Pending = rapid.IntRange(0, 2).Draw(t, "pending?") == 0; request.Pending {
		request.ExpiresAt = r.drawEnd(t)
	}
	if rapid.IntRange(0, 3).Draw(t, "effective?") == 0 && len(r.times) > 0 {
		request.EffectiveAt = rapid.SampledFrom(r.times).Draw(t, "effective")
	}
	request.Metadata = r.drawTag.Draw(t, "tag")
	if rapid.IntRange(0, 9).Draw(t, "related?") == 0 {
		if related := r.drawTransaction(t); related != request.ID {
			request.Related = related
		}
	}
}

// drawTransaction draws the id of a transaction, of which few are not there.
func (r *random) drawTransaction(t *rapid.T) string {
	if len(r.posted) == 0 || rapid.IntRange(0, 9).Draw(t, "opening?") == 0 {
		return ledger.OpeningID(r.drawAccount.Draw(t, "opened"))
	}
	return rapid.SampledFrom(r.posted).Draw(t, "transaction").ID
}

// condition draws one that holds about as often as not.
func (r *random) condition(t *rapid.T) ledger.Condition {
	c := ledger.Condition{Account: r.drawAccount.Draw(t, "condition's account")}
	if rapid.Bool().Draw(t, "sequence?") {
		sequence := rapid.Uint64Range(0, 1).Draw(t, "ahead")
		if a := r.model.accounts[c.Account]; a != nil {
			sequence += uint64(a.sequence())
		}
		c.Sequence = &sequence
	}
	if c.Sequence == nil || rapid.Bool().Draw(t, "available?") {
		c.MinAvailable = new(units(rapid.Int64Range(-10, 10).Draw(t, "available")))
	}
	return c
}

// settle posts a hold, often in part, and sometimes more of it than there is.
func (r *random) settle(t *rapid.T) {
	request := ledger.PostPendingRequest{Transaction: r.drawStep(t)}
	held := r.model.transactions[request.Transaction].reserved
	draw := func(reserved ledger.Amount) ledger.Amount {
		most, ok := reserved.Int64()
		if !ok || most > 1<<62 {
			most = 1 << 62
		}
		if rapid.IntRange(0, 9).Draw(t, "more?") == 0 {
			return units(most + 1)
		}
		return units(rapid.Int64Range(1, most).Draw(t, "part"))
	}
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		if len(held) > 0 {
			request.Amount = new(draw(held[0].Amount))
		}
	case 1:
		// Entries come in pairs that balance.
		for i := 0; i < len(held); i += 2 {
			from, to := held[i], held[i+1]
			from.Amount = draw(from.Amount)
			to.Amount = from.Amount
			request.Entries = append(request.Entries, from, to)
		}
	}
	outcome, err := r.service.PostPending(r.testing.Context(), request)
	if r.isInDoubt() {
		return
	}
	r.compareOutcome(t, fmt.Sprintf("settle %+v", request), r.model.settle(request), outcome, err)
}

func (r *random) void(t *rapid.T) {
	id := r.drawStep(t)
	outcome, err := r.service.VoidPending(r.testing.Context(), ledger.VoidPendingRequest{Transaction: id})
	if r.isInDoubt() {
		return
	}
	r.compareOutcome(t, fmt.Sprintf("void %q", id), r.model.void(id), outcome, err)
}

// drawStep draws a transaction for a step, mostly one that was pending once.
func (r *random) drawStep(t *rapid.T) string {
	if len(r.model.wasPending) == 0 || rapid.IntRange(0, 9).Draw(t, "any?") == 0 {
		return r.drawTransaction(t)
	}
	return rapid.SampledFrom(r.model.wasPending).Draw(t, "held")
}

func (r *random) reverse(t *rapid.T) {
	original := r.drawTransaction(t)
	request := ledger.ReversalRequest{ID: fmt.Sprint("undo-", original), Transaction: original, Metadata: r.drawTag.Draw(t, "tag")}
	switch rapid.IntRange(0, 5).Draw(t, "id") {
	case 0:
		request.ID += "-anew"
	case 1:
		if id := r.drawTransaction(t); ledger.OpeningID("") != id[:min(len(id), len(ledger.OpeningID("")))] {
			request.ID = id
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "effective?") == 0 && len(r.times) > 0 {
		request.EffectiveAt = rapid.SampledFrom(r.times).Draw(t, "effective")
	}
	outcome, err := r.service.Reverse(r.testing.Context(), request)
	if r.isInDoubt() {
		return
	}
	r.compareOutcome(t, fmt.Sprintf("reverse %+v", request), r.model.reverse(request), outcome, err)
	if err == nil {
		r.compareTransaction(t, r.books.transaction(original))
	}
}
