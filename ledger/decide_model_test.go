package ledger

import (
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// model is the rules of the ledger at their plainest: big numbers in maps, and
// every operation on a copy of the whole.
type model struct {
	accounts     map[string]modelAccount
	transactions map[string]modelTransaction
}

type modelAccount struct {
	request  AccountRequest
	name     string
	status   Status
	posted   *big.Int // read by the normal side
	sequence uint64
	last     time.Time
}

type modelTransaction struct {
	entries []EntryRequest
	at      time.Time
	numbers []uint64
	posted  []*big.Int
}

func (m *model) copy() *model {
	c := &model{accounts: map[string]modelAccount{}, transactions: map[string]modelTransaction{}}
	for id, account := range m.accounts {
		account.posted = new(big.Int).Set(account.posted)
		c.accounts[id] = account
	}
	maps.Copy(c.transactions, m.transactions)
	return c
}

func (m *model) add(request AccountRequest, now time.Time) {
	m.accounts[request.ID] = modelAccount{request: request, name: request.Name, status: StatusOpen, posted: new(big.Int), last: now}
}

func (m *model) open(request AccountRequest, now time.Time) (Result, Code) {
	if account, ok := m.accounts[request.ID]; ok {
		if !same(account.request, request) {
			return Rejected, ErrAccountExists
		}
		return Replayed, ""
	}
	world := WorldID(request.Asset.Code)
	if account, ok := m.accounts[world]; !ok {
		m.add(AccountRequest{ID: world, Asset: request.Asset, Normal: Debit, Unlimited: true}, now)
	} else if account.request.Asset != request.Asset {
		return Rejected, ErrAssetExists
	}
	m.add(request, now)
	if request.OpeningBalance.Sign() > 0 {
		m.write(OpeningID(request.ID), []EntryRequest{
			{Account: world, Side: request.Normal.opposite(), Asset: request.Asset, Amount: request.OpeningBalance},
			{Account: request.ID, Side: request.Normal, Asset: request.Asset, Amount: request.OpeningBalance},
		}, request.ID, now)
	}
	return Applied, ""
}

func (m *model) change(id string, change AccountChange) (Result, Code) {
	account, ok := m.accounts[id]
	switch {
	case !ok:
		return Rejected, ErrNotFound
	case account.status == StatusClosed && change.Status != 0 && change.Status != StatusClosed:
		return Rejected, ErrAccountClosed
	case account.status != StatusClosed && change.Status == StatusClosed && account.posted.Sign() != 0:
		return Rejected, ErrAccountNotEmpty
	}
	before := account
	if change.Name != nil {
		account.name = *change.Name
	}
	if change.Status != 0 {
		account.status = change.Status
	}
	m.accounts[id] = account
	if same(account, before) {
		return Replayed, ""
	}
	return Applied, ""
}

func (m *model) post(id string, entries []EntryRequest, now time.Time) (Result, Code) {
	if old, ok := m.transactions[id]; ok {
		if !reflect.DeepEqual(withoutNormals(old.entries), withoutNormals(entries)) {
			return Rejected, ErrTransactionConflict
		}
		return Replayed, ""
	}
	noWorld := false
	for _, e := range entries {
		account, ok := m.accounts[e.Account]
		switch {
		case !ok && IsWorldID(e.Account):
			noWorld = true
		case !ok, e.Normal != 0 && e.Normal != account.request.Normal:
			return Rejected, ErrNotFound
		case account.request.Asset != e.Asset:
			return Rejected, ErrAssetMismatch
		case account.status == StatusFrozen:
			return Rejected, ErrAccountFrozen
		case account.status == StatusClosed:
			return Rejected, ErrAccountClosed
		}
	}
	if noWorld {
		return Rejected, ErrNotFound
	}
	before := m.copy()
	m.write(id, entries, "", now)
	for _, e := range entries {
		old, account := before.accounts[e.Account], m.accounts[e.Account]
		if !account.request.Unlimited && account.posted.Cmp(old.posted) < 0 && account.posted.Cmp(bigOf(account.request.MinBalance)) < 0 {
			*m = *before
			return Rejected, ErrInsufficientFunds
		}
	}
	return Applied, ""
}

// write writes entries, of which those on the account that is opened do not
// count.
func (m *model) write(id string, entries []EntryRequest, opened string, at time.Time) {
	for _, e := range entries {
		if last := m.accounts[e.Account].last; last.After(at) {
			at = last
		}
	}
	written := modelTransaction{entries: entries, at: at}
	for _, e := range entries {
		account := m.accounts[e.Account]
		change := bigOf(e.Amount)
		if e.Side != account.request.Normal {
			change.Neg(change)
		}
		account.posted = new(big.Int).Add(account.posted, change)
		account.last = at
		if e.Account != opened {
			account.sequence++
		}
		m.accounts[e.Account] = account
		written.numbers = append(written.numbers, account.sequence)
		written.posted = append(written.posted, account.posted)
	}
	m.transactions[id] = written
}

func withoutNormals(entries []EntryRequest) (plain []EntryRequest) {
	for _, e := range entries {
		e.Normal = 0
		plain = append(plain, e)
	}
	return plain
}

// step is one operation, for the books and for the model.
type step struct {
	what      string
	operation Operation
	tell      func(*model, time.Time) (Result, Code)
}

func (m *model) check(t *rapid.T, s step, outcome Outcome, now time.Time) {
	t.Helper()
	result, code := s.tell(m, now)
	if outcome.Result != result {
		t.Fatalf("%s is %s (%v), want %s %s", s.what, outcome.Result, outcome.Err, result, code)
	}
	if result == Rejected {
		wantRejected(t, outcome, code)
		return
	}
	if outcome.Account != nil {
		m.checkAccount(t, *outcome.Account)
	}
	if outcome.Transaction != nil {
		m.checkTransaction(t, *outcome.Transaction)
	}
	if (outcome.Account == nil) == (outcome.Transaction == nil) || outcome.Err != nil {
		t.Fatalf("%s answers with %+v", s.what, outcome)
	}
}

func (m *model) checkAccount(t *rapid.T, got Account) {
	t.Helper()
	want, ok := m.accounts[got.ID]
	if !ok || got.Name != want.name || got.Status != want.status || got.Sequence != want.sequence ||
		bigOf(got.Posted()).Cmp(want.posted) != 0 || got.Asset != want.request.Asset || got.Normal != want.request.Normal ||
		got.MinBalance != want.request.MinBalance || got.Unlimited != want.request.Unlimited {
		t.Fatalf("got account %+v, want %+v with %s", got, want, want.posted)
	}
}

func (m *model) checkTransaction(t *rapid.T, got Transaction) {
	t.Helper()
	want, ok := m.transactions[got.ID]
	if !ok || !got.RecordedAt.Equal(want.at) || len(got.Entries) != len(want.entries) {
		t.Fatalf("got transaction %+v, want %+v", got, want)
	}
	for i, e := range got.Entries {
		r := want.entries[i]
		if e.Account != r.Account || e.Side != r.Side || e.Asset != r.Asset || e.Amount != r.Amount ||
			e.Sequence != want.numbers[i] || bigOf(e.Balance).Cmp(want.posted[i]) != 0 {
			t.Fatalf("entry %d of transaction %q is %+v, want %+v with number %d and balance %s", i, got.ID, e, r, want.numbers[i], want.posted[i])
		}
	}
}

func TestRandomBatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBooks(t)
		m := &model{accounts: map[string]modelAccount{}, transactions: map[string]modelTransaction{}}
		for i := range rapid.IntRange(3, 12).Draw(t, "batches") {
			b.now = b.now.Add(time.Duration(rapid.IntRange(-3, 5).Draw(t, "seconds")) * time.Second)
			steps := firstSteps(t)
			if i > 0 {
				steps = rapid.SliceOfN(laterSteps(), 1, 12).Draw(t, "steps")
			}
			operations := make([]Operation, len(steps))
			for i, s := range steps {
				operations[i] = s.operation
			}
			for i, outcome := range b.apply(t, operations...) {
				m.check(t, steps[i], outcome, b.now)
			}
			if len(b.accounts) != len(m.accounts) || len(b.transactions) != len(m.transactions) {
				t.Fatalf("%d accounts and %d transactions are there, want %d and %d",
					len(b.accounts), len(b.transactions), len(m.accounts), len(m.transactions))
			}
			for id, state := range b.accounts {
				m.checkAccount(t, state.Account)
				if !state.LastRecordedAt.Equal(m.accounts[id].last) {
					t.Fatalf("account %q was last written at %s, want %s", id, state.LastRecordedAt, m.accounts[id].last)
				}
			}
		}
	})
}

