package postgres

import (
	"context"
	"errors"
	"iter"

	"github.com/seed-d432d95b/ledger/ledger"
)

// recordCursors are the lists that records are put together from.
type recordCursors struct {
	transactions *cursor[inspectedTransaction]
	resolutions  *cursor[inspectedResolution]
	reversals    *cursor[reversal]
	entries      *cursor[ownedEntry]
	reservations *cursor[inspectedReservation]
	reversed     *cursor[ownedEntry]
}

func (i *inspection) recordCursors(scope ledger.Scope) *recordCursors {
	reversals, entries := inspectReversals, inspectEntriesOfWhole
	if !scope.IsWhole() {
		reversals, entries = inspectReversalsOfPart, inspectEntriesOfPart
	}
	return &recordCursors{
		transactions: newCursor(i, scope, inspectTransactions, readInspectedTransaction),
		resolutions:  newCursor(i, scope, inspectResolutions, readInspectedResolution),
		reversals:    newCursor(i, scope, reversals, readReversal),
		entries:      newCursor(i, scope, entries, readOwnedEntry),
		reservations: newCursor(i, scope, inspectReservations, readInspectedReservation),
		reversed:     newCursor(i, scope, inspectReversed, readOwnedEntry),
	}
}

func (c *recordCursors) stop(ctx context.Context) {
	c.transactions.stop(ctx)
	c.resolutions.stop(ctx)
	c.reversals.stop(ctx)
	c.entries.stop(ctx)
	c.reservations.stop(ctx)
	c.reversed.stop(ctx)
}

func idOfTransaction(t *inspectedTransaction) string    { return t.ID }
func idOfResolution(r *inspectedResolution) string      { return r.transaction }
func idOfReversed(r *reversal) string                   { return r.reverses }
func ownerOfEntry(e *ownedEntry) string                 { return e.owner }
func ownerOfReservation(r *inspectedReservation) string { return r.Transaction }

// Records implements [ledger.Inspection].
func (i *inspection) Records(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		if err := i.keep(ctx, scope); err != nil {
			yield(ledger.Record{}, err)
			return
		}
		c := i.recordCursors(scope)
		defer c.stop(ctx)
		for {
			id, found, err := c.first(ctx)
			if err == nil && !found {
				return
			}
			var r recordReader
			if err == nil {
				err = r.read(ctx, c, id)
			}
			if err != nil {
				yield(ledger.Record{}, err)
				return
			}
			if !yield(r.record, errors.Join(r.faults...)) {
				return
			}
		}
	}
}

// first returns the first of the ids that are next in the lists.
func (c *recordCursors) first(ctx context.Context) (id string, found bool, err error) {
	consider := func(next string) {
		if !found || next < id {
			id, found = next, true
		}
	}
	t, err := c.transactions.peek(ctx)
	if err != nil {
		return "", false, err
	}
	e, err := c.entries.peek(ctx)
	if err != nil {
		return "", false, err
	}
	r, err := c.reservations.peek(ctx)
	if err != nil {
		return "", false, err
	}
	if t != nil {
		consider(t.ID)
	}
	if e != nil {
		consider(e.owner)
	}
	if r != nil {
		consider(r.Transaction)
	}
	return id, found, nil
}

// recordReader puts a record together.
type recordReader struct {
	record ledger.Record
	// faults say what cannot be read.
	faults []error
}

func (r *recordReader) fault(err error) {
	// One of each list says enough.
	if err != nil && len(r.faults) < maxFaults {
		r.faults = append(r.faults, err)
	}
}

// maxFaults is how many faults of a record are told.
const maxFaults = 8

func (r *recordReader) read(ctx context.Context, c *recordCursors, id string) error {
	r.record.ID = id
	var resolution *inspectedResolution
	reversedBy := ""
	for _, list := range []func() error{
		func() error {
			return each(ctx, c.resolutions, id, idOfResolution, func(found *inspectedResolution) {
				if resolution == nil {
					resolution = new(*found)
				}
			})
		},
		func() error {
			return each(ctx, c.reversals, id, idOfReversed, func(found *reversal) {
				if reversedBy == "" {
					reversedBy = found.id
				}
			})
		},
		func() error {
			return each(ctx, c.transactions, id, idOfTransaction, func(t *inspectedTransaction) {
				t.resolve(resolution)
				t.ReversedBy = reversedBy
				if len(r.record.Transactions) <= ledger.MaxEntries {
					r.record.Transactions = append(r.record.Transactions, t.Transaction)
				}
				r.fault(unreadable(t.faults, "", id, "transaction %q", id))
			})
		},
		func() error {
			return each(ctx, c.entries, id, ownerOfEntry, func(e *ownedEntry) {
				r.record.Entries = r.added(r.record.Entries, e)
			})
		},
		func() error {
			return each(ctx, c.reservations, id, ownerOfReservation, func(n *inspectedReservation) {
				if len(r.record.Reservations) <= ledger.MaxEntries {
					r.record.Reservations = append(r.record.Reservations, n.Reservation)
				}
				r.fault(unreadable(n.faults, n.Account, id, "the reservation of transaction %q on account %q", id, n.Account))
			})
		},
		func() error {
			return each(ctx, c.reversed, id, ownerOfEntry, func(e *ownedEntry) {
				r.record.Reversed = r.added(r.record.Reversed, e)
			})
		},
	} {
		if err := list(); err != nil {
			return err
		}
	}
	return nil
}

// added returns entries with one more, unless they are more than a transaction can have.
func (r *recordReader) added(entries []ledger.Entry, e *ownedEntry) []ledger.Entry {
	r.fault(e.err())
	if len(entries) > ledger.MaxEntries {
		return entries
	}
	return append(entries, e.Entry)
}

// each calls use with the rows that have the id, and passes over those before.
func each[T any](ctx context.Context, c *cursor[T], id string, idOf func(*T) string, use func(*T)) error {
	for {
		found, err := seek(ctx, c, id, idOf)
		if found == nil || err != nil {
			return err
		}
		use(found)
		c.at++
	}
}
