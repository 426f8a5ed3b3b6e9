package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Diagnosis is what a database says of itself: facts, to be judged by whoever asked.
// What the role may not see is nil, empty or not there, as each field says.
type Diagnosis struct {
	// Version is the server's, as 150018 is 15.18, and Encoding that of the database.
	Version  int
	Encoding string
	// Standby says whether the server is one, which takes no writes.
	Standby bool
	// Schema is the version of the database's schema, 0 for none, or nil if the role may
	// not see it; Known is the version that this program knows, and CompatibleFrom the one
	// that a program must know at least to go on with this schema.
	Schema                *int
	Known, CompatibleFrom int
	// Settings are settings of the server as a session of the store's role has them, by
	// name, in PostgreSQL's base units. A server that is too old for one does not have it.
	Settings map[string]string
	Clock    Clock
	// Connections is nil if the role may not see it.
	Connections *Connections
	// Transactions is nil if the role may not see it.
	Transactions *OpenTransactions
	// Tables are those of the schema, in the order of names. There are none without the
	// schema.
	Tables []TableFacts
	// Missing are the tables, keys, indexes and checks that a schema of the version that is
	// known should have, and does not.
	Missing []string
	// InvalidIndexes are those of the schema that are of no use, as one that could not be
	// made to the end.
	InvalidIndexes []string
}

// Clock compares the clocks of the database and of this machine.
type Clock struct {
	// RoundTrip is the shortest time that a question took.
	RoundTrip time.Duration
	// Offset is how far the database's clock is ahead, to within half of RoundTrip.
	Offset time.Duration
}

// Connections are those of the server, for all its databases.
type Connections struct {
	Used, Max int
	// Reserved of Max are for superusers and their like.
	Reserved int
}

// Free is how many more there can be.
func (c Connections) Free() int { return max(0, c.Max-c.Reserved-c.Used) }

// OpenTransactions are the transactions of others in the database.
type OpenTransactions struct {
	// Longest is how long the oldest has been open; zero if there is none.
	Longest time.Duration
	// Hidden is how many sessions are somebody's whose doings the role may not see.
	Hidden int
}

// TableFacts are what the server counts of a table.
type TableFacts struct {
	Name string
	// Bytes is its size on disk with its indexes.
	Bytes int64
	// Live and Dead are how many rows it is thought to have and to have left over.
	Live, Dead int64
	// Updates of rows were made, and HOTUpdates of them without touching an index.
	Updates, HOTUpdates int64
	// Vacuumed is when it was last vacuumed, by autovacuum or by hand; zero is never.
	Vacuumed time.Time
}

// diagnosed are the settings that a diagnosis has.
func diagnosed() []string {
	return []string{
		"fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names", "data_checksums", "wal_level",
		"default_transaction_isolation", "default_transaction_read_only", "idle_in_transaction_session_timeout",
		"TimeZone", "autovacuum", "track_counts", "max_connections", "shared_buffers", "max_prepared_transactions",
	}
}

