package postgres

import (
	"context"
	"iter"
	"math"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The entries of a scope, and the assets of their accounts. Of what is recent, the last
// entry before each range is there too.
const (
	inspectedColumns = `e.account, e.stripe, e.sequence, e.side, e.amount, e.balance, e.debits, e.transaction, e.recorded_at, e.effective_at`

	inspectEntries = `
SELECT ` + inspectedColumns + ` FROM ledger.entries AS e WHERE ledger = $1 ORDER BY account, stripe, sequence`

	inspectEntriesOfAccount = `
SELECT ` + inspectedColumns + ` FROM ledger.entries AS e WHERE ledger = $1 AND account = $2 ORDER BY account, stripe, sequence`

	inspectEntriesSince = `@with
SELECT ` + inspectedColumns + ` FROM ranges AS r
CROSS JOIN LATERAL (
	SELECT coalesce(max(sequence), r.first) AS start FROM (
		SELECT sequence FROM ledger.entries
		WHERE ledger = $1 AND account = r.account AND stripe = r.stripe AND sequence < r.first ORDER BY sequence DESC LIMIT 1
	) AS before
) AS b
CROSS JOIN LATERAL (
	SELECT * FROM ledger.entries WHERE ledger = $1 AND account = r.account AND stripe = r.stripe AND sequence >= b.start OFFSET 0
) AS e
ORDER BY e.account, e.stripe, e.sequence`

	inspectAssets = `@with
SELECT DISTINCT ON (b.account) b.account, b.asset, b.scale FROM @balances AS b ORDER BY b.account, b.stripe`
)

// inspectedEntry is an entry as far as it can be read.
type inspectedEntry struct {
	ledger.Entry
	faults []string
}

func readInspectedEntry(r *row) inspectedEntry {
	var e inspectedEntry
	e.Account = r.key("account")
	e.Stripe = uint8(r.number("stripe", 0, stripes-1))
	e.Sequence = uint64(r.number("sequence", 0, math.MaxInt64))
	before := len(r.faults)
	if e.Side = ledger.Side(r.number("side", 1, 2)); len(r.faults) > before {
		e.Side = 0
	}
	e.Amount, e.Balance, e.Debits = r.amount("amount"), r.amount("running balance"), r.amount("running total of debits")
	e.Transaction = r.key("transaction")
	e.RecordedAt = r.moment("recorded time")
	if e.EffectiveAt = r.time("effective time"); e.EffectiveAt.IsZero() {
		e.EffectiveAt = e.RecordedAt
	}
	e.faults = r.faults
	return e
}

// err says what of the entry cannot be read.
func (e *inspectedEntry) err() error {
	return unreadable(e.faults, e.Account, e.Transaction, "entry %d of account %q", e.Sequence, e.Account)
}

// assetOfAccount is what an account holds.
type assetOfAccount struct {
	account string
	asset   ledger.Asset
}

// readAsset reads an asset. What of it cannot be read is told with the balances.
func readAsset(r *row) ledger.Asset {
	return ledger.Asset{Code: r.text(), Scale: uint8(r.number("scale", 0, ledger.MaxScale))}
}

func readAssetOfAccount(r *row) assetOfAccount {
	return assetOfAccount{account: r.text(), asset: readAsset(r)}
}

// Entries implements [ledger.Inspection].
func (i *inspection) Entries(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		statement := inspectEntries
		switch {
		case !scope.Since.IsZero():
			statement = inspectEntriesSince
		case scope.Account != "":
			statement = inspectEntriesOfAccount
		}
		if err := i.keep(ctx, scope); err != nil {
			yield(ledger.Entry{}, err)
			return
		}
		entries := newCursor(i, scope, statement, readInspectedEntry)
		assets := newCursor(i, scope, inspectAssets, readAssetOfAccount)
		defer assets.stop(ctx)
		var asset *assetOfAccount
		for e, err := range entries.all(ctx) {
			if err == nil && (asset == nil || asset.account != e.Account) {
				asset, err = seek(ctx, assets, e.Account, func(a *assetOfAccount) string { return a.account })
			}
			if err != nil {
				yield(ledger.Entry{}, err)
				return
			}
			if asset != nil {
				e.Asset = asset.asset
			}
			if !yield(e.Entry, e.err()) {
				return
			}
		}
	}
}
