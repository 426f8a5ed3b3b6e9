package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Inspect implements [ledger.Inspector]. It has a connection of its own, and all that
// it reads is of one snapshot, which nobody waits for and which waits for nobody. It
// has no time limit. While it is under way PostgreSQL keeps what others update and
// delete. When the store closes, it ends with [ledger.ErrUnavailable].
func (b *book) Inspect(ctx context.Context, inspect func(ledger.Inspection) error) error {
	s := b.store
	if err := s.reads.enter(); err != nil {
		return err
	}
	defer s.reads.leave()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.taking, cancel)() //nolint:contextcheck // The store's end counts beside the caller's.
	i := &inspection{store: s, book: b.id, within: within}
	defer i.end(ctx)
	if err := i.ask(ctx, i.begin); err != nil {
		return err
	}
	return inspect(i)
}

// Inspect implements [ledger.Inspector]. A caller's own database transaction need not
// see the books as of one moment, so it is refused there.
func (b *joinedBook) Inspect(context.Context, func(ledger.Inspection) error) error {
	return &ledger.Error{
		Code:    ledger.ErrInvalidRequest,
		Message: "a ledger cannot be inspected inside a database transaction of the caller's; ask the store itself",
	}
}

// inspection is a database transaction that reads a book as of its one snapshot.
type inspection struct {
	store *Store
	book  int32
	// within ends with the inspection, and when the store closes.
	within     context.Context
	connection *pgx.Conn
	now        time.Time
	// planning is what statements are planned by for now.
	planning planning
	// cursors counts those that were opened, for their names.
	cursors int
	// kept is the scope whose parts are in temporary tables, if one has been; isDecided
	// says that it is not to be asked again whether they should be.
	kept      ledger.Scope
	isDecided bool
}

var _ ledger.Inspection = (*inspection)(nil)

// beginInspection begins the transaction and takes its snapshot, in one round trip: the
// time of the transaction is that of the snapshot. Cursors are read to their ends, and
// what is sorted on the way has some room in memory. It is not READ ONLY, for that forbids
// to make a temporary table; those are what names without a schema mean.
const beginInspection = `
BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL search_path = pg_temp;
SELECT set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 32768)::text, true),
	set_config('cursor_tuple_fraction', '1', true)`

func (i *inspection) begin(ctx context.Context) error {
	config, err := i.store.config.connect(0)
	if err != nil {
		return err
	}
	for _, limit := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		config.RuntimeParams[limit] = "0"
	}
	// What is asked for may take long: the server is told when nobody waits for it.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	if i.connection, err = pgx.ConnectConfig(ctx, config); err != nil {
		return err
	}
	if _, err := i.connection.PgConn().Exec(ctx, beginInspection).ReadAll(); err != nil {
		return err
	}
	err = i.connection.QueryRow(ctx, "SELECT transaction_timestamp()").Scan(&i.now)
	i.now = i.now.UTC()
	return err
}

// end ends the connection, and the transaction with it, which has nothing to commit.
func (i *inspection) end(ctx context.Context) {
	if i.connection != nil {
		closeConnection(ctx, i.connection)
	}
}

// closeConnection closes a connection that is of no more use, whatever comes of it.
func closeConnection(ctx context.Context, connection *pgx.Conn) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = connection.Close(ending)
}

// ask calls a function that asks the database, and returns what the caller is told.
func (i *inspection) ask(ctx context.Context, ask func(context.Context) error) error {
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(i.within, cancel)() //nolint:contextcheck // The inspection's end counts beside the caller's.
	err := ask(asking)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case i.store.taking.Err() != nil:
		return errClosed()
	case i.within.Err() != nil:
		return i.within.Err()
	default:
		return publicError(err)
	}
}

// planning says what statements are planned by.
type planning int

const (
	// byPages is how the store plans its statements: each row is found by a key.
	byPages planning = iota
	// byTables is for statements over whole tables.
	byTables
	// byKeys is for statements over a part of the books, large as the tables may be.
	byKeys
)

// plan has the statements that follow planned so.
func (i *inspection) plan(ctx context.Context, by planning) error {
	if by == i.planning {
		return nil
	}
	scan, join, loop := "off", "on", "on"
	switch by {
	case byTables:
		// A ledger that the statistics do not know is thought to be tiny, and would be read
		// once for each of its rows.
		scan, loop = "on", "off"
	case byKeys:
		join = "off"
	case byPages:
	}
	settings := fmt.Sprintf(`
SET LOCAL enable_seqscan = %[1]s; SET LOCAL enable_bitmapscan = %[1]s; SET LOCAL enable_hashjoin = %[2]s; SET LOCAL enable_mergejoin = %[2]s;
SET LOCAL enable_nestloop = %[3]s`,
		scan, join, loop)
	if _, err := i.connection.PgConn().Exec(ctx, settings).ReadAll(); err != nil {
		return err
	}
	i.planning = by
	return nil
}

