package ledgertest

import (
	"fmt"
	"slices"

	"github.com/seed-d432d95b/ledger/ledger"
)

// settle returns what posting a pending transaction should come to.
func (m *model) settle(r ledger.PostPendingRequest) string {
	t, there := m.transactions[r.Transaction]
	if !there {
		return string(ledger.ErrNotFound)
	}
	if t.reserved == nil {
		return string(ledger.ErrAlreadyResolved)
	}
	entries, code := t.parts(r)
	switch {
	case t.status == ledger.Expired:
		return string(ledger.ErrExpired)
	case t.status == ledger.Posted && code == "" && slices.Equal(entries, t.entries):
		return replayed
	case t.status != ledger.Pending:
		return string(ledger.ErrAlreadyResolved)
	case code != "":
		return code
	}
	if code := m.admit(entries); code != "" {
		return code
	}
	t.status = ledger.Posted
	m.write(r.Transaction, &t, entries)
	m.transactions[r.Transaction] = t
	return applied
}

// parts returns the entries that a step would post, or why it can't.
func (t modelTransaction) parts(r ledger.PostPendingRequest) ([]ledger.EntryRequest, string) {
	entries := slices.Clone(t.reserved)
	if r.Amount != nil && len(entries) != 2 {
		return nil, string(ledger.ErrInvalidRequest)
	}
	for i, reserved := range t.reserved {
		if r.Amount != nil {
			entries[i].Amount = *r.Amount
		} else if r.Entries != nil {
			entries[i].Amount = r.Entries[i].Amount
		}
		if entries[i].Amount.Cmp(reserved.Amount) > 0 {
			return nil, string(ledger.ErrAmountOutOfRange)
		}
	}
	return entries, ""
}

// void returns what voiding a pending transaction should come to.
func (m *model) void(id string) string {
	t, there := m.transactions[id]
	switch {
	case !there:
		return string(ledger.ErrNotFound)
	case t.reserved == nil:
		return string(ledger.ErrAlreadyResolved)
	case t.status == ledger.Expired:
		return string(ledger.ErrExpired)
	case t.status == ledger.Voided:
		return replayed
	case t.status == ledger.Posted:
		return string(ledger.ErrAlreadyResolved)
	}
	t.status = ledger.Voided
	m.transactions[id] = t
	return applied
}

// reverse returns what reversing should come to.
func (m *model) reverse(r ledger.ReversalRequest) string {
	original, there := m.transactions[r.Transaction]
	if !there {
		return string(ledger.ErrNotFound)
	}
	t := modelTransaction{
		content: contentOfReversal(r), status: ledger.Posted, reverses: r.Transaction,
		asked: ledger.TransactionRequest{ID: r.ID, EffectiveAt: r.EffectiveAt, Metadata: r.Metadata},
	}
	if code := m.isTaken(r.ID, t.content); code != "" {
		return code
	}
	switch {
	case original.reverses != "" || original.status != ledger.Posted:
		return string(ledger.ErrNotReversible)
	case original.reversedBy != "":
		return string(ledger.ErrAlreadyReversed)
	}
	entries := slices.Clone(original.entries)
	for i := range entries {
		entries[i].Side = map[ledger.Side]ledger.Side{ledger.Debit: ledger.Credit, ledger.Credit: ledger.Debit}[entries[i].Side]
	}
	if code := m.admit(entries); code != "" {
		return code
	}
	if code := m.writeWithinLimits(r.ID, t, entries); code != applied {
		return code
	}
	original.reversedBy = r.ID
	m.transactions[r.Transaction] = original
	return applied
}

func contentOfReversal(r ledger.ReversalRequest) string {
	return fmt.Sprintln("undo:", r.Transaction, "effective:", r.EffectiveAt.UnixMicro(), "metadata:", r.Metadata)
}
