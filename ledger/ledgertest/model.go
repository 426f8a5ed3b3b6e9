package ledgertest

import (
	"fmt"
	"maps"
	"math/big"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// model is the ledger in the most naive way there is: maps, big numbers, and a
// copy of everything before each transaction. It shares nothing with the
// deciding functions but their requests.
type model struct {
	accounts     map[string]*modelAccount
	transactions map[string]modelTransaction
}

type modelAccount struct {
	opened  string
	asset   ledger.Asset
	normal  ledger.Side
	minimum *big.Int // nil means that there is none
	status  ledger.Status
	entries []modelEntry
}

type modelEntry struct {
	transaction string
	side        ledger.Side
	amount      *big.Int
	balance     *big.Int
}

type modelTransaction struct {
	content string
	// places are the sequence numbers that the entries got, in their order.
	places []int
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

func (a *modelAccount) post(e modelEntry) {
	e.balance = new(big.Int).Add(a.balance(), e.amount)
	if e.side != a.normal {
		e.balance = new(big.Int).Sub(a.balance(), e.amount)
	}
	a.entries = append(a.entries, e)
}

const (
	applied  = "applied"
	replayed = "replayed"
)

// open returns what opening the account should come to: a result or a code. The
// model gives its accounts no opening balances.
func (m *model) open(r ledger.AccountRequest) string {
	content := fmt.Sprintf("%+v", r)
	if a := m.accounts[r.ID]; a != nil {
		if a.opened == content {
			return replayed
		}
		return string(ledger.ErrAccountExists)
	}
	world := ledger.WorldID(r.Asset.Code)
	if m.accounts[world] == nil {
		m.accounts[world] = &modelAccount{asset: r.Asset, normal: ledger.Debit, status: ledger.StatusOpen}
	} else if m.accounts[world].asset != r.Asset {
		return string(ledger.ErrAssetExists)
	}
	a := &modelAccount{opened: content, asset: r.Asset, normal: r.Normal, status: ledger.StatusOpen}
	if !r.Unlimited {
		a.minimum = bigOf(r.MinBalance)
	}
	m.accounts[r.ID] = a
	return applied
}

// setStatus returns what setting the status should come to.
func (m *model) setStatus(id string, status ledger.Status) string {
	a := m.accounts[id]
	switch {
	case a == nil:
		return string(ledger.ErrNotFound)
	case a.status == status:
	case a.status == ledger.StatusClosed:
		return string(ledger.ErrAccountClosed)
	case status == ledger.StatusClosed && a.balance().Sign() != 0:
		return string(ledger.ErrAccountNotEmpty)
	}
	a.status = status
	return applied
}

// post returns what posting should come to.
func (m *model) post(r ledger.TransactionRequest) string {
	net := make(map[ledger.Asset]*big.Int)
	for _, e := range r.Entries {
		if net[e.Asset] == nil {
			net[e.Asset] = new(big.Int)
		}
		if e.Side == ledger.Debit {
			net[e.Asset].Add(net[e.Asset], bigOf(e.Amount))
		} else {
			net[e.Asset].Sub(net[e.Asset], bigOf(e.Amount))
		}
	}
	for _, n := range net {
		if n.Sign() != 0 {
			return string(ledger.ErrUnbalanced)
		}
	}
	if t, ok := m.transactions[r.ID]; ok {
		if t.content == contentOf(r) {
			return replayed
		}
		return string(ledger.ErrTransactionConflict)
	}
	noWorld := false
	for _, e := range r.Entries {
		a := m.accounts[e.Account]
		switch {
		case a == nil && ledger.IsWorldID(e.Account):
			noWorld = true
		case a == nil:
			return string(ledger.ErrNotFound)
		case a.asset != e.Asset:
			return string(ledger.ErrAssetMismatch)
		case a.status == ledger.StatusFrozen:
			return string(ledger.ErrAccountFrozen)
		case a.status == ledger.StatusClosed:
			return string(ledger.ErrAccountClosed)
		}
	}
	if noWorld {
		return string(ledger.ErrNotFound)
	}
	for _, c := range r.Conditions {
		if code := m.demand(c); code != "" {
			return code
		}
	}
	entries := r.Entries
	if r.UpTo {
		if entries = m.upTo(entries); entries == nil {
			return string(ledger.ErrInsufficientFunds)
		}
	}
	trial := make(map[string]*modelAccount)
	var places []int
	for _, e := range entries {
		if trial[e.Account] == nil {
			copied := *m.accounts[e.Account]
			copied.entries = append([]modelEntry(nil), copied.entries...)
			trial[e.Account] = &copied
		}
		trial[e.Account].post(modelEntry{transaction: r.ID, side: e.Side, amount: bigOf(e.Amount)})
		places = append(places, len(trial[e.Account].entries))
	}
	for id, a := range trial {
		before := m.accounts[id].balance()
		if a.minimum != nil && a.balance().Cmp(before) < 0 && a.balance().Cmp(a.minimum) < 0 {
			return string(ledger.ErrInsufficientFunds)
		}
	}
	maps.Copy(m.accounts, trial)
	m.transactions[r.ID] = modelTransaction{content: contentOf(r), places: places}
	return applied
}

// demand returns why the condition does not hold, or nothing.
func (m *model) demand(c ledger.Condition) string {
	a := m.accounts[c.Account]
	switch {
	case a == nil:
		return string(ledger.ErrNotFound)
	case c.Sequence != nil && *c.Sequence != uint64(len(a.entries)):
	case c.MinAvailable != nil && a.balance().Cmp(bigOf(*c.MinAvailable)) < 0:
	default:
		return ""
	}
	return string(ledger.ErrConditionFailed)
}

// upTo returns two entries of the largest amount that no limit forbids, or nil.
func (m *model) upTo(entries []ledger.EntryRequest) []ledger.EntryRequest {
	amount := entries[0].Amount
	for i, e := range entries {
		a := m.accounts[e.Account]
		if a.minimum == nil || a.normal == e.Side || entries[1-i].Account == e.Account {
			continue
		}
		if room := new(big.Int).Sub(a.balance(), a.minimum); room.Cmp(bigOf(amount)) < 0 {
			if room.Sign() <= 0 {
				return nil
			}
			amount = units(room.Int64())
		}
	}
	moved := append([]ledger.EntryRequest(nil), entries...)
	moved[0].Amount, moved[1].Amount = amount, amount
	return moved
}

// snapshot returns what takes the model back from what was posted since.
func (m *model) snapshot() (restore func()) {
	accounts, transactions := maps.Clone(m.accounts), maps.Clone(m.transactions)
	return func() { m.accounts, m.transactions = accounts, transactions }
}

// postAtomic returns what posting all or none should come to: a result for each,
// or the place of the first that is refused and why.
func (m *model) postAtomic(requests []ledger.TransactionRequest) (results []string, refused int) {
	restore := m.snapshot()
	for i, r := range requests {
		result := m.post(r)
		results = append(results, result)
		if result != applied && result != replayed {
			restore()
			return results, i
		}
	}
	return results, -1
}

func contentOf(r ledger.TransactionRequest) string {
	var b strings.Builder
	for _, e := range r.Entries {
		fmt.Fprintf(&b, "%q %s %s %s\n", e.Account, e.Side, e.Asset, e.Amount)
	}
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "if %q", c.Account)
		if c.Sequence != nil {
			fmt.Fprintf(&b, " at %d", *c.Sequence)
		}
		if c.MinAvailable != nil {
			fmt.Fprintf(&b, " with %s", *c.MinAvailable)
		}
		fmt.Fprintln(&b)
	}
	if r.UpTo {
		fmt.Fprintln(&b, "up to")
	}
	return b.String()
}

func bigOf(a ledger.Amount) *big.Int {
	n, ok := new(big.Int).SetString(a.String(), 10)
	if !ok {
		panic("an amount prints as " + a.String())
	}
	return n
}
