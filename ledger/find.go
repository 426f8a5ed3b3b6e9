package ledger

import "time"

// AccountQuery asks for a page of the accounts that are all that it says, those that
// were opened last first, and of those opened at once the last by id. The world
// accounts are among them.
type AccountQuery struct {
	// Prefix is what the ids begin with.
	Prefix string
	// Asset is a code; empty is any.
	Asset string
	// Status is one of the statuses, or zero for any.
	Status Status
	// Metadata has pairs that the accounts have all of.
	Metadata Metadata
	// OldestFirst turns the order around.
	OldestFirst bool
	// After is the id of the last account of the page before; empty asks for the
	// first page.
	After string
	// Limit is the most accounts to return, up to [MaxLimit]; 0 is [DefaultLimit].
	Limit int
}

// AccountPage is a page of accounts, as of one moment.
type AccountPage struct {
	Accounts []Account
	// More says whether accounts follow the last one.
	More bool
}

func (q AccountQuery) normalized() (AccountQuery, error) {
	if err := q.Metadata.validate(); err != nil {
		return q, err
	}
	if q.Status > StatusClosed {
		return q, &Error{Code: ErrInvalidRequest, Field: "status", Message: "status should be open, frozen or closed"}
	}
	if q.Asset != "" && !validAssetCode(q.Asset) {
		return q, Asset{Code: q.Asset}.Validate()
	}
	if q.After != "" && ValidateID(q.After) != nil {
		return q, NoAccount(q.After)
	}
	if q.Prefix != "" {
		if err := validateID("prefix", q.Prefix); err != nil {
			return q, err
		}
	}
	var err error
	q.Limit, err = validLimit(q.Limit)
	return q, err
}

// TransactionQuery asks for a page of the transactions that are all that it says,
// those that were recorded last first, and of those recorded at once the last by id.
// A transaction that was made pending stands where it was made, whatever became of it.
// What is written gets its time before it can be seen: whoever follows a list oldest
// first should set To to a time some while past.
type TransactionQuery struct {
	// Account is the id of one that an entry of the transactions is on, whether that
	// was posted or only reserves or reserved; empty is any. If it is not there, the
	// query fails with [ErrNotFound].
	Account string
	// From is the first moment at which they were recorded, To the first after it, to
	// the microsecond. Zero is no bound; either may be ahead of the ledger's time.
	From, To time.Time
	// Status is one of the statuses, as of the ledger's time, or zero for any.
	Status TransactionStatus
	// Metadata has pairs that the transactions have all of.
	Metadata Metadata
	// OldestFirst turns the order around.
	OldestFirst bool
	// After is the id of the last transaction of the page before; empty asks for the
	// first page. The transaction need not be among those that are asked for.
	After string
	// Limit is the most transactions to return, up to [MaxLimit]; 0 is
	// [DefaultLimit].
	Limit int
}

// TransactionPage is a page of transactions, as of one moment.
type TransactionPage struct {
	Transactions []Transaction
	// More says whether transactions follow the last one.
	More bool
}

func (q TransactionQuery) normalized() (TransactionQuery, error) {
	if err := q.Metadata.validate(); err != nil {
		return q, err
	}
	if q.Status > Expired {
		return q, &Error{Code: ErrInvalidRequest, Field: "status", Message: "status should be posted, pending, voided or expired"}
	}
	var err error
	if q.From, q.To, err = canonicalPeriod(q.From, q.To); err != nil {
		return q, err
	}
	if q.Limit, err = validLimit(q.Limit); err != nil {
		return q, err
	}
	if q.Account != "" && ValidateID(q.Account) != nil {
		return q, NoAccount(q.Account)
	}
	if q.After != "" && ValidateID(q.After) != nil {
		return q, NoTransaction(q.After)
	}
	return q, nil
}

// canonicalPeriod returns the bounds of a period to the microsecond, of which zero is
// none, or why they are none.
func canonicalPeriod(from, to time.Time) (canonicalFrom, canonicalTo time.Time, err error) {
	from, to = canonicalTime(from), canonicalTime(to)
	switch {
	case !validTime(from):
		err = &Error{Code: ErrInvalidRequest, Field: "from", Message: "from should be in the years 1 to 9999"}
	case !validTime(to):
		err = &Error{Code: ErrInvalidRequest, Field: "to", Message: "to should be in the years 1 to 9999"}
	case !to.IsZero() && to.Before(from):
		err = &Error{Code: ErrInvalidRequest, Field: "to", Message: "to should not be before from"}
	}
	return from, to, err
}
