package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// noLimit is the min_balance of an account without a limit.
const noLimit = "none"

// Account is an account in an answer.
type Account struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Asset      string            `json:"asset"`
	Normal     string            `json:"normal"`
	MinBalance string            `json:"min_balance"`
	Status     string            `json:"status"`
	Metadata   map[string]string `json:"metadata"`
	Balance    Balance           `json:"balance"`
	// Debits and Credits are all that was ever posted on each side.
	Debits   string    `json:"debits"`
	Credits  string    `json:"credits"`
	Sequence uint64    `json:"sequence"`
	OpenedAt time.Time `json:"opened_at"`
}

// Balance is four readings of an account's totals, by its normal side.
type Balance struct {
	Posted     string `json:"posted"`
	PendingIn  string `json:"pending_in"`
	PendingOut string `json:"pending_out"`
	Available  string `json:"available"`
}

// NewAccount returns the account as the wire has it.
func NewAccount(a ledger.Account) Account {
	minBalance := noLimit
	if !a.Unlimited {
		minBalance = a.Asset.Format(a.MinBalance)
	}
	return Account{
		ID: a.ID, Name: a.Name, Asset: a.Asset.Code, Normal: a.Normal.String(), MinBalance: minBalance, Status: a.Status.String(),
		Metadata: newMetadata(a.Metadata), Balance: newBalance(a.Asset, a.Balance, a.Normal),
		Debits: a.Asset.Format(a.Balance.Debits), Credits: a.Asset.Format(a.Balance.Credits),
		Sequence: a.Sequence, OpenedAt: a.OpenedAt.UTC(),
	}
}

func newBalance(asset ledger.Asset, b ledger.Balance, normal ledger.Side) Balance {
	return Balance{
		Posted: asset.Format(b.Posted(normal)), PendingIn: asset.Format(b.PendingIn(normal)),
		PendingOut: asset.Format(b.PendingOut(normal)), Available: asset.Format(b.Available(normal)),
	}
}

// newMetadata returns an object in any case, so that readers need not ask whether
// there is one.
func newMetadata(m ledger.Metadata) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// Domain returns the account as the domain has it.
func (a Account) Domain() (ledger.Account, error) {
	read := amountsOf(a.Asset)
	account := ledger.Account{
		ID: a.ID, Name: a.Name, Metadata: domainMetadata(a.Metadata), Sequence: a.Sequence, OpenedAt: a.OpenedAt,
		Balance: ledger.Balance{Debits: read.read(a.Debits), Credits: read.read(a.Credits)},
	}
	var err error
	if account.Normal, err = parseSide(a.Normal); err != nil {
		return ledger.Account{}, err
	}
	if account.Status, err = parseStatus(a.Status); err != nil {
		return ledger.Account{}, err
	}
	if account.Unlimited = a.MinBalance == noLimit; !account.Unlimited {
		account.MinBalance = read.read(a.MinBalance)
	}
	a.Balance.pending(read, account.Normal, &account.Balance)
	account.Asset = read.asset
	return account, read.err
}

// pending reads the pending totals.
func (b Balance) pending(read *amounts, normal ledger.Side, totals *ledger.Balance) {
	in, out := &totals.PendingCredits, &totals.PendingDebits
	if normal == ledger.Debit {
		in, out = out, in
	}
	*in, *out = read.read(b.PendingIn), read.read(b.PendingOut)
}

func domainMetadata(m map[string]string) ledger.Metadata {
	if len(m) == 0 {
		return nil
	}
	return m
}

// AccountRequest asks to open an account. What is empty is not given.
type AccountRequest struct {
	ID             string `json:"id,omitempty"`
	Name           string `json:"name,omitempty"`
	Asset          string `json:"asset,omitempty"`
	Normal         string `json:"normal,omitempty"`
	MinBalance     string `json:"min_balance,omitempty"`
	OpeningBalance string `json:"opening_balance,omitempty"`
	// EffectiveAt is that of the opening balance.
	EffectiveAt time.Time         `json:"effective_at,omitzero"`
	Metadata    map[string]string `json:"metadata,omitzero"`
}

// DecodeAccountRequest reads a body.
func DecodeAccountRequest(body []byte) (AccountRequest, error) {
	return decode(body, readAccountRequest)
}

func readAccountRequest(f *fields) AccountRequest {
	return AccountRequest{
		ID: f.word("id"), Name: f.text("name"), Asset: f.word("asset"), Normal: f.word("normal"), MinBalance: f.word("min_balance"),
		OpeningBalance: f.word("opening_balance"), EffectiveAt: f.time("effective_at"), Metadata: f.metadata(),
	}
}

