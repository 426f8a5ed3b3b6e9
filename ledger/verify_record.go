package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// verifyRecords proves all that there is to prove of transactions.
func (v *verifier) verifyRecords(ctx context.Context) {
	last, isFirst := "", true
	for record, err := range v.inspection.Records(ctx, v.query.Scope) {
		if !v.goesOn(ctx) {
			return
		}
		for i := range record.Reservations {
			if t := v.tight[record.Reservations[i].Account]; t != nil {
				t.expire(&record.Reservations[i])
			}
		}
		unreadable := v.isUnreadable(err, Finding{Transaction: record.ID})
		if v.err != nil {
			return
		}
		v.done.Transactions++
		v.counted()
		if unreadable {
			continue
		}
		if record.ID <= last && !isFirst {
			v.err = broken("the store yields transaction %q behind %q", record.ID, last)
			return
		}
		last, isFirst = record.ID, false
		if err := ValidateID(record.ID); err != nil {
			v.report(Finding{Check: CheckStored, Transaction: record.ID, Message: fmt.Sprintf("transaction %q has an id that none can have: %s", record.ID, err)})
		}
		v.verifyRecord(ctx, &record)
	}
}

// recordVerifier proves one transaction.
type recordVerifier struct {
	*verifier
	*Record
	// t is the one transaction.
	t *Transaction
	// wasPending says that it was made pending.
	wasPending bool
}

// find reports a finding about the transaction.
func (r *recordVerifier) find(check Check, format string, arguments ...any) {
	r.report(Finding{
		Check: check, Transaction: r.ID, Message: fmt.Sprintf("transaction %q ", r.ID) + fmt.Sprintf(format, arguments...),
	})
}

// findAt is find for what has to do with an account.
func (r *recordVerifier) findAt(check Check, account, format string, arguments ...any) {
	r.report(Finding{
		Check: check, Account: account, Transaction: r.ID,
		Message: fmt.Sprintf("transaction %q ", r.ID) + fmt.Sprintf(format, arguments...),
	})
}

// findEntry is find for what has to do with an entry.
func (r *recordVerifier) findEntry(check Check, e *Entry, format string, arguments ...any) {
	r.report(Finding{
		Check: check, Account: e.Account, Stripe: e.Stripe, Sequence: new(e.Sequence), Transaction: r.ID,
		Message: fmt.Sprintf("transaction %q: entry %d of %s ", r.ID, e.Sequence, nameOf(e.Account, e.Stripe)) + fmt.Sprintf(format, arguments...),
	})
}

func (v *verifier) verifyRecord(ctx context.Context, record *Record) {
	r := &recordVerifier{verifier: v, Record: record}
	switch len(record.Transactions) {
	case 1:
		r.t = &record.Transactions[0]
		r.wasPending = r.t.Reserved != nil
	case 0:
		r.verifyNothing()
		return
	default:
		r.find(CheckUnique, "is there %d times; it should be there once", len(record.Transactions))
		return
	}
	if !r.verifyForm() {
		return
	}
	// Of what is there twice, the account's chain tells.
	isSame := func(a, b Entry) bool { return placeOf(&a) == placeOf(&b) }
	r.Entries, r.Reversed = slices.CompactFunc(r.Entries, isSame), slices.CompactFunc(r.Reversed, isSame)
	isRight := r.t.Status != Posted && len(r.Entries) == 0
	if r.t.Status == Posted {
		isRight = r.verifyKeys()
	} else {
		for i := range r.Entries {
			r.findEntry(CheckLinks, &r.Entries[i], "names it; a transaction that is %s should have no entries", r.t.Status)
		}
	}
	r.verifyTimes()
	r.verifyReservations(ctx)
	if !isRight {
		return
	}
	r.verifyEntryTimes()
	r.verifyBalanced()
	if r.wasPending {
		r.verifyParts()
	}
	if r.t.Reverses != "" {
		r.verifyMirror()
	}
	if isOpeningID(r.ID) {
		r.verifyOpening()
	}
}