// firstSteps open most of the accounts, one of each kind.
func firstSteps(t *rapid.T) []step {
	return []step{
		openStep(t, AccountRequest{ID: "a", Asset: usd, Normal: Credit, OpeningBalance: NewAmount(50)}),
		openStep(t, AccountRequest{ID: "b", Asset: usd, Normal: Credit}),
		openStep(t, AccountRequest{ID: "c", Asset: usd, Normal: Credit, MinBalance: NewAmount(-40)}),
		openStep(t, AccountRequest{ID: "d", Asset: usd, Normal: Debit, OpeningBalance: NewAmount(50)}),
		openStep(t, AccountRequest{ID: "e", Asset: usd, Normal: Credit, Unlimited: true}),
		openStep(t, AccountRequest{ID: "g", Asset: jpy, Normal: Credit, MinBalance: NewAmount(20)}),
	}
}

func laterSteps() *rapid.Generator[step] {
	account := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g", "h"})
	return rapid.Custom(func(t *rapid.T) step {
		switch rapid.SampledFrom([]string{"post", "post", "post", "post", "change", "open"}).Draw(t, "kind") {
		case "open":
			return openStep(t, randomAccount(t, account.Draw(t, "account")))
		case "change":
			return changeStep(t, account.Draw(t, "account"))
		default:
			return postStep(t, account)
		}
	})
}

