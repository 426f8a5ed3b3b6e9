package ledger

// Side is one of the two sides of an account.
type Side uint8

// The sides. The zero Side is neither.
const (
	Debit Side = 1 + iota
	Credit
)

// String returns "debit" or "credit".
func (s Side) String() string {
	switch s {
	case Debit:
		return "debit"
	case Credit:
		return "credit"
	default:
		return "no side"
	}
}

func (s Side) valid() bool { return s == Debit || s == Credit }

func (s Side) opposite() Side {
	if s == Debit {
		return Credit
	}
	return Debit
}

// Balance is four totals of an account: all that it was ever debited and
// credited, and what transactions that are pending now reserve on each side. None
// is negative, and those of what was posted never fall.
type Balance struct {
	Debits  Amount
	Credits Amount
	// PendingDebits and PendingCredits have nothing of a transaction that was
	// posted, voided or has expired. A world account has no limit to reserve
	// against, and they are always zero there.
	PendingDebits  Amount
	PendingCredits Amount
}

// Posted reads the balance by an account's normal side: what came in on that
// side less what went out on the other. It is negative for an overdrawn
// account.
func (b Balance) Posted(normal Side) Amount {
	debits, credits := b.Debits, b.Credits
	if normal == Debit {
		debits, credits = credits, debits
	}
	// Both totals are in [0, 2^255-1], so their difference is in range.
	return credits.wrappingSub(debits)
}

// PendingIn is what comes in, on the normal side, if all that is pending is
// posted. None of it is available before.
func (b Balance) PendingIn(normal Side) Amount {
	if normal == Debit {
		return b.PendingDebits
	}
	return b.PendingCredits
}

// PendingOut is what is reserved to go out.
func (b Balance) PendingOut(normal Side) Amount { return b.PendingIn(normal.opposite()) }

// Available is what was posted less what is reserved to go out. It is what limits
// and conditions are about.
func (b Balance) Available(normal Side) Amount {
	return b.Posted(normal).wrappingSub(b.PendingOut(normal))
}

// post returns the balance after amount on side, or [ErrAmountOutOfRange].
func (b Balance) post(side Side, amount Amount) (Balance, error) {
	total := &b.Credits
	if side == Debit {
		total = &b.Debits
	}
	var err error
	*total, err = total.Add(amount)
	return b, err
}

// reserve returns the balance with amount more pending on side, or less if it is
// negative, or [ErrAmountOutOfRange].
func (b Balance) reserve(side Side, amount Amount) (Balance, error) {
	total := &b.PendingCredits
	if side == Debit {
		total = &b.PendingDebits
	}
	var err error
	*total, err = total.Add(amount)
	return b, err
}

// Add returns the sum of two balances, or [ErrAmountOutOfRange].
func (b Balance) Add(other Balance) (Balance, error) {
	var errs [4]error
	b.Debits, errs[0] = b.Debits.Add(other.Debits)
	b.Credits, errs[1] = b.Credits.Add(other.Credits)
	b.PendingDebits, errs[2] = b.PendingDebits.Add(other.PendingDebits)
	b.PendingCredits, errs[3] = b.PendingCredits.Add(other.PendingCredits)
	for _, err := range errs {
		if err != nil {
			return Balance{}, err
		}
	}
	return b, nil
}

func (b *Balance) hasNegative() bool {
	return b.Debits.negative() || b.Credits.negative() || b.PendingDebits.negative() || b.PendingCredits.negative()
}
