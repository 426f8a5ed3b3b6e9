package wire

import (
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// PostPendingRequest asks to post a pending transaction: in full, or the part that
// amount or entries say. What is empty is not given.
type PostPendingRequest struct {
	Amount  string         `json:"amount,omitempty"`
	Entries []EntryRequest `json:"entries,omitzero"`
	Actor   string         `json:"actor,omitempty"`
}

// DecodePostPendingRequest reads a body.
func DecodePostPendingRequest(body []byte) (PostPendingRequest, error) {
	return decode(body, func(f *fields) PostPendingRequest {
		return PostPendingRequest{
			Amount: f.word("amount"), Entries: list(f, "entries", readEntryRequest), Actor: f.text("actor"),
		}
	})
}

// Ask asks for all assets that the request's entries are about.
func (r PostPendingRequest) Ask(assets Assets) { askEntries(assets, r.Entries) }

// Domain returns the request as the domain has it. An amount is in the asset of the
// transaction's first account, which it is asked for.
func (r PostPendingRequest) Domain(transaction string, first func() (ledger.Asset, error), assets Assets) (ledger.PostPendingRequest, error) {
	request := ledger.PostPendingRequest{Transaction: transaction, Actor: r.Actor}
	if r.Entries != nil {
		var err error
		if request.Entries, err = entryRequests(assets, r.Entries); err != nil {
			return request, err
		}
	}
	if r.Amount == "" {
		return request, nil
	}
	if r.Entries != nil {
		return request, invalid("amount", "should be left out beside entries")
	}
	asset, err := first()
	if err != nil {
		return request, err
	}
	amount, err := ParseAmount(asset, "amount", r.Amount)
	request.Amount = &amount
	return request, err
}

// VoidPendingRequest asks to void a pending transaction.
type VoidPendingRequest struct {
	Actor string `json:"actor,omitempty"`
}

// DecodeVoidPendingRequest reads a body.
func DecodeVoidPendingRequest(body []byte) (VoidPendingRequest, error) {
	return decode(body, func(f *fields) VoidPendingRequest { return VoidPendingRequest{Actor: f.text("actor")} })
}

// ReversalRequest asks for the reversal of a transaction. What is empty is not
// given.
type ReversalRequest struct {
	ID          string            `json:"id,omitempty"`
	EffectiveAt time.Time         `json:"effective_at,omitzero"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitzero"`
	Actor       string            `json:"actor,omitempty"`
}

// DecodeReversalRequest reads a body.
func DecodeReversalRequest(body []byte) (ReversalRequest, error) {
	return decode(body, readReversalRequest)
}

func readReversalRequest(f *fields) ReversalRequest {
	return ReversalRequest{
		ID: f.word("id"), EffectiveAt: f.time("effective_at"), Description: f.text("description"),
		Metadata: f.metadata(), Actor: f.text("actor"),
	}
}

// Domain returns the request as the domain has it.
func (r ReversalRequest) Domain(transaction string) (ledger.ReversalRequest, error) {
	return r.domain(transaction, checkNewID)
}

// domain is Domain of an id that checkID takes.
func (r ReversalRequest) domain(transaction string, checkID func(string) error) (ledger.ReversalRequest, error) {
	return ledger.ReversalRequest{
		ID: r.ID, Transaction: transaction, EffectiveAt: r.EffectiveAt, Description: r.Description, Metadata: r.Metadata, Actor: r.Actor,
	}, checkID(r.ID)
}