// verifyNothing says what names a transaction that is not there.
func (r *recordVerifier) verifyNothing() {
	for i := range r.Entries {
		r.findEntry(CheckLinks, &r.Entries[i], "names it; it is not there, and should be")
	}
	for i := range r.Reservations {
		r.findAt(CheckLinks, r.Reservations[i].Account, "is not there, and should be; it has a reservation on account %q", r.Reservations[i].Account)
	}
	if len(r.Entries)+len(r.Reservations) == 0 {
		r.find(CheckLinks, "is not there, and should be")
	}
}

// verifyForm proves that the transaction is one at all.
func (r *recordVerifier) verifyForm() bool {
	t := r.t
	isRight := true
	wrong := func(check Check, format string, arguments ...any) {
		isRight = false
		r.find(check, format, arguments...)
	}
	switch {
	case t.Status < Posted || t.Status > Expired:
		wrong(CheckStored, "has %s; it should be posted, pending or voided", t.Status)
	case t.Status != Posted && !r.wasPending:
		wrong(CheckStored, "is %s; it should have reserved something", t.Status)
	case r.wasPending && len(t.Reserved) != len(t.Entries):
		wrong(CheckStored, "reserved %d amounts; it should be one for each of its %d entries", len(t.Reserved), len(t.Entries))
	case len(t.Entries) < 2 || len(t.Entries) > MaxEntries:
		wrong(CheckLinks, "lists %s entries; it should be 2 to %d", countOf(len(t.Entries)), MaxEntries)
	case len(r.Entries) > MaxEntries:
		wrong(CheckLinks, "is named by %s entries; it should be by the %d that it lists", countOf(len(r.Entries)), len(t.Entries))
	case r.wasPending && t.Reverses != "":
		wrong(CheckLinks, "reverses %q and was made pending; a reversal should be posted at once", t.Reverses)
	}
	return isRight
}

// countOf is the length of a list that ends with one element too many.
func countOf(length int) string {
	if length > MaxEntries {
		return fmt.Sprintf("more than %d", MaxEntries)
	}
	return strconv.Itoa(length)
}

// verifyKeys proves that the entries that the transaction lists are those that name it.
func (r *recordVerifier) verifyKeys() (isRight bool) {
	listed := make([]*Entry, len(r.t.Entries))
	for i := range listed {
		listed[i] = &r.t.Entries[i]
	}
	slices.SortFunc(listed, func(a, b *Entry) int { return placeOf(a).compare(placeOf(b)) })
	isRight = true
	there := r.Entries
	for i, e := range listed {
		if i > 0 && placeOf(e) == placeOf(listed[i-1]) {
			isRight = false
			r.findEntry(CheckUnique, e, "is listed twice; it should be listed once")
			continue
		}
		for len(there) > 0 && placeOf(&there[0]).compare(placeOf(e)) < 0 {
			isRight = false
			r.findEntry(CheckLinks, &there[0], "names it; it should list that, and does not")
			there = there[1:]
		}
		if len(there) == 0 || placeOf(&there[0]) != placeOf(e) {
			isRight = false
			r.findEntry(CheckLinks, e, "is listed; it should be there and name the transaction, and is not or does not")
			continue
		}
		there = there[1:]
	}
	for i := range there {
		isRight = false
		r.findEntry(CheckLinks, &there[i], "names it; it should list that, and does not")
	}
	return isRight
}

// writtenAt is when the entries should have been recorded.
func (r *recordVerifier) writtenAt() time.Time {
	if r.wasPending && r.t.Status != Pending && r.t.Status != Expired {
		return r.t.ResolvedAt
	}
	return r.t.RecordedAt
}

func (r *recordVerifier) verifyTimes() {
	at := r.writtenAt()
	if at.Before(r.t.RecordedAt) {
		r.find(CheckTimes, "was %s at %s; that should not be before it was recorded, at %s", r.t.Status, formatTime(at), formatTime(r.t.RecordedAt))
	}
	if ends := r.t.ExpiresAt; !ends.IsZero() && !r.wasPending {
		r.find(CheckStored, "expires at %s; it was never pending, and should not expire", formatTime(ends))
	}
	if ends := r.t.ExpiresAt; !r.t.ResolvedAt.IsZero() && !ends.IsZero() && !r.t.ResolvedAt.Before(ends) {
		r.find(CheckTimes, "was %s at %s; that should be before it expired, at %s", r.t.Status, formatTime(r.t.ResolvedAt), formatTime(ends))
	}
	if r.t.EffectiveAt.After(at) {
		r.find(CheckTimes, "takes effect at %s; that should not be later than when it was written, at %s", formatTime(r.t.EffectiveAt), formatTime(at))
	}
}

