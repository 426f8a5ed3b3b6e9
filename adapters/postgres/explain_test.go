package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestPlans explains every hot statement on tables of every age: what no plan
// may depend on is whether, and when, somebody ran ANALYZE.
func TestPlans(t *testing.T) {
	t.Parallel()
	_, connection := newPlanner(t)
	ages := []struct {
		name    string
		prepare func()
	}{
		{"empty", func() {}},
		{"analyzed when empty", func() { execute(t, connection, "VACUUM ANALYZE") }},
		{"analyzed with one page", func() {
			fill(t, connection, 1, 20)
			execute(t, connection, "VACUUM ANALYZE")
		}},
		{"young", func() {
			execute(t, connection, "TRUNCATE ledger.accounts, ledger.balances, ledger.transactions, ledger.entries, ledger.reservations, "+
				"ledger.resolutions, ledger.corrections, ledger.account_metadata, ledger.transaction_metadata, ledger.pending_accounts")
			fill(t, connection, 1, 3_000)
		}},
		{"large with the statistics of a small one", func() {
			execute(t, connection, "ANALYZE")
			fill(t, connection, 3_001, 300_000)
		}},
		{"large and analyzed", func() { execute(t, connection, "VACUUM ANALYZE") }},
	}
	for _, age := range ages {
		age.prepare()
		for _, s := range slices.Concat(committedStatements(), pendingStatements(), readStatements()) {
			for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
				execute(t, connection, "SET plan_cache_mode = "+mode)
				checkPlan(t, age.name+": "+s.name+": "+mode, s, explainPrepared(t, connection, s))
			}
		}
	}
}

// fill inserts accounts, transactions and entries numbered first to last, every
// third entry on one account.
func fill(t *testing.T, connection *pgx.Conn, first, last int) {
	t.Helper()
	execute(t, connection, `
INSERT INTO ledger.accounts SELECT 1, 'user-' || n, '', now(), sha256(''), 0
FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.balances SELECT 1, 'user-' || n, 0, 2, 1, 2, 'USD', 0, 0, 100, 1, now()
FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.transactions
SELECT 1, 'tx-' || n, now(), 0, sha256(''), array['user-' || n % 3 * n, 'world:USD'], array[0, n % 16], array[n, n]
FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.entries SELECT 1, 'user-' || n % 3 * n, 0, n, 2, 100, 100, 'tx-' || n, now(), 0
FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.reservations
SELECT 1, 'user-' || n % 3 * n, now() + n % 7 * interval '1 day' - interval '2 days', 'tx-' || n, 1, 0, now()
FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.pending_accounts SELECT 1, 'user-' || n % 3 * n, now(), 'tx-' || n FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.resolutions SELECT 1, 'tx-' || n, 3, now(), 0 FROM generate_series($1::int, $2::int) AS n`, first, last)
	execute(t, connection, `
INSERT INTO ledger.corrections SELECT 1, 'user-' || n % 3 * n, 0, n % 12, n, 1, 0 FROM generate_series($1::int, $2::int) AS n`, first, last)
	for table, id := range map[string]string{"account_metadata": "user-", "transaction_metadata": "tx-"} {
		execute(t, connection, `
INSERT INTO ledger.`+table+` SELECT 1, 'key', 'value-' || n % 3, now(), $3 || n FROM generate_series($1::int, $2::int) AS n`, first, last, id)
	}
}

// hotStatement is a statement that is run for every batch or every read.
type hotStatement struct {
	name, sql string
	// literals are the arguments of a prepared statement, as SQL.
	literals string
	// reads is how many tables of the books it reads or writes.
	reads int
	// open are the columns of keys that it leaves open, to read a range.
	open []string
}

