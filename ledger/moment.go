package ledger

import (
	"fmt"
	"time"
)

// Moment says as of when a balance is asked for: as the books stood at RecordedAt,
// or as it was in business at EffectiveAt, by all that the books say now. At most
// one is set; none is now. It must not be ahead of the ledger's time. What is written
// gets its time before it can be seen: an answer for a moment that has just passed may
// lack what was being committed then.
type Moment struct {
	EffectiveAt time.Time
	RecordedAt  time.Time
}

// canonical returns the moment to the microsecond, or why it is none.
func (m Moment) canonical() (Moment, error) {
	if !m.EffectiveAt.IsZero() && !m.RecordedAt.IsZero() {
		return Moment{}, &Error{
			Code: ErrInvalidRequest, Field: "recorded_at", Message: "a balance is asked for as of an effective time or a recorded time, not both",
		}
	}
	m = Moment{EffectiveAt: canonicalTime(m.EffectiveAt), RecordedAt: canonicalTime(m.RecordedAt)}
	for field, at := range map[string]time.Time{"effective_at": m.EffectiveAt, "recorded_at": m.RecordedAt} {
		if !validTime(at) {
			return Moment{}, &Error{Code: ErrInvalidRequest, Field: field, Message: field + " should be in the years 1 to 9999"}
		}
	}
	return m, nil
}

// check refuses a moment that is ahead of the ledger's time.
func (m Moment) check(now time.Time) error {
	if err := checkPast("effective_at", m.EffectiveAt, now); err != nil {
		return err
	}
	return checkPast("recorded_at", m.RecordedAt, now)
}

func checkPast(field string, at, now time.Time) error {
	if !at.After(now) {
		return nil
	}
	return &Error{
		Code: ErrInvalidRequest, Field: field,
		Message: fmt.Sprintf("%s should not be ahead of the ledger's time, which is %s", field, formatTime(now)),
	}
}

// Time returns the moment's one time, or zero for now.
func (m Moment) Time() time.Time {
	if !m.EffectiveAt.IsZero() {
		return m.EffectiveAt
	}
	return m.RecordedAt
}

// BalanceAt is an account's totals as of a moment.
type BalanceAt struct {
	Account string
	Asset   Asset
	Normal  Side
	// Balance is zero before the account was opened. What was pending at a moment
	// that is past is not told.
	Balance Balance
	// Now is the ledger's time when it answered.
	Now time.Time
}

// Posted returns the balance, read by the account's normal side.
func (b BalanceAt) Posted() Amount { return b.Balance.Posted(b.Normal) }

// StatementQuery asks for what happened on an account in a period, by recorded
// time, and for a page of its entries, in the order of their keys. For pages that
// belong together while others write, set To.
type StatementQuery struct {
	Account string
	// From is the first moment of the period, To the first after it. Neither is ahead
	// of the ledger's time. Without them the period begins with the account, and ends
	// with its latest entry.
	From, To time.Time
	// OldestFirst, After and Limit are as in an [EntryQuery].
	OldestFirst bool
	After       *EntryKey
	Limit       int
}

// Statement is what happened on an account in a period.
type Statement struct {
	// Account is the account as it now stands.
	Account Account
	// From and To are those of the query. Without a To the period ends with the latest
	// entry.
	From, To time.Time
	// Opening and Closing are the posted totals when the period began and ended. What
	// they differ by was debited and credited in it.
	Opening, Closing Balance
	// Entries is a page of those that were recorded in the period.
	Entries []Entry
	// More says whether entries follow the last one.
	More bool
	// Now is the ledger's time when it answered.
	Now time.Time
}

// TrialBalanceQuery asks for the totals of all accounts of a ledger as of a moment,
// and for a page of the accounts, in the order of their ids. For pages that belong
// together while others write, set At, as to the Now of the first.
type TrialBalanceQuery struct {
	At Moment
	// After is the id of the last account of the page before; empty asks for the
	// first page, which alone has the totals.
	After string
	// Limit is the most accounts to return, up to [MaxLimit]; 0 is [DefaultLimit].
	Limit int
}

// TrialBalance is the totals of all accounts, in which the debits and the credits
// of each asset are equal.
type TrialBalance struct {
	// Totals has an element for each asset, in the order of codes.
	Totals []AssetTotals
	// Accounts is a page of the accounts that were opened up to now.
	Accounts []BalanceAt
	// More says whether accounts follow the last one.
	More bool
	// Now is the ledger's time when it answered.
	Now time.Time
}

// AssetTotals is what all accounts in an asset were debited and credited.
type AssetTotals struct {
	Asset   Asset
	Debits  Amount
	Credits Amount
}

// IsBalanced says whether debits equal credits, which is always so unless the
// store's content was changed by others.
func (t AssetTotals) IsBalanced() bool { return t.Debits == t.Credits }
