package ledgertest

import (
	"fmt"
	"maps"
	"math/big"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// model is the ledger in the most naive way there is: maps, big numbers, sums over
// all that was ever written, and a copy of everything before each transaction. It
// shares nothing with the deciding functions but their requests. What it can't know
// is the time at which the ledger wrote something; that it learns from the answers.
type model struct {
	accounts     map[string]*modelAccount
	transactions map[string]modelTransaction
	// wasPending has the ids of all transactions that ever were pending.
	wasPending []string
	// now is a time that has passed. No hold ends between it and the time at which
	// the ledger judges the next operation.
	now time.Time
}

type modelAccount struct {
	opened   string
	openedAt time.Time
	asset    ledger.Asset
	normal   ledger.Side
	minimum  *big.Int // nil means that there is none
	status   ledger.Status
	metadata ledger.Metadata
	// entries begin with the opening balance, if there is one.
	entries []modelEntry
	opening int
}

type modelEntry struct {
	transaction string
	side        ledger.Side
	amount      *big.Int
	balance     *big.Int
}

func newModel() *model {
	return &model{accounts: make(map[string]*modelAccount), transactions: make(map[string]modelTransaction)}
}

func (a *modelAccount) balance() *big.Int {
	if len(a.entries) == 0 {
		return new(big.Int)
	}
	return a.entries[len(a.entries)-1].balance
}

// sequence is the number of the latest entry.
func (a *modelAccount) sequence() int { return len(a.entries) - a.opening }

// post adds an entry and returns its number.
func (a *modelAccount) post(e modelEntry) int {
	e.balance = new(big.Int).Add(a.balance(), e.amount)
	if e.side != a.normal {
		e.balance = new(big.Int).Sub(a.balance(), e.amount)
	}
	a.entries = append(a.entries, e)
	return a.sequence()
}

const (
	applied  = "applied"
	replayed = "replayed"
)

// register makes an asset known that was not known before.
func (m *model) register(asset ledger.Asset) {
	m.accounts[ledger.WorldID(asset.Code)] = &modelAccount{asset: asset, normal: ledger.Debit, status: ledger.StatusOpen}
}

// open returns what opening the account should come to: a result or a code.
func (m *model) open(r ledger.AccountRequest) string {
	content := fmt.Sprintf("%+v", r)
	if a := m.accounts[r.ID]; a != nil {
		if a.opened == content {
			return replayed
		}
		return string(ledger.ErrAccountExists)
	}
	worldID := ledger.WorldID(r.Asset.Code)
	world := m.accounts[worldID]
	switch {
	case world == nil:
		return string(ledger.ErrUnknownAsset)
	case world.asset != r.Asset:
		return string(ledger.ErrAssetExists)
	}
	a := &modelAccount{opened: content, asset: r.Asset, normal: r.Normal, status: ledger.StatusOpen, metadata: r.Metadata}
	if !r.Unlimited {
		a.minimum = bigOf(r.MinBalance)
	}
	m.accounts[r.ID] = a
	if r.OpeningBalance.Sign() > 0 {
		a.opening = 1
		other := ledger.Debit
		if r.Normal == ledger.Debit {
			other = ledger.Credit
		}
		id, entries := ledger.OpeningID(r.ID), []ledger.EntryRequest{
			{Account: worldID, Side: other, Asset: r.Asset, Amount: r.OpeningBalance},
			{Account: r.ID, Side: r.Normal, Asset: r.Asset, Amount: r.OpeningBalance},
		}
		t := modelTransaction{status: ledger.Posted, asked: ledger.TransactionRequest{EffectiveAt: r.EffectiveAt}}
		m.write(id, &t, entries)
		m.transactions[id] = t
	}
	return applied
}

// change returns what changing status and metadata should come to.
func (m *model) change(id string, change ledger.AccountChange) string {
	a := m.accounts[id]
	status := change.Status
	if a != nil {
		in, out := m.pending(id)
		switch {
		case status == 0 || a.status == status:
		case a.status == ledger.StatusClosed:
			return string(ledger.ErrAccountClosed)
		case status == ledger.StatusClosed && (a.balance().Sign() != 0 || in.Sign() != 0 || out.Sign() != 0):
			return string(ledger.ErrAccountNotEmpty)
		}
	}
	if a == nil {
		return string(ledger.ErrNotFound)
	}
	if status != 0 {
		a.status = status
	}
	if change.Metadata != nil {
		a.metadata = change.Metadata
	}
	return applied
}

// pending sums up what the open holds reserve on an account.
func (m *model) pending(id string) (in, out *big.Int) {
	in, out = new(big.Int), new(big.Int)
	if ledger.IsWorldID(id) {
		return in, out
	}
	for _, held := range m.wasPending {
		t := m.transactions[held]
		for _, e := range t.reserved {
			switch {
			case t.status != ledger.Pending || e.Account != id:
			case e.Side == m.accounts[id].normal:
				in.Add(in, bigOf(e.Amount))
			default:
				out.Add(out, bigOf(e.Amount))
			}
		}
	}
	return in, out
}

func (m *model) available(id string) *big.Int {
	_, out := m.pending(id)
	return out.Sub(m.accounts[id].balance(), out)
}

// pass lets time pass: holds that end up to now have expired.
func (m *model) pass(now time.Time) {
	m.now = now
	for _, id := range m.wasPending {
		if t := m.transactions[id]; t.status == ledger.Pending && t.hasEnded(now) {
			t.status = ledger.Expired
			m.transactions[id] = t
		}
	}
}

// snapshot returns what takes the model back from what was posted since.
func (m *model) snapshot() (restore func()) {
	accounts, transactions, held := maps.Clone(m.accounts), maps.Clone(m.transactions), m.wasPending
	return func() { m.accounts, m.transactions, m.wasPending = accounts, transactions, held }
}

// totalsAt sums up the entries of an account whose times are up to one.
func (m *model) totalsAt(id string, timeOf func(modelTransaction) time.Time, at time.Time) (debits, credits *big.Int) {
	debits, credits = new(big.Int), new(big.Int)
	for _, e := range m.accounts[id].entries {
		switch {
		case timeOf(m.transactions[e.transaction]).After(at):
		case e.side == ledger.Debit:
			debits.Add(debits, e.amount)
		default:
			credits.Add(credits, e.amount)
		}
	}
	return debits, credits
}

func bigOf(a ledger.Amount) *big.Int {
	if n, ok := a.Int64(); ok {
		return big.NewInt(n)
	}
	n, ok := new(big.Int).SetString(a.String(), 10)
	if !ok {
		panic("an amount prints as " + a.String())
	}
	return n
}
