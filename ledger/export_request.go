package ledger

import "time"

// madeBy returns the request that made the transaction.
func madeBy(t *Transaction) Request {
	request := Request{RecordedAt: t.RecordedAt, Recorded: t}
	if t.Reverses != "" {
		request.Reversal = &ReversalRequest{
			ID: t.ID, Transaction: t.Reverses, EffectiveAt: t.EffectiveAt, Description: t.Description, Metadata: t.Metadata, Actor: t.Actor,
		}
		return request
	}
	made := &TransactionRequest{
		ID: t.ID, Entries: make([]EntryRequest, len(t.Entries)), Pending: t.Reserved != nil, EffectiveAt: t.EffectiveAt,
		Description: t.Description, Metadata: t.Metadata, Related: t.Related, Actor: t.Actor,
	}
	for i := range t.Entries {
		made.Entries[i] = entryRequestOf(&t.Entries[i])
		if t.Reserved != nil {
			made.Entries[i].Amount = t.Reserved[i]
		}
	}
	switch t.Status {
	case Pending:
		made.ExpiresAt = t.ExpiresAt
		if t.EffectiveAt.Equal(t.RecordedAt) {
			// It takes effect when it is posted, and so shall the copy.
			made.EffectiveAt = time.Time{}
		}
	case Expired:
		made.ExpiresAt = t.ExpiresAt
	case Posted, Voided:
		// The time limit of a hold came to nothing. It may be past.
	}
	request.Transaction = made
	return request
}

func entryRequestOf(e *Entry) EntryRequest {
	return EntryRequest{Account: e.Account, Side: e.Side, Asset: e.Asset, Amount: e.Amount}
}

// resolvedBy returns the request that posted or voided the transaction.
func resolvedBy(t *Transaction) Request {
	request := Request{RecordedAt: t.ResolvedAt, Recorded: t}
	if t.Status == Voided {
		request.VoidPending = &VoidPendingRequest{Transaction: t.ID, Actor: t.ResolvedBy}
		return request
	}
	posted := &PostPendingRequest{Transaction: t.ID, Actor: t.ResolvedBy}
	for i := range t.Entries {
		if t.Entries[i].Amount == t.Reserved[i] {
			continue
		}
		posted.Entries = make([]EntryRequest, len(t.Entries))
		for i := range t.Entries {
			posted.Entries[i] = entryRequestOf(&t.Entries[i])
		}
		break
	}
	request.PostPending = posted
	return request
}