// Diagnose asks the database how it is, on a connection of its own and as the role of
// the DSN. It changes nothing. What the role may not see is left out; an error means
// that the database could not be asked.
func (s *Store) Diagnose(ctx context.Context) (d Diagnosis, err error) {
	steps, err := migrations()
	if err != nil {
		return Diagnosis{}, err
	}
	config, err := s.config.connect(diagnosisLockTimeout)
	if err != nil {
		return Diagnosis{}, err
	}
	// What the store sets for its own sake is not the server's setting.
	for _, own := range []string{"timezone", "plan_cache_mode", "enable_seqscan", "enable_bitmapscan"} {
		delete(config.RuntimeParams, own)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	err = s.ask(ctx, func(ctx context.Context) (err error) {
		connection, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		defer closeConnection(ctx, connection)
		d.Known = len(steps)
		return d.read(ctx, connection)
	})
	return d, err
}

// diagnosisLockTimeout is how long a diagnosis waits for a lock, of which it needs few.
const diagnosisLockTimeout = time.Second

func (d *Diagnosis) read(ctx context.Context, connection *pgx.Conn) error {
	for _, read := range []func(context.Context, *pgx.Conn) error{
		d.Clock.read, d.readServer, d.readSettings, d.readSchema, d.readConnections, d.readTransactions, d.readTables, d.readIndexes, d.readMissing,
	} {
		if err := read(ctx, connection); err != nil && !isHidden(err) {
			return err
		}
	}
	return nil
}

// isHidden says whether the role may not see what it asked for, or the server does not
// have it.
func isHidden(err error) bool {
	switch stateOf(err) {
	case "42501", "42704", "42883", stateNoTable: // insufficient_privilege, undefined_object, undefined_function
		return true
	}
	return false
}

// read asks for the time a few times: the quickest answer tells it best.
func (c *Clock) read(ctx context.Context, connection *pgx.Conn) error {
	for i := range 5 {
		var theirs time.Time
		before := time.Now()
		if err := connection.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
			return err
		}
		took := time.Since(before)
		if i == 0 || took < c.RoundTrip {
			c.RoundTrip, c.Offset = took, theirs.Sub(before.Add(took/2))
		}
	}
	return nil
}

func (d *Diagnosis) readServer(ctx context.Context, connection *pgx.Conn) error {
	const ask = `SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'), pg_is_in_recovery()`
	return connection.QueryRow(ctx, ask).Scan(&d.Version, &d.Encoding, &d.Standby)
}

func (d *Diagnosis) readSettings(ctx context.Context, connection *pgx.Conn) error {
	d.Settings = make(map[string]string)
	rows, err := connection.Query(ctx, "SELECT name, setting FROM pg_settings WHERE name = ANY($1)", diagnosed())
	if err != nil {
		return err
	}
	var name, setting string
	_, err = pgx.ForEachRow(rows, []any{&name, &setting}, func() error {
		d.Settings[name] = setting
		return nil
	})
	return err
}

func (d *Diagnosis) readSchema(ctx context.Context, connection *pgx.Conn) error {
	var version int
	var isThere bool
	// The catalog can be read by all, where to_regclass demands rights on the schema.
	const find = "SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'migrations' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'ledger'))"
	if err := connection.QueryRow(ctx, find).Scan(&isThere); err != nil {
		return err
	}
	if isThere {
		if err := connection.QueryRow(ctx, schemaVersions).Scan(&version, &d.CompatibleFrom); err != nil {
			return err
		}
	}
	d.Schema = &version
	return nil
}

func (d *Diagnosis) readConnections(ctx context.Context, connection *pgx.Conn) error {
	const ask = `
SELECT (SELECT sum(numbackends)::integer FROM pg_stat_database), current_setting('max_connections')::integer,
	current_setting('superuser_reserved_connections')::integer + coalesce(current_setting('reserved_connections', true), '0')::integer`
	var c Connections
	if err := connection.QueryRow(ctx, ask).Scan(&c.Used, &c.Max, &c.Reserved); err != nil {
		return err
	}
	d.Connections = &c
	return nil
}

// readTransactions reads how old the oldest transaction is, one that waits for the
// second phase of its commit among them. Of a session that the role may not see, the
// server shows the database alone.
func (d *Diagnosis) readTransactions(ctx context.Context, connection *pgx.Conn) error {
	const ask = `
SELECT coalesce(extract(epoch FROM clock_timestamp() - least(
		(SELECT min(xact_start) FROM pg_stat_activity
		 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'),
		(SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database()))), 0)::float8,
	(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type IS NULL)`
	var seconds float64
	var t OpenTransactions
	if err := connection.QueryRow(ctx, ask).Scan(&seconds, &t.Hidden); err != nil {
		return err
	}
	t.Longest = time.Duration(max(0, seconds) * float64(time.Second))
	d.Transactions = &t
	return nil
}

