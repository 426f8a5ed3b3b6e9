package wire

import (
	"slices"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BalanceAt is an account's balance as of a moment.
type BalanceAt struct {
	Account string `json:"account"`
	Asset   string `json:"asset"`
	Normal  string `json:"normal"`
	Posted  string `json:"posted"`
	// PendingIn, PendingOut and Available are told of now alone.
	PendingIn  string `json:"pending_in,omitempty"`
	PendingOut string `json:"pending_out,omitempty"`
	Available  string `json:"available,omitempty"`
	Debits     string `json:"debits"`
	Credits    string `json:"credits"`
	// AnsweredAt is the ledger's time when it answered.
	AnsweredAt time.Time `json:"answered_at"`
}

// NewBalanceAt returns the balance as the wire has it, with what is pending if it is
// that of now.
func NewBalanceAt(b ledger.BalanceAt, isNow bool) BalanceAt {
	balance := BalanceAt{
		Account: b.Account, Asset: b.Asset.Code, Normal: b.Normal.String(), Posted: b.Asset.Format(b.Posted()),
		Debits: b.Asset.Format(b.Balance.Debits), Credits: b.Asset.Format(b.Balance.Credits), AnsweredAt: b.Now.UTC(),
	}
	if isNow {
		now := newBalance(b.Asset, b.Balance, b.Normal)
		balance.PendingIn, balance.PendingOut, balance.Available = now.PendingIn, now.PendingOut, now.Available
	}
	return balance
}

// Domain returns the balance as the domain has it.
func (b BalanceAt) Domain() (ledger.BalanceAt, error) {
	read := amountsOf(b.Asset)
	normal, err := parseSide(b.Normal)
	if err != nil {
		return ledger.BalanceAt{}, err
	}
	totals := ledger.Balance{Debits: read.read(b.Debits), Credits: read.read(b.Credits)}
	Balance{PendingIn: b.PendingIn, PendingOut: b.PendingOut}.pending(read, normal, &totals)
	return ledger.BalanceAt{Account: b.Account, Asset: read.asset, Normal: normal, Balance: totals, Now: b.AnsweredAt}, read.err
}

// Statement is what happened on an account in a period, with a page of its entries.
type Statement struct {
	// Account is the account as it now stands.
	Account Account   `json:"account"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	// Opening and Closing are when the period began and ended.
	OpeningBalance string `json:"opening_balance"`
	// Debits and Credits are what was posted in the period.
	Debits         string `json:"debits"`
	Credits        string `json:"credits"`
	ClosingBalance string `json:"closing_balance"`
	Opening        Totals `json:"opening"`
	Closing        Totals `json:"closing"`
	// Entries is a page of those in the period.
	Entries    []AccountEntry `json:"entries"`
	NextCursor *string        `json:"next_cursor"`
	// AnsweredAt is the ledger's time when it answered.
	AnsweredAt time.Time `json:"answered_at"`
}

// Totals is all that was ever posted on each side of an account up to a moment.
type Totals struct {
	Debits  string `json:"debits"`
	Credits string `json:"credits"`
}

func newTotals(asset ledger.Asset, b ledger.Balance) Totals {
	return Totals{Debits: asset.Format(b.Debits), Credits: asset.Format(b.Credits)}
}

func (t Totals) domain(read *amounts) ledger.Balance {
	return ledger.Balance{Debits: read.read(t.Debits), Credits: read.read(t.Credits)}
}

// NewStatement returns the statement as the wire has it, or why its totals cannot be.
func NewStatement(s ledger.Statement) (Statement, error) {
	asset, normal := s.Account.Asset, s.Account.Normal
	debits, err := s.Closing.Debits.Add(s.Opening.Debits.Neg())
	if err != nil {
		return Statement{}, err
	}
	credits, err := s.Closing.Credits.Add(s.Opening.Credits.Neg())
	if err != nil {
		return Statement{}, err
	}
	statement := Statement{
		Account: NewAccount(s.Account), From: s.From.UTC(), To: s.To.UTC(),
		OpeningBalance: asset.Format(s.Opening.Posted(normal)), ClosingBalance: asset.Format(s.Closing.Posted(normal)),
		Debits: asset.Format(debits), Credits: asset.Format(credits),
		Opening: newTotals(asset, s.Opening), Closing: newTotals(asset, s.Closing),
		Entries: make([]AccountEntry, len(s.Entries)), AnsweredAt: s.Now.UTC(),
	}
	for i, e := range s.Entries {
		statement.Entries[i] = NewAccountEntry(e)
	}
	if s.More {
		statement.NextCursor = new(EntryCursor(s.Entries[len(s.Entries)-1].Key()))
	}
	return statement, nil
}

// Domain returns the statement as the domain has it.
func (s Statement) Domain() (ledger.Statement, error) {
	account, err := s.Account.Domain()
	if err != nil {
		return ledger.Statement{}, err
	}
	read := amountsOf(s.Account.Asset)
	statement := ledger.Statement{
		Account: account, From: s.From, To: s.To, Opening: s.Opening.domain(read), Closing: s.Closing.domain(read),
		More: s.NextCursor != nil, Now: s.AnsweredAt,
	}
	for _, e := range s.Entries {
		entry, err := e.Domain(account.ID)
		if err != nil {
			return ledger.Statement{}, err
		}
		statement.Entries = append(statement.Entries, entry)
	}
	return statement, read.err
}

// TrialBalance is the totals of all accounts, with a page of them.
type TrialBalance struct {
	Data       []AssetBalance `json:"data"`
	NextCursor *string        `json:"next_cursor"`
	// AnsweredAt is the ledger's time when it answered.
	AnsweredAt time.Time `json:"answered_at"`
}

// AssetBalance is what all accounts in an asset were debited and credited, which the
// first page alone says, and those of the accounts that are on the page.
type AssetBalance struct {
	Asset    string           `json:"asset"`
	Debits   string           `json:"debits,omitempty"`
	Credits  string           `json:"credits,omitempty"`
	Balanced *bool            `json:"balanced,omitempty"`
	Accounts []AccountBalance `json:"accounts"`
}

// AccountBalance is an account's line in a trial balance.
type AccountBalance struct {
	Account string `json:"account"`
	Normal  string `json:"normal"`
	Debits  string `json:"debits"`
	Credits string `json:"credits"`
	Posted  string `json:"posted"`
	// PendingIn, PendingOut and Available are told of now alone.
	PendingIn  string `json:"pending_in,omitempty"`
	PendingOut string `json:"pending_out,omitempty"`
	Available  string `json:"available,omitempty"`
}

// NewTrialBalance returns the trial balance as the wire has it: assets in the order of
// codes, and the accounts of each in the order of ids, with what is pending if it is
// that of now.
func NewTrialBalance(b ledger.TrialBalance, isNow bool) TrialBalance {
	balance := TrialBalance{Data: make([]AssetBalance, 0, len(b.Totals)), AnsweredAt: b.Now.UTC()}
	for _, t := range b.Totals {
		balance.Data = append(balance.Data, AssetBalance{
			Asset: t.Asset.Code, Debits: t.Asset.Format(t.Debits), Credits: t.Asset.Format(t.Credits), Balanced: new(t.IsBalanced()),
			Accounts: []AccountBalance{},
		})
	}
	for _, a := range b.Accounts {
		i, found := slices.BinarySearchFunc(balance.Data, a.Asset.Code, func(b AssetBalance, code string) int {
			return strings.Compare(b.Asset, code)
		})
		if !found {
			balance.Data = slices.Insert(balance.Data, i, AssetBalance{Asset: a.Asset.Code})
		}
		balance.Data[i].Accounts = append(balance.Data[i].Accounts, newAccountBalance(a, isNow))
	}
	if b.More {
		balance.NextCursor = new(IDCursor(b.Accounts[len(b.Accounts)-1].Account))
	}
	return balance
}

func newAccountBalance(a ledger.BalanceAt, isNow bool) AccountBalance {
	alone := NewBalanceAt(a, isNow)
	return AccountBalance{
		Account: alone.Account, Normal: alone.Normal, Debits: alone.Debits, Credits: alone.Credits, Posted: alone.Posted,
		PendingIn: alone.PendingIn, PendingOut: alone.PendingOut, Available: alone.Available,
	}
}

// Domain returns the trial balance as the domain has it.
func (b TrialBalance) Domain() (ledger.TrialBalance, error) {
	balance := ledger.TrialBalance{More: b.NextCursor != nil, Now: b.AnsweredAt}
	for _, of := range b.Data {
		read := amountsOf(of.Asset)
		debits, credits := read.read(of.Debits), read.read(of.Credits)
		for _, a := range of.Accounts {
			normal, err := parseSide(a.Normal)
			if err != nil {
				return ledger.TrialBalance{}, err
			}
			totals := ledger.Balance{Debits: read.read(a.Debits), Credits: read.read(a.Credits)}
			Balance{PendingIn: a.PendingIn, PendingOut: a.PendingOut}.pending(read, normal, &totals)
			balance.Accounts = append(balance.Accounts, ledger.BalanceAt{
				Account: a.Account, Asset: read.asset, Normal: normal, Balance: totals, Now: b.AnsweredAt,
			})
		}
		if of.Balanced != nil {
			balance.Totals = append(balance.Totals, ledger.AssetTotals{Asset: read.asset, Debits: debits, Credits: credits})
		}
		if read.err != nil {
			return ledger.TrialBalance{}, read.err
		}
	}
	slices.SortFunc(balance.Accounts, func(a, b ledger.BalanceAt) int { return strings.Compare(a.Account, b.Account) })
	return balance, nil
}
