package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, postgrestest.Template{})
	var stores []*postgres.Store
	for range 8 {
		stores = append(stores, openWith(t, postgres.Config{DSN: dsn}))
	}
	if err := stores[0].Check(t.Context()); !errors.Is(err, postgres.ErrSchemaOlder) || !strings.Contains(err.Error(), "migrate it first") {
		t.Errorf("an empty database: %v", err)
	}
	var group sync.WaitGroup
	for _, store := range stores {
		group.Go(func() {
			if err := store.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if err := store.Check(t.Context()); err != nil {
				t.Error(err)
			}
			openLedger(t, store, 2)
		})
	}
	group.Wait()
}

// TestNewerSchema has steps that this program does not know, and says which it refuses.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step string
		want error
	}{
		"not said":       {"SELECT 9999, 'future', null", postgres.ErrSchemaNewer},
		"incompatible":   {"SELECT 9999, 'future', 9998", postgres.ErrSchemaNewer},
		"compatible":     {"SELECT max(version) + 1, 'future', max(version) FROM ledger.migrations", nil},
		"from long ago":  {"SELECT 9999, 'future', 1", nil},
		"one of two not": {"SELECT 9998, 'future', 9998 UNION ALL SELECT 9999, 'later', 1", postgres.ErrSchemaNewer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := postgrestest.Database(t, migrated())
			if _, err := connect(t, dsn).Exec(t.Context(), "INSERT INTO ledger.migrations (version, name, compatible_from) "+test.step); err != nil {
				t.Fatal(err)
			}
			store := openWith(t, postgres.Config{DSN: dsn})
			for name, err := range map[string]error{"Check": store.Check(t.Context()), "Migrate": store.Migrate(t.Context())} {
				if !errors.Is(err, test.want) {
					t.Errorf("%s: %v, want %v", name, err, test.want)
				}
			}
		})
	}
}