// assetOf is the asset that an account is usually opened in.
func assetOf(id string) Asset {
	switch id {
	case "g", "h", "world:JPY":
		return jpy
	default:
		return usd
	}
}

func randomAccount(t *rapid.T, id string) AccountRequest {
	request := AccountRequest{
		ID: id, Asset: assetOf(id),
		Normal:         rapid.SampledFrom([]Side{Credit, Credit, Credit, Debit}).Draw(t, "normal"),
		OpeningBalance: NewAmount(rapid.SampledFrom([]int64{0, 0, 50}).Draw(t, "opening")),
	}
	switch rapid.IntRange(0, 9).Draw(t, "special") {
	case 0:
		request.Unlimited = true
	case 1, 2:
		request.MinBalance = NewAmount(rapid.Int64Range(-40, 40).Draw(t, "minimum"))
	case 3:
		request.Asset.Scale = 1
	}
	return request
}

func openStep(t *rapid.T, request AccountRequest) step {
	return step{fmt.Sprintf("%+v", request), opening(t, request), func(m *model, now time.Time) (Result, Code) { return m.open(request, now) }}
}

func changeStep(t *rapid.T, id string) step {
	change := AccountChange{Status: rapid.SampledFrom([]Status{StatusClosed, StatusFrozen, StatusOpen, StatusOpen, 0}).Draw(t, "status")}
	if rapid.Bool().Draw(t, "renamed") {
		name := rapid.SampledFrom([]string{"", "n"}).Draw(t, "name")
		change.Name = &name
	}
	return step{fmt.Sprintf("%s: %+v", id, change), changing(t, id, change), func(m *model, _ time.Time) (Result, Code) { return m.change(id, change) }}
}

func postStep(t *rapid.T, account *rapid.Generator[string]) step {
	id := fmt.Sprint("t", rapid.IntRange(0, 40).Draw(t, "id"))
	entries := randomEntries(t, account)
	if rapid.SampledFrom([]bool{false, true}).Draw(t, "usual") {
		entries = Deposit{Account: "b", Asset: usd, Amount: NewAmount(10)}.Request().Entries
	}
	return step{fmt.Sprintf("%s: %+v", id, entries), posting(t, id, entries...), func(m *model, now time.Time) (Result, Code) { return m.post(id, entries, now) }}
}

func randomEntries(t *rapid.T, account *rapid.Generator[string]) (entries []EntryRequest) {
	either := rapid.OneOf(account, account, account, rapid.SampledFrom([]string{"world:USD", "world:JPY"}))
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "pairs") {
		from, to := either.Draw(t, "from"), either.Draw(t, "to")
		amount := NewAmount(rapid.SampledFrom([]int64{60, 10, 20, 1, 50}).Draw(t, "amount"))
		entries = append(entries,
			EntryRequest{Account: from, Side: Debit, Asset: assetOf(from), Amount: amount},
			EntryRequest{Account: to, Side: Credit, Asset: assetOf(from), Amount: amount})
	}
	if rapid.IntRange(0, 5).Draw(t, "demanding") == 1 {
		entries[len(entries)-1].Normal = Credit
	}
	return entries
}