// verifyEntryTimes proves that the entries have the times of the transaction.
func (r *recordVerifier) verifyEntryTimes() {
	at := r.writtenAt()
	for i := range r.Entries {
		e := &r.Entries[i]
		if !e.RecordedAt.Equal(at) {
			r.findEntry(CheckTimes, e, "was recorded at %s; it should be %s, as was the transaction", formatTime(e.RecordedAt), formatTime(at))
		}
		if !e.EffectiveAt.Equal(r.t.EffectiveAt) {
			r.findEntry(CheckTimes, e, "takes effect at %s; it should be %s, as does the transaction", formatTime(e.EffectiveAt), formatTime(r.t.EffectiveAt))
		}
	}
}

// verifyBalanced proves that debits equal credits in each asset; of what is reserved,
// whose assets it does not say, in all.
func (r *recordVerifier) verifyBalanced() {
	sums := make(map[Asset]Balance)
	add := func(asset Asset, side Side, amount Amount) {
		sum := sums[asset]
		if side == Debit {
			sum.Debits = sum.Debits.wrappingAdd(amount)
		} else {
			sum.Credits = sum.Credits.wrappingAdd(amount)
		}
		sums[asset] = sum
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Asset == (Asset{}) {
			return // Its account is not there, which is another finding.
		}
		add(e.Asset, e.Side, e.Amount)
	}
	for i, amount := range r.t.Reserved {
		add(Asset{}, r.t.Entries[i].Side, amount)
	}
	for _, asset := range sortedAssets(sums) {
		switch sum := sums[asset]; {
		case sum.Debits == sum.Credits:
		case asset == (Asset{}):
			r.find(CheckBalanced, "reserves debits of %s and credits of %s, which should be equal", money(asset, sum.Debits), money(asset, sum.Credits))
		default:
			r.find(CheckBalanced, "debits %s and credits %s, which should be equal", money(asset, sum.Debits), money(asset, sum.Credits))
		}
	}
}

// verifyMirror proves that a reversal has the entries of what it reverses on the other
// sides.
func (r *recordVerifier) verifyMirror() {
	if len(r.Reversed) == 0 {
		r.find(CheckLinks, "reverses %q; that should have posted something", r.t.Reverses)
		return
	}
	mirrors, originals := slices.Clone(r.Entries), slices.Clone(r.Reversed)
	for i := range originals {
		originals[i].Side = originals[i].Side.opposite()
	}
	compare := func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Side, b.Side), a.Amount.Cmp(b.Amount))
	}
	slices.SortFunc(mirrors, compare)
	slices.SortFunc(originals, compare)
	if !slices.EqualFunc(mirrors, originals, func(a, b Entry) bool { return compare(a, b) == 0 }) {
		r.find(CheckLinks, "reverses %q; its entries should be those of that one on the other sides", r.t.Reverses)
	}
}

// verifyOpening proves that an opening balance comes from the world, and is its
// account's entry 0.
func (r *recordVerifier) verifyOpening() {
	var world, opened *Entry
	for i := range r.Entries {
		if e := &r.Entries[i]; IsWorldID(e.Account) {
			world = e
		} else {
			opened = e
		}
	}
	switch {
	case r.wasPending || len(r.Entries) != 2 || world == nil || opened == nil || OpeningID(opened.Account) != r.ID || opened.Sequence != 0:
		r.find(CheckLinks, "has an id of opening balances; it should be entry 0 of the account that its id names, and one of a world account")
	case world.Account != WorldID(opened.Asset.Code):
		r.findAt(CheckLinks, opened.Account, "should come from %q; it comes from %q", WorldID(opened.Asset.Code), world.Account)
	}
}
