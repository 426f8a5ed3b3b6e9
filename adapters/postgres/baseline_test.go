package postgres_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// rowLock is the plain way, built as well as it can be: a database transaction
// for each deposit, on a pool of connections with prepared statements, in tables
// of the same shape.
type rowLock struct {
	pool      chan *pgx.Conn
	accounts  int
	pipelined bool
}

// plainTables are the books without what only the library needs: one row for
// each account's totals, and the same keys, columns and fill factor.
const plainTables = `
DROP SCHEMA IF EXISTS plain CASCADE;
CREATE SCHEMA plain;
CREATE TABLE plain.balances (LIKE ledger.balances INCLUDING ALL) WITH (fillfactor = 50);
CREATE TABLE plain.transactions (LIKE ledger.transactions INCLUDING ALL);
CREATE TABLE plain.entries (LIKE ledger.entries INCLUDING ALL);
INSERT INTO plain.balances SELECT 1, 'user-' || n, 0, 2, 1, 2, 'USD', 0, 0, 0, 0, now() FROM generate_series(0, $accounts - 1) AS n;
INSERT INTO plain.balances SELECT 1, 'world:USD', n, 1, 1, 2, 'USD', NULL, 0, 0, 0, now() FROM generate_series(0, 15) AS n;`

func makePlainTables(b *testing.B, dsn string, accounts int) {
	b.Helper()
	statements := strings.ReplaceAll(plainTables, "$accounts", strconv.Itoa(accounts))
	if _, err := connect(b, dsn).PgConn().Exec(b.Context(), statements).ReadAll(); err != nil {
		b.Fatal(err)
	}
}

func newRowLock(b *testing.B, dsn string, accounts, connections int, pipelined bool) *rowLock {
	b.Helper()
	makePlainTables(b, dsn, accounts)
	r := &rowLock{pool: make(chan *pgx.Conn, connections), accounts: accounts, pipelined: pipelined}
	for range connections {
		r.pool <- connect(b, dsn)
	}
	return r
}

// rate returns how many deposits a second 256 callers get done.
func (r *rowLock) rate(b *testing.B, deposits int) float64 {
	b.Helper()
	defer func() {
		for range cap(r.pool) {
			_ = (<-r.pool).Close(context.WithoutCancel(b.Context()))
		}
	}()
	return run(b, 256, 0, deposits, r.deposit).rate
}

const (
	plainLock = `SELECT debits::bigint, credits::bigint, sequence FROM plain.balances
WHERE ledger = 1 AND account = $1 AND stripe = $2 FOR NO KEY UPDATE`
	plainFind        = `SELECT fingerprint FROM plain.transactions WHERE ledger = 1 AND id = $1`
	plainTransaction = `INSERT INTO plain.transactions VALUES (1, $1, $2, 0, $3, $4, $5, $6)`
	plainEntry       = `INSERT INTO plain.entries VALUES (1, $1, $2, $3, $4, 100, $5, $6, $7)`
	plainUpdate      = `UPDATE plain.balances SET debits = $3, credits = $4, sequence = $5, recorded_at = $6
WHERE ledger = 1 AND account = $1 AND stripe = $2`
)

// deposit takes a round trip for each statement; pipelined, it takes two.
func (r *rowLock) deposit(ctx context.Context, n int) error {
	connection := <-r.pool
	defer func() { r.pool <- connection }()
	id, user, stripe, now := depositID(n), accountOf(n, r.accounts), rand.IntN(16), time.Now()
	var zero, credits, sequence, debits, worldSequence int64
	var first pgx.Batch
	first.Queue("BEGIN")
	first.Queue(plainLock, user, 0).QueryRow(func(row pgx.Row) error { return row.Scan(&zero, &credits, &sequence) })
	first.Queue(plainLock, "world:USD", stripe).QueryRow(func(row pgx.Row) error { return row.Scan(&debits, &zero, &worldSequence) })
	first.Queue(plainFind, id)
	if err := r.send(ctx, connection, &first); err != nil {
		return err
	}
	var second pgx.Batch
	second.Queue(plainTransaction, id, now, make([]byte, 32), []string{user, "world:USD"}, []int{0, stripe}, []int64{sequence + 1, worldSequence + 1})
	second.Queue(plainEntry, user, 0, sequence+1, 2, credits+100, id, now)
	second.Queue(plainEntry, "world:USD", stripe, worldSequence+1, 1, debits+100, id, now)
	second.Queue(plainUpdate, user, 0, 0, credits+100, sequence+1, now)
	second.Queue(plainUpdate, "world:USD", stripe, debits+100, 0, worldSequence+1, now)
	second.Queue("COMMIT")
	return r.send(ctx, connection, &second)
}

