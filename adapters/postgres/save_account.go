package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/seed-d432d95b/ledger/ledger"
)

// profileColumns are new rows of accounts.
type profileColumns struct {
	id, name    []string
	metadata    []string
	openedAt    []time.Time
	fingerprint [][]byte
}

// openedColumns are new accounts, in columns.
type openedColumns struct {
	profiles        profileColumns
	account, asset  []string
	stripe, normal  []int16
	status, scale   []int16
	minimum         []*string
	debits, credits []string
	sequence        []int64
	recordedAt      []time.Time
	// The account may have been opened for a hold in the same batch.
	pendingDebits, pendingCredits []string
	nextExpiry                    []*time.Time
}

// add adds an account, of whose reservations the first expires at a time.
func (c *openedColumns) add(state *ledger.AccountState, expiry time.Time) {
	p := &c.profiles
	p.id = append(p.id, state.ID)
	p.name = append(p.name, state.Name)
	p.metadata = append(p.metadata, pairsText(state.Metadata))
	p.openedAt = append(p.openedAt, state.OpenedAt)
	p.fingerprint = append(p.fingerprint, state.Fingerprint[:])
	c.addRow(state, expiry)
}

// addStripes adds the rows of a new world account but the one that state is.
func (c *openedColumns) addStripes(state *ledger.AccountState) {
	for i := range stripes {
		if i != int(state.Stripe) {
			empty := *state
			empty.Stripe, empty.Balance, empty.Sequence, empty.LastRecordedAt = uint8(i), ledger.Balance{}, 0, state.OpenedAt
			c.addRow(&empty, time.Time{})
		}
	}
}

func (c *openedColumns) addRow(state *ledger.AccountState, expiry time.Time) {
	var minimum *string
	if !state.Unlimited {
		minimum = new(state.MinBalance.String())
	}
	c.account = append(c.account, state.ID)
	c.asset = append(c.asset, state.Asset.Code)
	c.stripe = append(c.stripe, int16(state.Stripe))
	c.normal = append(c.normal, int16(state.Normal))
	c.status = append(c.status, int16(state.Status))
	c.scale = append(c.scale, int16(state.Asset.Scale))
	c.minimum = append(c.minimum, minimum)
	c.debits = append(c.debits, state.Balance.Debits.String())
	c.credits = append(c.credits, state.Balance.Credits.String())
	c.sequence = append(c.sequence, int64(state.Sequence))
	c.recordedAt = append(c.recordedAt, state.LastRecordedAt)
	c.pendingDebits = append(c.pendingDebits, state.Balance.PendingDebits.String())
	c.pendingCredits = append(c.pendingCredits, state.Balance.PendingCredits.String())
	c.nextExpiry = append(c.nextExpiry, nullTime(expiry))
}

func (c *openedColumns) queue(requests *pgx.Batch, book int32, attempt int64) {
	if len(c.account) == 0 {
		return
	}
	p := &c.profiles
	requests.Queue(insertAccounts, book, p.id, p.name, p.openedAt, p.fingerprint, attempt, p.metadata)
	requests.Queue(insertBalances, book, c.account, c.stripe, c.normal, c.status, c.scale, c.asset, c.minimum,
		c.debits, c.credits, c.sequence, c.recordedAt, c.pendingDebits, c.pendingCredits, c.nextExpiry)
}

// changedColumns are the new totals of accounts, in columns.
type changedColumns struct {
	place           []pgtype.TID
	debits, credits []string
	sequence        []int64
	recordedAt      []time.Time
	// The others are only those of rows that also change what is reserved.
	pendingDebits, pendingCredits []string
	nextExpiry                    []*time.Time
}

func (c *changedColumns) add(place pgtype.TID, state *ledger.AccountState) {
	c.place = append(c.place, place)
	c.debits = append(c.debits, state.Balance.Debits.String())
	c.credits = append(c.credits, state.Balance.Credits.String())
	c.sequence = append(c.sequence, int64(state.Sequence))
	c.recordedAt = append(c.recordedAt, state.LastRecordedAt)
}

func (c *changedColumns) queue(requests *pgx.Batch) {
	if len(c.place) > 0 {
		requests.Queue(updateBalances, c.place, c.debits, c.credits, c.sequence, c.recordedAt)
	}
}

// addReserved adds a row of which what is reserved changes, too: by the state's
// pending totals, or by a new reservation that expires at a time.
func (c *changedColumns) addReserved(before *lockedAccount, state *ledger.AccountState, expiry time.Time) {
	debits, credits, next := before.reserved(state, expiry)
	c.add(before.place, state)
	c.pendingDebits = append(c.pendingDebits, debits.String())
	c.pendingCredits = append(c.pendingCredits, credits.String())
	c.nextExpiry = append(c.nextExpiry, nullTime(next))
}

func (c *changedColumns) queueReserved(requests *pgx.Batch) {
	if len(c.place) > 0 {
		requests.Queue(updateReserved, c.place, c.debits, c.credits, c.sequence, c.recordedAt, c.pendingDebits, c.pendingCredits, c.nextExpiry)
	}
}
