package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements that find transactions by walking one index, in the order in which
// they were recorded. Each takes the ledger $1, the transaction $2 to begin behind, or
// nothing, the times from $3 and to $4, the limit $5, the account $6, the status $7 and
// metadata $8, of which each may be nothing; the last takes a pair $9 and $10 too. The
// transaction $2 is among what they return, so that it is known to be there.
const (
	findRecordedNewest = findNewestHead + walkRecorded + findMatching + findNewestTail
	findRecordedOldest = findOldestHead + walkRecorded + findMatching + findOldestTail

	findMadePendingNewest = findNewestHead + walkMadePending + findMatching + findNewestTail
	findMadePendingOldest = findOldestHead + walkMadePending + findMatching + findOldestTail

	findMadePendingOfAccountNewest = findNewestHead + walkMadePendingOfAccount + findMatching + findNewestTail
	findMadePendingOfAccountOldest = findOldestHead + walkMadePendingOfAccount + findMatching + findOldestTail

	findPendingOfAccountNewest = findNewestHead + walkPendingOfAccount + findMatching + findNewestTail
	findPendingOfAccountOldest = findOldestHead + walkPendingOfAccount + findMatching + findOldestTail

	findTaggedNewest = findNewestHead + walkTagged + findMatching + findNewestTail
	findTaggedOldest = findOldestHead + walkTagged + findMatching + findOldestTail

	// Those that are pending, with one line for each of their accounts, and those of
	// world accounts alone, which have no reservations.
	findPendingNewest = findNewestHead + `(
		(SELECT DISTINCT ON (a.recorded_at, a.id) a.* FROM ` + walkPending + findMatching + towardsOldestTransaction + `)
		UNION ALL
		(SELECT a.* FROM ` + walkPendingOfWorld + findMatching + towardsOldestTransaction + `)
	) AS a WHERE true` + findNewestTail
	findPendingOldest = findOldestHead + `(
		(SELECT DISTINCT ON (a.recorded_at, a.id) a.* FROM ` + walkPending + findMatching + towardsNewestTransaction + `)
		UNION ALL
		(SELECT a.* FROM ` + walkPendingOfWorld + findMatching + towardsNewestTransaction + `)
	) AS a WHERE true` + findOldestTail

	findNewestHead = transactionsHead + `(
	WITH ` + startNewest + findWalk
	findOldestHead = transactionsHead + `(
	WITH ` + startOldest + findWalk
	findWalk = `
	SELECT cursor FROM start WHERE cursor <> ''
	UNION ALL
	SELECT f.id FROM start AS s CROSS JOIN LATERAL (
		SELECT a.id FROM `
	findNewestTail = towardsOldestTransaction + findWalkTail
	findOldestTail = towardsNewestTransaction + findWalkTail
	findWalkTail   = `
	) AS f
)` + transactionsTail
)

// Where a walk begins: behind the transaction $2, or at the bound that comes first.
const (
	startNewest = `start AS MATERIALIZED (
		SELECT t.id AS cursor, least(t.recorded_at, $4::text::timestamptz) AS at,
			CASE WHEN t.recorded_at < $4::text::timestamptz THEN t.id ELSE '' END AS id
		FROM ledger.transactions AS t WHERE t.ledger = $1 AND t.id = $2::text
		UNION ALL
		SELECT '', $4::text::timestamptz, '' WHERE $2::text = ''
	)`
	startOldest = `start AS MATERIALIZED (
		SELECT t.id AS cursor, greatest(t.recorded_at, $3::text::timestamptz) AS at,
			CASE WHEN t.recorded_at >= $3::text::timestamptz THEN t.id ELSE '' END AS id
		FROM ledger.transactions AS t WHERE t.ledger = $1 AND t.id = $2::text
		UNION ALL
		SELECT '', $3::text::timestamptz, '' WHERE $2::text = ''
	)`

	towardsOldestTransaction = `
			AND (a.recorded_at, a.id) < (s.at, s.id) AND a.recorded_at >= $3::text::timestamptz
		ORDER BY a.recorded_at DESC, a.id DESC LIMIT $5::bigint`
	towardsNewestTransaction = `
			AND (a.recorded_at, a.id) > (s.at, s.id) AND a.recorded_at < $4::text::timestamptz
		ORDER BY a.recorded_at, a.id LIMIT $5::bigint`
)