// committedStatements are those that commit a batch, on prepared statements.
func committedStatements() []hotStatement {
	const (
		accounts = "'{user-1,user-3,user-2998,user-299998,world:USD}'"
		texts    = "'{a,b}'"
		numbers  = "'{1,2}'"
		times    = "'{2026-01-01,2026-01-01}'"
		bytes    = `'{"\\\\x00","\\\\x01"}'`
		places   = `'{"(0,1)","(0,2)"}'`
		arrays   = `'{"{1,2}","{1,2}"}'`
	)
	join := func(literals ...string) string { return strings.Join(literals, ", ") }
	return []hotStatement{
		{name: "lockBalances", sql: lockBalances, literals: join("1", accounts, "'{0,0,0,0,7}'"), reads: 1},
		{name: "findBusy", sql: findBusy, literals: join("1", accounts, "'{0,0,0,0,7}'"), reads: 2},
		{name: "loadProfiles", sql: loadProfiles, literals: join("1", accounts), reads: 1},
		{name: "selectTransactions", sql: selectTransactions, literals: join("1", "'{tx-1,tx-7,tx-2999,tx-299999}'"), reads: 5},
		{
			name: "insertTransactions", sql: insertTransactions, reads: 1,
			literals: join("1", texts, times, bytes, arrays, arrays, arrays, "7"),
		},
		{name: "insertAccounts", sql: insertAccounts, reads: 1, literals: join("1", texts, texts, times, bytes, "7", texts)},
		{
			name: "insertBalances", sql: insertBalances, reads: 1,
			literals: join("1", texts, numbers, numbers, numbers, numbers, texts, numbers, numbers, numbers, numbers, times, numbers, numbers, times),
		},
		{
			name: "updateBalances", sql: updateBalances, reads: 2,
			literals: join(places, numbers, numbers, numbers, times),
		},
		{
			name: "updateReserved", sql: updateReserved, reads: 2,
			literals: join(places, numbers, numbers, numbers, times, numbers, numbers, times),
		},
		{name: "changeName", sql: changeName, literals: join("1", "'user-3'", "'name'"), reads: 2},
		{name: "changeStatus", sql: changeStatus, literals: join("1", "'user-3'", "2"), reads: 2, open: []string{"stripe"}},
		{
			name: "insertEntries", sql: insertEntries, reads: 1,
			literals: join("1", texts, numbers, numbers, numbers, numbers, numbers, numbers, texts, times, times),
		},
	}
}

// pendingStatements are those that commit batches with more than deposits, and
// those of sweeps.
func pendingStatements() []hotStatement {
	const (
		accounts = "'{user-1,user-3,user-299998}'"
		ids      = "'{tx-1,tx-2999,tx-299999}'"
		texts    = "'{a,b,c}'"
		numbers  = "'{1,2,3}'"
		times    = "'{2026-01-01,2026-01-01,infinity}'"
		places   = `'{"(0,1)","(0,2)","(0,3)"}'`
	)
	metadata := strings.Join([]string{"1", texts, texts, times, texts}, ", ")
	join := func(literals ...string) string { return strings.Join(literals, ", ") }
	return []hotStatement{
		{
			name: "insertDetailed", sql: insertDetailed, reads: 1,
			literals: join("1", ids, times, `'{"\\x00","\\x01","\\x01"}'`, texts, texts, texts, "7",
				times, times, texts, texts, texts, texts, texts, texts, texts),
		},
		{name: "insertReservations", sql: insertReservations, literals: join("1", accounts, times, ids, numbers, numbers, times), reads: 1},
		{name: "insertPendingAccounts", sql: insertPendingAccounts, literals: join("1", accounts, times, ids), reads: 1},
		{name: "deleteReservations", sql: deleteReservations, literals: join("1", accounts, times, ids), reads: 3},
		{name: "insertResolutions", sql: insertResolutions, literals: join("1", "7", ids, numbers, times, texts, texts, texts), reads: 1},
		{name: "addCorrections", sql: addCorrections, literals: join("1", accounts, numbers, numbers, numbers, numbers, numbers), reads: 1},
		{name: "changeMetadata", sql: changeMetadata, literals: "1, 'user-3', '{}'", reads: 2},
		{name: "insertAccountMetadata", sql: insertAccountMetadata, literals: metadata, reads: 1},
		{name: "deleteAccountMetadata", sql: deleteAccountMetadata, literals: metadata, reads: 3},
		{name: "insertTransactionMetadata", sql: insertTransactionMetadata, literals: metadata, reads: 1},
		{
			name: "retireExpired", sql: retireExpired, reads: 6, open: []string{"transaction"},
			literals: join("1", accounts, places, numbers, times, "NULL"),
		},
		{name: "findExpired", sql: findExpired, literals: "1, '2026-01-01', 'user-3', 256", reads: 1, open: []string{"transaction"}},
		{name: "lockSwept", sql: lockSwept, literals: join("1", accounts), reads: 1},
	}
}

