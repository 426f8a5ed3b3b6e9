package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// findAccount reports a finding about what is stored of an account.
func (v *verifier) findAccount(check Check, s *StoredBalance, format string, arguments ...any) {
	v.report(Finding{
		Check: check, Account: s.ID, Stripe: s.Stripe,
		Message: nameOf(s.ID, s.Stripe) + " " + fmt.Sprintf(format, arguments...),
	})
}

// verifyState proves what can be said of an account without its entries. The one
// before it may be another stripe of it.
func (v *verifier) verifyState(s, before *StoredBalance) {
	if !s.Normal.valid() || s.Status < StatusOpen || s.Status > StatusClosed {
		v.findAccount(CheckStored, s, "has %s as its normal side and %s; it should have one of each", s.Normal, s.Status)
	}
	if s.Balance.hasNegative() {
		v.findAccount(CheckStored, s, "has totals of %s debited, %s credited, %s and %s pending; none should be negative",
			money(s.Asset, s.Balance.Debits), money(s.Asset, s.Balance.Credits),
			money(s.Asset, s.Balance.PendingDebits), money(s.Asset, s.Balance.PendingCredits))
	}
	if asset, has := v.assets[s.Asset.Code]; has && asset != s.Asset {
		v.findAccount(CheckStored, s, "holds %s; it should be %s, as others do", s.Asset, asset)
	} else if before != nil && before.ID == s.ID && before.Asset != s.Asset {
		v.findAccount(CheckStored, s, "holds %s; it should be %s, as stripe %d does", s.Asset, before.Asset, before.Stripe)
	}
	if IsWorldID(s.ID) {
		v.verifyWorld(s)
		return
	}
	v.verifyPending(s)
	if s.Stripe != 0 {
		v.findAccount(CheckStored, s, "has stripe %d; only world accounts should have stripes", s.Stripe)
	}
}

// verifyPending proves that what is pending is what is reserved.
func (v *verifier) verifyPending(s *StoredBalance) {
	for _, side := range []struct {
		name             string
		stored, reserved Amount
	}{
		{"debits", s.Balance.PendingDebits, s.Reserved.PendingDebits},
		{"credits", s.Balance.PendingCredits, s.Reserved.PendingCredits},
	} {
		if side.stored != side.reserved {
			v.findAccount(CheckPending, s, "has %s of %s pending; its reservations are %s",
				side.name, money(s.Asset, side.stored), money(s.Asset, side.reserved))
		}
	}
}

// verifyWorld proves that a world account is one.
func (v *verifier) verifyWorld(s *StoredBalance) {
	if s.ID != WorldID(s.Asset.Code) {
		v.findAccount(CheckStored, s, "holds %s; that should be %q", s.Asset, WorldID(s.Asset.Code))
	}
	if s.Normal != Debit || !s.Unlimited || s.Status != StatusOpen {
		limit := "unlimited"
		if !s.Unlimited {
			limit = "limited to " + money(s.Asset, s.MinBalance)
		}
		v.findAccount(CheckLimits, s, "is %s-normal, %s and %s; a world account should be debit-normal, unlimited and open", s.Normal, limit, s.Status)
	}
	if pending := [...]Amount{
		s.Balance.PendingDebits, s.Balance.PendingCredits, s.Reserved.PendingDebits, s.Reserved.PendingCredits,
	}; pending != [4]Amount{} {
		v.findAccount(CheckPending, s, "has debits of %s and credits of %s pending, and reservations of %s and %s; a world account should have none",
			money(s.Asset, pending[0]), money(s.Asset, pending[1]), money(s.Asset, pending[2]), money(s.Asset, pending[3]))
	}
}

// end holds what is stored of the account against its last entry.
func (c *chain) end() {
	s, v := c.stored, c.v
	switch {
	case c.last == nil && !v.query.Since.IsZero():
	case c.last == nil:
		if s.Balance.Debits.Sign() != 0 || s.Balance.Credits.Sign() != 0 {
			v.findAccount(CheckSums, s, "was debited %s and credited %s in all; it has no entries, so both should be zero",
				money(s.Asset, s.Balance.Debits), money(s.Asset, s.Balance.Credits))
		}
		if s.Sequence != 0 {
			v.findAccount(CheckSequence, s, "counts %d entries; it has none", s.Sequence)
		}
	default:
		if c.totals != nil && s.Normal.valid() && (s.Balance.Debits != c.totals.Debits || s.Balance.Credits != c.totals.Credits) {
			v.findAccount(CheckSums, s, "was debited %s and credited %s in all; after its last entry, %d, it should be %s and %s",
				money(s.Asset, s.Balance.Debits), money(s.Asset, s.Balance.Credits), c.last.Sequence,
				money(s.Asset, c.totals.Debits), money(s.Asset, c.totals.Credits))
		}
		if s.Sequence != c.last.Sequence {
			v.findAccount(CheckSequence, s, "counts %d entries; its last entry is %d", s.Sequence, c.last.Sequence)
		}
		if s.LastRecordedAt.Before(c.last.RecordedAt) {
			v.findAccount(CheckTimes, s, "was last changed at %s; that should not be before its last entry, of %s",
				formatTime(s.LastRecordedAt), formatTime(c.last.RecordedAt))
		}
	}
	c.verifyLimits()
}

