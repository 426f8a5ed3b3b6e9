package postgres

import "github.com/seed-d432d95b/ledger/ledger"

// busy are the accounts that are being committed. The queue hands out no two
// groups with an account in common: the second would hold a connection, and all
// its other callers, until the first has flushed its commit. Of three groups of
// fifty deposits on 10,000 accounts, every third would wait; on one account, all.
// Its locks do without that, for other instances know nothing of this.
type busy map[busyKey]struct{}

type busyKey struct {
	ledger  int32
	account string
}

// lockedBy returns the accounts that a group with these operations locks and
// others may want too. A committer has its own row of every world account.
func lockedBy(operations []ledger.Operation) []string {
	var ids []string
	for _, operation := range operations {
		ids = operation.AppendAccounts(ids)
	}
	kept := ids[:0]
	for _, id := range ids {
		if !ledger.IsWorldID(id) {
			kept = append(kept, id)
		}
	}
	return kept
}

// has says whether any account of the submission is busy.
func (b busy) has(s *submission) bool {
	for _, id := range s.accounts {
		if _, found := b[busyKey{s.ledger, id}]; found {
			return true
		}
	}
	return false
}

func (b busy) add(s *submission) {
	for _, id := range s.accounts {
		b[busyKey{s.ledger, id}] = struct{}{}
	}
}

func (b busy) remove(s *submission) {
	for _, id := range s.accounts {
		delete(b, busyKey{s.ledger, id})
	}
}
