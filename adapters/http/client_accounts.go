package http

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// RegisterAsset implements [ledger.Service].
func (c *Client) RegisterAsset(ctx context.Context, asset ledger.Asset) (ledger.Outcome, error) {
	if err := asset.Validate(); err != nil {
		return refused(err)
	}
	_, a, err := ask[wire.Asset](ctx, c.link, post(c.prefix+"/assets", wire.NewAsset(asset)))
	if err != nil {
		return refused(err)
	}
	return ledger.Outcome{Result: a.result(http.StatusCreated)}, nil
}

// Assets implements [ledger.Service].
func (c *Client) Assets(ctx context.Context) ([]ledger.Asset, error) {
	var assets []ledger.Asset
	for cursor := new(string); cursor != nil; {
		page, _, err := ask[wire.Page[wire.Asset]](ctx, c.link, get(c.prefix+"/assets", pageQuery(false, *cursor, ledger.MaxLimit)))
		if err != nil {
			return nil, err
		}
		for _, asset := range page.Data {
			assets = append(assets, asset.Domain())
		}
		cursor = page.NextCursor
	}
	return assets, nil
}

// OpenAccount implements [ledger.Service].
func (c *Client) OpenAccount(ctx context.Context, request ledger.AccountRequest) (ledger.Outcome, error) {
	body, err := wire.NewAccountRequest(request)
	if err != nil {
		return refused(err)
	}
	account, a, err := fetch[wire.Account](ctx, c.link, post(c.prefix+"/accounts", body))
	if err != nil {
		return refused(err)
	}
	return ledger.Outcome{Result: a.result(http.StatusCreated), Account: &account}, nil
}

// OpenAccounts implements [ledger.Service].
func (c *Client) OpenAccounts(ctx context.Context, requests []ledger.AccountRequest) ([]ledger.Outcome, error) {
	if err := checkMembers(len(requests)); err != nil {
		return nil, err
	}
	return convertAll(requests, wire.NewAccountRequest, func(accounts []wire.AccountRequest) ([]ledger.Outcome, error) {
		return c.batch(ctx, "/accounts/batch", wire.AccountsRequest{Accounts: accounts}, len(accounts))
	})
}

// batch sends a batch of n members and returns their outcomes.
func (c *Client) batch(ctx context.Context, path string, body any, n int) ([]ledger.Outcome, error) {
	answer, _, err := ask[wire.Outcomes](ctx, c.link, post(c.prefix+path, body))
	if err != nil {
		return nil, err
	}
	if len(answer.Data) != n {
		return nil, errSenseless(fmt.Errorf("it has %d outcomes for %d members", len(answer.Data), n))
	}
	outcomes := make([]ledger.Outcome, n)
	for i := range answer.Data {
		if outcomes[i], err = domainOutcome(&answer.Data[i]); err != nil {
			return nil, errSenseless(err)
		}
	}
	return outcomes, nil
}

// domainOutcome returns the outcome of a member as the domain has it.
func domainOutcome(o *wire.Outcome) (outcome ledger.Outcome, err error) {
	switch {
	case o.Error != nil:
		return ledger.Outcome{Result: ledger.Rejected, Err: errorOf(o.Error)}, nil
	case o.Status == http.StatusCreated:
		outcome.Result = ledger.Applied
	case o.Status == http.StatusOK:
		outcome.Result = ledger.Replayed
	default:
		return outcome, fmt.Errorf("an outcome has the status %d and no error", o.Status)
	}
	switch {
	case o.Transaction != nil:
		transaction, err := o.Transaction.Domain()
		outcome.Transaction = &transaction
		return outcome, err
	case o.Account != nil:
		account, err := o.Account.Domain()
		outcome.Account = &account
		return outcome, err
	}
	return outcome, errors.New("an outcome has neither a transaction nor an account")
}

// checkMembers refuses a batch that is too large before it is sent, however large it
// is.
func checkMembers(n int) error {
	if n <= ledger.MaxBatch {
		return nil
	}
	return &ledger.Error{
		Code: ledger.ErrInvalidRequest, Message: fmt.Sprintf("a batch should have at most %d members, not %d", ledger.MaxBatch, n),
	}
}

