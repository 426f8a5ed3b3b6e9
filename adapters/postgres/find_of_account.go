package postgres

// The statements that find the transactions of an account that were posted, or all of
// them; they take what those of find_transactions.go do. Those that never were pending
// are found along the account's entries, whose times are theirs, and never run back
// along a sequence. Those that were made pending stand where they were made, and not
// where their entries do, and are found by a list of their own. It is read first: if it
// fills a page, no entry beyond the last of that page is looked at.
//
// Transactions of one time are in the order of ids in a page, and of sequence numbers
// along the entries. So where a page ends within a time, all entries of that time are
// read: those are at most of one commit, unless the clock was set back.
const (
	findOfAccountNewest = transactionsHead + `(
	WITH ` + startNewest + `, made AS MATERIALIZED (
		SELECT f.* FROM start AS s CROSS JOIN LATERAL (
			SELECT a.* FROM ` + walkMadePendingOfAccount + findMatching + towardsOldestTransaction + `
		) AS f
	), bound AS MATERIALIZED (
		SELECT CASE WHEN count(*) < $5::bigint THEN $3::text::timestamptz ELSE min(recorded_at) END - interval '1 microsecond' AS at FROM made
	), posted AS MATERIALIZED (
		SELECT b.stripe, p.*
		FROM start AS s CROSS JOIN bound CROSS JOIN ledger.balances AS b
		CROSS JOIN LATERAL ` + lastUpTo + `bound.at` + ofLastUpTo + ` AS before
		CROSS JOIN LATERAL ` + lastUpTo + `s.at` + ofLastUpTo + ` AS behind
		CROSS JOIN LATERAL (` + selectFirstEntries + `
				AND e.sequence > before.last AND e.sequence <= behind.last AND (e.recorded_at, e.transaction) < (s.at, s.id)
			ORDER BY e.sequence DESC LIMIT $5::bigint
		) AS p
		WHERE b.ledger = $1 AND b.account = $6::text
	), edge AS MATERIALIZED (
		SELECT stripe, min(sequence) AS sequence, min(recorded_at) AS at FROM posted GROUP BY stripe HAVING count(*) = $5::bigint
	), tied AS (
		SELECT p.*
		FROM start AS s CROSS JOIN edge CROSS JOIN LATERAL ` + stripeOfEdge + ` AS b
		CROSS JOIN LATERAL ` + lastUpTo + `edge.at - interval '1 microsecond'` + ofLastUpTo + ` AS before
		CROSS JOIN LATERAL (` + selectFirstEntries + `
				AND e.sequence > before.last AND e.sequence < edge.sequence AND (e.recorded_at, e.transaction) < (s.at, s.id)
			OFFSET 0
		) AS p
	)` + findOfAccount + `
	ORDER BY f.recorded_at DESC, f.id DESC LIMIT $5::bigint)
)` + transactionsTail

	findOfAccountOldest = transactionsHead + `(
	WITH ` + startOldest + `, made AS MATERIALIZED (
		SELECT f.* FROM start AS s CROSS JOIN LATERAL (
			SELECT a.* FROM ` + walkMadePendingOfAccount + findMatching + towardsNewestTransaction + `
		) AS f
	), bound AS MATERIALIZED (
		SELECT CASE WHEN count(*) < $5::bigint THEN $4::text::timestamptz - interval '1 microsecond' ELSE max(recorded_at) END AS at FROM made
	), posted AS MATERIALIZED (
		SELECT b.stripe, p.*
		FROM start AS s CROSS JOIN bound CROSS JOIN ledger.balances AS b
		CROSS JOIN LATERAL ` + lastUpTo + `s.at - interval '1 microsecond'` + ofLastUpTo + ` AS before
		CROSS JOIN LATERAL ` + lastUpTo + `bound.at` + ofLastUpTo + ` AS behind
		CROSS JOIN LATERAL (` + selectFirstEntries + `
				AND e.sequence > before.last AND e.sequence <= behind.last AND (e.recorded_at, e.transaction) > (s.at, s.id)
			ORDER BY e.sequence LIMIT $5::bigint
		) AS p
		WHERE b.ledger = $1 AND b.account = $6::text
	), edge AS MATERIALIZED (
		SELECT stripe, max(sequence) AS sequence, max(recorded_at) AS at FROM posted GROUP BY stripe HAVING count(*) = $5::bigint
	), tied AS (
		SELECT p.*
		FROM start AS s CROSS JOIN edge CROSS JOIN LATERAL ` + stripeOfEdge + ` AS b
		CROSS JOIN LATERAL ` + lastUpTo + `edge.at` + ofLastUpTo + ` AS behind
		CROSS JOIN LATERAL (` + selectFirstEntries + `
				AND e.sequence > edge.sequence AND e.sequence <= behind.last AND (e.recorded_at, e.transaction) > (s.at, s.id)
			OFFSET 0
		) AS p
	)` + findOfAccount + `
	ORDER BY f.recorded_at, f.id LIMIT $5::bigint)
)` + transactionsTail

	// The number of the last entry up to a time, of a row b of balances.
	lastUpTo   = `(SELECT t.last FROM (SELECT `
	ofLastUpTo = ` AS at) AS m CROSS JOIN LATERAL ` + totalsAt + ` AS t)`

	// The entries of a row b of balances that are the first of their transactions on the
	// account, so that each is found once. A transaction that was made pending does not
	// list its entries.
	selectFirstEntries = `
			SELECT e.sequence, e.recorded_at, e.transaction AS id
			FROM ledger.entries AS e
			CROSS JOIN LATERAL (
				SELECT FROM ledger.transactions AS t
				WHERE t.ledger = $1 AND t.id = e.transaction AND t.sequences[array_position(t.accounts, $6::text)] = e.sequence
					AND ($8::text = '' OR t.metadata @> nullif($8, '')::jsonb)
				OFFSET 0
			) AS t
			WHERE e.ledger = b.ledger AND e.account = b.account AND e.stripe = b.stripe`

	stripeOfEdge = `(SELECT * FROM ledger.balances WHERE ledger = $1 AND account = $6::text AND stripe = edge.stripe OFFSET 0)`

	findOfAccount = `
	SELECT cursor FROM start WHERE cursor <> ''
	UNION ALL
	(SELECT f.id FROM (
		SELECT recorded_at, id FROM made
		UNION ALL SELECT recorded_at, id FROM posted
		UNION ALL SELECT recorded_at, id FROM tied
	) AS f`
)
