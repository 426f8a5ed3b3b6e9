package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// selectTransactions reads transactions as they now stand, with a row for each of
// their entries, in their order. The keys of the entries of one that was made
// pending are in its resolution; while they are nowhere, the entries are those that
// it reserves. It finds its rows by whole keys, as the statements that lock do. Other
// statements have the ids from elsewhere than $2, between the head and the tail.
const (
	selectTransactions = transactionsHead + `unnest($2::text[])` + transactionsTail

	transactionsHead = `
SELECT statement_timestamp(), t.id, t.recorded_at, t.fingerprint, t.attempt, t.effective_at, t.expires_at, t.reserved_sides IS NOT NULL,
	t.reverses, v.id, t.related, t.actor,
	CASE k.n WHEN 1 THEN t.description END, CASE k.n WHEN 1 THEN t.metadata::text END,
	r.status, r.recorded_at, r.attempt, r.actor,
	k.account, b.asset, b.scale, k.reserved_side, k.reserved_amount::text, k.stripe, k.sequence,
	e.side, e.amount::text, e.balance::text, e.debits::text
FROM `

	transactionsTail = ` AS u(id)
CROSS JOIN LATERAL (SELECT * FROM ledger.transactions WHERE ledger = $1 AND id = u.id OFFSET 0) AS t
LEFT JOIN LATERAL (
	SELECT * FROM ledger.resolutions WHERE t.reserved_sides IS NOT NULL AND ledger = $1 AND transaction = u.id OFFSET 0
) AS r ON true
LEFT JOIN LATERAL (SELECT id FROM ledger.transactions WHERE ledger = $1 AND reverses = u.id OFFSET 0) AS v ON true
CROSS JOIN LATERAL unnest(
	t.accounts, coalesce(r.stripes, t.stripes), coalesce(r.sequences, t.sequences), t.reserved_sides, t.reserved_amounts
) WITH ORDINALITY AS k(account, stripe, sequence, reserved_side, reserved_amount, n)
CROSS JOIN LATERAL (
	SELECT asset, scale FROM ledger.balances WHERE ledger = $1 AND account = k.account AND stripe = coalesce(k.stripe, 0) OFFSET 0
) AS b
LEFT JOIN LATERAL (
	SELECT * FROM ledger.entries
	WHERE ledger = $1 AND account = k.account AND stripe = k.stripe AND sequence = k.sequence
	OFFSET 0
) AS e ON true
ORDER BY t.id, k.n`
)

// storedTransaction is a transaction as it was read.
type storedTransaction struct {
	ledger.RecordedTransaction
	// attempt is the one that wrote the transaction, and resolver the one that posted
	// or voided it, or 0.
	attempt, resolver int64
	// readAt is the time of the statement that read it.
	readAt time.Time
}

// transactionRow is a row of selectTransactions.
type transactionRow struct {
	readAt, recordedAt                                time.Time
	id                                                string
	fingerprint                                       []byte
	attempt                                           int64
	effectiveAt, expiresAt                            *time.Time
	wasPending                                        bool
	reverses, reversedBy, related, actor, description *string
	metadata                                          ledger.Metadata

	status, resolver *int64
	resolvedAt       *time.Time
	resolvedBy       *string

	account, code          string
	scale                  int64
	reservedSide           *int64
	reserved               ledger.Amount
	stripe, sequence, side *int64
	amount, balance        ledger.Amount
	debits                 ledger.Amount
}

// fields are where the columns go.
func (r *transactionRow) fields() []any {
	return []any{
		&r.readAt, &r.id, &r.recordedAt, &r.fingerprint, &r.attempt, &r.effectiveAt, &r.expiresAt, &r.wasPending,
		&r.reverses, &r.reversedBy, &r.related, &r.actor, &r.description,
		pairs{&r.metadata},
		&r.status, &r.resolvedAt, &r.resolver, &r.resolvedBy,
		&r.account, &r.code, &r.scale, &r.reservedSide,
		numeric{&r.reserved},
		&r.stripe, &r.sequence,
		&r.side,
		numeric{&r.amount},
		numeric{&r.balance},
		numeric{&r.debits},
	}
}