func (d *Diagnosis) readTables(ctx context.Context, connection *pgx.Conn) error {
	const ask = `
SELECT relname, coalesce(pg_total_relation_size(relid), 0), n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd,
	greatest(last_vacuum, last_autovacuum)
FROM pg_stat_all_tables WHERE schemaname = 'ledger' ORDER BY relname`
	rows, err := connection.Query(ctx, ask)
	if err != nil {
		return err
	}
	var t TableFacts
	var vacuumed pgtype.Timestamptz
	_, err = pgx.ForEachRow(rows, []any{&t.Name, &t.Bytes, &t.Live, &t.Dead, &t.Updates, &t.HOTUpdates, &vacuumed}, func() error {
		if t.Vacuumed = vacuumed.Time; vacuumed.Valid {
			t.Vacuumed = t.Vacuumed.UTC()
		}
		d.Tables = append(d.Tables, t)
		return nil
	})
	return err
}

func (d *Diagnosis) readIndexes(ctx context.Context, connection *pgx.Conn) error {
	const ask = `
SELECT c.relname::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'ledger') AND NOT (i.indisvalid AND i.indisready)
ORDER BY 1`
	rows, err := connection.Query(ctx, ask)
	if err != nil {
		return err
	}
	d.InvalidIndexes, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return err
}

// readMissing looks for what the migrations made. Whoever restores a part of a dump, or
// mends by hand, can leave something out.
func (d *Diagnosis) readMissing(ctx context.Context, connection *pgx.Conn) error {
	if d.Schema == nil || *d.Schema != d.Known {
		return nil
	}
	const ask = `
SELECT name FROM unnest($1::text[]) AS name CROSS JOIN (SELECT oid FROM pg_namespace WHERE nspname = 'ledger') AS n
WHERE NOT EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = n.oid)
	AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = name AND connamespace = n.oid)
ORDER BY name`
	rows, err := connection.Query(ctx, ask, schemaObjects())
	if err != nil {
		return err
	}
	d.Missing, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return err
}

// schemaObjects are the tables, keys, indexes and checks of the schema's newest version.
func schemaObjects() []string {
	return []string{
		"account_metadata", "account_metadata_pkey", "accounts", "accounts_check", "accounts_opened", "accounts_pkey",
		"balances", "balances_check", "balances_pkey", "corrections", "corrections_pkey", "entries", "entries_check",
		"entries_pkey", "entries_recorded", "ledgers", "ledgers_name_check", "ledgers_name_key", "ledgers_pkey",
		"migrations_check", "migrations_pkey", "pending_accounts", "pending_accounts_pkey", "reservations", "reservations_account",
		"reservations_check", "reservations_expiry", "reservations_pkey", "reservations_recorded", "resolutions",
		"resolutions_check", "resolutions_pkey", "resolutions_recorded", "revocations", "revocations_pkey",
		"revocations_token_check", "tokens", "tokens_check", "tokens_hash_key", "tokens_pkey", "transaction_metadata", "transaction_metadata_pkey",
		"transactions", "transactions_check", "transactions_made_pending", "transactions_pkey", "transactions_recorded",
		"transactions_reverses",
	}
}

// Identity returns what tells this database from others, so that what was noted about
// it is not taken for another's. A copy of the whole server has the same.
func (s *Store) Identity(ctx context.Context) (identity string, err error) {
	err = s.ask(ctx, func(ctx context.Context) error {
		const name = "SELECT oid || '/' || datname FROM pg_database WHERE datname = current_database()"
		if err := s.db.NewRaw(name).Scan(ctx, &identity); err != nil {
			return err
		}
		var system string
		switch err := s.db.NewRaw("SELECT system_identifier::text FROM pg_control_system()").Scan(ctx, &system); {
		case isHidden(err):
			return nil
		case err != nil:
			return err
		}
		identity = fmt.Sprintf("%s/%s", system, identity)
		return nil
	})
	return identity, err
}
