package ledger

import (
	"errors"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"
)

// noon is the time at which the tests' books begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// reporter is what tests and properties have in common.
type reporter interface {
	Helper()
	Fatal(arguments ...any)
	Fatalf(format string, arguments ...any)
}

// books is a store for tests. Each batch is decided twice, by a Decider that is
// new and by one that decided all batches before.
type books struct {
	accounts     map[string]AccountState
	transactions map[string]RecordedTransaction
	corrections  map[correctionKey]Balance
	now          time.Time
	used         Decider
	// handmade says that the states did not come about by transactions, so that
	// there is nothing to audit.
	handmade bool
}

type correctionKey struct {
	account string
	node    CorrectionNode
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// newBooks opens accounts, each under its request's id.
func newBooks(t reporter, requests ...AccountRequest) *books {
	t.Helper()
	b := &books{accounts: map[string]AccountState{}, transactions: map[string]RecordedTransaction{}, corrections: map[correctionKey]Balance{}, now: noon}
	for _, request := range requests {
		wantApplied(t, b.apply(t, opening(t, request)))
	}
	return b
}

func opening(t reporter, request AccountRequest) Operation {
	t.Helper()
	operation, err := newOpenOperation(request)
	if err != nil {
		t.Fatal(err)
	}
	return operation
}

func changing(t reporter, id string, change AccountChange) Operation {
	t.Helper()
	operation, err := newChangeOperation(id, change)
	if err != nil {
		t.Fatal(err)
	}
	return operation
}

func posting(t reporter, id string, entries ...EntryRequest) Operation {
	t.Helper()
	operation, err := newPostOperation(TransactionRequest{ID: id, Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	return operation
}

// depositing brings cents to an account.
func depositing(t reporter, id, account string, units int64) Operation {
	t.Helper()
	return posting(t, id, Deposit{ID: id, Account: account, Asset: usd, Amount: NewAmount(units)}.Request().Entries...)
}

// decide returns what becomes of a batch, and saves nothing.
func (b *books) decide(t reporter, operations ...Operation) (Decision, error) {
	t.Helper()
	decision, err := new(Decider).Decide(b.view(t, operations), operations, b.now)
	again, errAgain := b.used.Decide(b.view(t, operations), operations, b.now)
	if !reflect.DeepEqual(err, errAgain) || !reflect.DeepEqual(withoutEmpty(decision), withoutEmpty(again)) {
		t.Fatalf("the same input gave\n%+v, %v\nand then\n%+v, %v", decision, err, again, errAgain)
	}
	return decision, err
}

// withoutEmpty makes an empty list one that is not there.
func withoutEmpty(d Decision) Decision {
	if len(d.Accounts) == 0 {
		d.Accounts = nil
	}
	if len(d.Transactions) == 0 {
		d.Transactions = nil
	}
	if len(d.Resolutions) == 0 {
		d.Resolutions = nil
	}
	return d
}

// apply decides and saves a batch.
func (b *books) apply(t reporter, operations ...Operation) []Outcome {
	t.Helper()
	decision, err := b.decide(t, operations...)
	if err != nil {
		t.Fatal(err)
	}
	if len(decision.Outcomes) != len(operations) {
		t.Fatalf("%d outcomes for %d operations", len(decision.Outcomes), len(operations))
	}
	b.save(t, decision)
	return decision.Outcomes
}

func (b *books) save(t reporter, decision Decision) {
	t.Helper()
	saved := map[string]bool{}
	for _, state := range decision.Accounts {
		if saved[state.ID] {
			t.Fatalf("account %q is to be saved twice", state.ID)
		}
		saved[state.ID] = true
		b.accounts[state.ID] = *state
	}
	for _, recorded := range decision.Transactions {
		if _, ok := b.transactions[recorded.ID]; ok {
			t.Fatalf("transaction %q is to be inserted again", recorded.ID)
		}
		b.transactions[recorded.ID] = recorded.copy()
		if original, ok := b.transactions[recorded.Reverses]; ok {
			original.ReversedBy = recorded.ID
			b.transactions[original.ID] = original
		}
	}
	for _, resolved := range decision.Resolutions {
		if was := b.transactions[resolved.ID]; was.Status != Pending {
			t.Fatalf("transaction %q is to be resolved and was %s", resolved.ID, was.Status)
		}
		b.transactions[resolved.ID] = resolved.copy()
	}
	for _, c := range decision.Corrections {
		key := correctionKey{c.Account, c.CorrectionNode}
		sum, err := b.corrections[key].Add(Balance{Debits: c.Debits, Credits: c.Credits})
		if err != nil {
			t.Fatal(err)
		}
		b.corrections[key] = sum
	}
	if !b.handmade {
		b.audit(t)
	}
}

func (r RecordedTransaction) copy() RecordedTransaction {
	r.Entries = slices.Clone(r.Entries)
	r.Reserved = slices.Clone(r.Reserved)
	return r
}

// reserved is what the transactions that are pending now reserve on an account.
func (b *books) reserved(account string) (sum Balance) {
	for _, recorded := range b.transactions {
		if IsWorldID(account) || recorded.StatusAt(b.now) != Pending {
			continue
		}
		for i, e := range recorded.Entries {
			if e.Account == account {
				sum, _ = sum.reserve(e.Side, recorded.Reserved[i])
			}
		}
	}
	return sum
}

// seed puts an account as it stands into the books.
func (b *books) seed(state AccountState) {
	b.handmade = true
	b.accounts[state.ID] = state
}

// sweep takes what has expired off the accounts.
func (b *books) sweep() {
	for _, recorded := range b.transactions {
		if recorded.Status != Pending || recorded.StatusAt(b.now) != Expired {
			continue
		}
		for _, e := range recorded.Entries {
			state, reserved := b.accounts[e.Account], b.reserved(e.Account)
			state.Balance.PendingDebits, state.Balance.PendingCredits = reserved.PendingDebits, reserved.PendingCredits
			b.accounts[e.Account] = state
		}
	}
}

// audit proves the books from their entries.
func (b *books) audit(t reporter) {
	t.Helper()
	b.sweep()
	chains := map[string][]Entry{}
	for _, recorded := range b.transactions {
		sums := map[Asset]*big.Int{}
		for _, e := range recorded.Entries {
			if recorded.Status != Posted {
				continue
			}
			chains[e.Account] = append(chains[e.Account], e)
			written := recorded.RecordedAt
			if recorded.Reserved != nil {
				written = recorded.ResolvedAt
			}
			if e.Transaction != recorded.ID || !e.RecordedAt.Equal(written) || e.EffectiveAt.After(e.RecordedAt) {
				t.Fatalf("transaction %q at %s has entry %+v", recorded.ID, recorded.RecordedAt, e)
			}
			if sums[e.Asset] == nil {
				sums[e.Asset] = new(big.Int)
			}
			signed := bigOf(e.Amount)
			if e.Side == Credit {
				signed.Neg(signed)
			}
			sums[e.Asset].Add(sums[e.Asset], signed)
		}
		for asset, sum := range sums {
			if sum.Sign() != 0 {
				t.Fatalf("transaction %q is apart by %s units of %s", recorded.ID, sum, asset)
			}
		}
	}
	nets := map[Asset]*big.Int{}
	for id, state := range b.accounts {
		state.auditChain(t, chains[id])
		if got, want := (Balance{PendingDebits: state.Balance.PendingDebits, PendingCredits: state.Balance.PendingCredits}), b.reserved(id); got != want {
			t.Fatalf("account %q has %+v pending, its reservations are %+v", id, got, want)
		}
		if nets[state.Asset] == nil {
			nets[state.Asset] = new(big.Int)
		}
		nets[state.Asset].Add(nets[state.Asset], bigOf(state.Balance.Debits))
		nets[state.Asset].Sub(nets[state.Asset], bigOf(state.Balance.Credits))
		delete(chains, id)
	}
	for asset, net := range nets {
		if net.Sign() != 0 {
			t.Fatalf("the debits and credits of %s are apart by %s units", asset, net)
		}
	}
	if len(chains) > 0 {
		t.Fatalf("accounts %q have entries and are not there", slices.Collect(maps.Keys(chains)))
	}
}

// auditChain proves an account's state from its entries.
func (s AccountState) auditChain(t reporter, chain []Entry) {
	t.Helper()
	slices.SortFunc(chain, func(a, b Entry) int { return int(a.Sequence) - int(b.Sequence) })
	debits, credits, last := new(big.Int), new(big.Int), time.Time{}
	next := uint64(1)
	if len(chain) > 0 && chain[0].Sequence == 0 {
		next = 0
		if chain[0].Transaction != OpeningID(s.ID) {
			t.Fatalf("entry 0 of account %q is of transaction %q", s.ID, chain[0].Transaction)
		}
	}
	for _, e := range chain {
		if e.Sequence != next || e.Asset != s.Asset || e.Stripe != s.Stripe {
			t.Fatalf("account %q in %s, stripe %d, has %+v as its entry %d", s.ID, s.Asset, s.Stripe, e, next)
		}
		next++
		if e.RecordedAt.Before(last) || e.RecordedAt.Before(s.OpenedAt) {
			t.Fatalf("the time of account %q runs backwards at entry %d", s.ID, e.Sequence)
		}
		last = e.RecordedAt
		total := credits
		if e.Side == Debit {
			total = debits
		}
		total.Add(total, bigOf(e.Amount))
		want := new(big.Int).Sub(credits, debits)
		if s.Normal == Debit {
			want.Neg(want)
		}
		if bigOf(e.Debits).Cmp(debits) != 0 {
			t.Fatalf("account %q was debited %s up to entry %d, want %s", s.ID, e.Debits, e.Sequence, debits)
		}
		if bigOf(e.Balance).Cmp(want) != 0 {
			t.Fatalf("account %q has %s after entry %d, want %s", s.ID, e.Balance, e.Sequence, want)
		}
	}
	if len(chain) > 0 && s.Sequence != next-1 || len(chain) == 0 && s.Sequence != 0 {
		t.Fatalf("account %q has sequence %d and %d entries", s.ID, s.Sequence, len(chain))
	}
	if bigOf(s.Balance.Debits).Cmp(debits) != 0 || bigOf(s.Balance.Credits).Cmp(credits) != 0 {
		t.Fatalf("account %q has totals of %v, its entries of %s and %s", s.ID, s.Balance, debits, credits)
	}
	if len(chain) > 0 && s.LastRecordedAt.Before(last) {
		t.Fatalf("account %q was last written at %s, not %s", s.ID, last, s.LastRecordedAt)
	}
}

// view returns a copy of the books that shows only what the operations said
// they touch.
func (b *books) view(t reporter, operations []Operation) View {
	t.Helper()
	v := &guardedView{t: t, accounts: map[string]*AccountState{}, transactions: map[string]*RecordedTransaction{}}
	for _, operation := range operations {
		for _, id := range operation.AppendAccounts(nil) {
			v.accounts[id] = nil
			if state, ok := b.accounts[id]; ok {
				reserved := b.reserved(id)
				if !b.handmade {
					state.Balance.PendingDebits, state.Balance.PendingCredits = reserved.PendingDebits, reserved.PendingCredits
				}
				v.accounts[id] = &state
			}
		}
		for _, id := range operation.AppendTransactions(nil) {
			v.transactions[id] = nil
			if recorded, ok := b.transactions[id]; ok {
				recorded = recorded.copy()
				v.transactions[id] = &recorded
			}
		}
	}
	return v
}

type guardedView struct {
	t            reporter
	accounts     map[string]*AccountState
	transactions map[string]*RecordedTransaction
}

func (v *guardedView) Account(id string) *AccountState {
	state, ok := v.accounts[id]
	if !ok {
		v.t.Fatalf("account %q is looked up, which no operation said", id)
	}
	return state
}

func (v *guardedView) Transaction(id string) *RecordedTransaction {
	recorded, ok := v.transactions[id]
	if !ok {
		v.t.Fatalf("transaction %q is looked up, which no operation said", id)
	}
	return recorded
}

func wantApplied(t reporter, outcomes []Outcome) {
	t.Helper()
	for i, outcome := range outcomes {
		if outcome.Result != Applied || outcome.Err != nil {
			t.Fatalf("operation %d is %s: %v", i, outcome.Result, outcome.Err)
		}
	}
}

// wantRejected checks that an outcome is a refusal with nothing else in it.
func wantRejected(t reporter, outcome Outcome, code Code) *Error {
	t.Helper()
	problem, ok := errors.AsType[*Error](outcome.Err)
	if outcome.Result != Rejected || !ok || problem.Code != code || outcome.Account != nil || outcome.Transaction != nil {
		t.Fatalf("got %+v, want it rejected with %s", outcome, code)
	}
	return problem
}

// wantBalance checks an account's posted balance and sequence.
func (b *books) wantBalance(t *testing.T, id string, units int64, sequence uint64) {
	t.Helper()
	state, ok := b.accounts[id]
	if !ok {
		t.Fatalf("account %q is not there", id)
	}
	if state.Posted() != NewAmount(units) || state.Sequence != sequence {
		t.Errorf("account %q has %s after %d entries, want %d after %d", id, state.Posted(), state.Sequence, units, sequence)
	}
}