// addTo adds the row to the transactions that were read, by id.
func (r *transactionRow) addTo(transactions map[string]*storedTransaction) error {
	t := transactions[r.id]
	if t == nil {
		t = r.transaction()
		transactions[r.id] = t
	}
	e := ledger.Entry{Transaction: r.id, Account: r.account, Asset: ledger.Asset{Code: r.code, Scale: uint8(r.scale)}}
	if r.wasPending {
		t.Reserved = append(t.Reserved, r.reserved)
	}
	switch isPosted := t.Status == ledger.Posted; {
	case isPosted && r.side == nil, !isPosted && r.reservedSide == nil:
		return &ledger.Error{
			Code: ledger.ErrInternal, Transaction: r.id, Account: r.account,
			Message: fmt.Sprintf("the books are inconsistent: an entry of transaction %q on account %q is missing", r.id, r.account),
		}
	case isPosted:
		e.Stripe, e.Sequence, e.Side = uint8(*r.stripe), uint64(*r.sequence), ledger.Side(*r.side)
		e.Amount, e.Balance, e.Debits = r.amount, r.balance, r.debits
		e.RecordedAt, e.EffectiveAt = t.writtenAt(), t.EffectiveAt
	default:
		e.Side, e.Amount = ledger.Side(*r.reservedSide), r.reserved
	}
	t.Entries = append(t.Entries, e)
	return nil
}

// transaction returns the row's transaction, without entries.
func (r *transactionRow) transaction() *storedTransaction {
	t := &storedTransaction{readAt: r.readAt, attempt: r.attempt}
	copy(t.Fingerprint[:], r.fingerprint) // Somebody may have changed it to a shorter one.
	t.ID, t.Status, t.RecordedAt = r.id, ledger.Posted, r.recordedAt.UTC()
	t.Reverses, t.ReversedBy, t.Related = textOf(r.reverses), textOf(r.reversedBy), textOf(r.related)
	t.Actor, t.Description, t.Metadata = textOf(r.actor), textOf(r.description), r.metadata
	t.ExpiresAt = timeOf(r.expiresAt)
	if r.wasPending {
		t.Status = ledger.Pending
	}
	if r.status != nil {
		t.Status, t.resolver = ledger.TransactionStatus(*r.status), *r.resolver
		t.ResolvedAt, t.ResolvedBy = timeOf(r.resolvedAt), textOf(r.resolvedBy)
	}
	if t.EffectiveAt = timeOf(r.effectiveAt); r.effectiveAt == nil {
		t.EffectiveAt = t.writtenAt()
	}
	return t
}

// writtenAt is when the entries were written, or the transaction while it has none.
func (t *storedTransaction) writtenAt() time.Time {
	if t.Status == ledger.Posted && !t.ResolvedAt.IsZero() {
		return t.ResolvedAt
	}
	return t.RecordedAt
}

// readTransactions returns those of the transactions that exist, all as of one
// moment, with the status that they then have.
func readTransactions(ctx context.Context, q querier, book int32, ids []string) (map[string]*storedTransaction, error) {
	return queryTransactions(ctx, q, selectTransactions, []any{book, ids})
}

// queryTransactions is readTransactions for a statement with the columns of
// selectTransactions.
func queryTransactions(ctx context.Context, q querier, statement string, arguments []any) (map[string]*storedTransaction, error) {
	transactions := make(map[string]*storedTransaction)
	var row transactionRow
	err := q.query(ctx, statement, arguments, row.fields(), func() error { return row.addTo(transactions) })
	for _, t := range transactions {
		t.Status = t.StatusAt(t.readAt)
	}
	return transactions, err
}

func readTransaction(ctx context.Context, q querier, book int32, id string) (ledger.Transaction, error) {
	found, err := readTransactions(ctx, q, book, []string{id})
	switch {
	case err != nil:
		return ledger.Transaction{}, err
	case found[id] == nil:
		return ledger.Transaction{}, ledger.NoTransaction(id)
	default:
		return found[id].Transaction, nil
	}
}
