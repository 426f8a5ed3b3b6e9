package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

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
	SELECT id FROM ids UNION SELECT id FROM ranged WHERE id IS NOT NULL`

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

	// The rows of the tables.
	accountsOfPart = `
	SELECT a.* FROM (SELECT DISTINCT account FROM touched) AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = $1 AND id = i.account OFFSET 0) AS a`
	balancesOfPart = `
	SELECT b.* FROM touched AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.balances WHERE ledger = $1 AND account = i.account AND stripe = i.stripe OFFSET 0) AS b`
	stripesOfPart = `
	SELECT b.* FROM (SELECT DISTINCT account FROM touched) AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.balances WHERE ledger = $1 AND account = i.account OFFSET 0) AS b`
	resolutionsOfPart = `
	SELECT r.* FROM named AS i
	CROSS JOIN LATERAL (SELECT * FROM ledger.resolutions WHERE ledger = $1 AND transaction = i.id OFFSET 0) AS r`
	reservationsOfPart = `
	SELECT r.* FROM reserved AS u CROSS JOIN LATERAL (SELECT * FROM ledger.reservations WHERE ctid = u.place OFFSET 0) AS r`
)

// partOfBooks is a list of rows, which the statements of a scope and the parts behind it
// read by its name.
type partOfBooks struct{ name, statement string }

// parts returns the ids of the scope's transactions, the keys of their entries, the ranges
// of those, the entries that are there, the ids together with those that they name, the
// places of the reservations, the chains of all that, and the rows of the tables.
func (s inspected) parts() []partOfBooks {
	ids, ofAccount, entries := recentIDs, "", entriesOfRanges
	switch {
	case s.Since.IsZero():
		ids, ofAccount, entries = idsOfAccount, " AND k.account = $2", entriesOfAccount
	case s.Account != "":
		ids, ofAccount = recentIDsOfAccount, " AND k.account = $2"
	}
	return []partOfBooks{
		{"ids", ids},
		{"keys", keysOfIDs + ofAccount},
		{"ranges", rangesOfKeys},
		{"ranged", entries},
		{"named", allIDs},
		{"reserved", reservedOfIDs},
		{"touched", s.touched()},
		{"part_accounts", accountsOfPart},
		{"part_balances", balancesOfPart},
		{"part_stripes", stripesOfPart},
		{"part_transactions", `
	SELECT t.* FROM named AS i` + transactionOfID},
		{"part_resolutions", resolutionsOfPart},
		{"part_reservations", reservationsOfPart},
	}
}

// with returns the start of a statement that makes the parts for itself.
func (s inspected) with() string {
	var with strings.Builder
	for n, part := range s.parts() {
		if n == 0 {
			with.WriteString("\nWITH ")
		} else {
			with.WriteString(", ")
		}
		with.WriteString(part.name + " AS MATERIALIZED (" + part.statement + "\n)")
	}
	return with.String()
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

// fill fills in a statement over a scope: @with with what it begins with, unless the parts
// are kept, and @accounts and the like with those rows of the tables that are in the scope,
// @stripes with all rows of balances of its accounts. @each is behind what is to be looked
// up for each row of a part, and not joined.
func (s inspected) fill(statement string, isKept bool) string {
	with, each := "", ""
	if !s.IsWhole() {
		each = " OFFSET 0"
		if !isKept {
			with = s.with()
		}
	}
	pairs := []string{"@with", with, "@each", each}
	for _, table := range []string{"accounts", "balances", "transactions", "resolutions", "reservations", "stripes"} {
		source := "part_" + table
		if s.IsWhole() {
			source = sourceOfWhole(table)
		}
		pairs = append(pairs, "@"+table, source)
	}
	return strings.NewReplacer(pairs...).Replace(statement)
}

// sourceOfWhole returns all of the ledger's rows of a table.
func sourceOfWhole(table string) string {
	if table == "stripes" {
		table = "balances"
	}
	return `(SELECT * FROM ledger.` + table + ` WHERE ledger = $1)`
}

// keep makes the parts of a scope once for all statements of the inspection that follow,
// in temporary tables, which end with its transaction. Where none can be made, as on a
// standby, each statement makes them for itself, and so it does for any other scope.
func (i *inspection) keep(ctx context.Context, scope ledger.Scope) error {
	if scope.IsWhole() || i.isDecided {
		return nil
	}
	i.isDecided = true
	return i.ask(ctx, func(ctx context.Context) error {
		may := false
		if err := i.connection.QueryRow(ctx, mayKeep).Scan(&may); err != nil || !may {
			return err
		}
		if err := i.plan(ctx, byKeys); err != nil {
			return err
		}
		for _, part := range (inspected{scope}).parts() {
			if err := i.execute(ctx, scope, "CREATE TEMPORARY TABLE "+part.name+" ON COMMIT DROP AS"+part.statement); err != nil {
				return err
			}
		}
		i.kept = scope
		return nil
	})
}

// mayKeep says whether temporary tables can be made.
const mayKeep = `
SELECT current_setting('transaction_read_only') = 'off' AND has_database_privilege(current_database(), 'TEMPORARY')`

// execute executes a statement that takes the ledger $1, and the account $2 and the time
// $3 of the scope.
func (i *inspection) execute(ctx context.Context, scope ledger.Scope, statement string) error {
	arguments := [][]byte{strconv.AppendInt(nil, int64(i.book), 10), []byte(scope.Account), []byte(timeText(scope.Since, "-infinity"))}
	types := []uint32{pgtype.Int4OID, pgtype.TextOID, pgtype.TimestamptzOID}
	_, err := i.connection.PgConn().ExecParams(ctx, statement, arguments, types, nil, nil).Close()
	return err
}
