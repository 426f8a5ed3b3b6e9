package wire

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Transaction is a transaction in an answer.
type Transaction struct {
	ID          string             `json:"id"`
	Status      string             `json:"status"`
	Entries     []TransactionEntry `json:"entries"`
	Reverses    string             `json:"reverses,omitempty"`
	ReversedBy  string             `json:"reversed_by,omitempty"`
	Related     string             `json:"related,omitempty"`
	EffectiveAt time.Time          `json:"effective_at"`
	RecordedAt  time.Time          `json:"recorded_at"`
	ExpiresAt   time.Time          `json:"expires_at,omitzero"`
	ResolvedAt  time.Time          `json:"resolved_at,omitzero"`
	ResolvedBy  string             `json:"resolved_by,omitempty"`
	Description string             `json:"description,omitempty"`
	Metadata    map[string]string  `json:"metadata"`
	Actor       string             `json:"actor,omitempty"`
}

// NewTransaction returns the transaction as the wire has it.
func NewTransaction(t *ledger.Transaction) Transaction {
	transaction := Transaction{
		ID: t.ID, Status: t.Status.String(), Entries: make([]TransactionEntry, len(t.Entries)),
		Reverses: t.Reverses, ReversedBy: t.ReversedBy, Related: t.Related,
		EffectiveAt: t.EffectiveAt.UTC(), RecordedAt: t.RecordedAt.UTC(), ExpiresAt: t.ExpiresAt.UTC(), ResolvedAt: t.ResolvedAt.UTC(),
		ResolvedBy: t.ResolvedBy, Description: t.Description, Metadata: newMetadata(t.Metadata), Actor: t.Actor,
	}
	for i := range t.Entries {
		transaction.Entries[i] = newTransactionEntry(t, i)
	}
	return transaction
}

// Domain returns the transaction as the domain has it.
func (t Transaction) Domain() (ledger.Transaction, error) {
	status, err := parseTransactionStatus(t.Status)
	if err != nil {
		return ledger.Transaction{}, err
	}
	transaction := ledger.Transaction{
		ID: t.ID, Status: status, Reverses: t.Reverses, ReversedBy: t.ReversedBy, Related: t.Related,
		EffectiveAt: t.EffectiveAt, RecordedAt: t.RecordedAt, ExpiresAt: t.ExpiresAt, ResolvedAt: t.ResolvedAt,
		ResolvedBy: t.ResolvedBy, Description: t.Description, Metadata: domainMetadata(t.Metadata), Actor: t.Actor,
	}
	for _, e := range t.Entries {
		if err := e.domain(&transaction); err != nil {
			return ledger.Transaction{}, fmt.Errorf("transaction %q: %w", t.ID, err)
		}
	}
	if transaction.Reserved != nil && len(transaction.Reserved) != len(transaction.Entries) {
		return ledger.Transaction{}, fmt.Errorf("transaction %q says of some of its entries what they reserved, and not of others", t.ID)
	}
	return transaction, nil
}

// ParseTransactionStatus reads the status of a transaction that the named field has.
func ParseTransactionStatus(field, text string) (ledger.TransactionStatus, error) {
	status, err := parseTransactionStatus(text)
	if err != nil {
		return 0, invalid(field, "should be posted, pending, voided or expired")
	}
	return status, nil
}

