package transfer

import (
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// group is lines that are sent together: first the accounts, then the transactions, then
// the steps, which are reversals and what becomes of pending transactions. It comes to the
// same as line by line, because a transaction that follows a step in the file has no
// account in common with it, and of steps that have, each waits for those before it.
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
}

// maxSteps is how many steps are made at once.
const maxSteps = 128

// mustEnd says whether the group has to be sent before the line is added.
func (g *group) mustEnd(it *item) bool {
	const maxItems, maxBytes = 4 * ledger.MaxBatch, 2 * maxLine
	if len(g.items) == 0 {
		return false
	}
	if len(g.items) >= maxItems || g.bytes+len(it.text) > maxBytes || g.single != nil {
		return true
	}
	switch r := it.request; {
	case it.err != nil:
		return false
	case r.Account != nil:
		return g.isOpen || len(g.accounts) == ledger.MaxBatch
	case r.Transaction != nil:
		t := r.Transaction
		return g.isOpen || len(g.transactions) == ledger.MaxBatch || g.entries+len(t.Entries) > ledger.MaxBatchEntries ||
			g.ids[t.ID] || g.ids[t.Related] || g.meets(accountsOf(t.Entries)) ||
			slices.ContainsFunc(t.Conditions, func(c ledger.Condition) bool { return g.touched[c.Account] })
	case r.Asset != nil, r.Status != nil:
		return true
	}
	return len(g.steps) == maxSteps
}

func (g *group) meets(accounts []string) bool {
	return slices.ContainsFunc(accounts, func(account string) bool { return g.touched[account] })
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
	case r.Asset != nil, r.Status != nil:
		g.single = it
	default:
		g.addStep(it)
	}
}

func (g *group) addStep(it *item) {
	g.steps = append(g.steps, it)
	g.isOpen = g.isOpen || it.accounts == nil
	if g.touched == nil {
		g.touched, g.ids = make(map[string]bool), make(map[string]bool)
	}
	for _, id := range it.ids {
		g.ids[id] = true
	}
	for _, account := range it.accounts {
		g.touched[account] = true
	}
}

// accountsOf returns the accounts of entries but the world's.
func accountsOf(entries []ledger.EntryRequest) []string {
	accounts := make([]string, len(entries))
	for i := range entries {
		accounts[i] = entries[i].Account
	}
	return withoutWorld(accounts)
}

// withoutWorld takes out the world's accounts, which many transactions have in common and
// whose order nobody sees. What it returns is not nil.
func withoutWorld(accounts []string) []string {
	return slices.DeleteFunc(append([]string{}, accounts...), ledger.IsWorldID)
}

// transactions remembers the accounts of the last transactions of the file.
type transactions struct{ young, old map[string][]string }

// maxTransactions bounds what transactions remembers, to some ten MiB.
const maxTransactions = 1 << 14

func (t *transactions) keep(id string, accounts []string) {
	if t.young == nil || len(t.young) >= maxTransactions {
		t.young, t.old = make(map[string][]string), t.young
	}
	t.young[id] = accounts
}

// find returns nil for what it does not know.
func (t *transactions) find(id string) []string {
	if accounts, found := t.young[id]; found {
		return accounts
	}
	return t.old[id]
}
