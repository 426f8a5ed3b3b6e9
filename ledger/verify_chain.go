package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// place is where a chain of entries, or an entry, stands in the order of the books.
type place struct {
	account  string
	stripe   uint8
	sequence uint64
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.account, other.account), cmp.Compare(p.stripe, other.stripe), cmp.Compare(p.sequence, other.sequence))
}

func placeOf(e *Entry) place { return place{e.Account, e.Stripe, e.Sequence} }

// isOn says whether the place is on a chain.
func (p place) isOn(account string, stripe uint8) bool {
	return p.account == account && p.stripe == stripe
}

// entryReader reads entries one by one, and lets look at the next.
type entryReader struct {
	v    *verifier
	pull func() (Entry, error, bool)
	// entry is the next one, unless it is the end, and err what was yielded beside it.
	entry Entry
	err   error
	isEnd bool
}

// advance goes on to the next entry.
func (r *entryReader) advance(ctx context.Context) {
	last := placeOf(&r.entry)
	var ok bool
	r.entry, r.err, ok = r.pull()
	r.isEnd = !ok || !r.v.goesOn(ctx)
	switch {
	case r.isEnd:
	case r.err != nil && !errors.Is(r.err, ErrInternal):
		r.v.err, r.isEnd = r.err, true
	case r.err == nil && placeOf(&r.entry).compare(last) < 0:
		r.v.err = broken("the store yields entry %d of account %q behind entry %d of %q", r.entry.Sequence, r.entry.Account, last.sequence, last.account)
		r.isEnd = true
	}
}

// verifyChains proves all that there is to prove of accounts and their entries.
func (v *verifier) verifyChains(ctx context.Context) {
	pull, stop := iter.Pull2(v.inspection.Entries(ctx, v.query.Scope))
	defer stop()
	entries := &entryReader{v: v, pull: pull}
	entries.advance(ctx)
	var last *StoredBalance
	for stored, err := range v.inspection.Balances(ctx, v.query.Scope) {
		if !v.goesOn(ctx) {
			return
		}
		if last != nil && last.ID == stored.ID && last.Stripe == stored.Stripe {
			v.report(Finding{
				Check: CheckUnique, Account: stored.ID, Stripe: stored.Stripe,
				Message: nameOf(stored.ID, stored.Stripe) + " has two balances, and should have one",
			})
			continue
		}
		at := place{account: stored.ID, stripe: stored.Stripe}
		if last != nil && err == nil && at.compare(place{account: last.ID, stripe: last.Stripe}) < 0 {
			v.err = broken("the store yields the balance of account %q behind that of %q", stored.ID, last.ID)
			return
		}
		if last == nil || stored.ID != last.ID {
			v.done.Accounts++
			v.counted()
		}
		v.verifyOrphans(ctx, entries, &at)
		c := &chain{v: v, account: stored.ID, stripe: stored.Stripe}
		if !v.isUnreadable(err, Finding{Account: stored.ID, Stripe: stored.Stripe}) {
			c.stored = &stored
			v.verifyState(&stored, last)
		}
		c.read(ctx, entries)
		last = &stored
	}
	v.verifyOrphans(ctx, entries, nil)
}

// verifyOrphans reads the chains before a place, which have no balance; those up to the
// end if it is nil.
func (v *verifier) verifyOrphans(ctx context.Context, entries *entryReader, until *place) {
	for !entries.isEnd && v.err == nil {
		e := entries.entry
		at := place{account: e.Account, stripe: e.Stripe}
		if until != nil && at.compare(*until) >= 0 {
			return
		}
		if entries.err == nil {
			v.report(Finding{
				Check: CheckLinks, Account: e.Account, Stripe: e.Stripe,
				Message: nameOf(e.Account, e.Stripe) + " has entries, and should have a balance",
			})
		}
		(&chain{v: v, account: e.Account, stripe: e.Stripe}).read(ctx, entries)
	}
}

// chain is the entries of an account or a stripe, while they are read.
type chain struct {
	v       *verifier
	account string
	stripe  uint8
	// stored is nil if there is none, or none that can be read.
	stored *StoredBalance
	// last is the entry before, if there is one, and totals those after it, unless
	// what comes next cannot be held against them.
	last    *Entry
	totals  *Balance
	opening Amount
	// fromStart says that all entries are there.
	fromStart bool
}

// read reads the entries of the chain, and holds the balance against the last.
func (c *chain) read(ctx context.Context, entries *entryReader) {
	c.fromStart = c.v.query.Since.IsZero()
	for !entries.isEnd && placeOf(&entries.entry).isOn(c.account, c.stripe) {
		e, err := entries.entry, entries.err
		place := Finding{Account: e.Account, Stripe: e.Stripe, Sequence: &e.Sequence, Transaction: e.Transaction}
		unreadable := c.v.isUnreadable(err, place)
		if c.v.err != nil {
			return
		}
		c.v.done.Entries++
		c.v.counted()
		c.follow(&e, unreadable)
		entries.advance(ctx)
	}
	if c.v.err == nil && c.stored != nil {
		c.end()
	}
}