// readStatements are those that readers run, on prepared statements too.
func readStatements() []hotStatement {
	page := func(name, sql, account string, stripe, sequence int) hotStatement {
		literals := fmt.Sprintf("'{%s}', 1, '%s', %d, %d, 101", account, account, stripe, sequence)
		return hotStatement{name: name, sql: sql, literals: literals, reads: 4, open: []string{"stripe", "transaction"}}
	}
	return []hotStatement{
		{name: "selectAccounts", sql: selectAccounts, reads: 3, open: []string{"stripe", "transaction"}, literals: "'{user-3,user-2999,user-299999,world:USD}', 1"},
		page("first page", pageNewest, "user-0", stripes, 0),
		page("middle page", pageNewest, "user-0", 0, 150_000),
		page("last page", pageNewest, "user-0", 0, 50),
		page("first page, oldest first", pageOldest, "user-0", -1, 0),
		page("middle page, oldest first", pageOldest, "user-0", 0, 150_000),
		page("page of a small account", pageNewest, "user-7", stripes, 0),
	}
}

func checkPlan(t *testing.T, name string, s hotStatement, p plan) {
	t.Helper()
	faults := p.faults(s.open)
	if n := p.reads(); n != s.reads {
		faults = append(faults, fmt.Sprintf("reads %d tables and not %d", n, s.reads))
	}
	for _, fault := range faults {
		t.Errorf("%s: %s", name, fault)
	}
}

// TestExpiryCostsNothing reads accounts on which nothing has expired: reservations
// are not looked for.
func TestExpiryCostsNothing(t *testing.T) {
	t.Parallel()
	_, connection := newPlanner(t)
	fill(t, connection, 1, 3)
	for _, test := range []struct {
		nextExpiry string
		want       float64
	}{{"NULL", 0}, {"now() + interval '1 hour'", 0}, {"now() - interval '1 hour'", 1}} {
		execute(t, connection, "UPDATE ledger.balances SET next_expiry = "+test.nextExpiry+" WHERE account = 'user-3'")
		for _, s := range readStatements() {
			if s.name != "selectAccounts" && s.name != "first page" {
				continue
			}
			s.literals = strings.ReplaceAll(s.literals, "user-0", "user-3")
			if n := analyzePrepared(t, connection, s).loops("reservations"); n != test.want {
				t.Errorf("%s: if the next one expires at %s, reservations are read %v times, not %v", s.name, test.nextExpiry, n, test.want)
			}
		}
	}
}

// TestPlainTransactionsHaveNoResolution reads a transaction that was never pending:
// its end is not looked for.
func TestPlainTransactionsHaveNoResolution(t *testing.T) {
	t.Parallel()
	_, connection := newPlanner(t)
	fill(t, connection, 1, 3)
	for pending, want := range map[string]float64{"NULL": 0, "'{1,2}'": 1} {
		execute(t, connection, "UPDATE ledger.transactions SET reserved_sides = "+pending+" WHERE id = 'tx-3'")
		s := hotStatement{name: "selectTransactions", sql: selectTransactions, literals: "1, '{tx-3}'"}
		if n := analyzePrepared(t, connection, s).loops("resolutions"); n != want {
			t.Errorf("with sides reserved %s, resolutions are read %v times, not %v", pending, n, want)
		}
	}
}

// explainPrepared returns the plan of a prepared statement.
func explainPrepared(t *testing.T, connection *pgx.Conn, s hotStatement) plan {
	t.Helper()
	return explain(t, connection, s, "FORMAT JSON")
}

// analyzePrepared carries out a prepared statement and returns how it went.
func analyzePrepared(t *testing.T, connection *pgx.Conn, s hotStatement) plan {
	t.Helper()
	return explain(t, connection, s, "FORMAT JSON, ANALYZE")
}

func explain(t *testing.T, connection *pgx.Conn, s hotStatement, options string) plan {
	t.Helper()
	if _, err := connection.Prepare(t.Context(), s.name, s.sql); err != nil {
		t.Fatal(err)
	}
	statement := fmt.Sprintf("EXPLAIN (%s) EXECUTE %q(%s)", options, s.name, s.literals)
	var text string
	if err := connection.QueryRow(t.Context(), statement, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
	if err := connection.Deallocate(t.Context(), s.name); err != nil {
		t.Fatal(err)
	}
	return parsePlan(t, text)
}
