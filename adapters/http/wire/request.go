package wire

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/seed-d432d95b/ledger/ledger"
)

// This file turns the domain's requests into the wire's, for a client. JSON cannot
// carry all that they may say: text that is no UTF-8, a time in the year 10000, a
// limit of an account that has none. That is refused here as the domain refuses it,
// and not sent as something else. All the rest is for the server to judge.

// NewAccountRequest returns the request as the wire has it.
func NewAccountRequest(r ledger.AccountRequest) (AccountRequest, error) {
	var c carrier
	request := AccountRequest{
		ID: c.text("id", r.ID), Name: c.text("name", r.Name), Asset: c.asset("asset", r.Asset),
		EffectiveAt: c.time("effective_at", r.EffectiveAt), Metadata: c.pairs(r.Metadata),
	}
	if r.Normal != 0 {
		request.Normal = r.Normal.String()
	}
	switch {
	case r.Unlimited && r.MinBalance.Sign() != 0:
		c.fail(&ledger.Error{
			Code: ledger.ErrInvalidRequest, Field: "min_balance", Message: "an unlimited account should have no minimum balance",
		})
	case r.Unlimited:
		request.MinBalance = noLimit
	case r.MinBalance.Sign() != 0:
		request.MinBalance = r.Asset.Format(r.MinBalance)
	}
	if r.OpeningBalance.Sign() != 0 {
		request.OpeningBalance = r.Asset.Format(r.OpeningBalance)
	}
	return request, c.end(r.ID, "")
}

// NewAccountChange returns the change as the wire has it.
func NewAccountChange(change ledger.AccountChange) (AccountChange, error) {
	var c carrier
	request := AccountChange{Name: change.Name, Metadata: c.pairs(change.Metadata)}
	if change.Name != nil {
		c.text("name", *change.Name)
	}
	if change.Status != 0 {
		request.Status = change.Status.String()
	}
	return request, c.err
}

// NewTransactionRequest returns the request as the wire has it. assetOf tells what
// the accounts of its conditions hold.
func NewTransactionRequest(r ledger.TransactionRequest, assetOf func(account string) ledger.Asset) (TransactionRequest, error) {
	var c carrier
	request := TransactionRequest{
		ID: c.text("id", r.ID), Entries: c.entries(r.Entries), Conditions: c.conditions(r.Conditions, assetOf), UpTo: r.UpTo,
		Pending: r.Pending, ExpiresAt: c.time("expires_at", r.ExpiresAt), EffectiveAt: c.time("effective_at", r.EffectiveAt),
		Description: c.text("description", r.Description), Metadata: c.pairs(r.Metadata),
		Related: c.text("related", r.Related), Actor: c.text("actor", r.Actor),
	}
	return request, c.end("", r.ID)
}

// NewPostPendingRequest returns the request as the wire has it. asset is what an
// amount is in.
func NewPostPendingRequest(r ledger.PostPendingRequest, asset ledger.Asset) (PostPendingRequest, error) {
	var c carrier
	request := PostPendingRequest{Entries: c.entries(r.Entries), Actor: c.text("actor", r.Actor)}
	if r.Amount != nil {
		request.Amount = asset.Format(*r.Amount)
	}
	return request, c.end("", r.Transaction)
}

// NewVoidPendingRequest returns the request as the wire has it.
func NewVoidPendingRequest(r ledger.VoidPendingRequest) (VoidPendingRequest, error) {
	var c carrier
	return VoidPendingRequest{Actor: c.text("actor", r.Actor)}, c.end("", r.Transaction)
}

// NewReversalRequest returns the request as the wire has it.
func NewReversalRequest(r ledger.ReversalRequest) (ReversalRequest, error) {
	var c carrier
	request := ReversalRequest{
		ID: c.text("id", r.ID), EffectiveAt: c.time("effective_at", r.EffectiveAt), Description: c.text("description", r.Description),
		Metadata: c.pairs(r.Metadata), Actor: c.text("actor", r.Actor),
	}
	return request, c.end("", r.ID)
}

// NewTime returns a time as a query of the domain means it, which the named field has:
// zero is none.
func NewTime(field string, at time.Time) (time.Time, error) {
	var c carrier
	at = c.time(field, at)
	return at, c.err
}

// carrier takes what a request says, and keeps the first error.
type carrier struct{ err error }

func (c *carrier) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// end returns the first error, with the account or transaction that it is about.
func (c *carrier) end(account, transaction string) error {
	e, ok := errors.AsType[*ledger.Error](c.err)
	if !ok {
		return c.err
	}
	named := *e
	named.Account, named.Transaction = cmp.Or(e.Account, account), cmp.Or(e.Transaction, transaction)
	return &named
}

func (c *carrier) text(field, text string) string {
	if !utf8.ValidString(text) {
		c.fail(invalid(field, "should be valid UTF-8"))
	}
	return text
}

func (c *carrier) pairs(metadata ledger.Metadata) map[string]string {
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		c.text("metadata", key)
		c.text("metadata."+key, metadata[key])
	}
	return metadata
}

// asset returns the asset with its scale, so that a wrong one is refused.
func (c *carrier) asset(field string, asset ledger.Asset) string {
	if !utf8.ValidString(asset.Code) {
		c.fail(&ledger.Error{Code: ledger.ErrInvalidRequest, Field: field, Message: asset.Validate().Error()})
	}
	return asset.String()
}

// time returns the time to the microsecond, as the domain counts it.
func (c *carrier) time(field string, at time.Time) time.Time {
	at = at.UTC().Truncate(time.Microsecond)
	if year := at.Year(); year < 1 || year > 9999 {
		c.fail(invalid(field, "should be in the years 1 to 9999"))
	}
	return at
}

func (c *carrier) entries(entries []ledger.EntryRequest) []EntryRequest {
	if len(entries) > ledger.MaxEntries {
		c.fail(&ledger.Error{
			Code: ledger.ErrInvalidRequest, Field: "entries",
			Message: fmt.Sprintf("a transaction should have 2 to %d entries, not %d", ledger.MaxEntries, len(entries)),
		})
		return nil
	}
	if entries == nil {
		return nil
	}
	requests := make([]EntryRequest, len(entries))
	for i, e := range entries {
		field := "entries[" + strconv.Itoa(i) + "]"
		requests[i] = EntryRequest{
			Account: c.text(field+".account", e.Account), Side: e.Side.String(),
			Amount: e.Asset.Format(e.Amount), Asset: c.asset(field+".asset", e.Asset),
		}
		if e.Normal != 0 {
			requests[i].Normal = e.Normal.String()
		}
	}
	return requests
}

func (c *carrier) conditions(conditions []ledger.Condition, assetOf func(string) ledger.Asset) []Condition {
	if len(conditions) > ledger.MaxConditions {
		c.fail(&ledger.Error{
			Code: ledger.ErrInvalidRequest, Field: "conditions",
			Message: fmt.Sprintf("a transaction should have at most %d conditions, not %d", ledger.MaxConditions, len(conditions)),
		})
		return nil
	}
	var requests []Condition
	for i, condition := range conditions {
		request := Condition{
			Account: c.text("conditions["+strconv.Itoa(i)+"].account", condition.Account), Sequence: condition.Sequence,
		}
		if least := condition.MinAvailable; least != nil {
			asset := assetOf(condition.Account)
			request.MinAvailable, request.Asset = asset.Format(*least), asset.String()
		}
		requests = append(requests, request)
	}
	return requests
}
