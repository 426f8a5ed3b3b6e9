package transfer

import (
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// group is lines that are sent together: first the accounts, then the transactions, then
// the steps, these at once. It comes to the same as line by line, because a transaction
// that follows a step in the file has no account in common with it. A step whose accounts
// are not known, as those of a reversal, is the only one and the last of its group.
type group struct {
	// items are all lines, in order, also those that cannot be sent.
	items                         []*item
	accounts, transactions, steps []*item
	// single is a line that is sent alone.
	single         *item
	entries, bytes int
	// touched are the accounts of the steps, and ids what the steps are about.
	touched, ids map[string]bool
	// isOpen says that the accounts of a step are not known.
	isOpen bool
	holds  heldAccounts
}

// maxSteps is how many steps are made at once.
const maxSteps = 128

// mustEnd says whether the group has to be sent before the line is added.
func (g *group) mustEnd(it *item) bool {
	const maxItems, maxBytes = 4 * ledger.MaxBatch, 2 * maxLine
	if len(g.items) == 0 {
		return false
	}
	if len(g.items) >= maxItems || g.bytes+len(it.text) > maxBytes || g.single != nil || g.isOpen {
		return true
	}
	switch r := it.request; {
	case it.err != nil:
		return false
	case r.Account != nil:
		return len(g.accounts) == ledger.MaxBatch
	case r.Transaction != nil:
		t := r.Transaction
		return len(g.transactions) == ledger.MaxBatch || g.entries+len(t.Entries) > ledger.MaxBatchEntries ||
			g.ids[t.ID] || g.ids[t.Related] || g.meets(accountsOf(t.Entries)) ||
			slices.ContainsFunc(t.Conditions, func(c ledger.Condition) bool { return g.touched[c.Account] })
	}
	id, accounts := g.about(it)
	return accounts == nil || len(g.steps) == maxSteps || g.ids[id] || g.meets(accounts)
}

func (g *group) meets(accounts []string) bool {
	for _, account := range accounts {
		if g.touched[account] {
			return true
		}
	}
	return false
}

// about returns the transaction that a step is about, and its accounts, or nil if they
// are not known.
func (g *group) about(it *item) (id string, accounts []string) {
	switch r := it.request; {
	case r.PostPending != nil && r.PostPending.Entries != nil:
		return r.PostPending.Transaction, accountsOf(r.PostPending.Entries)
	case r.PostPending != nil:
		return r.PostPending.Transaction, g.holds.find(r.PostPending.Transaction)
	case r.VoidPending != nil:
		return r.VoidPending.Transaction, g.holds.find(r.VoidPending.Transaction)
	}
	return "", nil
}

func (g *group) add(it *item) {
	g.items = append(g.items, it)
	g.bytes += len(it.text)
	switch r := it.request; {
	case it.err != nil:
	case r.Account != nil:
		g.accounts = append(g.accounts, it)
	case r.Transaction != nil:
		g.transactions = append(g.transactions, it)
		g.entries += len(r.Transaction.Entries)
		if r.Transaction.Pending {
			g.holds.keep(r.Transaction.ID, accountsOf(r.Transaction.Entries))
		}
	case r.Asset != nil, r.Status != nil:
		g.single = it
	default:
		g.addStep(it)
	}
}

func (g *group) addStep(it *item) {
	id, accounts := g.about(it)
	g.steps = append(g.steps, it)
	if accounts == nil {
		g.isOpen = true
		return
	}
	if g.touched == nil {
		g.touched, g.ids = make(map[string]bool), make(map[string]bool)
	}
	g.ids[id] = true
	for _, account := range accounts {
		g.touched[account] = true
	}
}

// reset empties the group. It remembers the holds.
func (g *group) reset() { *g = group{holds: g.holds} }

// accountsOf returns the accounts of entries but the world's, which many have in common
// and whose order nobody sees.
func accountsOf(entries []ledger.EntryRequest) []string {
	accounts := make([]string, 0, len(entries))
	for i := range entries {
		if !ledger.IsWorldID(entries[i].Account) {
			accounts = append(accounts, entries[i].Account)
		}
	}
	return accounts
}

// heldAccounts remembers the accounts of the last holds.
type heldAccounts struct{ young, old map[string][]string }

// maxHolds bounds what heldAccounts remembers.
const maxHolds = 1 << 14

func (h *heldAccounts) keep(id string, accounts []string) {
	if h.young == nil || len(h.young) >= maxHolds {
		h.young, h.old = make(map[string][]string), h.young
	}
	h.young[id] = accounts
}

func (h *heldAccounts) find(id string) []string {
	if accounts, found := h.young[id]; found {
		return accounts
	}
	return h.old[id]
}