// TestCompatibleStep changes tables under a store that is at work, as a step that is
// compatible may.
func TestCompatibleStep(t *testing.T) {
	t.Parallel()
	const callers, rounds = 16, 20
	dsn := postgrestest.Database(t, migrated())
	store := openWith(t, postgres.Config{DSN: dsn})
	books := openLedger(t, store, callers)
	var group sync.WaitGroup
	halfway := make(chan struct{})
	var once sync.Once
	for caller := range callers {
		group.Go(func() {
			for round := range rounds {
				if round == rounds/2 {
					once.Do(func() { close(halfway) })
				}
				if err := store.Check(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := books.Deposit(t.Context(), deposit(fmt.Sprintf("%d-%d", caller, round), fmt.Sprint("a", caller))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	connection := connect(t, dsn)
	<-halfway
	for _, table := range []string{"accounts", "balances", "entries", "transactions", "migrations"} {
		if _, err := connection.Exec(t.Context(), "ALTER TABLE ledger."+table+" ADD COLUMN future text DEFAULT 'x'"); err != nil {
			t.Error(err)
		}
	}
	const record = "INSERT INTO ledger.migrations (version, name, compatible_from) SELECT max(version) + 1, 'future', max(version) FROM ledger.migrations"
	if _, err := connection.Exec(t.Context(), record); err != nil {
		t.Error(err)
	}
	group.Wait()
}

// TestErrorsKeepThePassword looks for a password wherever a DSN can go wrong.
func TestErrorsKeepThePassword(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"postgres://user:hunter2@127.0.0.1:1/db",
		"postgres://user:hunter2@127.0.0.1:port/db",
		"postgres://user:hunter2@127.0.0.1/db?sslmode=nonsense",
		"host=127.0.0.1 port=1 password=hunter2 user=user",
		"host=127.0.0.1 port=x password=hunter2",
		"password='hunter2",
	} {
		store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
		if err == nil {
			err = store.Check(t.Context())
			if closed := store.Close(); closed != nil {
				t.Error(closed)
			}
		}
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}

// TestSecondWall writes into the tables what the domain would never write.
func TestSecondWall(t *testing.T) {
	t.Parallel()
	dsn := postgrestest.Database(t, migrated())
	openLedger(t, openWith(t, postgres.Config{DSN: dsn}), 1)
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	walls := []string{"23505", "23514"} // unique_violation, check_violation
	const transaction = "INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences) VALUES "
	const entry = "INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at) VALUES "
	const reservation = "INSERT INTO ledger.reservations (ledger, account, expires_at, transaction, recorded_at, debits, credits) VALUES "
	const resolution = "INSERT INTO ledger.resolutions (ledger, transaction, status, recorded_at, attempt) VALUES "
	const reversal = "INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences, reverses) VALUES "
	const token = "INSERT INTO ledger.tokens (name, hash, role, ledger, created_at, expires_at) VALUES "
	if _, err := connection.Exec(t.Context(), token+"('t', sha256('t'), 1, '', now(), null)"); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Exec(t.Context(), entry+"(1, 'a0', 0, 1, 2, 5, 5, 0, 'tx', now())"); err != nil {
		t.Fatal(err)
	}
	for name, statement := range map[string]string{
		"an entry twice":           entry + "(1, 'a0', 0, 1, 2, 5, 5, 0, 'tx', now())",
		"an amount of zero":        entry + "(1, 'a0', 0, 2, 2, 0, 5, 0, 'tx', now())",
		"no side":                  entry + "(1, 'a0', 0, 2, 3, 5, 5, 0, 'tx', now())",
		"a negative number":        entry + "(1, 'a0', 0, -1, 2, 5, 5, 0, 'tx', now())",
		"a stripe too many":        entry + "(1, 'a0', 16, 1, 2, 5, 5, 0, 'tx', now())",
		"an entry of nobody":       entry + "(1, '', 0, 2, 2, 5, 5, 0, 'tx', now())",
		"an entry of no id":        entry + "(1, 'a0', 0, 2, 2, 5, 5, 0, '', now())",
		"an entry of a long id":    entry + "(1, 'a0', 0, 2, 2, 5, 5, 0, repeat('x', 129), now())",
		"negative totals":          "UPDATE ledger.balances SET debits = -1 WHERE account = 'a0'",
		"negative credits":         "UPDATE ledger.balances SET credits = -1 WHERE account = 'a0'",
		"negative debits pending":  "UPDATE ledger.balances SET pending_debits = -1 WHERE account = 'a0'",
		"negative credits pending": "UPDATE ledger.balances SET pending_credits = -1 WHERE account = 'a0'",
		"nothing reserved":         reservation + "(1, 'a0', 'infinity', 'tx', now(), 0, 0)",
		"a negative reservation":   reservation + "(1, 'a0', 'infinity', 'tx', now(), 5, -1)",
		"two ends":                 resolution + "(1, 'tx', 3, now(), 1), (1, 'tx', 3, now(), 2)",
		"an end that is none":      resolution + "(1, 'tx', 2, now(), 1)",
		"a posting of nothing":     resolution + "(1, 'tx', 1, now(), 1)",
		"two reversals":            reversal + "(1, 'tx2', now(), 1, sha256(''), '{a0}', '{0}', '{1}', 'tx'), (1, 'tx3', now(), 1, sha256(''), '{a0}', '{0}', '{1}', 'tx')",
		"a balance of a long id":   "UPDATE ledger.balances SET account = repeat('é', 65) WHERE account = 'a0'",
		"an account twice":         "INSERT INTO ledger.accounts SELECT * FROM ledger.accounts",
		"an id without a byte":     "UPDATE ledger.accounts SET id = '' WHERE id = 'a0'",
		"a short fingerprint":      "UPDATE ledger.accounts SET fingerprint = '' WHERE id = 'a0'",
		"a transaction of no id":   transaction + "(1, '', now(), 1, sha256(''), '{a0}', '{0}', '{1}')",
		"a status that is none":    "UPDATE ledger.balances SET status = 4 WHERE account = 'a0'",
		"a ledger twice":           "INSERT INTO ledger.ledgers (name) VALUES ('main')",
		"a token twice":            token + "('t', sha256('u'), 1, '', now(), null)",
		"a secret twice":           token + "('u', sha256('t'), 1, '', now(), null)",
		"a token of no name":       token + "('', sha256('u'), 1, '', now(), null)",
		"a token of a long name":   token + "(repeat('é', 65), sha256('u'), 1, '', now(), null)",
		"a short hash":             token + "('u', 'u', 1, '', now(), null)",
		"no role":                  token + "('u', sha256('u'), 0, '', now(), null)",
		"a role too many":          token + "('u', sha256('u'), 4, '', now(), null)",
		"a token of a long ledger": token + "('u', sha256('u'), 1, repeat('x', 129), now(), null)",
		"a token that has ended":   token + "('u', sha256('u'), 1, '', now(), now())",
		"a token revoked twice":    "INSERT INTO ledger.revocations (token) VALUES ('t'), ('t')",
		"a revocation of nobody":   "INSERT INTO ledger.revocations (token) VALUES ('')",
		"a ledger of no name":      "INSERT INTO ledger.ledgers (name) VALUES ('')",
	} {
		var refused *pgconn.PgError
		if _, err := connection.Exec(t.Context(), statement); !errors.As(err, &refused) || !slices.Contains(walls, refused.Code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaIsExplained looks for a comment on everything that a DBA finds.
func TestSchemaIsExplained(t *testing.T) {
	t.Parallel()
	connection := connect(t, postgrestest.Database(t, migrated()))
	const find = `
WITH relations AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'i', 'I'))
SELECT relname::text, coalesce(obj_description(oid, 'pg_class'), '') FROM relations
UNION ALL
SELECT relname || '.' || attname, coalesce(col_description(oid, attnum), '')
FROM relations JOIN pg_attribute ON attrelid = oid WHERE relkind NOT IN ('i', 'I') AND attnum > 0 AND NOT attisdropped`
	rows, err := connection.Query(t.Context(), find)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	var name, comment string
	_, err = pgx.ForEachRow(rows, []any{&name, &comment}, func() error {
		found[name] = true
		if comment == "" {
			t.Errorf("%s has no comment", name)
		}
		return nil
	})
	if err != nil || !found["entries"] || !found["entries.amount"] || !found["ledgers_name_key"] {
		t.Errorf("found %v, %v", found, err)
	}
}
