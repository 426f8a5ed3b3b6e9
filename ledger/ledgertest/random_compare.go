package ledgertest

import (
	"maps"
	"math/big"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

// compareOutcome compares what became of a transaction with what should have, and
// lets the model learn its times.
func (r *random) compareOutcome(t *rapid.T, what, result string, outcome ledger.Outcome, err error) {
	want(t, what, result, outcome.Result, err)
	if err != nil {
		return
	}
	if outcome.Result == ledger.Applied {
		r.learn(t, *outcome.Transaction)
	}
	r.compareTransaction(t, *outcome.Transaction)
}

// learn takes over the times of a transaction, and proves that they can be.
func (r *random) learn(t *rapid.T, got ledger.Transaction) {
	known := r.model.transactions[got.ID]
	known.recordedAt = got.RecordedAt
	if got.Status == ledger.Posted {
		known.writtenAt = got.Entries[0].RecordedAt
	}
	known.effectiveAt = known.asked.EffectiveAt
	if known.effectiveAt.IsZero() && got.Status == ledger.Posted {
		known.effectiveAt = known.writtenAt
	} else if known.effectiveAt.IsZero() {
		known.effectiveAt = known.recordedAt
	}
	r.model.transactions[got.ID] = known
	if known.recordedAt.IsZero() || !known.writtenAt.IsZero() && (known.writtenAt.Before(known.recordedAt) || known.effectiveAt.After(known.writtenAt)) {
		t.Fatalf("the times of %+v can't be", got)
	}
	r.times = append(r.times, known.recordedAt, known.effectiveAt)
	if !known.writtenAt.IsZero() {
		r.times = append(r.times, known.writtenAt)
	}
}

func (r *random) compareTransaction(t *rapid.T, got ledger.Transaction) {
	want := r.model.transactions[got.ID]
	var reserved []ledger.Amount
	for _, e := range want.reserved {
		reserved = append(reserved, e.Amount)
	}
	if got.Status != want.status || got.Reverses != want.reverses || got.ReversedBy != want.reversedBy || got.Related != want.asked.Related ||
		!maps.Equal(got.Metadata, want.asked.Metadata) || !slices.Equal(got.Reserved, reserved) || len(got.Entries) != len(want.entries) ||
		!got.RecordedAt.Equal(want.recordedAt) || !got.EffectiveAt.Equal(want.effectiveAt) || !got.ExpiresAt.Equal(want.asked.ExpiresAt) {
		t.Fatalf("transaction %q is %+v, want %+v", got.ID, got, want)
	}
	for i, e := range got.Entries {
		request := want.entries[i]
		if e.Account != request.Account || e.Side != request.Side || e.Asset != request.Asset || e.Amount != request.Amount {
			t.Fatalf("entry %d of %q is %+v, want %+v", i, got.ID, e, request)
		}
		switch {
		case want.status != ledger.Posted:
			if e.Sequence != 0 || e.Balance != units(0) || !e.RecordedAt.IsZero() {
				t.Fatalf("entry %d of %q, which is %s, is %+v", i, got.ID, got.Status, e)
			}
		case !ledger.IsWorldID(e.Account): // Its number and balance are those of a stripe.
			account := r.model.accounts[e.Account]
			r.compareEntry(t, e, account.entries[want.places[i]+account.opening-1], want.places[i])
		}
	}
}

func (r *random) compareEntry(t *rapid.T, got ledger.Entry, want modelEntry, sequence int) {
	written := r.model.transactions[want.transaction]
	if got.Sequence != uint64(sequence) || got.Transaction != want.transaction || got.Side != want.side ||
		bigOf(got.Amount).Cmp(want.amount) != 0 || bigOf(got.Balance).Cmp(want.balance) != 0 ||
		!got.RecordedAt.Equal(written.writtenAt) || !got.EffectiveAt.Equal(written.effectiveAt) {
		t.Fatalf("an entry of %q is %+v, want number %d: %+v of %+v", got.Account, got, sequence, want, written)
	}
}

// compareOne compares one account after every step.
func (r *random) compareOne(t *rapid.T) {
	id := r.drawAccount.Draw(t, "look at")
	account, err := r.service.Account(r.testing.Context(), id)
	if r.isInDoubt() {
		return
	}
	switch there := r.model.accounts[id] != nil; {
	case !there && codeOf(err) != ledger.ErrNotFound:
		t.Fatalf("account %q, which is not there, gave %+v, %v", id, account, err)
	case there && err != nil:
		t.Fatalf("account %q: %v", id, err)
	case there:
		r.compareAccount(t, account)
	}
}

func (r *random) compareAccount(t *rapid.T, got ledger.Account) {
	want := r.model.accounts[got.ID]
	in, out := r.model.pending(got.ID)
	if got.Sequence != uint64(want.sequence()) || bigOf(got.Posted()).Cmp(want.balance()) != 0 ||
		got.Status != want.status || got.Asset != want.asset || got.Normal != want.normal || !maps.Equal(got.Metadata, want.metadata) ||
		bigOf(got.Balance.PendingIn(got.Normal)).Cmp(in) != 0 || bigOf(got.Balance.PendingOut(got.Normal)).Cmp(out) != 0 {
		t.Fatalf("the account is %+v, want %d entries, a balance of %s, %s pending in and %s out", got, want.sequence(), want.balance(), in, out)
	}
}

// drawPast draws an account that is there, and a time at or right before something
// happened; the id is empty if there is none.
func (r *random) drawPast(t *rapid.T) (id string, at time.Time) {
	id = rapid.SampledFrom(slices.Sorted(maps.Keys(r.model.accounts))).Draw(t, "account")
	if len(r.times) == 0 {
		return "", at
	}
	at = rapid.SampledFrom(r.times).Draw(t, "time")
	return id, at.Add(-time.Duration(rapid.IntRange(0, 1).Draw(t, "before")) * time.Microsecond)
}

func (r *random) compareBalanceAt(t *rapid.T) {
	id, at := r.drawPast(t)
	if id == "" {
		return
	}
	moment, timeOf := ledger.Moment{RecordedAt: at}, func(t modelTransaction) time.Time { return t.writtenAt }
	if rapid.Bool().Draw(t, "effective?") {
		moment, timeOf = ledger.Moment{EffectiveAt: at}, func(t modelTransaction) time.Time { return t.effectiveAt }
	}
	got, err := r.service.BalanceAt(r.testing.Context(), id, moment)
	debits, credits := r.model.totalsAt(id, timeOf, at)
	if err != nil || !isTotals(got.Balance, debits, credits) {
		t.Fatalf("the balance of %q as of %+v is %+v, %v; want debits of %s and credits of %s", id, moment, got, err, debits, credits)
	}
}

func isTotals(balance ledger.Balance, debits, credits *big.Int) bool {
	return bigOf(balance.Debits).Cmp(debits) == 0 && bigOf(balance.Credits).Cmp(credits) == 0 &&
		balance.PendingDebits.Sign() == 0 && balance.PendingCredits.Sign() == 0
}

func (r *random) compareStatement(t *rapid.T) {
	id, from := r.drawPast(t)
	if id == "" {
		return
	}
	_, to := r.drawPast(t)
	if to.Before(from) {
		from, to = to, from
	}
	got, err := r.service.Statement(r.testing.Context(), ledger.StatementQuery{Account: id, From: from, To: to, Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatalf("the statement of %q from %s to %s: %v", id, from, to, err)
	}
	writtenAt := func(t modelTransaction) time.Time { return t.writtenAt }
	opened := [2]*big.Int{}
	opened[0], opened[1] = r.model.totalsAt(id, writtenAt, from.Add(-time.Microsecond))
	closed := [2]*big.Int{}
	closed[0], closed[1] = r.model.totalsAt(id, writtenAt, to.Add(-time.Microsecond))
	entries := 0
	for _, e := range r.model.accounts[id].entries {
		if at := r.model.transactions[e.transaction].writtenAt; !at.Before(from) && at.Before(to) {
			entries++
		}
	}
	if !isTotals(got.Opening, opened[0], opened[1]) || !isTotals(got.Closing, closed[0], closed[1]) || len(got.Entries) != entries {
		t.Fatalf("the statement of %q from %s to %s is %+v, want %d entries from %v to %v", id, from, to, got, entries, opened, closed)
	}
}

// compareAll compares all that was written, and proves that the books keep the
// rules that always hold.
func (r *random) compareAll() {
	if r.clock.inDoubt {
		return
	}
	r.passEnds(time.Hour)
	b := r.books
	var ids []string
	for id, want := range r.model.accounts {
		r.compareAccount(r.T, b.account(id))
		if ledger.IsWorldID(id) {
			continue
		}
		ids = append(ids, id)
		for i, e := range b.entries(id) {
			r.compareEntry(r.T, e, want.entries[i], i+1-want.opening)
		}
	}
	b.pending.ids = r.model.wasPending
	b.checkAccounts(ids...)
	for _, request := range r.posted {
		_, err := r.service.Transaction(r.testing.Context(), request.ID)
		if _, ok := r.model.transactions[request.ID]; ok != (err == nil) {
			r.Fatalf("transaction %q is there: %t, want %t", request.ID, err == nil, ok)
		}
	}
	for id := range r.model.transactions {
		r.compareTransaction(r.T, b.transaction(id))
	}
	for _, metadata := range []ledger.Metadata{{"check": r.prefix}, {"check": r.prefix, "kind": "x"}} {
		r.compareFound(metadata)
	}
}
