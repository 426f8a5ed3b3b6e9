package ledgertest

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// modelTransaction is a transaction as it stands.
type modelTransaction struct {
	content string
	status  ledger.TransactionStatus
	entries []ledger.EntryRequest
	// reserved are the entries with what they reserve, or once did; nil if it never
	// was pending.
	reserved   []ledger.EntryRequest
	reverses   string
	reversedBy string
	asked      ledger.TransactionRequest
	// places are the sequence numbers that the entries got, in their order.
	places []int
	// recordedAt, writtenAt and effectiveAt are learned: when it was recorded, when
	// its entries were, and when they count from.
	recordedAt, writtenAt, effectiveAt time.Time
}

// hasEnded says whether the time that was set for a hold is over.
func (t modelTransaction) hasEnded(now time.Time) bool {
	return !t.asked.ExpiresAt.IsZero() && !t.asked.ExpiresAt.After(now)
}

// matches says whether it is all that a query says.
func (t modelTransaction) matches(query ledger.TransactionQuery) bool {
	return (query.Account == "" || slices.ContainsFunc(t.entries, func(e ledger.EntryRequest) bool { return e.Account == query.Account })) &&
		(query.Status == 0 || t.status == query.Status) && t.asked.Metadata.Contains(query.Metadata) &&
		!t.recordedAt.Before(query.From) && (query.To.IsZero() || t.recordedAt.Before(query.To))
}

// post returns what posting should come to.
func (m *model) post(r ledger.TransactionRequest) string {
	if !isBalanced(r) {
		return string(ledger.ErrUnbalanced)
	}
	t := modelTransaction{content: contentOf(r), asked: r, status: ledger.Posted}
	if code := m.isTaken(r.ID, t.content); code != "" {
		return code
	}
	if code := m.admit(r.Entries); code != "" {
		return code
	}
	for _, c := range r.Conditions {
		if code := m.demand(c); code != "" {
			return code
		}
	}
	if _, there := m.transactions[r.Related]; !there && r.Related != "" {
		return string(ledger.ErrNotFound)
	}
	entries := r.Entries
	if r.UpTo {
		if entries = m.upTo(r); entries == nil {
			return string(ledger.ErrInsufficientFunds)
		}
	}
	if r.Pending {
		return m.reserve(t, entries)
	}
	return m.writeWithinLimits(r.ID, t, entries)
}

// isTaken returns what comes of an id that is used, or nothing.
func (m *model) isTaken(id, content string) string {
	t, taken := m.transactions[id]
	switch {
	case !taken:
		return ""
	case t.content == content:
		return replayed
	default:
		return string(ledger.ErrTransactionConflict)
	}
}

// admit returns why an account can't take an entry, or nothing.
func (m *model) admit(entries []ledger.EntryRequest) string {
	noWorld := ""
	for _, e := range entries {
		a := m.accounts[e.Account]
		switch {
		case a == nil && ledger.IsWorldID(e.Account):
			noWorld = string(ledger.ErrNotFound)
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
	return noWorld
}

// demand returns why the condition does not hold, or nothing.
func (m *model) demand(c ledger.Condition) string {
	a := m.accounts[c.Account]
	switch {
	case a == nil:
		return string(ledger.ErrNotFound)
	case c.Sequence != nil && *c.Sequence != uint64(a.sequence()):
	case c.MinAvailable != nil && m.available(c.Account).Cmp(bigOf(*c.MinAvailable)) < 0:
	default:
		return ""
	}
	return string(ledger.ErrConditionFailed)
}

// upTo returns two entries of the largest amount that no limit forbids, or nil.
func (m *model) upTo(r ledger.TransactionRequest) []ledger.EntryRequest {
	amount := r.Entries[0].Amount
	for _, e := range r.Entries {
		a := m.accounts[e.Account]
		comesBack := r.Entries[0].Account == r.Entries[1].Account && !r.Pending
		if a.minimum == nil || a.normal == e.Side || comesBack {
			continue
		}
		if room := new(big.Int).Sub(m.available(e.Account), a.minimum); room.Cmp(bigOf(amount)) < 0 {
			if room.Sign() <= 0 {
				return nil
			}
			amount = units(room.Int64())
		}
	}
	moved := slices.Clone(r.Entries)
	moved[0].Amount, moved[1].Amount = amount, amount
	return moved
}

// reserve records a hold, if it leaves the accounts what they must keep.
func (m *model) reserve(t modelTransaction, entries []ledger.EntryRequest) string {
	restore, before := m.snapshot(), m.availableOf(entries)
	t.status, t.entries, t.reserved = ledger.Pending, entries, entries
	switch {
	case t.hasEnded(m.now) && (t.asked.EffectiveAt.IsZero() || !t.asked.EffectiveAt.Before(t.asked.ExpiresAt)):
		return string(ledger.ErrInvalidRequest)
	case t.hasEnded(m.now):
		t.status = ledger.Expired
	}
	m.transactions[t.asked.ID] = t
	m.wasPending = append(m.wasPending, t.asked.ID)
	if !m.keepsLimits(before) {
		restore()
		return string(ledger.ErrInsufficientFunds)
	}
	return applied
}

// writeWithinLimits records a transaction that is posted, if it leaves the accounts
// what they must keep.
func (m *model) writeWithinLimits(id string, t modelTransaction, entries []ledger.EntryRequest) string {
	restore, before := m.snapshot(), m.availableOf(entries)
	m.write(id, &t, entries)
	m.transactions[id] = t
	if !m.keepsLimits(before) {
		restore()
		return string(ledger.ErrInsufficientFunds)
	}
	return applied
}

// write adds the entries to copies of their accounts.
func (m *model) write(id string, t *modelTransaction, entries []ledger.EntryRequest) {
	copies := make(map[string]*modelAccount)
	t.entries, t.places = entries, nil
	for _, e := range entries {
		if copies[e.Account] == nil {
			copied := *m.accounts[e.Account]
			copied.entries = slices.Clone(copied.entries)
			copies[e.Account] = &copied
		}
		place := copies[e.Account].post(modelEntry{transaction: id, side: e.Side, amount: bigOf(e.Amount)})
		t.places = append(t.places, place)
	}
	maps.Copy(m.accounts, copies)
}

func (m *model) availableOf(entries []ledger.EntryRequest) map[string]*big.Int {
	available := make(map[string]*big.Int)
	for _, e := range entries {
		available[e.Account] = m.available(e.Account)
	}
	return available
}

// keepsLimits says whether no account has less than before and less than it must.
func (m *model) keepsLimits(before map[string]*big.Int) bool {
	for id, had := range before {
		minimum, has := m.accounts[id].minimum, m.available(id)
		if minimum != nil && has.Cmp(had) < 0 && has.Cmp(minimum) < 0 {
			return false
		}
	}
	return true
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

// contentOf writes down all that decides what a request does.
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
	fmt.Fprintln(&b, "up to:", r.UpTo, "pending:", r.Pending, r.ExpiresAt.UnixMicro(), "effective:", r.EffectiveAt.UnixMicro(),
		"related:", r.Related, "metadata:", r.Metadata)
	return b.String()
}
