package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// batch is one attempt to commit operations in one database transaction.
type batch struct {
	connection *pgx.Conn
	decider    *ledger.Decider
	ledger     int32
	stripe     int
	operations []ledger.Operation
	// joined says that the database transaction is the caller's, to begin and to
	// commit.
	joined bool

	accounts     map[string]*ledger.AccountState
	transactions map[string]*ledger.RecordedTransaction
	now          time.Time
	decision     ledger.Decision
	// sent says that the commit was sent: if the connection is lost from then on,
	// it may have happened.
	sent bool
}

var _ ledger.View = (*batch)(nil)

// Account implements [ledger.View].
func (b *batch) Account(id string) *ledger.AccountState { return b.accounts[id] }

// Transaction implements [ledger.View].
func (b *batch) Transaction(id string) *ledger.RecordedTransaction { return b.transactions[id] }

// run locks and loads, decides, and saves and commits.
func (b *batch) run(ctx context.Context) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	decision, err := b.decider.Decide(b, b.operations, b.now)
	if err != nil {
		return err
	}
	b.decision = decision
	if len(decision.Accounts) == 0 && len(decision.Transactions) == 0 {
		if b.joined {
			return nil
		}
		_, err := b.connection.Exec(ctx, "ROLLBACK")
		return err
	}
	return b.save(ctx)
}

// The statements that lock and load. Each finds its rows by the whole key, one
// id at a time: the subquery with OFFSET 0 cannot be flattened into a join that
// a stale statistic could make a scan of. The accounts are read after their
// balances are locked, by a statement with a snapshot of its own, so that a
// status that was changed meanwhile is seen.
const (
	lockBalances = `
SELECT u.id, b.stripe, b.debits::text, b.credits::text, b.sequence, b.recorded_at
FROM unnest($2::text[], $3::smallint[]) AS u(id, stripe)
CROSS JOIN LATERAL (
	SELECT * FROM ledger.balances
	WHERE ledger = $1 AND account = u.id AND stripe = u.stripe
	OFFSET 0 FOR NO KEY UPDATE
) AS b`

	loadAccounts = `
SELECT a.id, a.name, a.asset, a.scale, a.normal, a.min_balance::text, a.status, a.opened_at, a.fingerprint
FROM unnest($2::text[]) AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.accounts WHERE ledger = $1 AND id = u.id OFFSET 0) AS a`

	loadTransactions = `
SELECT t.id, t.recorded_at, t.fingerprint,
	e.account, e.stripe, e.sequence, e.side, e.amount::text, e.balance::text, a.asset, a.scale
FROM unnest($2::text[]) AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.transactions WHERE ledger = $1 AND id = u.id OFFSET 0) AS t
CROSS JOIN LATERAL unnest(t.accounts, t.stripes, t.sequences) WITH ORDINALITY AS k(account, stripe, sequence, n)
CROSS JOIN LATERAL (
	SELECT * FROM ledger.entries
	WHERE ledger = $1 AND account = k.account AND stripe = k.stripe AND sequence = k.sequence
	OFFSET 0
) AS e
CROSS JOIN LATERAL (SELECT asset, scale FROM ledger.accounts WHERE ledger = $1 AND id = k.account OFFSET 0) AS a
ORDER BY t.id, k.n`

	readClock = `SELECT clock_timestamp()`
)

// load begins a database transaction, locks what the operations touch in the
// order of ids, and loads it, in one round trip.
func (b *batch) load(ctx context.Context) error {
	var accounts, transactions []string
	for _, operation := range b.operations {
		accounts = operation.AppendAccounts(accounts)
		transactions = operation.AppendTransactions(transactions)
	}
	accounts, transactions = sortedSet(accounts), sortedSet(transactions)
	b.accounts = make(map[string]*ledger.AccountState, len(accounts))
	b.transactions = make(map[string]*ledger.RecordedTransaction)

	var requests pgx.Batch
	if !b.joined {
		requests.Queue("BEGIN")
	}
	requests.Queue(lockBalances, b.ledger, accounts, chainsOf(accounts, b.stripe))
	requests.Queue(loadAccounts, b.ledger, accounts)
	requests.Queue(loadTransactions, b.ledger, transactions)
	requests.Queue(readClock)
	results := b.connection.SendBatch(ctx, &requests)
	err := b.readLoaded(results)
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

func (b *batch) readLoaded(results pgx.BatchResults) error {
	if !b.joined {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	if err := eachRow(results, b.readBalance); err != nil {
		return err
	}
	if err := eachRow(results, b.readAccount); err != nil {
		return err
	}
	if err := eachRow(results, b.readEntry); err != nil {
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
	var state ledger.AccountState
	var stripe, sequence int64
	err := rows.Scan(&state.ID, &stripe, numeric{&state.Balance.Debits}, numeric{&state.Balance.Credits}, &sequence, &state.LastRecordedAt)
	state.Stripe, state.Sequence = uint8(stripe), uint64(sequence)
	b.accounts[state.ID] = &state
	return err
}

func (b *batch) readAccount(rows pgx.Rows) error {
	var account ledger.Account
	var fingerprint []byte
	if err := scanAccount(rows, &account, &fingerprint); err != nil {
		return err
	}
	state := b.accounts[account.ID]
	if state == nil {
		// It was opened after the balances were locked. It counts as not there: to
		// open it again loses the race for its id, and all is done anew.
		return nil
	}
	account.Balance, account.Sequence = state.Balance, state.Sequence
	state.Account = account
	state.Fingerprint = ledger.Fingerprint(fingerprint)
	return nil
}

// scanAccount reads the columns of an account, without its totals.
func scanAccount(rows pgx.Rows, account *ledger.Account, fingerprint *[]byte) error {
	var scale, normal, status int64
	var minimum *string
	err := rows.Scan(&account.ID, &account.Name, &account.Asset.Code, &scale, &normal, &minimum, &status, &account.OpenedAt, fingerprint)
	if err != nil {
		return err
	}
	account.Asset.Scale = uint8(scale)
	account.Normal = ledger.Side(normal)
	account.Status = ledger.Status(status)
	account.OpenedAt = account.OpenedAt.UTC()
	if account.Unlimited = minimum == nil; account.Unlimited {
		return nil
	}
	account.MinBalance, err = ledger.ParseUnits(*minimum)
	return err
}

func (b *batch) readEntry(rows pgx.Rows) error {
	var id string
	var recordedAt time.Time
	var fingerprint []byte
	var e ledger.Entry
	var stripe, sequence, side, scale int64
	err := rows.Scan(&id, &recordedAt, &fingerprint, &e.Account, &stripe, &sequence, &side,
		numeric{&e.Amount}, numeric{&e.Balance}, &e.Asset.Code, &scale)
	if err != nil {
		return err
	}
	t := b.transactions[id]
	if t == nil {
		t = &ledger.RecordedTransaction{
			Transaction: ledger.Transaction{ID: id, RecordedAt: recordedAt.UTC()},
			Fingerprint: ledger.Fingerprint(fingerprint),
		}
		b.transactions[id] = t
	}
	e.Transaction, e.RecordedAt = id, t.RecordedAt
	e.Stripe, e.Sequence, e.Side, e.Asset.Scale = uint8(stripe), uint64(sequence), ledger.Side(side), uint8(scale)
	t.Entries = append(t.Entries, e)
	return nil
}

// numeric scans the text of a number of smallest units.
type numeric struct{ amount *ledger.Amount }

// ScanText implements pgtype.TextScanner.
func (n numeric) Scan(value any) (err error) {
	text, _ := value.(string)
	*n.amount, err = ledger.ParseUnits(text)
	return err
}
