package wire

import (
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The types of records.
const (
	RecordAsset         = "asset"
	RecordAccount       = "account"
	RecordTransaction   = "transaction"
	RecordReversal      = "reversal"
	RecordPost          = "post"
	RecordVoid          = "void"
	RecordAccountStatus = "account_status"
)

// Record is a line of an import: a request of /v1 with its type, and what its path
// would have. Of the pointers the one of its type is set.
type Record struct {
	Type string
	// Of is the id of the transaction that is reversed, posted or voided, or of the
	// account whose status changes.
	Of          string
	Asset       *Asset
	Account     *AccountRequest
	Transaction *TransactionRequest
	Reversal    *ReversalRequest
	Post        *PostPendingRequest
	Void        *VoidPendingRequest
	Status      string
	// Wrote are the entries that an export has of a reversal. An import makes its own:
	// these tell beforehand which accounts they are of.
	Wrote []EntryRequest
}

// DecodeRecord reads a record. One without a type is of the type that fallback names.
// What an export adds to a request, for people and for comparison, is known and left.
func DecodeRecord(text []byte, fallback string) (Record, error) {
	return decode(text, func(f *fields) Record { return readRecord(f, fallback) })
}

func readRecord(f *fields, fallback string) Record {
	r := Record{Type: f.word("type")}
	if r.Type == "" {
		r.Type = fallback
	}
	f.known = append(f.known, "recorded_at", "opened_at", "resolved_at", "line", "error_code", "error")
	of := func(name string) string {
		id := f.word(name)
		if id == "" {
			f.fail(invalid(name, "should be given"))
		}
		return id
	}
	switch r.Type {
	case RecordAsset:
		code, scale := f.word("code"), f.number("scale", ledger.MaxScale)
		if code == "" || scale == nil {
			f.fail(invalid("code", "and scale should be given"))
			break
		}
		r.Asset = &Asset{Code: code, Scale: uint8(*scale)}
	case RecordAccount:
		r.Account = new(readAccountRequest(f))
	case RecordTransaction:
		request := readTransactionRequest(f, readEntryRecord)
		r.Transaction = &request
	case RecordReversal:
		r.Of = of("transaction")
		r.Reversal = new(readReversalRequest(f))
		r.Wrote = list(f, "wrote", readEntryRecord)
	case RecordPost:
		r.Of = of("transaction")
		r.Post = &PostPendingRequest{Amount: f.word("amount"), Entries: list(f, "entries", readEntryRecord), Actor: f.text("actor")}
	case RecordVoid:
		r.Of = of("transaction")
		r.Void = &VoidPendingRequest{Actor: f.text("actor")}
	case RecordAccountStatus:
		r.Of, r.Status = of("account"), of("status")
	default:
		f.fail(invalid("type", "should be asset, account, transaction, reversal, post, void or account_status"))
	}
	return r
}

// readEntryRecord reads an entry beside what an export adds to it.
func readEntryRecord(f *fields) EntryRequest {
	f.known = append(f.known, "seq", "stripe", "balance")
	return readEntryRequest(f)
}

// DomainOfAnyID is [AccountRequest.Domain] for an account whose id the ledger takes,
// though /v1 would not make it.
func (r AccountRequest) DomainOfAnyID(assets Assets) (ledger.AccountRequest, error) {
	request, err := r.domain(assets, checkAnyID)
	return request, r.Explain(err)
}

// DomainOfAnyID is [TransactionRequest.Domain] for a transaction whose id the ledger
// takes, though /v1 would not make it.
func (r TransactionRequest) DomainOfAnyID(assets Assets) (ledger.TransactionRequest, error) {
	request, err := r.domain(assets, checkAnyID)
	return request, r.Explain(err)
}

// DomainOfAnyID is [ReversalRequest.Domain] for a reversal whose id the ledger takes,
// though /v1 would not make it.
func (r ReversalRequest) DomainOfAnyID(transaction string) (ledger.ReversalRequest, error) {
	return r.domain(transaction, checkAnyID)
}

// EntryRecord is an entry of an export: its request, and what became of it.
type EntryRecord struct {
	EntryRequest
	Seq     *uint64 `json:"seq,omitempty"`
	Stripe  uint8   `json:"stripe,omitempty"`
	Balance string  `json:"balance,omitempty"`
}

// AssetRecord is an asset of an export.
type AssetRecord struct {
	Type string `json:"type"`
	Asset
}

// AccountRecord is an account of an export.
type AccountRecord struct {
	Type string `json:"type"`
	AccountRequest
	OpenedAt time.Time `json:"opened_at,omitzero"`
}

// TransactionRecord is a transaction of an export, as it was made.
type TransactionRecord struct {
	Type string `json:"type"`
	TransactionRequest
	// Entries take the place of those of the request.
	Entries    []EntryRecord `json:"entries,omitzero"`
	RecordedAt time.Time     `json:"recorded_at,omitzero"`
}

// ReversalRecord is a reversal of an export.
type ReversalRecord struct {
	Type string `json:"type"`
	// Of is the transaction that it reverses.
	Of string `json:"transaction"`
	ReversalRequest
	// Wrote are the entries of the reversal, which an import makes itself.
	Wrote      []EntryRecord `json:"wrote,omitzero"`
	RecordedAt time.Time     `json:"recorded_at,omitzero"`
}

// StepRecord says that a pending transaction was posted or voided.
type StepRecord struct {
	Type string `json:"type"`
	// Of is the pending transaction.
	Of         string        `json:"transaction"`
	Entries    []EntryRecord `json:"entries,omitzero"`
	Actor      string        `json:"actor,omitempty"`
	ResolvedAt time.Time     `json:"resolved_at,omitzero"`
}

// StatusRecord says that an account is frozen or closed.
type StatusRecord struct {
	Type    string `json:"type"`
	Account string `json:"account"`
	Status  string `json:"status"`
}
