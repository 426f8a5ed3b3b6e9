package postgres

import "github.com/seed-d432d95b/ledger/ledger"

// pendingFlaws are those of what is or was pending.
func pendingFlaws() []flaw {
	return []flaw{
		{check: ledger.CheckLinks, message: "transaction @transaction was posted or voided, but is not there or was never pending", statement: `@with
SELECT '', 0, r.transaction, '', '' FROM @resolutions AS r
WHERE NOT EXISTS (SELECT FROM ledger.transactions WHERE ledger = $1 AND id = r.transaction AND reserved_sides IS NOT NULL@each)`},
		{check: ledger.CheckLinks, message: "transaction @transaction reserves on account @account, which is not there", statement: `@with
SELECT r.account, 0, r.transaction, '', '' FROM @reservations AS r
WHERE NOT EXISTS (SELECT FROM ledger.accounts WHERE ledger = $1 AND id = r.account@each)`},
		{check: ledger.CheckStored, message: "the reservation of transaction @transaction on account @account was recorded at @a; " +
			"it should be when the transaction was, @b", statement: `@with
SELECT r.account, 0, r.transaction, r.recorded_at::text, t.recorded_at::text FROM @reservations AS r
CROSS JOIN LATERAL (SELECT recorded_at FROM ledger.transactions WHERE ledger = $1 AND id = r.transaction@each) AS t
WHERE r.recorded_at <> t.recorded_at`},
		{check: ledger.CheckStored, message: "account @account says that nothing on it expires before @a, but a reservation does", statement: `@with
SELECT b.account, 0, '', coalesce(b.next_expiry, 'infinity')::text, '' FROM @balances AS b
WHERE b.stripe = 0 AND EXISTS (
	SELECT FROM ledger.reservations WHERE ledger = $1 AND account = b.account AND expires_at < coalesce(b.next_expiry, 'infinity')@each
)`},
		{check: ledger.CheckStored, message: "transaction @transaction was made pending on account @account, and should be listed there", statement: `@with
SELECT k.account, 0, t.id, '', '' FROM @transactions AS t
CROSS JOIN LATERAL (
	SELECT DISTINCT account FROM unnest(t.accounts) AS u(account) WHERE account IS NOT NULL
	UNION ALL
	SELECT '' WHERE NOT EXISTS (SELECT FROM unnest(t.accounts) AS u(account) WHERE account NOT LIKE 'world:%')
) AS k
WHERE t.reserved_sides IS NOT NULL AND NOT EXISTS (
	SELECT FROM ledger.pending_accounts
	WHERE ledger = $1 AND account = k.account AND recorded_at = t.recorded_at AND transaction = t.id@each
)`},
		{check: ledger.CheckStored, ofWhole: true, message: "transaction @transaction is listed as made pending on account @account at @a; " +
			"it should not be", statement: `
SELECT p.account, 0, p.transaction, p.recorded_at::text, '' FROM ledger.pending_accounts AS p
WHERE p.ledger = $1 AND NOT EXISTS (
	SELECT FROM ledger.transactions AS t
	WHERE t.ledger = $1 AND t.id = p.transaction AND t.recorded_at = p.recorded_at AND t.reserved_sides IS NOT NULL
		AND (p.account = ANY (t.accounts) OR p.account = ''
			AND NOT EXISTS (SELECT FROM unnest(t.accounts) AS u(account) WHERE account NOT LIKE 'world:%'))
)`},
	}
}