// ChangeAccount implements [ledger.Service]. A change has no id: one that is made again,
// for its answer was lost, takes the place of what others changed in between.
func (c *Client) ChangeAccount(ctx context.Context, id string, change ledger.AccountChange) (ledger.Account, error) {
	if ledger.ValidateID(id) != nil {
		return ledger.Account{}, ledger.NoAccount(id)
	}
	body, err := wire.NewAccountChange(change)
	if err != nil {
		return ledger.Account{}, err
	}
	account, _, err := fetch[wire.Account](ctx, c.link, question{method: http.MethodPatch, path: c.accountPath(id), body: body})
	return account, err
}

func (c *Client) accountPath(id string) string { return c.prefix + "/accounts/" + escaped(id) }

// Account implements [ledger.Service].
func (c *Client) Account(ctx context.Context, id string) (ledger.Account, error) {
	// Nothing at all would be another path.
	if ledger.ValidateID(id) != nil {
		return ledger.Account{}, ledger.NoAccount(id)
	}
	account, _, err := fetch[wire.Account](ctx, c.link, get(c.accountPath(id), nil))
	return account, err
}

// Accounts implements [ledger.Service].
func (c *Client) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	if err := checkMembers(len(ids)); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if ledger.ValidateID(id) != nil {
			return nil, ledger.NoAccount(id)
		}
	}
	if ids == nil {
		ids = []string{}
	}
	q := post(c.prefix+"/accounts/lookup", wire.IDs{IDs: ids})
	q.isRead = true
	page, _, err := ask[wire.Page[wire.Account]](ctx, c.link, q)
	if err != nil {
		return nil, err
	}
	accounts, err := domainAll(page.Data, wire.Account.Domain)
	if err == nil && len(accounts) != len(ids) {
		err = errSenseless(fmt.Errorf("it has %d accounts for %d ids", len(accounts), len(ids)))
	}
	return accounts, err
}

// FindAccounts implements [ledger.Service].
func (c *Client) FindAccounts(ctx context.Context, q ledger.AccountQuery) (page ledger.AccountPage, err error) {
	if q.After != "" && ledger.ValidateID(q.After) != nil {
		return page, ledger.NoAccount(q.After)
	}
	query := pageQuery(q.OldestFirst, idCursor(q.After), q.Limit)
	setText(query, "prefix", q.Prefix)
	setText(query, "asset", q.Asset)
	if q.Status != 0 {
		query.Set("status", q.Status.String())
	}
	setMetadata(query, q.Metadata)
	page.Accounts, page.More, err = fetchPage[wire.Account](ctx, c.link, get(c.prefix+"/accounts", query), ledger.NoAccount(q.After))
	return page, err
}

// fetchPage asks for a page of a list, and fails with notFound if what its cursor names
// is not there.
func fetchPage[W interface{ Domain() (D, error) }, D any](ctx context.Context, l *link, q question, notFound error) (items []D, more bool, err error) {
	page, _, err := ask[wire.Page[W]](ctx, l, q)
	if err != nil {
		return nil, false, cursorError(err, notFound)
	}
	items, err = domainAll(page.Data, W.Domain)
	return items, page.NextCursor != nil, err
}

// cursorError returns an error about a cursor as the one that the domain has for what
// is not there.
func cursorError(err, notFound error) error {
	if e := refusalOf(err); e != nil && e.Code == ledger.ErrInvalidRequest && e.Field == "cursor" {
		return notFound
	}
	return err
}

// idCursor returns the cursor behind an id; empty is that of the first page.
func idCursor(id string) string {
	if id == "" {
		return ""
	}
	return wire.IDCursor(id)
}

// domainAll returns what a list of the wire's is in the domain.
func domainAll[W, D any](items []W, domain func(W) (D, error)) ([]D, error) {
	values := make([]D, len(items))
	for i, item := range items {
		var err error
		if values[i], err = domain(item); err != nil {
			return nil, errSenseless(err)
		}
	}
	return values, nil
}
