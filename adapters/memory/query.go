package memory

import "github.com/seed-d432d95b/ledger/ledger"

// findEntries returns the places of the entries of the chains, which are in the
// order of their stripes, that the query asks for.
func findEntries(chains []*account, query ledger.EntryQuery) []place {
	var found []place
	for i := range chains {
		a := chains[i]
		if !query.OldestFirst {
			a = chains[len(chains)-1-i]
		}
		low, high := a.after(query)
		count := min(uint64(query.Limit-len(found)), high-low)
		for n := range count {
			sequence := high - 1 - n
			if query.OldestFirst {
				sequence = low + n
			}
			found = append(found, a.at(sequence))
		}
	}
	return found
}

// after returns the half-open range of the numbers of the entries that come
// after query.After in the order that the query asks for. Number 0 is the
// opening balance.
func (a *account) after(query ledger.EntryQuery) (low, high uint64) {
	low, high = 1, a.state.Sequence+1
	if a.hasOpening {
		low = 0
	}
	after := query.After
	switch {
	case after == nil:
	case query.OldestFirst && a.stripe < after.Stripe, !query.OldestFirst && a.stripe > after.Stripe:
		low = high
	case a.stripe != after.Stripe:
	case query.OldestFirst && after.Sequence >= low:
		low = min(after.Sequence, a.state.Sequence) + 1
	case !query.OldestFirst:
		high = max(low, min(high, after.Sequence))
	}
	return low, high
}

func (a *account) at(sequence uint64) place {
	if sequence == 0 {
		return a.opening
	}
	return a.entries.at(sequence - 1)
}
