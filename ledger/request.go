package ledger

import (
	"fmt"
	"slices"
	"time"
)

// Limits on one request, so that none can occupy a store for long.
const (
	// MaxEntries is the most entries of a transaction.
	MaxEntries = 1000
	// MaxBatch is the most members of a batch.
	MaxBatch = 1000
	// MaxBatchEntries is the most entries that the transactions of a batch have
	// together.
	MaxBatchEntries = 10_000
	// MaxConditions is the most conditions of a transaction.
	MaxConditions = 100
	// MaxDescription is the longest description of a transaction, in bytes.
	MaxDescription = 1024
	// MaxActor is the longest name of an actor, in bytes.
	MaxActor = 128
)

// TransactionRequest asks for a transaction. Its id is the idempotency key: the
// same id with the same content takes effect once, however often it is asked.
type TransactionRequest struct {
	ID      string
	Entries []EntryRequest
	// Conditions must all hold, of the books right before the transaction, or it is
	// refused with [ErrConditionFailed]; at most [MaxConditions].
	Conditions []Condition
	// UpTo moves as much of the amount as the limits of the accounts allow, for a
	// transaction of two entries; if that is nothing, it is refused with
	// [ErrInsufficientFunds].
	UpTo bool
	// Pending makes the transaction a pending one, a hold: it reserves what its
	// entries would move, until it is posted, voided or expires.
	Pending bool
	// ExpiresAt, if set, is when a pending transaction ends by itself. It must be ahead,
	// or later than an EffectiveAt that is set: the transaction is then one of the past,
	// as a ledger that was moved here has some, and has expired already. Times count to
	// the microsecond. A request that is repeated must repeat this too, and not a time
	// that is worked out anew.
	ExpiresAt time.Time
	// EffectiveAt, if set, is when the transaction happened in business, which must
	// not be ahead.
	EffectiveAt time.Time
	// Description is for people; at most [MaxDescription] bytes.
	Description string
	Metadata    Metadata
	// Related, if set, is the id of another transaction that this one has to do
	// with, such as the sale that a fee is for. It must be there.
	Related string
	// Actor is who asks for it; at most [MaxActor] bytes. It is not part of the
	// content that tells a replay from a conflict.
	Actor string
}

// Condition is what a transaction demands of an account, which need not be one of
// its entries' but no world account. Sequence, MinAvailable or both are set.
type Condition struct {
	Account string
	// Sequence is the number of the account's latest entry: nothing has been
	// posted since it was read. What is pending has no numbers, and does not count.
	Sequence *uint64
	// MinAvailable is the least that the account must have available.
	MinAvailable *Amount
}

// EntryRequest asks for one entry. An account may occur in several entries of
// one transaction; its limit judges what they do together. A pending one reserves
// each by itself: what comes in makes nothing available.
type EntryRequest struct {
	Account string
	Side    Side
	// Normal, if set, is the normal side that the account must have; an account
	// of the other side counts as not found. It is not part of the content that
	// tells a replay from a conflict.
	Normal Side
	// Asset must be the account's own, so that an amount meant in one asset
	// cannot land in another.
	Asset Asset
	// Amount is positive, with at most [MaxDigits] digits.
	Amount Amount
}

// Deposit brings an amount into the ledger: it debits the asset's world account
// and credits Account, which must be credit-normal, so that a deposit never
// lowers a balance. Whether it is a replay is told by the content of the
// transaction alone.
type Deposit struct {
	ID      string
	Account string
	Asset   Asset
	Amount  Amount
	// Actor is as in a [TransactionRequest].
	Actor string
}

// validate says why the deposit can never succeed, in the words of its own
// fields, or nil.
func (d Deposit) validate() error {
	invalid := func(code Code, field, message string) error {
		return &Error{Code: code, Field: field, Message: message, Account: d.Account, Transaction: d.ID}
	}
	if err := validateID("id", d.ID); err != nil {
		return err
	}
	if err := validateID("account", d.Account); err != nil {
		return err
	}
	if err := d.Asset.Validate(); err != nil {
		return err
	}
	switch {
	case isOpeningID(d.ID):
		return invalid(ErrInvalidRequest, "id", openingIDMessage(d.ID))
	case d.Amount.Sign() <= 0:
		return invalid(ErrInvalidRequest, "amount", "amount should be positive")
	case !d.Amount.fits():
		return errTooManyDigits()
	}
	return validateActor(d.Actor)
}

// Request returns the transaction that the deposit is.
func (d Deposit) Request() TransactionRequest {
	entries := d.entries()
	return TransactionRequest{ID: d.ID, Entries: entries[:], Actor: d.Actor}
}

