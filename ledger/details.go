package ledger

import (
	"fmt"
	"time"
)

// details is what a request says of a transaction beside its entries. Most
// deposits and payments have none.
type details struct {
	pending     bool
	expiresAt   time.Time
	effectiveAt time.Time
	description string
	metadata    Metadata
	related     string
	reverses    string
	actor       string
	// transaction is the id of the request, for its errors.
	transaction string
}

// details returns the request's details, or nil if it has none. The metadata is
// the request's own.
func (r *TransactionRequest) details() *details {
	if !r.Pending && r.ExpiresAt.IsZero() && r.EffectiveAt.IsZero() && r.Description == "" && len(r.Metadata) == 0 &&
		r.Related == "" && r.Actor == "" {
		return nil
	}
	return &details{
		pending: r.Pending, expiresAt: canonicalTime(r.ExpiresAt), effectiveAt: canonicalTime(r.EffectiveAt),
		description: r.Description, metadata: r.Metadata, related: r.Related, actor: r.Actor, transaction: r.ID,
	}
}

// canonicalTime is the time as the ledger keeps it: in UTC, to the microsecond.
func canonicalTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// validate says why the details can never be, or nil.
func (d *details) validate() error {
	if d == nil {
		return nil
	}
	invalid := func(field, message string) error {
		return &Error{Code: ErrInvalidRequest, Field: field, Message: message, Transaction: d.transaction}
	}
	switch {
	case !d.expiresAt.IsZero() && !d.pending:
		return invalid("expires_at", "expires_at is for a pending transaction")
	case !validTime(d.expiresAt):
		return invalid("expires_at", "expires_at should be in the years 1 to 9999")
	case !validTime(d.effectiveAt):
		return invalid("effective_at", "effective_at should be in the years 1 to 9999")
	case len(d.description) > MaxDescription:
		return invalid("description", fmt.Sprintf("description should be at most %d bytes long", MaxDescription))
	case d.related != "" && d.related == d.transaction:
		return invalid("related", "related should name another transaction")
	}
	if err := validateText("description", d.description); err != nil {
		return err
	}
	if d.related != "" {
		if err := validateID("related", d.related); err != nil {
			return err
		}
	}
	if err := validateActor(d.actor); err != nil {
		return err
	}
	return d.metadata.validate()
}

func formatTime(t time.Time) string { return t.Format(time.RFC3339Nano) }

// formatEnd is formatTime, of which zero is never.
func formatEnd(t time.Time) string {
	if t.IsZero() {
		return "further notice"
	}
	return formatTime(t)
}

func validTime(t time.Time) bool { return t.IsZero() || t.Year() >= 1 && t.Year() <= 9999 }

func validateActor(actor string) error {
	if len(actor) > MaxActor {
		return &Error{Code: ErrInvalidRequest, Field: "actor", Message: fmt.Sprintf("actor should be at most %d bytes long", MaxActor)}
	}
	return validateText("actor", actor)
}

// apply writes the details to a transaction that is being recorded.
func (d *details) apply(t *Transaction) error {
	if d == nil {
		return nil
	}
	refuse := func(field, message string) error {
		return &Error{Code: ErrInvalidRequest, Field: field, Transaction: t.ID, Message: message}
	}
	switch {
	case d.effectiveAt.After(t.RecordedAt):
		return refuse("effective_at", "effective_at should not be ahead of the ledger's time, which is "+formatTime(t.RecordedAt))
	case d.hasEnded(t.RecordedAt) && !d.effectiveAt.Before(d.expiresAt):
		return refuse("expires_at", "expires_at should be later than effective_at, for a hold of the past")
	case d.hasEnded(t.RecordedAt) && d.effectiveAt.IsZero():
		return refuse("expires_at", "expires_at should be ahead of the ledger's time, which is "+formatTime(t.RecordedAt)+
			", unless an effective_at says that the hold is of the past")
	}
	if !d.effectiveAt.IsZero() {
		t.EffectiveAt = d.effectiveAt
	}
	t.ExpiresAt, t.Description, t.Metadata = d.expiresAt, d.description, d.metadata
	t.Related, t.Reverses, t.Actor = d.related, d.reverses, d.actor
	if d.pending {
		t.Status = Pending
		t.Status = t.StatusAt(t.RecordedAt)
	}
	return nil
}

// hasEnded says whether it is of a hold whose time has run out.
func (d *details) hasEnded(now time.Time) bool {
	return d.pending && !d.expiresAt.IsZero() && !d.expiresAt.After(now)
}
