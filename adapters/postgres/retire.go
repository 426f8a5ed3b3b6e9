package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/seed-d432d95b/ledger/ledger"
)

// retireExpired deletes the oldest reservations that have expired by a time, of each
// account as many as it may, and takes them off its totals. It looks at so many of
// each, null being all of them, and says what it leaves. The rows of the accounts are
// locked and found by their places; whoever deletes a reservation has locked its
// account before, so those stay where they are found, too. An account is judged by
// the clock or its own time, whichever is later, and its time is set to that: if the
// clock is set back later, what has expired stays so.
const retireExpired = `
WITH judged AS (
	SELECT u.account, u.place, u.judged_at, x.places, x.debits, x.credits, x.left_debits, x.left_credits,
		coalesce(x.left_first, (
			SELECT nullif(expires_at, 'infinity') FROM ledger.reservations
			WHERE ledger = $1 AND account = u.account AND expires_at > u.judged_at
			ORDER BY expires_at, transaction LIMIT 1
		)) AS next_expiry
	FROM unnest($2::text[], $3::tid[], $4::bigint[], $5::timestamptz[]) AS u(account, place, most, judged_at)
	CROSS JOIN LATERAL (
		SELECT array_agg(place) FILTER (WHERE n <= u.most) AS places,
			coalesce(sum(debits) FILTER (WHERE n <= u.most), 0) AS debits,
			coalesce(sum(credits) FILTER (WHERE n <= u.most), 0) AS credits,
			sum(debits) FILTER (WHERE n > u.most) AS left_debits,
			sum(credits) FILTER (WHERE n > u.most) AS left_credits,
			min(expires_at) FILTER (WHERE n > u.most) AS left_first
		FROM (
			SELECT ctid AS place, debits, credits, expires_at, row_number() OVER (ORDER BY expires_at, transaction) AS n
			FROM ledger.reservations WHERE ledger = $1 AND account = u.account AND expires_at <= u.judged_at
			ORDER BY expires_at, transaction LIMIT $6
		) AS expired
	) AS x
), retired AS (
	DELETE FROM ledger.reservations AS r USING (SELECT unnest(places) AS place FROM judged) AS gone WHERE r.ctid = gone.place
)
UPDATE ledger.balances AS b SET
	pending_debits = nullif(coalesce(b.pending_debits, 0) - j.debits, 0),
	pending_credits = nullif(coalesce(b.pending_credits, 0) - j.credits, 0),
	next_expiry = j.next_expiry, recorded_at = j.judged_at
FROM judged AS j WHERE b.ctid = j.place
RETURNING j.account, b.ctid, b.pending_debits::text, b.pending_credits::text, j.left_debits::text, j.left_credits::text,
	b.next_expiry, b.recorded_at`

// A batch retires so many expired reservations of an account at most, and so many
// in all or one of each account. What it leaves, it knows the sum of.
const (
	retiredOfAccount = 256
	retiredInBatch   = 4096
)

// retire takes what has expired off the accounts' totals. Few batches have to: an
// account's row tells when that may be.
func (b *batch) retire(ctx context.Context) error {
	var due []string
	for id, locked := range b.accounts {
		if !locked.nextExpiry.IsZero() && !locked.nextExpiry.After(locked.judgedAt(b.now)) {
			due = append(due, id)
		}
	}
	if len(due) == 0 {
		return nil
	}
	slices.Sort(due)
	places, most, judgedAt := make([]pgtype.TID, len(due)), make([]int64, len(due)), make([]time.Time, len(due))
	for i, id := range due {
		locked := b.accounts[id]
		places[i], judgedAt[i] = locked.place, locked.judgedAt(b.now)
		most[i] = int64(min(retiredOfAccount, max(1, retiredInBatch/len(due))))
	}
	b.retired = true
	rows, err := b.connection.Query(ctx, retireExpired, b.ledger, due, places, most, judgedAt, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	retired := 0
	for ; rows.Next(); retired++ {
		if err := b.readRetired(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if retired != len(due) {
		return &ledger.Error{Code: ledger.ErrInternal, Message: "locked rows were moved"}
	}
	return nil
}

// judgedAt is the time that says what has expired on the account.
func (a *lockedAccount) judgedAt(now time.Time) time.Time {
	if a.LastRecordedAt.After(now) {
		return a.LastRecordedAt
	}
	return now
}

func (b *batch) readRetired(rows pgx.Rows) error {
	var id string
	var place pgtype.TID
	var pending, left ledger.Balance
	var nextExpiry *time.Time
	var recordedAt time.Time
	err := rows.Scan(&id, &place, numeric{&pending.PendingDebits}, numeric{&pending.PendingCredits},
		numeric{&left.PendingDebits}, numeric{&left.PendingCredits}, &nextExpiry, &recordedAt)
	if err != nil {
		return err
	}
	locked := b.accounts[id]
	locked.place, locked.unretired, locked.nextExpiry, locked.LastRecordedAt = place, left, timeOf(nextExpiry), recordedAt.UTC()
	if locked.Balance.PendingDebits, err = pending.PendingDebits.Sub(left.PendingDebits); err != nil {
		return err
	}
	locked.Balance.PendingCredits, err = pending.PendingCredits.Sub(left.PendingCredits)
	return err
}
