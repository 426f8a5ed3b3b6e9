package postgres

import (
	"context"

	"github.com/seed-d432d95b/ledger/ledger"
)

// selectOpenings finds the entries with number 0 of the accounts $2.
const selectOpenings = `
SELECT e.*, b.asset, b.scale
FROM unnest($2::text[]) AS u(id)
CROSS JOIN LATERAL (
	SELECT ` + columnsOfEntry + ` FROM ledger.entries
	WHERE ledger = $1 AND account = u.id AND stripe = 0 AND sequence = 0 OFFSET 0
) AS e
CROSS JOIN LATERAL (SELECT asset, scale FROM ledger.balances WHERE ledger = $1 AND account = u.id AND stripe = 0 OFFSET 0) AS b`

// FindOpenings implements [ledger.Lister].
func (i *inspection) FindOpenings(ctx context.Context, accounts []string) (openings []ledger.Entry, err error) {
	err = i.ask(ctx, func(ctx context.Context) error {
		var row entryRow
		var asset ledger.Asset
		var scale int64
		fields := append(row.fields(), &asset.Code, &scale)
		return i.query(ctx, selectOpenings, []any{i.book, accounts}, fields, func() error {
			asset.Scale = uint8(scale)
			openings = append(openings, row.read(asset))
			return nil
		})
	})
	return openings, err
}
