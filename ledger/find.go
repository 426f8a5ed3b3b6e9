package ledger

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

// TransactionQuery asks for a page of the transactions that have metadata, those
// that were recorded last first, and of those recorded at once the last by id.
type TransactionQuery struct {
	// Metadata has the pairs that the transactions have all of, one at least.
	Metadata Metadata
	// OldestFirst turns the order around.
	OldestFirst bool
	// After is the id of the last transaction of the page before; empty asks for the
	// first page.
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
	if len(q.Metadata) == 0 {
		return q, &Error{Code: ErrInvalidRequest, Field: "metadata", Message: "a query for transactions should have at least one pair of metadata"}
	}
	if err := q.Metadata.validate(); err != nil {
		return q, err
	}
	if q.After != "" && ValidateID(q.After) != nil {
		return q, NoTransaction(q.After)
	}
	var err error
	q.Limit, err = validLimit(q.Limit)
	return q, err
}