// maxTight is how many accounts are kept in memory to decide about their limits once
// their reservations are known. An account is one of them only while holds on it have
// expired and are counted in its totals still, or if something is wrong with it.
const maxTight = 10_000

// tightAccount is one that keeps to its limits only if some of what is reserved on it
// has expired.
type tightAccount struct {
	StoredBalance
	least Amount
	// judgedAt is the time by which its reservations expire.
	judgedAt time.Time
}

// verifyLimits proves that a closed account has nothing, and that no less is available
// than the minimum balance, or than the account started with.
func (c *chain) verifyLimits() {
	s, v := c.stored, c.v
	if !s.Normal.valid() || IsWorldID(s.ID) {
		return
	}
	posted := s.Posted()
	if s.Status == StatusClosed && posted.Sign() != 0 {
		v.findAccount(CheckLimits, s, "is closed with a balance of %s; it should be zero", money(s.Asset, posted))
		return
	}
	least := c.least()
	if !s.Unlimited && posted.Cmp(least) < 0 {
		v.findAccount(CheckLimits, s, "has a balance of %s; it should be at least %s", money(s.Asset, posted), money(s.Asset, least))
		return
	}
	t := &tightAccount{StoredBalance: *s, least: least, judgedAt: v.now}
	if s.LastRecordedAt.After(t.judgedAt) {
		t.judgedAt = s.LastRecordedAt
	}
	// Only without Since are all reservations read.
	if t.isWrong() && v.query.Since.IsZero() && len(v.tight) < maxTight {
		v.tight[s.ID] = t
	}
}

// least returns the lower one of the minimum balance and the opening balance. If it is
// not known, it is taken to be zero, for it is never negative.
func (c *chain) least() Amount {
	least, opening := c.stored.MinBalance, c.opening
	if !c.fromStart {
		opening = Amount{}
	}
	if opening.Cmp(least) < 0 {
		return opening
	}
	return least
}

// isWrong says whether the account is beyond its limits with what is reserved on it.
func (t *tightAccount) isWrong() bool {
	isHeld := t.Reserved.PendingDebits.Sign() != 0 || t.Reserved.PendingCredits.Sign() != 0
	return t.Status == StatusClosed && isHeld || !t.Unlimited && t.available().Cmp(t.least) < 0
}

func (t *tightAccount) available() Amount {
	return t.Posted().wrappingSub(t.Reserved.PendingOut(t.Normal))
}

// expire takes a reservation off, if it has expired.
func (t *tightAccount) expire(r *Reservation) {
	if !r.ExpiresAt.IsZero() && !t.judgedAt.Before(r.ExpiresAt) {
		t.Reserved.PendingDebits = t.Reserved.PendingDebits.wrappingSub(r.Debits)
		t.Reserved.PendingCredits = t.Reserved.PendingCredits.wrappingSub(r.Credits)
	}
}

// verifyTight decides about the accounts of which it took their reservations to decide.
func (v *verifier) verifyTight(context.Context) {
	for _, id := range slices.Sorted(maps.Keys(v.tight)) {
		switch t := v.tight[id]; {
		case !t.isWrong():
		case t.Status == StatusClosed:
			v.findAccount(CheckLimits, &t.StoredBalance, "is closed with debits of %s and credits of %s pending; nothing should be",
				money(t.Asset, t.Reserved.PendingDebits), money(t.Asset, t.Reserved.PendingCredits))
		default:
			v.findAccount(CheckLimits, &t.StoredBalance, "has %s available, with %s reserved; it should be at least %s",
				money(t.Asset, t.available()), money(t.Asset, t.Reserved.PendingOut(t.Normal)), money(t.Asset, t.least))
		}
	}
}