// What is walked. The conditions on times, which are true of every row, are those of the
// indexes to walk.
const (
	walkRecorded    = `(SELECT recorded_at, id FROM ledger.transactions WHERE ledger = $1 AND recorded_at > '-infinity') AS a`
	walkMadePending = `(SELECT recorded_at, id FROM ledger.transactions WHERE ledger = $1 AND reserved_sides IS NOT NULL) AS a`

	walkMadePendingOfAccount = `(
			SELECT recorded_at, transaction AS id FROM ledger.pending_accounts WHERE ledger = $1 AND account = $6::text
		) AS a`
	walkPendingOfWorld = `(
			SELECT recorded_at, transaction AS id FROM ledger.pending_accounts WHERE ledger = $1 AND account = ''
		) AS a`
	walkPendingOfAccount = `(
			SELECT recorded_at, transaction AS id FROM ledger.reservations
			WHERE ledger = $1 AND account = $6::text AND expires_at > '-infinity'
		) AS a`
	walkPending = `(
			SELECT recorded_at, transaction AS id FROM ledger.reservations WHERE ledger = $1 AND recorded_at > '-infinity'
		) AS a`
	walkTagged = `(
			SELECT recorded_at, transaction AS id FROM ledger.transaction_metadata WHERE ledger = $1 AND key = $9::text AND value = $10::text
		) AS a`

	// OFFSET keeps what is looked up for each transaction from becoming a join, or a
	// table that is read as a whole.
	findMatching = `
		WHERE ($6::text = '' AND $7::smallint = 0 AND $8::text = '' OR EXISTS (
				SELECT FROM ledger.transactions AS t
				WHERE t.ledger = $1 AND t.id = a.id AND ($6 = '' OR $6 = ANY (t.accounts))
					AND ($8 = '' OR t.metadata @> nullif($8, '')::jsonb)
					AND ($7 = 0 OR $7 = CASE WHEN t.reserved_sides IS NULL THEN 1 ELSE coalesce(
						(SELECT status FROM ledger.resolutions WHERE ledger = $1 AND transaction = t.id),
						CASE WHEN t.expires_at <= statement_timestamp() THEN 4 ELSE 2 END
					) END)
				OFFSET 0
			))`
)

// selectSizes tells how long the lists are by which transactions of the account $2 can
// be found, up to $5, and nothing if it is not there: that of the account by its entries
// and what was made pending on it, and that of a pair of metadata.
const selectSizes = `
SELECT sum(b.sequence)::bigint + (
	SELECT count(*) FROM (SELECT FROM ledger.pending_accounts WHERE ledger = $1 AND account = $2 LIMIT $5) AS made
), (
	SELECT count(*) FROM (SELECT FROM ledger.transaction_metadata WHERE ledger = $1 AND key = $3 AND value = $4 LIMIT $5) AS tagged
)
FROM ledger.balances AS b WHERE b.ledger = $1 AND b.account = $2 HAVING count(*) > 0`

// sizesUpTo is how far it is told which of two lists is shorter.
const sizesUpTo = 10_000

// isByAccount says whether the query's transactions are found by its account: if it has
// no metadata, or that of the account is the shorter list. It fails if the account is
// not there. If it is, it stays so: accounts are never deleted.
func isByAccount(ctx context.Context, q querier, book int32, query ledger.TransactionQuery) (bool, error) {
	arguments := []any{book, query.Account, "", "", 0}
	if len(query.Metadata) > 0 {
		key, _ := firstPair(query.Metadata)
		arguments = []any{book, query.Account, key, query.Metadata[key], sizesUpTo}
	}
	var ofAccount, ofPair int64
	found := false
	err := q.query(ctx, selectSizes, arguments, []any{&ofAccount, &ofPair}, func() error {
		found = true
		return nil
	})
	if err == nil && !found {
		err = ledger.NoAccount(query.Account)
	}
	return len(query.Metadata) == 0 || ofAccount < ofPair, err
}

// transactionFinder returns the statement that finds what the query describes, and what
// it takes.
func transactionFinder(book int32, query ledger.TransactionQuery, byAccount bool) (statement string, arguments []any) {
	arguments = []any{
		book, query.After, timeText(query.From, "-infinity"), timeText(query.To, "infinity"),
		query.Limit, query.Account, int16(query.Status), pairsText(query.Metadata),
	}
	var newest, oldest string
	switch isPending := query.Status == ledger.Pending; {
	case len(query.Metadata) > 0 && !byAccount:
		key, others := firstPair(query.Metadata)
		arguments[7] = others
		arguments = append(arguments, key, query.Metadata[key])
		newest, oldest = findTaggedNewest, findTaggedOldest
	case isPending && byAccount && !ledger.IsWorldID(query.Account):
		newest, oldest = findPendingOfAccountNewest, findPendingOfAccountOldest
	case isPending:
		newest, oldest = findPendingNewest, findPendingOldest
	case query.Status > ledger.Posted && byAccount:
		newest, oldest = findMadePendingOfAccountNewest, findMadePendingOfAccountOldest
	case query.Status > ledger.Posted:
		newest, oldest = findMadePendingNewest, findMadePendingOldest
	case byAccount:
		newest, oldest = findOfAccountNewest, findOfAccountOldest
	default:
		newest, oldest = findRecordedNewest, findRecordedOldest
	}
	if query.OldestFirst {
		return oldest, arguments
	}
	return newest, arguments
}

// timeText returns a time as text, or what stands for none.
func timeText(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Format(time.RFC3339Nano)
}

func findTransactions(ctx context.Context, q querier, book int32, query ledger.TransactionQuery) ([]ledger.Transaction, error) {
	byAccount := false
	if query.Account != "" {
		var err error
		if byAccount, err = isByAccount(ctx, q, book, query); err != nil {
			return nil, err
		}
	}
	statement, arguments := transactionFinder(book, query, byAccount)
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
