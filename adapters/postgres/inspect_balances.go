package postgres

import (
	"context"
	"iter"
	"math"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// What is stored of accounts is read along three lists in the order of ids, and put
// together here: whatever is missing in one of them, or there twice, the others stay as
// they are.
const (
	inspectBalances = `@with
SELECT b.account, b.stripe, b.normal, b.status, b.scale, b.asset, b.min_balance, b.debits, b.credits, b.pending_debits, b.pending_credits,
	b.sequence, b.recorded_at
FROM @balances AS b ORDER BY b.account, b.stripe`

	inspectOpened = `@with
SELECT a.id, a.opened_at FROM @accounts AS a ORDER BY a.id`

	inspectReservedOfWhole = `
SELECT account, sum(debits), sum(credits) FROM ledger.reservations WHERE ledger = $1 GROUP BY account ORDER BY account`

	inspectReservedOfPart = `@with
SELECT i.account, r.debits, r.credits FROM (SELECT DISTINCT account FROM touched) AS i
CROSS JOIN LATERAL (
	SELECT sum(debits) AS debits, sum(credits) AS credits FROM ledger.reservations WHERE ledger = $1 AND account = i.account
) AS r
ORDER BY i.account`
)

// storedBalance is a row of inspectBalances.
type storedBalance struct {
	ledger.StoredBalance
	faults []string
}

func readStoredBalance(r *row) storedBalance {
	var b storedBalance
	b.ID = r.key("account")
	b.Stripe = uint8(r.number("stripe", 0, stripes-1))
	b.Normal = ledger.Side(r.number("normal side", 1, 2))
	b.Status = ledger.Status(r.number("status", 1, 3))
	b.Asset.Scale = uint8(r.number("scale", 0, ledger.MaxScale))
	b.Asset.Code = r.key("asset")
	b.Unlimited = r.values[r.column] == nil
	b.MinBalance = r.total("minimum balance")
	b.Balance.Debits, b.Balance.Credits = r.amount("debits"), r.amount("credits")
	b.Balance.PendingDebits, b.Balance.PendingCredits = r.total("pending debits"), r.total("pending credits")
	b.Sequence = uint64(r.number("sequence", 0, math.MaxInt64))
	b.LastRecordedAt = r.moment("recorded time")
	b.faults = r.faults
	return b
}

// openedAccount is when an account was opened.
type openedAccount struct {
	id     string
	at     time.Time
	faults []string
}

func readOpenedAccount(r *row) openedAccount {
	return openedAccount{id: r.key("id"), at: r.moment("opening time"), faults: r.faults}
}

// reservedSum is what the reservations on an account add up to.
type reservedSum struct {
	account string
	sum     ledger.Balance
	faults  []string
}

func readReservedSum(r *row) reservedSum {
	s := reservedSum{account: r.key("account")}
	s.sum.PendingDebits, s.sum.PendingCredits = r.total("sum of debits reserved"), r.total("sum of credits reserved")
	s.faults = r.faults
	return s
}

// Balances implements [ledger.Inspection].
func (i *inspection) Balances(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.StoredBalance, error] {
	return func(yield func(ledger.StoredBalance, error) bool) {
		reservedStatement := inspectReservedOfWhole
		if !scope.IsWhole() {
			reservedStatement = inspectReservedOfPart
		}
		balances := newCursor(i, scope, inspectBalances, readStoredBalance)
		opened := newCursor(i, scope, inspectOpened, readOpenedAccount)
		reserved := newCursor(i, scope, reservedStatement, readReservedSum)
		defer opened.stop(ctx)
		defer reserved.stop(ctx)
		for b, err := range balances.all(ctx) {
			if err == nil {
				err = b.complete(ctx, opened, reserved)
			}
			if err != nil {
				yield(ledger.StoredBalance{}, err)
				return
			}
			if !yield(b.StoredBalance, unreadable(b.faults, b.ID, "", "stripe %d of account %q", b.Stripe, b.ID)) {
				return
			}
		}
	}
}

// complete adds what the other lists have of the account. A stripe but the first has no
// reservations.
func (b *storedBalance) complete(ctx context.Context, opened *cursor[openedAccount], reserved *cursor[reservedSum]) error {
	o, err := seek(ctx, opened, b.ID, func(o *openedAccount) string { return o.id })
	if err != nil {
		return err
	}
	if o != nil {
		b.OpenedAt = o.at
		b.faults = append(b.faults, o.faults...)
	}
	r, err := seek(ctx, reserved, b.ID, func(r *reservedSum) string { return r.account })
	if err != nil || r == nil || b.Stripe != 0 {
		return err
	}
	b.Reserved = r.sum
	b.faults = append(b.faults, r.faults...)
	return nil
}

// seek returns the first row with the id, or nil if there is none. It stays the next.
func seek[T any](ctx context.Context, c *cursor[T], id string, idOf func(*T) string) (*T, error) {
	for {
		next, err := c.peek(ctx)
		if next == nil || err != nil {
			return nil, err
		}
		switch found := idOf(next); {
		case found == id:
			return next, nil
		case found > id:
			return nil, nil //nolint:nilnil // There is none.
		}
		c.at++
	}
}