// Ask asks for all assets that the request is about.
func (r AccountRequest) Ask(assets Assets) {
	if r.Asset != "" {
		askAsset(assets, r.Asset, "")
	}
}

// Domain returns the request as the domain has it.
func (r AccountRequest) Domain(assets Assets) (ledger.AccountRequest, error) {
	request, err := r.domain(assets, checkNewID)
	return request, r.Explain(err)
}

// Explain returns a refusal that names the account.
func (r AccountRequest) Explain(err error) error {
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok || e.Account != "" {
		return err
	}
	named := *e
	named.Account = r.ID
	return &named
}

// domain is Domain of an id that checkID takes, with errors that do not name it.
func (r AccountRequest) domain(assets Assets, checkID func(string) error) (request ledger.AccountRequest, err error) {
	request = ledger.AccountRequest{
		ID: r.ID, Name: r.Name, Unlimited: r.MinBalance == noLimit, EffectiveAt: r.EffectiveAt, Metadata: r.Metadata,
	}
	if err := checkID(r.ID); err != nil {
		return request, err
	}
	if r.Normal != "" {
		if request.Normal, err = parseSide(r.Normal); err != nil {
			return request, invalid("normal", "should be debit or credit")
		}
	}
	if r.Asset == "" {
		return request, invalid("asset", "should be given")
	}
	if request.Asset, err = findAsset(assets, "asset", r.Asset); err != nil {
		return request, err
	}
	if r.MinBalance != "" && !request.Unlimited {
		if request.MinBalance, err = ParseAmount(request.Asset, "min_balance", r.MinBalance); err != nil {
			return request, err
		}
	}
	if r.OpeningBalance != "" {
		request.OpeningBalance, err = ParseAmount(request.Asset, "opening_balance", r.OpeningBalance)
	}
	return request, err
}

// AccountsRequest asks to open several accounts.
type AccountsRequest struct {
	Accounts []AccountRequest `json:"accounts"`
}

// DecodeAccountsRequest reads a body.
func DecodeAccountsRequest(body []byte) (AccountsRequest, error) {
	return decode(body, func(f *fields) AccountsRequest {
		return AccountsRequest{Accounts: required(f, "accounts", readAccountRequest)}
	})
}

// AccountChange asks to change an account. What is nil or empty stays.
type AccountChange struct {
	Name   *string `json:"name,omitempty"`
	Status string  `json:"status,omitempty"`
	// Metadata takes the place of all that the account has.
	Metadata map[string]string `json:"metadata,omitzero"`
}

// DecodeAccountChange reads a body.
func DecodeAccountChange(body []byte) (AccountChange, error) {
	return decode(body, func(f *fields) AccountChange {
		return AccountChange{Name: f.optionalText("name"), Status: f.word("status"), Metadata: f.metadata()}
	})
}

// Domain returns the change as the domain has it.
func (c AccountChange) Domain() (change ledger.AccountChange, err error) {
	change = ledger.AccountChange{Name: c.Name, Metadata: c.Metadata}
	if c.Status != "" {
		change.Status, err = ParseStatus("status", c.Status)
	}
	return change, err
}

// IDs asks for the accounts with ids, all as of one moment.
type IDs struct {
	IDs []string `json:"ids"`
}

// DecodeIDs reads a body.
func DecodeIDs(body []byte) (IDs, error) {
	return decode(body, func(f *fields) IDs {
		ids := f.strings("ids")
		if ids == nil {
			f.fail(invalid("ids", "should be given"))
		}
		return IDs{IDs: ids}
	})
}

// required reads an array of objects that should be there.
func required[T any](f *fields, name string, read func(*fields) T) []T {
	values := list(f, name, read)
	if values == nil {
		f.fail(invalid(f.object.Path(name), "should be given"))
	}
	return values
}

// ParseStatus reads the status of an account that the named field has.
func ParseStatus(field, text string) (ledger.Status, error) {
	status, err := parseStatus(text)
	if err != nil {
		return 0, invalid(field, "should be open, frozen or closed")
	}
	return status, nil
}

func parseStatus(text string) (ledger.Status, error) {
	for _, status := range []ledger.Status{ledger.StatusOpen, ledger.StatusFrozen, ledger.StatusClosed} {
		if text == status.String() {
			return status, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no status of an account", text)
}

func parseSide(text string) (ledger.Side, error) {
	for _, side := range []ledger.Side{ledger.Debit, ledger.Credit} {
		if text == side.String() {
			return side, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no side", text)
}
