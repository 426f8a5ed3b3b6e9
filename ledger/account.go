package ledger

import (
	"fmt"
	"time"
)

// MaxName is the longest name of an account, in bytes.
const MaxName = 256

// Account is an account as it stood at one moment.
type Account struct {
	// ID is unique in its ledger and never changes, as Asset and Normal.
	ID string
	// Name is for people; it need not be unique.
	Name  string
	Asset Asset
	// Normal is the side on which the account grows.
	Normal Side
	// MinBalance is the least that what is available may fall to, unless Unlimited.
	// A negative one allows an overdraft. Less may be available from the start: only
	// a transaction that lowers it further is refused.
	MinBalance Amount
	Unlimited  bool
	Status     Status
	Metadata   Metadata
	Balance    Balance
	// Sequence counts the entries, an opening balance not among them. It is the
	// number of the latest entry. For a world account it is the sum over its
	// stripes.
	Sequence uint64
	// OpenedAt is when the ledger wrote the account.
	OpenedAt time.Time
}

// Posted returns the balance, read by the account's normal side.
func (a Account) Posted() Amount { return a.Balance.Posted(a.Normal) }

// Available returns what is available, read by the account's normal side.
func (a Account) Available() Amount { return a.Balance.Available(a.Normal) }

// Status says what an account may take part in.
type Status uint8

// The statuses. The zero Status is none of them.
const (
	// StatusOpen: everything.
	StatusOpen Status = 1 + iota
	// StatusFrozen: no new transactions, until it is opened again.
	StatusFrozen
	// StatusClosed: no transactions, for good. No other status follows.
	StatusClosed
)

// String returns "open", "frozen" or "closed".
func (s Status) String() string {
	switch s {
	case StatusOpen:
		return "open"
	case StatusFrozen:
		return "frozen"
	case StatusClosed:
		return "closed"
	default:
		return "no status"
	}
}

// AccountRequest asks to open an account. Asking again with the same content
// answers with the account as it now stands; with other content it fails with
// [ErrAccountExists].
type AccountRequest struct {
	ID    string
	Name  string
	Asset Asset
	// Normal is Credit if it is left zero, as is usual for customers' money.
	Normal Side
	// MinBalance is zero if it is left so: no overdraft. It has no meaning, and
	// must be zero, if Unlimited.
	MinBalance Amount
	Unlimited  bool
	// OpeningBalance, if positive, is posted against the asset's world account
	// as the account's entry number 0.
	OpeningBalance Amount
	// EffectiveAt, if set, is when the opening balance was there in business, which must
	// not be ahead. Without an opening balance it has no meaning, and must be zero.
	EffectiveAt time.Time
	Metadata    Metadata
}

// normalized returns the request with its defaults filled in, or why it is
// invalid.
func (r AccountRequest) normalized() (AccountRequest, error) {
	if r.Normal == 0 {
		r.Normal = Credit
	}
	invalid := func(field, message string) (AccountRequest, error) {
		return AccountRequest{}, &Error{Code: ErrInvalidRequest, Field: field, Message: message, Account: r.ID}
	}
	tooLarge := func(field string) (AccountRequest, error) {
		return AccountRequest{}, &Error{
			Code: ErrAmountOutOfRange, Field: field, Account: r.ID,
			Message: fmt.Sprintf("%s should have at most %d digits", field, MaxDigits),
		}
	}
	if err := validateID("id", r.ID); err != nil {
		return AccountRequest{}, err
	}
	if err := validateName(r.Name); err != nil {
		return AccountRequest{}, err
	}
	if err := r.Asset.Validate(); err != nil {
		return AccountRequest{}, err
	}
	if err := r.Metadata.validate(); err != nil {
		return AccountRequest{}, err
	}
	r.Metadata = r.Metadata.clone()
	r.EffectiveAt = canonicalTime(r.EffectiveAt)
	switch {
	case IsWorldID(r.ID):
		return invalid("id", fmt.Sprintf("account id %q is reserved: the ledger makes the world accounts itself", r.ID))
	case !r.Normal.valid():
		return invalid("normal", "normal should be debit or credit")
	case r.Unlimited && r.MinBalance.Sign() != 0:
		return invalid("min_balance", "an unlimited account should have no minimum balance")
	case !r.MinBalance.fits():
		return tooLarge("min_balance")
	case r.OpeningBalance.Sign() < 0:
		return invalid("opening_balance", "opening_balance should not be negative")
	case !r.OpeningBalance.fits():
		return tooLarge("opening_balance")
	case !validTime(r.EffectiveAt):
		return invalid("effective_at", "effective_at should be in the years 1 to 9999")
	case !r.EffectiveAt.IsZero() && r.OpeningBalance.Sign() == 0:
		return invalid("effective_at", "effective_at is for an opening balance")
	}
	return r, nil
}

// AccountChange says what to change of an account; what is left zero stays. What
// limits the account never changes.
type AccountChange struct {
	Name *string
	// Status freezes an account, opens it again, or closes it for good, which
	// takes a balance of zero and nothing pending.
	Status Status
	// Metadata takes the place of all that the account has, unless it is nil.
	Metadata Metadata
}

func (c AccountChange) validate() error {
	if c.Status > StatusClosed {
		return &Error{Code: ErrInvalidRequest, Field: "status", Message: "status should be open, frozen or closed"}
	}
	if err := c.Metadata.validate(); err != nil {
		return err
	}
	if c.Name == nil {
		return nil
	}
	return validateName(*c.Name)
}

func validateName(name string) error {
	if name == "" {
		return nil
	}
	if len(name) > MaxName {
		return &Error{Code: ErrInvalidRequest, Field: "name", Message: fmt.Sprintf("name should be at most %d bytes long", MaxName)}
	}
	return validateText("name", name)
}
