package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// findResolvedOldest finds the transactions that were posted or voided after the time
// $2, or at that time with an id after $3. The condition on the time is that of the
// index to walk.
const findResolvedOldest = transactionsHead + `(
	SELECT transaction FROM ledger.resolutions
	WHERE ledger = $1 AND recorded_at > '-infinity' AND (recorded_at, transaction) > ($2::text::timestamptz, $3::text)
	ORDER BY recorded_at, transaction LIMIT $4::bigint
)` + transactionsTail

func findResolved(ctx context.Context, q querier, book int32, query ledger.ResolvedQuery) ([]ledger.Transaction, error) {
	arguments := []any{book, timeText(query.After, "-infinity"), query.AfterID, query.Limit}
	found, err := queryTransactions(ctx, q, findResolvedOldest, arguments)
	if err != nil {
		return nil, err
	}
	transactions := make([]ledger.Transaction, 0, len(found))
	for _, t := range found {
		transactions = append(transactions, t.Transaction)
	}
	slices.SortFunc(transactions, func(a, b ledger.Transaction) int {
		return cmp.Or(a.ResolvedAt.Compare(b.ResolvedAt), strings.Compare(a.ID, b.ID))
	})
	return transactions, nil
}
