package ledger

import "time"

// Transaction is what the ledger wrote: two or more entries, all or none of
// them, whose debits equal their credits in every asset. It never changes, but a
// pending one comes to one end, and one that was posted may be reversed.
type Transaction struct {
	ID     string
	Status TransactionStatus
	// Entries are those that were written, if it was posted. Otherwise they are
	// those that it reserves or reserved, without numbers, balances and times.
	Entries []Entry
	// Reserved is what each entry reserved, if the transaction was made pending; a
	// part of it may have been posted.
	Reserved []Amount
	// Reverses is the id of the transaction that this one undoes, and ReversedBy of
	// the one that undoes this one.
	Reverses   string
	ReversedBy string
	// Related is the id of another transaction that it has to do with.
	Related string
	// EffectiveAt is when it happened in business: as it was asked for, or else when
	// the entries were written, or the transaction while it has none.
	EffectiveAt time.Time
	// RecordedAt is when the ledger wrote it, in UTC, to the microsecond.
	RecordedAt time.Time
	// ExpiresAt is when a pending transaction ends by itself; zero is never.
	ExpiresAt time.Time
	// ResolvedAt is when a pending transaction was posted or voided, and ResolvedBy
	// the actor of that.
	ResolvedAt  time.Time
	ResolvedBy  string
	Description string
	Metadata    Metadata
	// Actor is who wrote it.
	Actor string
}

// TransactionStatus says how far a transaction has come.
type TransactionStatus uint8

// The statuses of a transaction. The zero TransactionStatus is none of them.
const (
	// Posted: its entries are written.
	Posted TransactionStatus = 1 + iota
	// Pending: it reserves what its entries would move, and has written none.
	Pending
	// Voided: it was pending, and reserves nothing any more.
	Voided
	// Expired: it was pending when its time ran out, and reserves nothing any more.
	Expired
)

// String returns "posted", "pending", "voided" or "expired".
func (s TransactionStatus) String() string {
	switch s {
	case Posted:
		return "posted"
	case Pending:
		return "pending"
	case Voided:
		return "voided"
	case Expired:
		return "expired"
	default:
		return "no status"
	}
}

// StatusAt is the status at a time, for what a store knows of a pending
// transaction does not change when it expires.
func (t *Transaction) StatusAt(at time.Time) TransactionStatus {
	if t.Status == Pending && !t.ExpiresAt.IsZero() && !at.Before(t.ExpiresAt) {
		return Expired
	}
	return t.Status
}

// Entry is one debit or credit on one account.
type Entry struct {
	// Transaction is the id of the transaction that the entry is part of.
	Transaction string
	Account     string
	// Stripe tells apart the chains of a world account, each of which counts
	// its own entries. It is 0 for every other account.
	Stripe uint8
	Side   Side
	// Sequence numbers the account's entries 1, 2, 3 … without a gap; 0 is the
	// opening balance.
	Sequence uint64
	Asset    Asset
	// Amount is positive.
	Amount Amount
	// Balance is the account's posted balance right after this entry, read by
	// its normal side; for a world account, the stripe's.
	Balance Amount
	// Debits is all that the account, or the stripe, was debited up to and with this
	// entry. With Balance it tells the credits.
	Debits     Amount
	RecordedAt time.Time
	// EffectiveAt is when it happened in business: RecordedAt, or earlier.
	EffectiveAt time.Time
}

// Totals is the account's posted totals right after this entry, for an account of
// the normal side; for a world account, the stripe's.
func (e Entry) Totals(normal Side) Balance {
	credits := e.Debits.wrappingAdd(e.Balance)
	if normal == Debit {
		credits = e.Debits.wrappingSub(e.Balance)
	}
	return Balance{Debits: e.Debits, Credits: credits}
}
