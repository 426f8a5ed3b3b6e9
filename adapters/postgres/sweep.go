package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	// sweptAtOnce is the most reservations that one step of a sweep deletes, and so
	// the most accounts that it locks.
	sweptAtOnce = 256
	// sweepPause is between two steps, so that the accounts' writers come first.
	sweepPause = 5 * time.Millisecond
)

// The statements of the sweeper. The accounts are locked before their reservations
// are looked at, in the order in which everybody does; those that somebody else has
// locked are left for another time. The clock is read as each is locked.
const (
	findExpired = `
SELECT expires_at, account FROM ledger.reservations
WHERE ledger = $1 AND (expires_at, account) >= ($2, $3) AND expires_at <= statement_timestamp() AND expires_at < 'infinity'
ORDER BY expires_at, account LIMIT $4`

	lockSwept = `
SELECT u.id, b.ctid, greatest(clock_timestamp(), b.recorded_at)
FROM unnest($2::text[]) AS u(id)
CROSS JOIN LATERAL (
	SELECT ctid, recorded_at FROM ledger.balances WHERE ledger = $1 AND account = u.id AND stripe = 0
	OFFSET 0 FOR NO KEY UPDATE SKIP LOCKED
) AS b`
)

// sweepRegularly sweeps the ledgers that were opened until taking ends. A sweep
// that fails, as while the database is away, is made up for by the next.
func (s *Store) sweepRegularly(taking context.Context) {
	ticker := time.NewTicker(s.config.SweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-taking.Done():
			return
		case <-ticker.C:
		}
		for _, id := range s.openedLedgers() {
			_ = s.sweep(taking, id)
		}
	}
}

func (s *Store) openedLedgers() []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]int32, 0, len(s.books))
	for _, book := range s.books {
		ids = append(ids, book.id)
	}
	return ids
}

// sweep retires what has expired in a ledger, in bounded steps. It goes along the
// times at which that was, so that accounts which are locked hold up no others.
func (s *Store) sweep(taking context.Context, ledger int32) error {
	var found expiredPage
	var retired []string
	for {
		// A step that has begun is finished, unless Close waits no longer.
		err := s.bounded(s.working, func(ctx context.Context) (err error) { //nolint:contextcheck // See above.
			if found, err = s.findExpired(ctx, ledger, found.next(retired)); err != nil || len(found.accounts) == 0 {
				return err
			}
			retired, err = s.retireOf(ctx, ledger, found.counts)
			return err
		})
		if err != nil || len(found.accounts) < sweptAtOnce {
			return err
		}
		select {
		case <-taking.Done():
			return nil
		case <-time.After(sweepPause):
		}
	}
}

// expiredPage is a part of the reservations that have expired, in the order of their
// times and accounts.
type expiredPage struct {
	last     time.Time
	accounts []string
	counts   map[string]int64
}

// expiredKey is where a page of what has expired begins.
type expiredKey struct {
	at      time.Time
	account string
}

// next returns where the page behind this one begins, of whose accounts some were
// retired. Many reservations of an account may have expired at the same time, so that
// the page ended among them: if the account was retired, the next page has more of
// them. Otherwise it is passed over, or the sweep would never end.
func (p expiredPage) next(retired []string) expiredKey {
	if len(p.accounts) == 0 {
		return expiredKey{}
	}
	account := p.accounts[len(p.accounts)-1]
	if !slices.Contains(retired, account) {
		account += behindID
	}
	return expiredKey{p.last, account}
}

// behindID makes of an id a text that comes right behind it: no id has a control
// character.
const behindID = "\x01"

func (s *Store) findExpired(ctx context.Context, ledger int32, from expiredKey) (expiredPage, error) {
	page := expiredPage{counts: make(map[string]int64)}
	var found string
	arguments := []any{ledger, from.at, from.account, sweptAtOnce}
	err := poolQuerier{s.db.DB}.query(ctx, findExpired, arguments, []any{&page.last, &found}, func() error {
		page.accounts = append(page.accounts, found)
		page.counts[found]++
		return nil
	})
	return page, err
}

// retireOf retires so many of the expired reservations of each account, unless
// somebody has it locked, and returns the accounts that nobody had.
func (s *Store) retireOf(ctx context.Context, ledger int32, counts map[string]int64) (retired []string, err error) {
	connection, err := s.db.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = connection.Close() }()
	err = onPgx(connection, func(connection *pgx.Conn) error {
		// Each statement must see what was committed before it locked, or looked.
		committed := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
		return pgx.BeginTxFunc(ctx, connection, committed, func(tx pgx.Tx) error {
			retired, err = retireLocked(ctx, tx, ledger, counts)
			return err
		})
	})
	return retired, err
}

func retireLocked(ctx context.Context, tx pgx.Tx, ledger int32, counts map[string]int64) (accounts []string, err error) {
	ids := make([]string, 0, len(counts))
	for id := range counts {
		ids = append(ids, id)
	}
	rows, err := tx.Query(ctx, lockSwept, pgx.QueryExecModeCacheStatement, ledger, sortedSet(ids))
	if err != nil {
		return nil, err
	}
	var places []pgtype.TID
	var most []int64
	var account string
	var place pgtype.TID
	var judgedAt time.Time
	var times []time.Time
	_, err = pgx.ForEachRow(rows, []any{&account, &place, &judgedAt}, func() error {
		accounts, places, most, times = append(accounts, account), append(places, place), append(most, counts[account]), append(times, judgedAt)
		return nil
	})
	if err != nil || len(accounts) == 0 {
		return nil, err
	}
	// One more than there may be to retire tells whether more is left.
	_, err = tx.Exec(ctx, retireExpired, pgx.QueryExecModeCacheStatement, ledger, accounts, places, most, times, sweptAtOnce+1)
	return accounts, err
}
