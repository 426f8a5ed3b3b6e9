package postgres

import (
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// inspected is the part of the books that a scope is about, in SQL. The statements of
// a scope take the ledger $1, and the account $2 and the time $3, if they are set. Of
// the whole, tables are read from end to end; of a part, all is found by keys, so that
// what is left out costs nothing.
type inspected struct{ ledger.Scope }

// Parts of the books, one after the other, each made of those before it.
const (
	// The transactions that were recorded or resolved since then.
	recentIDs = `
	SELECT id FROM ledger.transactions WHERE ledger = $1 AND recorded_at > '-infinity' AND recorded_at >= $3
	UNION
	SELECT transaction FROM ledger.resolutions WHERE ledger = $1 AND recorded_at > '-infinity' AND recorded_at >= $3`

	// Those with an entry on the account, or a reservation. One that is pending should have
	// a reservation, whether or not it does.
	idsOfAccount = `
	SELECT transaction AS id FROM ledger.entries WHERE ledger = $1 AND account = $2
	UNION
	SELECT transaction FROM ledger.reservations WHERE ledger = $1 AND account = $2
	UNION
	SELECT p.transaction FROM ledger.pending_accounts AS p
	CROSS JOIN LATERAL (SELECT * FROM ledger.transactions WHERE ledger = $1 AND id = p.transaction OFFSET 0) AS t
	WHERE p.ledger = $1 AND p.account = $2` + andReserves

	// Those of the account among the recent.
	recentIDsOfAccount = `
	SELECT t.id FROM (` + recentIDs + `) AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.transactions WHERE ledger = $1 AND id = i.id OFFSET 0) AS t
	LEFT JOIN LATERAL (
		SELECT status FROM ledger.resolutions WHERE ledger = $1 AND transaction = t.id AND t.reserved_sides IS NOT NULL OFFSET 0
	) AS r ON true
	WHERE $2 = ANY (t.accounts) AND (t.reserved_sides IS NULL OR r.status = 1 OR true` + andReserves + ` OR EXISTS (
		SELECT FROM ledger.reservations
		WHERE ledger = $1 AND account = $2 AND expires_at = coalesce(t.expires_at, 'infinity') AND transaction = t.id OFFSET 0
	))`

	// That a transaction t reserves something on the account now.
	andReserves = ` AND $2 <> 'world' AND $2 NOT LIKE 'world:%' AND t.reserved_sides IS NOT NULL
			AND (t.expires_at IS NULL OR t.expires_at > transaction_timestamp())
			AND NOT EXISTS (SELECT FROM ledger.resolutions WHERE ledger = $1 AND transaction = t.id OFFSET 0)`

	// The keys of the entries that the transactions list.
	keysOfIDs = `
	SELECT t.id, k.account, k.stripe, k.sequence
	FROM ids AS i` + transactionOfID + resolutionOfTransaction + `
	CROSS JOIN LATERAL unnest(t.accounts, coalesce(r.stripes, t.stripes), coalesce(r.sequences, t.sequences)) AS k(account, stripe, sequence)
	WHERE k.account IS NOT NULL AND k.stripe IS NOT NULL AND k.sequence IS NOT NULL`

	transactionOfID = `
	CROSS JOIN LATERAL (SELECT * FROM ledger.transactions WHERE ledger = $1 AND id = i.id OFFSET 0) AS t`
	resolutionOfTransaction = `
	LEFT JOIN LATERAL (
		SELECT stripes, sequences FROM ledger.resolutions WHERE ledger = $1 AND transaction = t.id AND t.reserved_sides IS NOT NULL OFFSET 0
	) AS r ON true`

	// The first of those entries in each chain; all behind it are recent, too. Should one
	// before it be so, which no transaction lists, then that.
	rangesOfKeys = `
	SELECT k.account, k.stripe, coalesce((
		SELECT sequence + 1 FROM ledger.entries
		WHERE ledger = $1 AND account = k.account AND stripe = k.stripe AND sequence < k.first AND recorded_at < $3
		ORDER BY sequence DESC LIMIT 1
	), least(k.first, 0)) AS first
	FROM (SELECT account, stripe, min(sequence) AS first FROM keys GROUP BY account, stripe) AS k`

	// The entries in the ranges, which may name other transactions in broken books.
	entriesOfRanges = `
	SELECT e.place, e.id FROM ranges AS r
	CROSS JOIN LATERAL (
		SELECT ctid AS place, transaction AS id FROM ledger.entries
		WHERE ledger = $1 AND account = r.account AND stripe = r.stripe AND sequence >= r.first OFFSET 0
	) AS e`
	entriesOfAccount = `
	SELECT ctid AS place, transaction AS id FROM ledger.entries WHERE ledger = $1 AND account = $2`
	allIDs = `
	SELECT id FROM ids UNION SELECT id FROM entries WHERE id IS NOT NULL`

	// The reservations of the transactions, wherever their transactions or they themselves
	// say that they are.
	reservedOfIDs = `
	SELECT u.place FROM named AS i` + transactionOfID + `
	CROSS JOIN LATERAL (SELECT DISTINCT account FROM unnest(t.accounts) AS k(account) WHERE t.reserved_sides IS NOT NULL) AS k
	CROSS JOIN LATERAL (
		(SELECT ctid AS place FROM ledger.reservations
		WHERE ledger = $1 AND account = k.account AND expires_at = coalesce(t.expires_at, 'infinity') AND transaction = t.id OFFSET 0)
		UNION
		(SELECT ctid FROM ledger.reservations
		WHERE ledger = $1 AND account = k.account AND recorded_at = t.recorded_at AND transaction = t.id AND expires_at > '-infinity' OFFSET 0)
	) AS u`
)

// with returns the start of a statement that reads a part of the books: the ids of its
// transactions, the keys of their entries, the ranges of those, the entries that are
// there, the ids together with those that they name, the places of the reservations, and
// the chains of all that.
func (s inspected) with() string {
	ids, ofAccount, entries := recentIDs, "", entriesOfRanges
	switch {
	case s.IsWhole():
		return ""
	case s.Since.IsZero():
		ids, ofAccount, entries = idsOfAccount, " AND k.account = $2", entriesOfAccount
	case s.Account != "":
		ids, ofAccount = recentIDsOfAccount, " AND k.account = $2"
	}
	return `
WITH ids AS MATERIALIZED (` + ids + `
), keys AS MATERIALIZED (` + keysOfIDs + ofAccount + `
), ranges AS MATERIALIZED (` + rangesOfKeys + `
), entries AS MATERIALIZED (` + entries + `
), named AS MATERIALIZED (` + allIDs + `
), reserved AS MATERIALIZED (` + reservedOfIDs + `
), touched AS MATERIALIZED (` + s.touched() + `
)`
}

// touched returns the chains of the accounts in the scope.
func (s inspected) touched() string {
	const touched = `
	SELECT account, stripe FROM ranges
	UNION
	SELECT r.account, 0::smallint FROM reserved AS u CROSS JOIN LATERAL (SELECT account FROM ledger.reservations WHERE ctid = u.place OFFSET 0) AS r`
	switch {
	case s.Since.IsZero():
		return `
	SELECT $2 AS account, 0::smallint AS stripe UNION SELECT account, stripe FROM ledger.balances WHERE ledger = $1 AND account = $2`
	case s.Account != "":
		return touched + `
	WHERE r.account = $2`
	default:
		return touched
	}
}

// fill fills in a statement over a scope: @with with what it begins with, @accounts and
// the like with those rows of the tables that are in the scope, and @stripes with all
// rows of balances of its accounts. @each is behind what is to be looked up for each row
// of a part, and not joined.
func (s inspected) fill(statement string) string {
	sources := sourcesOfWhole()
	each := ""
	if !s.IsWhole() {
		sources, each = s.sourcesOfPart(), " OFFSET 0"
	}
	pairs := []string{"@with", s.with(), "@each", each}
	for name, source := range sources {
		pairs = append(pairs, "@"+name, source)
	}
	return strings.NewReplacer(pairs...).Replace(statement)
}

// sourcesOfWhole returns the tables, of which all of the ledger's rows are in scope.
func sourcesOfWhole() map[string]string {
	sources := make(map[string]string)
	for _, table := range []string{"accounts", "balances", "transactions", "resolutions", "reservations"} {
		sources[table] = `(SELECT * FROM ledger.` + table + ` WHERE ledger = $1)`
	}
	sources["stripes"] = sources["balances"]
	return sources
}

// sourcesOfPart returns what of the tables is in scope.
func (s inspected) sourcesOfPart() map[string]string {
	return map[string]string{
		"accounts": `(
	SELECT a.* FROM (SELECT DISTINCT account FROM touched) AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = $1 AND id = i.account OFFSET 0) AS a
)`,
		"balances": `(
	SELECT b.* FROM touched AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.balances WHERE ledger = $1 AND account = i.account AND stripe = i.stripe OFFSET 0) AS b
)`,
		"stripes": `(
	SELECT b.* FROM (SELECT DISTINCT account FROM touched) AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.balances WHERE ledger = $1 AND account = i.account OFFSET 0) AS b
)`,
		"transactions": `(SELECT t.* FROM named AS i` + transactionOfID + `)`,
		"resolutions": `(
	SELECT r.* FROM named AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.resolutions WHERE ledger = $1 AND transaction = i.id OFFSET 0) AS r
)`,
		"reservations": `(
	SELECT r.* FROM reserved AS u CROSS JOIN LATERAL (SELECT * FROM ledger.reservations WHERE ctid = u.place OFFSET 0) AS r
)`,
	}
}
