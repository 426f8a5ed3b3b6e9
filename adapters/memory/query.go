package memory

import "github.com/seed-d432d95b/ledger/ledger"

// findEntries returns the places of the entries of the chains, which are in the
// order of their stripes, in the spans of their numbers, that the query asks for.
func findEntries(chains []*account, spans []span, query ledger.EntryQuery) []place {
	var found []place
	for i := range chains {
		if !query.OldestFirst {
			i = len(chains) - 1 - i
		}
		a := chains[i]
		s := spans[i].after(a.stripe, query)
		count := min(uint64(query.Limit-len(found)), s.high-s.low)
		for n := range count {
			sequence := s.high - 1 - n
			if query.OldestFirst {
				sequence = s.low + n
			}
			found = append(found, a.at(sequence))
		}
	}
	return found
}

// after returns those numbers of a stripe that come after query.After in the order
// that the query asks for.
func (s span) after(stripe uint8, query ledger.EntryQuery) span {
	after := query.After
	switch {
	case after == nil:
	case query.OldestFirst && stripe < after.Stripe, !query.OldestFirst && stripe > after.Stripe:
		s.low = s.high
	case stripe != after.Stripe:
	case query.OldestFirst && after.Sequence >= s.high:
		s.low = s.high
	case query.OldestFirst:
		s.low = max(s.low, after.Sequence+1)
	default:
		s.high = max(s.low, min(s.high, after.Sequence))
	}
	return s
}

func (a *account) at(sequence uint64) place {
	if sequence == 0 {
		return a.opening
	}
	return a.entries.at(sequence - 1)
}
