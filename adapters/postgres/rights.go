package postgres

import (
	"context"
	"fmt"
)

// CheckRights says which tables the role of the store lacks rights on that reading and
// writing need, as it does where a migration made tables, or columns that change, and
// nobody has granted rights on them yet.
func (s *Store) CheckRights(ctx context.Context) error {
	if err := s.reads.enter(); err != nil {
		return err
	}
	defer s.reads.leave()
	return s.bounded(ctx, s.checkRights)
}

// missingRights lists the tables. Those that this program does not know are none of its
// business.
const missingRights = `
SELECT current_user::text, coalesce(string_agg(name, ', ' ORDER BY name), '')
FROM (VALUES
	('migrations', '', ''), ('tokens', '', ''), ('revocations', '', ''),
	('ledgers', 'INSERT', ''), ('entries', 'INSERT', ''), ('transactions', 'INSERT', ''), ('resolutions', 'INSERT', ''),
	('pending_accounts', 'INSERT', ''), ('transaction_metadata', 'INSERT', ''),
	('balances', 'INSERT', 'sequence'), ('accounts', 'INSERT', 'metadata'), ('corrections', 'INSERT', 'debits'),
	('account_metadata', 'INSERT,DELETE', ''), ('reservations', 'INSERT,DELETE', '')
) AS need (name, also, changes) JOIN pg_class ON relname = name
WHERE relnamespace = 'ledger'::regnamespace AND NOT (
	has_table_privilege(oid, 'SELECT')
	-- Of several rights that are asked for at once, one would do.
	AND (SELECT coalesce(bool_and(has_table_privilege(oid, wanted)), true) FROM unnest(string_to_array(also, ',')) AS wanted)
	AND (changes = '' OR has_column_privilege(oid, changes, 'UPDATE')))`

func (s *Store) checkRights(ctx context.Context) error {
	var role, tables string
	if err := s.db.NewRaw(missingRights).Scan(ctx, &role, &tables); err != nil {
		return publicError(err)
	}
	if tables != "" {
		return fmt.Errorf("the role %q lacks rights on %s; run deploy/postgres/roles.sql again, as after every migration, or grant them otherwise", role, tables)
	}
	return nil
}
