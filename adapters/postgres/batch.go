package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/seed-d432d95b/ledger/ledger"
)

// batch is one attempt to commit operations in one database transaction.
type batch struct {
	connection *pgx.Conn
	decider    *ledger.Decider
	ledger     int32
	stripe     int
	operations []ledger.Operation
	// attempt is a random number of its own.
	attempt int64
	// uncertain says that it is not known whether an earlier attempt at some of it
	// was committed.
	uncertain bool
	// joined says that the database transaction is the caller's, to begin and to
	// commit.
	joined bool
	// retired says that what has expired was taken off some accounts.
	retired bool
	// settings are the caller's, to be given back.
	settings plannerSettings

	accounts     map[string]*lockedAccount
	transactions map[string]*storedTransaction
	now          time.Time
	decision     ledger.Decision
	// sent says that the commit was sent: if the connection is lost from then on,
	// it may have happened.
	sent bool
}

var _ ledger.View = (*batch)(nil)

// lockedAccount is an account whose row is locked.
type lockedAccount struct {
	ledger.AccountState
	// place is where the row is in its table.
	place pgtype.TID
	// attempt is the one that opened the account, if its profile was loaded.
	attempt int64
	// nextExpiry is the time before which none of the account's reservations expires,
	// or zero if none ever does.
	nextExpiry time.Time
	// unretired is what has expired and is left for later: the row's pending totals
	// have it, the state's do not.
	unretired ledger.Balance
}

// Account implements [ledger.View].
func (b *batch) Account(id string) *ledger.AccountState {
	if locked := b.accounts[id]; locked != nil {
		return &locked.AccountState
	}
	return nil
}

// Transaction implements [ledger.View].
func (b *batch) Transaction(id string) *ledger.RecordedTransaction {
	if stored := b.transactions[id]; stored != nil {
		return &stored.RecordedTransaction
	}
	return nil
}

// run locks and loads, decides, and saves and commits.
func (b *batch) run(ctx context.Context) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	if err := b.retire(ctx); err != nil {
		return err
	}
	decision, err := b.decider.Decide(b, b.operations, b.now)
	if err != nil {
		return err
	}
	b.decision = decision
	if len(decision.Accounts) == 0 && len(decision.Transactions) == 0 && len(decision.Resolutions) == 0 {
		if b.joined {
			return b.settings.giveBack(ctx, b.connection)
		}
		if b.uncertain || b.retired {
			// What is found may have been made by a commit that was cut off while it
			// waited for a standby. To commit the locks waits for that once more.
			_, err := b.connection.Exec(ctx, "COMMIT")
			return err
		}
		_, err := b.connection.Exec(ctx, "ROLLBACK")
		return err
	}
	return b.save(ctx)
}

// The statements that lock and load. Each finds its rows by the whole key, one
// id at a time: the subquery with OFFSET 0 cannot be flattened into a join that
// a stale statistic could make a scan of. A locked row is read as it then is, and
// its place in the table stays until the transaction ends.
const (
	lockBalances = `
SELECT u.id, b.ctid, b.stripe, b.normal, b.status, b.scale, b.asset, b.min_balance::text,
	b.debits::text, b.credits::text, b.pending_debits::text, b.pending_credits::text, b.sequence, b.recorded_at, b.next_expiry
FROM unnest($2::text[], $3::smallint[]) AS u(id, stripe)
CROSS JOIN LATERAL (
	SELECT ctid, * FROM ledger.balances
	WHERE ledger = $1 AND account = u.id AND stripe = u.stripe
	OFFSET 0 FOR NO KEY UPDATE
) AS b`

	loadProfiles = `
SELECT a.id, a.name, a.opened_at, a.fingerprint, a.attempt, a.metadata::text
FROM unnest($2::text[]) AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = $1 AND id = u.id OFFSET 0) AS a`

	readClock = `SELECT clock_timestamp()`
)