func (d Deposit) entries() [2]EntryRequest {
	return [2]EntryRequest{
		{Account: WorldID(d.Asset.Code), Side: Debit, Asset: d.Asset, Amount: d.Amount},
		{Account: d.Account, Side: Credit, Asset: d.Asset, Amount: d.Amount, Normal: Credit},
	}
}

// clone returns a copy that the caller cannot change, for a store may still be
// deciding when a call whose context ended has returned.
func (r TransactionRequest) clone() TransactionRequest {
	r.Entries = slices.Clone(r.Entries)
	r.Conditions = slices.Clone(r.Conditions)
	for i := range r.Conditions {
		r.Conditions[i] = r.Conditions[i].clone()
	}
	r.Metadata = r.Metadata.clone()
	return r
}

// validate says why the request can never succeed, or nil.
func (r TransactionRequest) validate() error {
	if err := validateID("id", r.ID); err != nil {
		return err
	}
	if isOpeningID(r.ID) {
		return r.invalid("id", openingIDMessage(r.ID))
	}
	if err := r.validateEntries(); err != nil {
		return err
	}
	if err := r.validateConditions(); err != nil {
		return err
	}
	if r.UpTo && len(r.Entries) != 2 {
		return r.invalid("up_to", fmt.Sprintf("up_to is for two entries, not %d", len(r.Entries)))
	}
	if err := r.details().validate(); err != nil {
		return err
	}
	return r.validateBalanced()
}

func (r TransactionRequest) validateEntries() error {
	if len(r.Entries) < 2 || len(r.Entries) > MaxEntries {
		return r.invalid("entries", fmt.Sprintf("a transaction should have 2 to %d entries, not %d", MaxEntries, len(r.Entries)))
	}
	for i, e := range r.Entries {
		field := func(name string) string { return fmt.Sprintf("entries[%d].%s", i, name) }
		switch {
		case ValidateID(e.Account) != nil:
			return validateID(field("account"), e.Account)
		case !e.Side.valid():
			return r.invalid(field("side"), field("side")+" should be debit or credit")
		case e.Normal != 0 && !e.Normal.valid():
			return r.invalid(field("normal"), field("normal")+" should be debit, credit or not given")
		case e.Asset.Validate() != nil:
			return r.invalid(field("asset"), field("asset")+": "+e.Asset.Validate().Error())
		case e.Amount.Sign() <= 0:
			return r.invalid(field("amount"), field("amount")+" should be positive")
		case !e.Amount.fits():
			return &Error{
				Code: ErrAmountOutOfRange, Field: field("amount"), Transaction: r.ID,
				Message: fmt.Sprintf("%s should have at most %d digits", field("amount"), MaxDigits),
			}
		}
	}
	return nil
}

func (r TransactionRequest) validateBalanced() error {
	var nets assetNets
	for _, e := range r.Entries {
		if err := nets.add(e.Asset, e.Side, e.Amount); err != nil {
			return err
		}
	}
	if asset, net, ok := nets.unbalanced(); ok {
		return &Error{
			Code: ErrUnbalanced, Field: "entries", Transaction: r.ID,
			Message: fmt.Sprintf("debits and credits of %s differ by %s", asset, asset.Format(net.abs())),
		}
	}
	return nil
}

func openingIDMessage(id string) string {
	return fmt.Sprintf("transaction id %q is reserved for opening balances", id)
}

func (r TransactionRequest) invalid(field, message string) error {
	return &Error{Code: ErrInvalidRequest, Field: field, Message: message, Transaction: r.ID}
}

// assetNets is debits less credits for each asset. Most transactions are in one,
// which is kept in place; the others are searched from the front.
type assetNets struct {
	first  assetNet
	others []assetNet
}

type assetNet struct {
	asset Asset
	net   Amount
}

func (n *assetNets) add(asset Asset, side Side, amount Amount) (err error) {
	if side == Credit {
		amount = amount.Neg()
	}
	net := n.of(asset)
	net.net, err = net.net.Add(amount)
	return err
}

func (n *assetNets) of(asset Asset) *assetNet {
	if n.first.asset == (Asset{}) {
		n.first.asset = asset
	}
	if n.first.asset == asset {
		return &n.first
	}
	for i := range n.others {
		if n.others[i].asset == asset {
			return &n.others[i]
		}
	}
	n.others = append(n.others, assetNet{asset: asset})
	return &n.others[len(n.others)-1]
}

func (n *assetNets) unbalanced() (Asset, Amount, bool) {
	if n.first.net.Sign() != 0 {
		return n.first.asset, n.first.net, true
	}
	for _, other := range n.others {
		if other.net.Sign() != 0 {
			return other.asset, other.net, true
		}
	}
	return Asset{}, Amount{}, false
}
