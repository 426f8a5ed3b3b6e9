package postgres

import (
	"iter"
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// share yields the submissions of a group, each with its own outcomes.
func share(group []*submission, outcomes []ledger.Outcome) iter.Seq2[*submission, []ledger.Outcome] {
	return func(yield func(*submission, []ledger.Outcome) bool) {
		for _, s := range group {
			n := len(s.operations)
			if !yield(s, outcomes[:n:n]) {
				return
			}
			outcomes = outcomes[n:]
		}
	}
}

// settle makes Applied of those outcomes that are Replayed only because an
// earlier attempt of this submission had committed after all, when its
// connection was lost. That attempt's own work is told by the recorded time and
// the numbers in every sequence, which nobody else's can have. Attempts after
// the first cannot mistake each other: one decides only when the locks of the one
// before are gone, and with them the doubt whether it committed.
func (s *submission) settle(outcomes []ledger.Outcome) {
	for i, claim := range s.claims {
		if outcomes[i].Result == ledger.Replayed && claim.Result == ledger.Applied && isSame(outcomes[i], claim) {
			outcomes[i].Result = ledger.Applied
		}
	}
}

func isSame(a, b ledger.Outcome) bool {
	switch {
	case a.Transaction != nil && b.Transaction != nil:
		return a.Transaction.RecordedAt.Equal(b.Transaction.RecordedAt) && slices.Equal(a.Transaction.Entries, b.Transaction.Entries)
	case a.Account != nil && b.Account != nil:
		return a.Account.OpenedAt.Equal(b.Account.OpenedAt)
	default:
		return false
	}
}