// find reports a finding about an entry.
func (c *chain) find(check Check, e *Entry, format string, arguments ...any) {
	c.v.report(Finding{
		Check: check, Account: e.Account, Stripe: e.Stripe, Sequence: new(e.Sequence), Transaction: e.Transaction,
		Message: fmt.Sprintf("entry %d of %s ", e.Sequence, nameOf(e.Account, e.Stripe)) + fmt.Sprintf(format, arguments...),
	})
}

// follow proves that an entry follows from the one before.
func (c *chain) follow(e *Entry, unreadable bool) {
	isBase := false
	switch {
	case c.last == nil:
		isBase = c.start(e)
	case e.Sequence == c.last.Sequence:
		c.find(CheckUnique, e, "is there twice, of transactions %q and %q", c.last.Transaction, e.Transaction)
		return
	case e.Sequence != c.last.Sequence+1:
		c.find(CheckSequence, e, "follows entry %d; it should be entry %d", c.last.Sequence, c.last.Sequence+1)
		c.totals = nil
	}
	if unreadable {
		c.last, c.totals = e, nil
		return
	}
	if e.Sequence == 0 {
		c.opening = e.Amount
	}
	if isBase {
		c.keep(e)
		return
	}
	if e.Sequence == 0 && e.Transaction != OpeningID(e.Account) {
		c.find(CheckLinks, e, "is of transaction %q; an opening balance should be of %q", e.Transaction, OpeningID(e.Account))
	}
	c.verifyTimes(e)
	c.verifyTotals(e)
	c.keep(e)
}

// start takes the first entry, and says whether it is the base of those that follow,
// which is trusted.
func (c *chain) start(e *Entry) (isBase bool) {
	if e.RecordedAt.Before(c.v.query.Since) {
		c.fromStart = e.Sequence == 0
		return true
	}
	if c.fromStart = e.Sequence <= 1; !c.fromStart {
		c.find(CheckSequence, e, "is the first; it should be entry 0 or 1")
		return false
	}
	c.totals = new(Balance)
	return false
}

// keep makes an entry the one before.
func (c *chain) keep(e *Entry) {
	c.last, c.totals = e, nil
	if c.stored != nil {
		c.totals = new(e.Totals(c.stored.Normal))
	}
}

func (c *chain) verifyTimes(e *Entry) {
	if c.last != nil && !c.last.RecordedAt.IsZero() && e.RecordedAt.Before(c.last.RecordedAt) {
		c.find(CheckTimes, e, "was recorded at %s; it should not be before entry %d, of %s",
			formatTime(e.RecordedAt), c.last.Sequence, formatTime(c.last.RecordedAt))
	}
	if e.EffectiveAt.After(e.RecordedAt) {
		c.find(CheckTimes, e, "takes effect at %s; it should not be later than when it was recorded, %s",
			formatTime(e.EffectiveAt), formatTime(e.RecordedAt))
	}
}

// verifyTotals proves that an entry's running totals are those before and its amount.
func (c *chain) verifyTotals(e *Entry) {
	if e.Amount.Sign() <= 0 || !e.Side.valid() {
		c.find(CheckStored, e, "is a %s of %s; it should be a debit or a credit of more than zero", e.Side, money(e.Asset, e.Amount))
		return
	}
	if e.Asset != (Asset{}) {
		c.v.addSum(e)
	}
	if c.totals == nil || c.stored == nil || !c.stored.Normal.valid() {
		return
	}
	want := *c.totals
	if e.Side == Debit {
		want.Debits = want.Debits.wrappingAdd(e.Amount)
	} else {
		want.Credits = want.Credits.wrappingAdd(e.Amount)
	}
	asset := c.stored.Asset
	if balance := want.Posted(c.stored.Normal); e.Balance != balance {
		c.find(CheckChain, e, "has a running balance of %s; after a %s of %s it should be %s",
			money(asset, e.Balance), e.Side, money(asset, e.Amount), money(asset, balance))
	}
	if e.Debits != want.Debits {
		c.find(CheckChain, e, "has a running total of debits of %s; after a %s of %s it should be %s",
			money(asset, e.Debits), e.Side, money(asset, e.Amount), money(asset, want.Debits))
	}
}

func sortedAssets[V any](of map[Asset]V) []Asset {
	return slices.SortedFunc(maps.Keys(of), func(a, b Asset) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Scale, b.Scale))
	})
}
