package http

import (
	"context"
	"net/url"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// Entries implements [ledger.Service].
func (c *Client) Entries(ctx context.Context, query ledger.EntryQuery) (ledger.EntryPage, error) {
	// A statement of all time has the account of the same moment beside the entries.
	statement, err := c.Statement(ctx, ledger.StatementQuery{
		Account: query.Account, OldestFirst: query.OldestFirst, After: query.After, Limit: query.Limit,
	})
	if err != nil {
		return ledger.EntryPage{}, err
	}
	return ledger.EntryPage{Account: statement.Account, Entries: statement.Entries, More: statement.More}, nil
}

// Statement implements [ledger.Service].
func (c *Client) Statement(ctx context.Context, q ledger.StatementQuery) (ledger.Statement, error) {
	if ledger.ValidateID(q.Account) != nil {
		return ledger.Statement{}, ledger.NoAccount(q.Account)
	}
	cursor := ""
	if q.After != nil {
		cursor = wire.EntryCursor(*q.After)
	}
	query := pageQuery(q.OldestFirst, cursor, q.Limit)
	if err := setPeriod(query, q.From, q.To); err != nil {
		return ledger.Statement{}, err
	}
	statement, _, err := fetch[wire.Statement](ctx, c.link, get(c.accountPath(q.Account)+"/statement", query))
	return statement, err
}

// BalanceAt implements [ledger.Service].
func (c *Client) BalanceAt(ctx context.Context, account string, at ledger.Moment) (ledger.BalanceAt, error) {
	if ledger.ValidateID(account) != nil {
		return ledger.BalanceAt{}, ledger.NoAccount(account)
	}
	query := make(url.Values)
	if err := setMoment(query, at); err != nil {
		return ledger.BalanceAt{}, err
	}
	balance, _, err := fetch[wire.BalanceAt](ctx, c.link, get(c.accountPath(account)+"/balance", query))
	return balance, momentError(err)
}

// TrialBalance implements [ledger.Service].
func (c *Client) TrialBalance(ctx context.Context, q ledger.TrialBalanceQuery) (ledger.TrialBalance, error) {
	if q.After != "" && ledger.ValidateID(q.After) != nil {
		return ledger.TrialBalance{}, ledger.NoAccount(q.After)
	}
	query := pageQuery(false, idCursor(q.After), q.Limit)
	if err := setMoment(query, q.At); err != nil {
		return ledger.TrialBalance{}, err
	}
	balance, _, err := fetch[wire.TrialBalance](ctx, c.link, get(c.prefix+"/trial-balance", query))
	return balance, momentError(err)
}

func setPeriod(query url.Values, from, to time.Time) error {
	if err := setTime(query, "from", "from", from); err != nil {
		return err
	}
	return setTime(query, "to", "to", to)
}

func setMoment(query url.Values, at ledger.Moment) error {
	if err := setTime(query, "at", "effective_at", at.EffectiveAt); err != nil {
		return err
	}
	return setTime(query, "recorded_at", "recorded_at", at.RecordedAt)
}

// momentError returns an error about a moment in the words of the domain.
func momentError(err error) error { return renamed(err, "at", "effective_at") }

// setTime sets a parameter to a time that is given, which errors name as field.
func setTime(query url.Values, name, field string, at time.Time) error {
	at, err := wire.NewTime(field, at)
	if err == nil && !at.IsZero() {
		query.Set(name, wire.FormatTime(at))
	}
	return err
}
