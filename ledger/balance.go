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

// Balance is the totals of all that an account was ever debited and credited.
// Neither is negative, and neither ever falls.
type Balance struct {
	Debits  Amount
	Credits Amount
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

// post returns the balance after amount on side, or [ErrAmountOutOfRange].
func (b Balance) post(side Side, amount Amount) (Balance, error) {
	var err error
	if side == Debit {
		b.Debits, err = b.Debits.Add(amount)
	} else {
		b.Credits, err = b.Credits.Add(amount)
	}
	return b, err
}

// Add returns the sum of two balances, or [ErrAmountOutOfRange].
func (b Balance) Add(other Balance) (Balance, error) {
	b, err := b.post(Debit, other.Debits)
	if err != nil {
		return Balance{}, err
	}
	return b.post(Credit, other.Credits)
}
