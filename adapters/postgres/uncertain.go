package postgres

import (
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// decided returns a copy of the decision that the next use of the Decider does
// not overwrite.
func (b *batch) decided() *ledger.Decision {
	decision := b.decision
	decision.Transactions = slices.Clone(decision.Transactions)
	decision.Accounts = make([]*ledger.AccountState, len(b.decision.Accounts))
	for i, state := range b.decision.Accounts {
		decision.Accounts[i] = new(*state)
	}
	return &decision
}

// outcomes returns the outcomes of a committed batch. If the connection was lost
// while an attempt before this one was committing, what this one found done may
// be that attempt's own work: a row with the same recorded time and the same
// numbers in every sequence can be nobody else's. Then it was not replayed but
// applied.
func (b *batch) outcomes(uncertain *ledger.Decision) []ledger.Outcome {
	if uncertain == nil {
		return b.decision.Outcomes
	}
	own := make(map[string]*ledger.RecordedTransaction, len(uncertain.Transactions))
	for _, recorded := range uncertain.Transactions {
		own[recorded.ID] = recorded
	}
	opened := make(map[string]*ledger.AccountState, len(uncertain.Accounts))
	for _, state := range uncertain.Accounts {
		opened[state.ID] = state
	}
	for i := range b.decision.Outcomes {
		now, then := &b.decision.Outcomes[i], uncertain.Outcomes[i]
		if now.Result != ledger.Replayed || then.Result != ledger.Applied {
			continue
		}
		switch {
		case now.Transaction != nil:
			recorded := own[now.Transaction.ID]
			if recorded != nil && recorded.RecordedAt.Equal(now.Transaction.RecordedAt) &&
				slices.Equal(recorded.Entries, now.Transaction.Entries) {
				now.Result = ledger.Applied
			}
		case now.Account != nil:
			state := opened[now.Account.ID]
			if state != nil && state.OpenedAt.Equal(now.Account.OpenedAt) {
				now.Result = ledger.Applied
			}
		}
	}
	return b.decision.Outcomes
}
