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
			execute(t, connection, "TRUNCATE ledger.accounts, ledger.balances, ledger.transactions, ledger.entries")
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
		for _, s := range slices.Concat(committedStatements(), readStatements()) {
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
INSERT INTO ledger.entries SELECT 1, 'user-' || n % 3 * n, 0, n, 2, 100, 100, 'tx-' || n, now()
FROM generate_series($1::int, $2::int) AS n`, first, last)
}

// hotStatement is a statement that is run for every batch or every read.
type hotStatement struct {
	name, sql string
	// literals are the arguments of a prepared statement, as SQL.
	literals string
	// reads is how many tables of the books it reads or writes.
	reads int
	// wholeAccount says that it means all stripes of an account.
	wholeAccount bool
}

// committedStatements are those that commit a batch, on prepared statements.
func committedStatements() []hotStatement {
	const (
		accounts = "'{user-1,user-3,user-2998,user-299998,world:USD}'"
		texts    = "'{a,b}'"
		numbers  = "'{1,2}'"
		times    = "'{2026-01-01,2026-01-01}'"
		bytes    = `'{"\\\\x00","\\\\x01"}'`
		arrays   = `'{"{1,2}","{1,2}"}'`
	)
	join := func(literals ...string) string { return strings.Join(literals, ", ") }
	return []hotStatement{
		{name: "lockBalances", sql: lockBalances, literals: join("1", accounts, "'{0,0,0,0,7}'"), reads: 1},
		{name: "findBusy", sql: findBusy, literals: join("1", accounts, "'{0,0,0,0,7}'"), reads: 2},
		{name: "loadProfiles", sql: loadProfiles, literals: join("1", accounts), reads: 1},
		{name: "loadTransactions", sql: loadTransactions, literals: join("1", "'{tx-1,tx-7,tx-2999,tx-299999}'"), reads: 3},
		{
			name: "insertTransactions", sql: insertTransactions, reads: 1,
			literals: join("1", texts, times, bytes, arrays, arrays, arrays, "7"),
		},
		{name: "insertAccounts", sql: insertAccounts, reads: 1, literals: join("1", texts, texts, times, bytes, "7")},
		{
			name: "insertBalances", sql: insertBalances, reads: 1,
			literals: join("1", texts, numbers, numbers, numbers, numbers, texts, numbers, numbers, numbers, numbers, times),
		},
		{
			name: "updateBalances", sql: updateBalances, reads: 2,
			literals: join(`'{"(0,1)","(0,2)"}'`, numbers, numbers, numbers, times),
		},
		{name: "changeName", sql: changeName, literals: join("1", "'user-3'", "'name'"), reads: 2},
		{name: "changeStatus", sql: changeStatus, literals: join("1", "'user-3'", "2"), reads: 2, wholeAccount: true},
		{
			name: "insertEntries", sql: insertEntries, reads: 1,
			literals: join("1", texts, numbers, numbers, numbers, numbers, numbers, texts, times),
		},
	}
}

// readStatements are those that readers run, on prepared statements too.
func readStatements() []hotStatement {
	page := func(name, sql, account string, stripe, sequence int) hotStatement {
		literals := fmt.Sprintf("'{%s}', 1, '%s', %d, %d, 101", account, account, stripe, sequence)
		return hotStatement{name: name, sql: sql, literals: literals, reads: 3, wholeAccount: true}
	}
	return []hotStatement{
		{name: "selectAccounts", sql: selectAccounts, reads: 2, wholeAccount: true, literals: "'{user-3,user-2999,user-299999,world:USD}', 1"},
		{name: "selectTransaction", sql: selectTransaction, literals: "1, 'tx-2999'", reads: 3},
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
	faults := p.faults(s.wholeAccount)
	if n := p.reads(); n != s.reads {
		faults = append(faults, fmt.Sprintf("reads %d tables and not %d", n, s.reads))
	}
	for _, fault := range faults {
		t.Errorf("%s: %s", name, fault)
	}
}

// explainPrepared returns the plan of a prepared statement.
func explainPrepared(t *testing.T, connection *pgx.Conn, s hotStatement) plan {
	t.Helper()
	if _, err := connection.Prepare(t.Context(), s.name, s.sql); err != nil {
		t.Fatal(err)
	}
	explain := fmt.Sprintf("EXPLAIN (FORMAT JSON) EXECUTE %q(%s)", s.name, s.literals)
	var text string
	if err := connection.QueryRow(t.Context(), explain, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatalf("%v\n%s", err, explain)
	}
	if err := connection.Deallocate(t.Context(), s.name); err != nil {
		t.Fatal(err)
	}
	return parsePlan(t, text)
}
