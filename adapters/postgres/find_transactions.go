package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements that find transactions walk the index of the pairs of metadata, as
// those that find accounts do.
const (
	findTransactionsNewest = findTransactionsHead + `
			AND (m.recorded_at, m.transaction) < (s.recorded_at, s.id)
		ORDER BY m.recorded_at DESC, m.transaction DESC LIMIT $4` + findTransactionsTail
	findTransactionsOldest = findTransactionsHead + `
			AND (m.recorded_at, m.transaction) > (s.recorded_at, s.id)
		ORDER BY m.recorded_at, m.transaction LIMIT $4` + findTransactionsTail

	findTransactionsHead = transactionsHead + `(
	WITH start AS MATERIALIZED (
		SELECT recorded_at, id FROM ledger.transactions WHERE ledger = $1 AND id = $2::text
		UNION ALL
		SELECT $3::text::timestamptz, '' WHERE $2::text = ''
	)
	SELECT id FROM start WHERE id <> ''
	UNION ALL
	SELECT f.transaction FROM start AS s CROSS JOIN LATERAL (
		SELECT m.transaction FROM ledger.transaction_metadata AS m
		WHERE m.ledger = $1 AND m.key = $5::text AND m.value = $6::text
			AND ($7::text = '' OR EXISTS (
				SELECT FROM ledger.transactions WHERE ledger = $1 AND id = m.transaction AND metadata @> nullif($7, '')::jsonb OFFSET 0
			))`

	findTransactionsTail = `
	) AS f
)` + transactionsTail
)

func findTransactions(ctx context.Context, q querier, book int32, query ledger.TransactionQuery) ([]ledger.Transaction, error) {
	statement := findTransactionsNewest
	if query.OldestFirst {
		statement = findTransactionsOldest
	}
	key, others := firstPair(query.Metadata)
	arguments := []any{book, query.After, start(query.OldestFirst), query.Limit, key, query.Metadata[key], others}
	found, err := queryTransactions(ctx, q, statement, arguments)
	if err != nil {
		return nil, err
	}
	if found[query.After] == nil && query.After != "" {
		return nil, ledger.NoTransaction(query.After)
	}
	delete(found, query.After)
	var transactions []ledger.Transaction
	for _, t := range found {
		transactions = append(transactions, t.Transaction)
	}
	slices.SortFunc(transactions, func(a, b ledger.Transaction) int {
		return cmp.Or(a.RecordedAt.Compare(b.RecordedAt), strings.Compare(a.ID, b.ID))
	})
	if !query.OldestFirst {
		slices.Reverse(transactions)
	}
	return transactions, nil
}

// FindTransactions implements [ledger.Reader].
func (b *book) FindTransactions(ctx context.Context, query ledger.TransactionQuery) (found []ledger.Transaction, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		found, err = findTransactions(ctx, b.querier, b.id, query)
		return err
	})
	return found, err
}

// FindTransactions implements [ledger.Reader].
func (b *joinedBook) FindTransactions(ctx context.Context, query ledger.TransactionQuery) (found []ledger.Transaction, err error) {
	err = b.read(func(q querier) (err error) {
		found, err = findTransactions(ctx, q, b.id, query)
		return err
	})
	return found, err
}