// metadataFlaws are those of metadata and the rows that it is found by.
func metadataFlaws() []flaw {
	const pairs = `jsonb_each(CASE jsonb_typeof(o.metadata) WHEN 'object' THEN o.metadata ELSE '{}' END)`
	missing := func(owners, id, at, table, owner string) string {
		return `@with
SELECT ` + owner + `, p.key, p.value #>> '{}' FROM @` + owners + ` AS o CROSS JOIN LATERAL ` + pairs + ` AS p
WHERE o.metadata IS NOT NULL AND jsonb_typeof(p.value) = 'string' AND NOT EXISTS (
	SELECT FROM ledger.` + table + `
	WHERE ledger = $1 AND key = p.key AND value = p.value #>> '{}' AND ` + at + ` = o.` + at + ` AND ` + id + ` = o.id@each
)`
	}
	extra := func(owners, id, at, table, owner string) string {
		return `
SELECT ` + owner + `, m.key, m.value FROM ledger.` + table + ` AS m
WHERE m.ledger = $1 AND NOT EXISTS (
	SELECT FROM ledger.` + owners + ` AS o
	WHERE o.ledger = $1 AND o.id = m.` + id + ` AND o.` + at + ` = m.` + at + ` AND o.metadata ->> m.key = m.value
)`
	}
	return []flaw{
		{check: ledger.CheckStored, message: "the metadata of account @account should be an object of texts, not @a", statement: `@with
SELECT a.id, 0, '', left(a.metadata::text, 100), '' FROM @accounts AS a
WHERE a.metadata IS NOT NULL AND (jsonb_typeof(a.metadata) <> 'object' OR jsonb_path_exists(a.metadata, '$.* ? (@.type() <> "string")'))`},
		{
			check: ledger.CheckStored, message: "account @account should be found by its metadata, @qa: @qb",
			statement: missing("accounts", "account", "opened_at", "account_metadata", "o.id, 0, ''"),
		},
		{
			check: ledger.CheckStored, ofWhole: true, message: "account @account is found by metadata that it does not have, @qa: @qb",
			statement: extra("accounts", "account", "opened_at", "account_metadata", "m.account, 0, ''"),
		},
		{
			check: ledger.CheckStored, message: "transaction @transaction should be found by its metadata, @qa: @qb",
			statement: missing("transactions", "transaction", "recorded_at", "transaction_metadata", "'', 0, o.id"),
		},
		{
			check: ledger.CheckStored, ofWhole: true, message: "transaction @transaction is found by metadata that it does not have, @qa: @qb",
			statement: extra("transactions", "transaction", "recorded_at", "transaction_metadata", "'', 0, m.transaction"),
		},
	}
}

// keyFlaws are rows that are there twice under one key, which the keys keep from being:
// they are looked for where a key was dropped. Balances, entries, transactions and
// reservations are not among them, for they are all read anyway.
func keyFlaws() []flaw {
	twice := func(table, columns, owner string) string {
		return `
SELECT ` + owner + `, count(*)::text, '' FROM ledger.` + table + `
WHERE ledger = $1 AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = 'ledger.` + table + `'::regclass AND indisprimary AND indisvalid)
GROUP BY ` + columns + ` HAVING count(*) > 1`
	}
	return []flaw{
		{check: ledger.CheckUnique, ofWhole: true, message: "account @account is there @a times", statement: twice("accounts", "id", "id, 0, ''")},
		{
			check: ledger.CheckUnique, ofWhole: true, message: "transaction @transaction was posted or voided @a times",
			statement: twice("resolutions", "transaction", "'', 0, transaction"),
		},
		{
			check: ledger.CheckUnique, ofWhole: true, message: "transaction @transaction is listed @a times as made pending on account @account",
			statement: twice("pending_accounts", "account, recorded_at, transaction", "account, 0, transaction"),
		},
		{
			check: ledger.CheckUnique, ofWhole: true, message: "account @account is found @a times by one pair of metadata",
			statement: twice("account_metadata", "key, value, opened_at, account", "account, 0, ''"),
		},
		{
			check: ledger.CheckUnique, ofWhole: true, message: "transaction @transaction is found @a times by one pair of metadata",
			statement: twice("transaction_metadata", "key, value, recorded_at, transaction", "'', 0, transaction"),
		},
		{
			check: ledger.CheckUnique, ofWhole: true, message: "a span of the corrections of stripe @stripe of account @account is there @a times",
			statement: twice("corrections", "account, stripe, level, span", "account, stripe, ''"),
		},
		{check: ledger.CheckUnique, ofWhole: true, message: "transaction @transaction is reversed @a times, by @b", statement: `
SELECT '', 0, reverses, count(*)::text, string_agg(quote_ident(id), ', ' ORDER BY id) FROM ledger.transactions
WHERE ledger = $1 AND reverses IS NOT NULL
	AND NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('ledger.transactions_reverses') AND indisunique AND indisvalid)
GROUP BY reverses HAVING count(*) > 1`},
	}
}
