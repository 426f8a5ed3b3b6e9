package wire

import (
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TransactionEntry is an entry in a transaction of an answer. What is said of it once
// it is posted is missing before.
type TransactionEntry struct {
	Account string `json:"account"`
	Side    string `json:"side"`
	Amount  string `json:"amount"`
	Asset   string `json:"asset"`
	// Reserved is what it reserved, if the transaction was made pending.
	Reserved string  `json:"reserved,omitempty"`
	Seq      *uint64 `json:"seq,omitempty"`
	// Stripe tells apart the chains of a world account.
	Stripe  uint8  `json:"stripe,omitempty"`
	Balance string `json:"balance,omitempty"`
	// TotalDebits is all that the account was debited up to and with this entry.
	TotalDebits string `json:"total_debits,omitempty"`
}

// AccountEntry is an entry in the history of its account.
type AccountEntry struct {
	Seq           uint64    `json:"seq"`
	Stripe        uint8     `json:"stripe,omitempty"`
	Side          string    `json:"side"`
	Amount        string    `json:"amount"`
	Asset         string    `json:"asset"`
	Balance       string    `json:"balance"`
	TotalDebits   string    `json:"total_debits"`
	TransactionID string    `json:"transaction_id"`
	RecordedAt    time.Time `json:"recorded_at"`
	EffectiveAt   time.Time `json:"effective_at"`
}

// NewAccountEntry returns an entry as the wire has it.
func NewAccountEntry(e ledger.Entry) AccountEntry {
	return AccountEntry{
		Seq: e.Sequence, Stripe: e.Stripe, Side: e.Side.String(), Amount: e.Asset.Format(e.Amount), Asset: e.Asset.Code,
		Balance: e.Asset.Format(e.Balance), TotalDebits: e.Asset.Format(e.Debits), TransactionID: e.Transaction,
		RecordedAt: e.RecordedAt.UTC(), EffectiveAt: e.EffectiveAt.UTC(),
	}
}

// Domain returns the entry of an account as the domain has it.
func (e AccountEntry) Domain(account string) (ledger.Entry, error) {
	read := amountsOf(e.Asset)
	entry := ledger.Entry{
		Transaction: e.TransactionID, Account: account, Stripe: e.Stripe, Sequence: e.Seq,
		Amount: read.read(e.Amount), Balance: read.read(e.Balance), Debits: read.read(e.TotalDebits),
		RecordedAt: e.RecordedAt, EffectiveAt: e.EffectiveAt,
	}
	entry.Asset = read.asset
	var err error
	if entry.Side, err = parseSide(e.Side); err != nil {
		return ledger.Entry{}, err
	}
	return entry, read.err
}

// newTransactionEntry returns entry i of a transaction as the wire has it.
func newTransactionEntry(t *ledger.Transaction, i int) TransactionEntry {
	e := &t.Entries[i]
	entry := TransactionEntry{Account: e.Account, Side: e.Side.String(), Amount: e.Asset.Format(e.Amount), Asset: e.Asset.Code}
	if t.Reserved != nil {
		entry.Reserved = e.Asset.Format(t.Reserved[i])
	}
	if t.Status == ledger.Posted {
		entry.Seq, entry.Stripe = new(e.Sequence), e.Stripe
		entry.Balance, entry.TotalDebits = e.Asset.Format(e.Balance), e.Asset.Format(e.Debits)
	}
	return entry
}

// domain adds the entry to a transaction of the domain, of which all else is known.
func (e TransactionEntry) domain(t *ledger.Transaction) error {
	read := amountsOf(e.Asset)
	entry := ledger.Entry{
		Transaction: t.ID, Account: e.Account, Stripe: e.Stripe,
		Amount: read.read(e.Amount), Balance: read.read(e.Balance), Debits: read.read(e.TotalDebits),
	}
	if e.Reserved != "" {
		t.Reserved = append(t.Reserved, read.read(e.Reserved))
	}
	entry.Asset = read.asset
	var err error
	if entry.Side, err = parseSide(e.Side); err != nil {
		return err
	}
	if t.Status == ledger.Posted {
		if e.Seq == nil {
			return fmt.Errorf("an entry of transaction %q, which is posted, has no seq", t.ID)
		}
		entry.Sequence, entry.EffectiveAt, entry.RecordedAt = *e.Seq, t.EffectiveAt, t.RecordedAt
		if !t.ResolvedAt.IsZero() {
			entry.RecordedAt = t.ResolvedAt
		}
	}
	t.Entries = append(t.Entries, entry)
	return read.err
}

// EntryRequest asks for an entry. What is empty is not given.
type EntryRequest struct {
	Account string `json:"account,omitempty"`
	Side    string `json:"side,omitempty"`
	Amount  string `json:"amount,omitempty"`
	// Asset is the account's own if it is not given.
	Asset string `json:"asset,omitempty"`
	// Normal is the normal side that the account must have.
	Normal string `json:"normal,omitempty"`
}

func readEntryRequest(f *fields) EntryRequest {
	return EntryRequest{
		Account: f.word("account"), Side: f.word("side"), Amount: f.word("amount"), Asset: f.word("asset"), Normal: f.word("normal"),
	}
}

// domain returns the entry as the domain has it. field is its place in the request.
func (e EntryRequest) domain(assets Assets, field string) (entry ledger.EntryRequest, err error) {
	entry.Account = e.Account
	switch {
	case e.Account == "":
		return entry, invalid(field+".account", "should be given")
	case e.Amount == "":
		return entry, invalid(field+".amount", "should be given")
	}
	if entry.Side, err = parseSide(e.Side); err != nil {
		return entry, invalid(field+".side", "should be debit or credit")
	}
	if e.Normal != "" {
		if entry.Normal, err = parseSide(e.Normal); err != nil {
			return entry, invalid(field+".normal", "should be debit, credit or not given")
		}
	}
	if entry.Asset, err = assetOrOwn(assets, field+".asset", e.Asset, field+".account", e.Account); err != nil {
		return entry, err
	}
	entry.Amount, err = ParseAmount(entry.Asset, field+".amount", e.Amount)
	return entry, err
}

// assetOrOwn returns the asset that a request names, or that of the account.
func assetOrOwn(assets Assets, field, text, accountField, account string) (ledger.Asset, error) {
	if text != "" {
		return findAsset(assets, field, text)
	}
	if err := ledger.ValidateID(account); err != nil {
		return ledger.Asset{}, invalid(accountField, "should be an id of 1 to 128 bytes without control characters")
	}
	return assets.ByAccount(account)
}

func askEntries(assets Assets, entries []EntryRequest) {
	if len(entries) > ledger.MaxEntries {
		// They are refused when they are read.
		return
	}
	for i := range entries {
		askAsset(assets, entries[i].Asset, entries[i].Account)
	}
}

func entryRequests(assets Assets, entries []EntryRequest) (requests []ledger.EntryRequest, err error) {
	if len(entries) > ledger.MaxEntries {
		return nil, invalid("entries", fmt.Sprintf("should be at most %d", ledger.MaxEntries))
	}
	requests = make([]ledger.EntryRequest, len(entries))
	for i, e := range entries {
		if requests[i], err = e.domain(assets, fmt.Sprintf("entries[%d]", i)); err != nil {
			return nil, err
		}
	}
	return requests, nil
}
