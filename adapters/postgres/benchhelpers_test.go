package postgres_test

import (
	"crypto/rand"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// benchmarkServer starts a server of the benchmark's own, as it comes but for
// the size of its cache, and returns the DSN of a migrated database on it.
func benchmarkServer(b *testing.B, settings ...string) string {
	b.Helper()
	all := postgrestest.Settings{"shared_buffers": "512MB", "shared_preload_libraries": "pg_stat_statements"}
	for i := 0; i < len(settings); i += 2 {
		all[settings[i]] = settings[i+1]
	}
	server := postgrestest.Start(b, all)
	store := openStore(b, server.DSN)
	if err := store.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	connection := connect(b, server.DSN)
	exec(b, connection, "CREATE EXTENSION pg_stat_statements")
	return server.DSN
}

// benchmarkBooks opens a ledger of its own with so many accounts.
func benchmarkBooks(b *testing.B, dsn string, accounts int) *books {
	b.Helper()
	return openBooks(b, openStore(b, dsn), "bench-"+rand.Text(), accounts)
}

func exec(t testing.TB, connection *pgx.Conn, statement string, arguments ...any) {
	t.Helper()
	if _, err := connection.Exec(t.Context(), statement, arguments...); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

// booksBytes returns the size of all tables and indexes of the books.
func booksBytes(b *testing.B, connection *pgx.Conn) (size int64) {
	b.Helper()
	const sum = "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ledger'::regnamespace"
	if err := connection.QueryRow(b.Context(), sum).Scan(&size); err != nil {
		b.Fatal(err)
	}
	return size
}

// statementCalls returns how many statements the server has run.
func statementCalls(b *testing.B, connection *pgx.Conn) (calls int64) {
	b.Helper()
	if err := connection.QueryRow(b.Context(), "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements").Scan(&calls); err != nil {
		b.Fatal(err)
	}
	return calls
}

// benchmarkEntries gives the account so many entries, and returns how many.
func benchmarkEntries(b *testing.B, dsn, account string, entries int) int {
	b.Helper()
	entries = max(entries, 1_000)
	connection := connect(b, dsn)
	exec(b, connection, `
INSERT INTO ledger.entries SELECT ledger, account, 0, n, 2, 100, 100 * n, 'tx_' || n, now()
FROM ledger.balances, generate_series(1, $2) AS n WHERE account = $1`, account, entries)
	exec(b, connection, "UPDATE ledger.balances SET sequence = $2, credits = 100 * $2::bigint WHERE account = $1", account, entries)
	return entries
}