// send sends the statements, in one round trip if they are to be pipelined.
func (r *rowLock) send(ctx context.Context, connection *pgx.Conn, statements *pgx.Batch) error {
	if r.pipelined {
		return connection.SendBatch(ctx, statements).Close()
	}
	for _, statement := range statements.QueuedQueries {
		alone := pgx.Batch{QueuedQueries: []*pgx.QueuedQuery{statement}}
		if err := connection.SendBatch(ctx, &alone).Close(); err != nil {
			return err
		}
	}
	return nil
}

// setBased writes what deposits write, and reads, locks, decides and checks
// nothing: each of its connections has accounts of its own.
type setBased struct {
	dsn      string
	accounts int
	// size is how many deposits a statement has; 0 is 1,000.
	size int
	// alter is what is done to the tables before, or nothing.
	alter string
}

const (
	setTransactions = `INSERT INTO plain.transactions
SELECT 1, id, $4::timestamptz, 0, sha256(''), array[account, 'world:USD'], array[0, $5::int], array[sequence, $6::bigint + sequence]
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u(id, account, sequence)`
	setEntries = `INSERT INTO plain.entries
SELECT 1, account, 0, sequence, 2, 100, 100 * sequence, id, $4::timestamptz FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u(id, account, sequence)
UNION ALL
SELECT 1, 'world:USD', $5::int, $6::bigint + n, 1, 100, 100 * ($6::bigint + n), id, $4::timestamptz FROM unnest($1::text[]) WITH ORDINALITY AS u(id, n)`
	setBalances = `INSERT INTO plain.balances
SELECT 1, account, 0, 2, 1, 2, 'USD', 0, 0, last * 100, s.last, $3::timestamptz
FROM (SELECT account, max(sequence) AS last FROM unnest($1::text[], $2::bigint[]) AS u(account, sequence) GROUP BY account) AS s
UNION ALL SELECT 1, 'world:USD', $4::int, 1, 1, 2, 'USD', NULL, 100 * $5::bigint, 0, $5::bigint, $3::timestamptz
ON CONFLICT (ledger, account, stripe) DO UPDATE SET
	debits = EXCLUDED.debits, credits = EXCLUDED.credits, sequence = EXCLUDED.sequence, recorded_at = EXCLUDED.recorded_at`
)

// rate returns how many deposits a second so many connections write.
func (s setBased) rate(b *testing.B, connections, deposits int) float64 {
	b.Helper()
	makePlainTables(b, s.dsn, s.accounts)
	if _, err := connect(b, s.dsn).PgConn().Exec(b.Context(), s.alter).ReadAll(); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	writers := make([]*pgx.Conn, connections)
	for i := range writers {
		writers[i] = connect(b, s.dsn)
	}
	start := time.Now()
	for i, connection := range writers {
		group.Go(func() {
			if err := s.write(b.Context(), connection, i, connections, &next, deposits); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
	return float64(deposits) / time.Since(start).Seconds()
}

func (s setBased) write(ctx context.Context, connection *pgx.Conn, i, connections int, next *atomic.Int64, deposits int) error {
	size := cmp.Or(s.size, 1_000)
	sequences := make([]int64, s.accounts/connections)
	for written := int64(0); ; written += int64(size) {
		first := int(next.Add(int64(size))) - size
		if first >= deposits {
			return nil
		}
		ids, accounts, numbers := make([]string, size), make([]string, size), make([]int64, size)
		for j := range size {
			n := int(scatter(first+j) >> 32 % uint64(len(sequences)))
			sequences[n]++
			ids[j], accounts[j], numbers[j] = depositID(first+j), "user-"+strconv.Itoa(n*connections+i), sequences[n]
		}
		now := time.Now()
		var batch pgx.Batch
		batch.Queue("BEGIN")
		batch.Queue(setTransactions, ids, accounts, numbers, now, i, written)
		batch.Queue(setEntries, ids, accounts, numbers, now, i, written)
		batch.Queue(setBalances, accounts, numbers, now, i, written+int64(size))
		batch.Queue("COMMIT")
		if err := connection.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
	}
}
