package http

import (
	"context"
	"slices"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// conditionAssets tells what the accounts of conditions hold: a condition of the
// domain has an amount without its asset, and on the wire there are none.
type conditionAssets map[string]ledger.Asset

// conditionAssets reads those accounts of which it is not known. One that is not there
// is left out.
func (c *Client) conditionAssets(ctx context.Context, requests ...ledger.TransactionRequest) (conditionAssets, error) {
	var known conditionAssets
	var unknown []string
	for i := range requests {
		for _, condition := range requests[i].Conditions {
			id := condition.Account
			if condition.MinAvailable == nil || ledger.ValidateID(id) != nil || ledger.IsWorldID(id) {
				continue
			}
			if known == nil {
				known = make(conditionAssets)
			}
			if asset, found := c.accounts.find(accountKey{account: id}); found {
				known[id] = asset
			} else {
				unknown = append(unknown, id)
			}
		}
	}
	slices.Sort(unknown)
	for ids := range slices.Chunk(slices.Compact(unknown), ledger.MaxBatch) {
		err := readAssets(ctx, c, ids, func(id string, asset ledger.Asset) {
			known[id] = asset
			c.accounts.keep(accountKey{account: id}, asset)
		})
		if err != nil {
			return nil, err
		}
	}
	return known, nil
}

// request returns a request as the wire has it. Of an account that is not there any
// asset will do: the server refuses it if an account with another is opened there in
// the meantime.
func (known conditionAssets) request(r ledger.TransactionRequest) (wire.TransactionRequest, error) {
	return wire.NewTransactionRequest(r, func(account string) ledger.Asset {
		if asset, found := known[account]; found {
			return asset
		}
		for _, e := range r.Entries {
			if e.Account == account && e.Asset.Validate() == nil {
				return e.Asset
			}
		}
		return ledger.Asset{Code: "XXX"} // ISO 4217 has it for no currency
	})
}