func parseTransactionStatus(text string) (ledger.TransactionStatus, error) {
	for _, status := range []ledger.TransactionStatus{ledger.Posted, ledger.Pending, ledger.Voided, ledger.Expired} {
		if text == status.String() {
			return status, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no status of a transaction", text)
}

// TransactionRequest asks for a transaction: by entries, or in the short form by
// from, to and amount. What is empty is not given.
type TransactionRequest struct {
	ID          string            `json:"id,omitempty"`
	Entries     []EntryRequest    `json:"entries,omitzero"`
	From        string            `json:"from,omitempty"`
	To          string            `json:"to,omitempty"`
	Amount      string            `json:"amount,omitempty"`
	Asset       string            `json:"asset,omitempty"`
	Pending     bool              `json:"pending,omitempty"`
	ExpiresAt   time.Time         `json:"expires_at,omitzero"`
	EffectiveAt time.Time         `json:"effective_at,omitzero"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitzero"`
	Related     string            `json:"related,omitempty"`
	Conditions  []Condition       `json:"conditions,omitzero"`
	UpTo        bool              `json:"up_to,omitempty"`
	Actor       string            `json:"actor,omitempty"`
}

// Condition is what a transaction demands of an account.
type Condition struct {
	Account      string  `json:"account,omitempty"`
	Sequence     *uint64 `json:"sequence,omitempty"`
	MinAvailable string  `json:"min_available,omitempty"`
	// Asset is what MinAvailable is in: the account's own if it is not given.
	Asset string `json:"asset,omitempty"`
}

// DecodeTransactionRequest reads a body.
func DecodeTransactionRequest(body []byte) (TransactionRequest, error) {
	return decode(body, func(f *fields) TransactionRequest { return readTransactionRequest(f, readEntryRequest) })
}

func readTransactionRequest(f *fields, readEntry func(*fields) EntryRequest) TransactionRequest {
	return TransactionRequest{
		ID: f.word("id"), Entries: list(f, "entries", readEntry),
		From: f.word("from"), To: f.word("to"), Amount: f.word("amount"), Asset: f.word("asset"),
		Pending: f.flag("pending"), ExpiresAt: f.time("expires_at"), EffectiveAt: f.time("effective_at"),
		Description: f.text("description"), Metadata: f.metadata(), Related: f.word("related"),
		Conditions: list(f, "conditions", readCondition), UpTo: f.flag("up_to"), Actor: f.text("actor"),
	}
}

func readCondition(f *fields) Condition {
	return Condition{
		Account: f.word("account"), Sequence: f.number("sequence", maxSequence),
		MinAvailable: f.word("min_available"), Asset: f.word("asset"),
	}
}

// maxSequence is the largest sequence number that a store can keep.
const maxSequence = 1<<63 - 1

// BatchRequest asks for several transactions.
type BatchRequest struct {
	Transactions []TransactionRequest `json:"transactions"`
	Atomic       bool                 `json:"atomic,omitempty"`
}

// DecodeBatchRequest reads a body.
func DecodeBatchRequest(body []byte) (BatchRequest, error) {
	return decode(body, func(f *fields) BatchRequest {
		return BatchRequest{Transactions: required(f, "transactions", func(f *fields) TransactionRequest {
			return readTransactionRequest(f, readEntryRequest)
		}), Atomic: f.flag("atomic")}
	})
}

// Ask asks for all assets that the request is about.
func (r TransactionRequest) Ask(assets Assets) {
	if r.isShort() {
		askAsset(assets, r.Asset, r.From)
	}
	askEntries(assets, r.Entries)
	if len(r.Conditions) > ledger.MaxConditions {
		return
	}
	for i := range r.Conditions {
		if c := &r.Conditions[i]; c.MinAvailable != "" {
			askAsset(assets, "", c.Account)
			askAsset(assets, c.Asset, c.Account)
		}
	}
}

// Domain returns the request as the domain has it.
func (r TransactionRequest) Domain(assets Assets) (ledger.TransactionRequest, error) {
	request, err := r.domain(assets, checkNewID)
	return request, r.Explain(err)
}

// domain is Domain of an id that checkID takes, with errors that do not name it.
func (r TransactionRequest) domain(assets Assets, checkID func(string) error) (request ledger.TransactionRequest, err error) {
	request = ledger.TransactionRequest{
		ID: r.ID, UpTo: r.UpTo, Pending: r.Pending, ExpiresAt: r.ExpiresAt, EffectiveAt: r.EffectiveAt,
		Description: r.Description, Metadata: r.Metadata, Related: r.Related, Actor: r.Actor,
	}
	if err := checkID(r.ID); err != nil {
		return request, err
	}
	switch {
	case r.isShort():
		request.Entries, err = r.shortEntries(assets)
	case r.Entries == nil:
		err = invalid("entries", "should be given, or from, to and amount")
	default:
		request.Entries, err = entryRequests(assets, r.Entries)
	}
	if err != nil {
		return request, err
	}
	request.Conditions, err = r.conditions(assets)
	return request, err
}

func (r TransactionRequest) conditions(assets Assets) (conditions []ledger.Condition, err error) {
	if len(r.Conditions) > ledger.MaxConditions {
		return nil, invalid("conditions", fmt.Sprintf("should be at most %d", ledger.MaxConditions))
	}
	for i, c := range r.Conditions {
		condition, err := c.domain(assets, fmt.Sprintf("conditions[%d]", i))
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, condition)
	}
	return conditions, nil
}

func (r TransactionRequest) isShort() bool {
	return r.From != "" || r.To != "" || r.Amount != "" || r.Asset != ""
}

// shortEntries makes the entries of the short form: a debit of one account, and a
// credit of the other.
func (r TransactionRequest) shortEntries(assets Assets) ([]ledger.EntryRequest, error) {
	switch {
	case r.Entries != nil:
		return nil, invalid("entries", "should be left out beside from, to and amount, or be all there is")
	case r.From == "":
		return nil, invalid("from", "should be given")
	case r.To == "":
		return nil, invalid("to", "should be given")
	case r.From == r.To:
		return nil, invalid("to", "should be another account than from")
	case r.Amount == "":
		return nil, invalid("amount", "should be given")
	}
	asset, err := assetOrOwn(assets, "asset", r.Asset, "from", r.From)
	if err != nil {
		return nil, err
	}
	amount, err := ParseAmount(asset, "amount", r.Amount)
	if err != nil {
		return nil, err
	}
	return []ledger.EntryRequest{
		{Account: r.From, Side: ledger.Debit, Asset: asset, Amount: amount},
		{Account: r.To, Side: ledger.Credit, Asset: asset, Amount: amount},
	}, nil
}

// Explain returns a refusal in the words of this request: it names the transaction,
// and of the short form, which has no entries, its own fields.
func (r TransactionRequest) Explain(err error) error {
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok {
		return err
	}
	explained := *e
	explained.Transaction = cmp.Or(e.Transaction, r.ID)
	if r.isShort() && strings.HasPrefix(e.Field, "entries[") {
		explained.Field = shortField(e.Field)
		explained.Message = strings.ReplaceAll(e.Message, e.Field, explained.Field)
	}
	return &explained
}

// shortField returns what the short form has in place of a field of an entry.
func shortField(field string) string {
	entry, name, _ := strings.Cut(field, ".")
	switch {
	case name != "account":
		return name
	case entry == "entries[0]":
		return "from"
	default:
		return "to"
	}
}

func (c Condition) domain(assets Assets, field string) (condition ledger.Condition, err error) {
	condition = ledger.Condition{Account: c.Account, Sequence: c.Sequence}
	if c.Account == "" {
		return condition, invalid(field+".account", "should be given")
	}
	if c.MinAvailable == "" {
		return condition, nil
	}
	asset, err := c.asset(assets, field)
	if err != nil {
		return condition, err
	}
	least, err := ParseAmount(asset, field+".min_available", c.MinAvailable)
	condition.MinAvailable = &least
	return condition, err
}

// asset returns what the least that should be available is in. If it is given it is
// that of the account, or the account is not there, which is for the domain to say:
// a transaction that has the id says more.
func (c Condition) asset(assets Assets, field string) (ledger.Asset, error) {
	asset, err := assetOrOwn(assets, field+".asset", c.Asset, field+".account", c.Account)
	if err != nil || c.Asset == "" || ledger.IsWorldID(c.Account) {
		return asset, err
	}
	own, err := assets.ByAccount(c.Account)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return asset, nil
	case err == nil && own != asset:
		err = &ledger.Error{
			Code: ledger.ErrAssetMismatch, Field: field + ".asset", Account: c.Account,
			Message: fmt.Sprintf("account %q holds %s, not %s", c.Account, own, asset),
		}
	}
	return asset, err
}
