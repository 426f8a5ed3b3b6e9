package postgres

import (
	"iter"
	"math/rand/v2"
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

// claim keeps what an attempt had decided to apply whose connection was lost while
// it was committing.
func (s *submission) claim(b *batch, outcomes []ledger.Outcome) {
	if s.claims == nil {
		s.claims = make([][]int64, len(outcomes))
	}
	for i, outcome := range outcomes {
		if outcome.Result == ledger.Applied {
			s.claims[i] = append(s.claims[i], b.attempt)
		}
	}
}

// settle makes Applied of those outcomes that are Replayed only because an
// earlier attempt of this submission had committed after all, when its
// connection was lost. Its own work is told by the attempt's number, which stands
// beside what it wrote. Recorded time and numbers in sequence do not tell: while
// the clock is behind, another's can be the same.
func (s *submission) settle(b *batch, outcomes []ledger.Outcome) {
	if s.claims == nil {
		return
	}
	for i := range outcomes {
		b.settle(s.claims[i], &outcomes[i])
	}
}

func (b *batch) settle(claims []int64, outcome *ledger.Outcome) {
	applied := make(map[string]bool)
	for i := range outcome.Members {
		member := &outcome.Members[i]
		// A member with an id that was applied before it in the batch is a replay of that.
		if applied[member.Transaction.ID] {
			continue
		}
		if b.settle(claims, member); member.Result == ledger.Applied {
			outcome.Result, applied[member.Transaction.ID] = ledger.Applied, true
		}
	}
	if outcome.Result != ledger.Replayed {
		return
	}
	writer, resolver := b.writersOf(*outcome)
	if slices.Contains(claims, writer) || slices.Contains(claims, resolver) {
		outcome.Result = ledger.Applied
	}
}

// writersOf returns the attempt that wrote what the outcome is about, and the one
// that posted or voided it; 0, which no attempt is, for what this batch did itself
// and for what was not done. Either tells that an attempt was committed, and with it
// all that it had decided, whichever of the two a claim is for.
func (b *batch) writersOf(outcome ledger.Outcome) (writer, resolver int64) {
	switch {
	case outcome.Transaction != nil:
		if stored := b.transactions[outcome.Transaction.ID]; stored != nil {
			return stored.attempt, stored.resolver
		}
	case outcome.Account != nil && b.accounts[outcome.Account.ID] != nil:
		return b.accounts[outcome.Account.ID].attempt, 0
	}
	return 0, 0
}

// isUncertain says whether an earlier attempt at some of the group may have been
// committed.
func isUncertain(group []*submission) bool {
	return slices.ContainsFunc(group, func(s *submission) bool { return s.claims != nil })
}

// newAttempt returns a number that no other attempt has.
func newAttempt() int64 { return 1 + rand.Int64N(1<<63-1) }