// query implements [querier]. The statements are those that the store reads with, but
// that what has expired is judged by the moment of the inspection.
func (i *inspection) query(ctx context.Context, statement string, arguments, fields []any, each func() error) error {
	if err := i.plan(ctx, byPages); err != nil {
		return err
	}
	statement = strings.ReplaceAll(statement, "statement_timestamp()", "transaction_timestamp()")
	return pgxQuerier{i.connection}.query(ctx, statement, arguments, fields, each)
}

// Now implements [ledger.Inspection].
func (i *inspection) Now() time.Time { return i.now }

// FindAccounts implements [ledger.Lister].
func (i *inspection) FindAccounts(ctx context.Context, query ledger.AccountQuery) (accounts []ledger.Account, err error) {
	err = i.ask(ctx, func(ctx context.Context) (err error) {
		accounts, err = findAccounts(ctx, i, i.book, query)
		return err
	})
	return accounts, err
}

// FindTransactions implements [ledger.Lister].
func (i *inspection) FindTransactions(ctx context.Context, query ledger.TransactionQuery) (found []ledger.Transaction, err error) {
	err = i.ask(ctx, func(ctx context.Context) (err error) {
		found, err = findTransactions(ctx, i, i.book, query)
		return err
	})
	return found, err
}

// FindResolved implements [ledger.Lister].
func (i *inspection) FindResolved(ctx context.Context, query ledger.ResolvedQuery) (found []ledger.Transaction, err error) {
	err = i.ask(ctx, func(ctx context.Context) (err error) {
		found, err = findResolved(ctx, i, i.book, query)
		return err
	})
	return found, err
}

// totalsOfAssets leaves out what cannot be read, which is told with the balances.
const totalsOfAssets = `
SELECT asset, scale,
	coalesce(sum(debits) FILTER (WHERE abs(debits) < 1e76 AND scale(debits) = 0), 0)::text,
	coalesce(sum(credits) FILTER (WHERE abs(credits) < 1e76 AND scale(credits) = 0), 0)::text
FROM ledger.balances WHERE ledger = $1 AND asset IS NOT NULL AND scale BETWEEN 0 AND 38 GROUP BY asset, scale ORDER BY asset, scale`

// countAll counts entries by the number of the last one of each account and stripe.
const countAll = `
SELECT (SELECT count(*) FROM ledger.accounts WHERE ledger = $1),
	(SELECT coalesce(sum(sequence), 0)::bigint FROM ledger.balances WHERE ledger = $1),
	(SELECT count(*) FROM ledger.transactions WHERE ledger = $1)`

// Count implements [ledger.Inspection].
func (i *inspection) Count(ctx context.Context) (counts ledger.Counts, err error) {
	err = i.ask(ctx, func(ctx context.Context) error {
		var accounts, entries, transactions int64
		return i.query(ctx, countAll, []any{i.book}, []any{&accounts, &entries, &transactions}, func() error {
			counts = ledger.Counts{Accounts: uint64(accounts), Entries: uint64(entries), Transactions: uint64(transactions)}
			return nil
		})
	})
	return counts, err
}

// Totals implements [ledger.Inspection].
func (i *inspection) Totals(ctx context.Context) (totals []ledger.AssetTotals, err error) {
	var faults []error
	err = i.ask(ctx, func(ctx context.Context) error {
		var t ledger.AssetTotals
		var scale int64
		var debits, credits string
		return i.query(ctx, totalsOfAssets, []any{i.book}, []any{&t.Asset.Code, &scale, &debits, &credits}, func() error {
			t.Asset.Scale = uint8(scale)
			var wrong [2]error
			t.Debits, wrong[0] = ledger.ParseUnits(debits)
			t.Credits, wrong[1] = ledger.ParseUnits(credits)
			if wrong != [2]error{} {
				faults = append(faults, unreadable([]string{"they are " + debits + " and " + credits + " units"}, "", "",
					"the debits and credits of all accounts in %s", t.Asset.Code))
				return nil
			}
			totals = append(totals, t)
			return nil
		})
	})
	return totals, cmp.Or(err, errors.Join(faults...))
}