// load begins a database transaction, locks what the operations touch in the
// order of ids, and loads it, in one round trip.
func (b *batch) load(ctx context.Context) error {
	var accounts, profiles, transactions []string
	for _, operation := range b.operations {
		accounts = operation.AppendAccounts(accounts)
		profiles = operation.AppendProfiles(profiles)
		transactions = operation.AppendTransactions(transactions)
	}
	accounts, transactions = sortedSet(accounts), sortedSet(transactions)
	b.accounts = make(map[string]*lockedAccount, len(accounts))
	b.transactions = make(map[string]*storedTransaction)

	var requests pgx.Batch
	if b.joined {
		requests.Queue(borrowSettings)
	} else {
		requests.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	}
	requests.Queue(lockBalances, b.ledger, accounts, chainsOf(accounts, b.stripe))
	if len(profiles) > 0 {
		requests.Queue(loadProfiles, b.ledger, sortedSet(profiles))
	}
	requests.Queue(selectTransactions, b.ledger, transactions)
	requests.Queue(readClock)
	results := b.connection.SendBatch(ctx, &requests)
	err := b.readLoaded(results, len(profiles) > 0)
	if closed := results.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return b.checkOpened(accounts)
}

// checkOpened looks for accounts that were opened between the statements that
// load them and those that load transactions: they are not there, but their
// opening transactions are.
func (b *batch) checkOpened(requested []string) error {
	for _, t := range b.transactions {
		for i := range t.Entries {
			id := t.Entries[i].Account
			if _, found := slices.BinarySearch(requested, id); found && b.accounts[id] == nil {
				return errRaced
			}
		}
	}
	return nil
}

func sortedSet(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// chainsOf returns the row of each account's balances that a committer writes:
// its own stripe of world accounts, row 0 of others.
func chainsOf(ids []string, stripe int) []int16 {
	chains := make([]int16, len(ids))
	for i, id := range ids {
		if ledger.IsWorldID(id) {
			chains[i] = int16(stripe)
		}
	}
	return chains
}

func (b *batch) readLoaded(results pgx.BatchResults, profiles bool) error {
	if b.joined {
		if err := b.settings.read(results.QueryRow()); err != nil {
			return err
		}
	} else if _, err := results.Exec(); err != nil {
		return err
	}
	if err := eachRow(results, b.readBalance); err != nil {
		return err
	}
	if profiles {
		if err := eachRow(results, b.readProfile); err != nil {
			return err
		}
	}
	var row transactionRow
	fields := row.fields()
	readEntry := func(rows pgx.Rows) error {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		return row.addTo(b.transactions)
	}
	if err := eachRow(results, readEntry); err != nil {
		return err
	}
	return results.QueryRow().Scan(&b.now)
}

func eachRow(results pgx.BatchResults, read func(pgx.Rows) error) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (b *batch) readBalance(rows pgx.Rows) error {
	var locked lockedAccount
	state := &locked.AccountState
	balance := &state.Balance
	var stripe, normal, status, scale, sequence int64
	var nextExpiry *time.Time
	err := rows.Scan(&state.ID, &locked.place, &stripe, &normal, &status, &scale, &state.Asset.Code, minimum{&state.Account},
		numeric{&balance.Debits}, numeric{&balance.Credits}, numeric{&balance.PendingDebits}, numeric{&balance.PendingCredits},
		&sequence, &state.LastRecordedAt, &nextExpiry)
	locked.nextExpiry = timeOf(nextExpiry)
	state.Stripe, state.Normal, state.Status = uint8(stripe), ledger.Side(normal), ledger.Status(status)
	state.Asset.Scale, state.Sequence = uint8(scale), uint64(sequence)
	state.LastRecordedAt = state.LastRecordedAt.UTC()
	b.accounts[state.ID] = &locked
	return err
}

func (b *batch) readProfile(rows pgx.Rows) error {
	var id, name string
	var openedAt time.Time
	var fingerprint []byte
	var attempt int64
	var metadata ledger.Metadata
	err := rows.Scan(&id, &name, &openedAt, &fingerprint, &attempt, pairs{&metadata})
	// One that was opened after the balances were locked counts as not there: to
	// open it again loses the race for its id, and all is done anew.
	if state := b.accounts[id]; state != nil {
		state.Name, state.OpenedAt, state.Fingerprint = name, openedAt.UTC(), ledger.Fingerprint(fingerprint)
		state.attempt, state.Metadata = attempt, metadata
	}
	return err
}
