package ledger

import (
	"cmp"
	"context"
	"slices"
)

// verifyParts proves that what was posted of a pending transaction is what it reserved,
// or part of it.
func (r *recordVerifier) verifyParts() {
	if r.t.Status != Posted {
		return
	}
	for i := range r.t.Entries {
		listed, reserved := &r.t.Entries[i], r.t.Reserved[i]
		at, found := slices.BinarySearchFunc(r.Entries, listed, func(e Entry, listed *Entry) int { return placeOf(&e).compare(placeOf(listed)) })
		if !found {
			continue
		}
		if e := &r.Entries[at]; e.Side != listed.Side || e.Amount.Cmp(reserved) > 0 {
			r.findEntry(CheckPending, e, "is a %s of %s; it should be a %s of at most %s, as was reserved",
				e.Side, money(e.Asset, e.Amount), listed.Side, money(e.Asset, reserved))
		}
	}
}

// verifyReservations proves that the transaction reserves what it says, as long as it
// is pending.
func (r *recordVerifier) verifyReservations(ctx context.Context) {
	expected := r.expected()
	for i := range r.Reservations {
		found := &r.Reservations[i]
		if i > 0 && found.Account == r.Reservations[i-1].Account {
			r.findAt(CheckUnique, found.Account, "has two reservations on account %q; it should have one", found.Account)
			continue
		}
		at, has := slices.BinarySearchFunc(expected, found.Account, func(e Reservation, account string) int { return cmp.Compare(e.Account, account) })
		if !has {
			r.findAt(CheckPending, found.Account, "is %s, and reserves %s and %s on account %q; it should reserve nothing there",
				r.t.StatusAt(r.now), units(Debit, found.Debits), units(Credit, found.Credits), found.Account)
			continue
		}
		switch want := &expected[at]; {
		case found.Debits != want.Debits || found.Credits != want.Credits:
			r.findAt(CheckPending, found.Account, "reserves %s and %s on account %q; it should be %s and %s",
				units(Debit, found.Debits), units(Credit, found.Credits), found.Account, units(Debit, want.Debits), units(Credit, want.Credits))
		case !found.ExpiresAt.Equal(want.ExpiresAt):
			r.findAt(CheckPending, found.Account, "has a reservation on account %q until %s; it should be until %s",
				found.Account, formatEnd(found.ExpiresAt), formatEnd(want.ExpiresAt))
		}
	}
	for i := range expected {
		if want := &expected[i]; !r.isReserved(want.Account) && !r.hasExpired(ctx, want) {
			r.findAt(CheckPending, want.Account, "is pending, and reserves nothing on account %q; it should reserve %s and %s",
				want.Account, units(Debit, want.Debits), units(Credit, want.Credits))
		}
	}
}

func (r *recordVerifier) isReserved(account string) bool {
	return slices.ContainsFunc(r.Reservations, func(found Reservation) bool { return found.Account == account })
}

// expected returns what the transaction should reserve, in the order of accounts.
func (r *recordVerifier) expected() []Reservation {
	if r.t.Status != Pending && r.t.Status != Expired {
		return nil
	}
	var expected []Reservation
	for i, amount := range r.t.Reserved {
		e := &r.t.Entries[i]
		if IsWorldID(e.Account) {
			continue
		}
		added := Reservation{Account: e.Account, Transaction: r.ID, Debits: amount, ExpiresAt: r.t.ExpiresAt}
		if e.Side != Debit {
			added.Debits, added.Credits = Amount{}, amount
		}
		expected = append(expected, added)
	}
	slices.SortStableFunc(expected, func(a, b Reservation) int { return cmp.Compare(a.Account, b.Account) })
	merged := expected[:0]
	for _, each := range expected {
		if n := len(merged); n > 0 && merged[n-1].Account == each.Account {
			merged[n-1].Debits = merged[n-1].Debits.wrappingAdd(each.Debits)
			merged[n-1].Credits = merged[n-1].Credits.wrappingAdd(each.Credits)
			continue
		}
		merged = append(merged, each)
	}
	return merged
}

// hasExpired says whether a reservation that is not there may have been swept. If the
// store's clock was set back since, its account still knows.
func (r *recordVerifier) hasExpired(ctx context.Context, missing *Reservation) bool {
	end := missing.ExpiresAt
	switch {
	case end.IsZero():
		return false
	case !r.now.Before(end) || !r.t.RecordedAt.Before(end):
		return true
	}
	for stored, err := range r.inspection.Balances(ctx, Scope{Account: missing.Account}) {
		return err == nil && !stored.LastRecordedAt.Before(end)
	}
	return false
}
