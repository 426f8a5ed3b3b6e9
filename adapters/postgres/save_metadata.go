package postgres

import (
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements that save metadata, and the rows by which it is found. Those of an
// account are changed while it is locked.
const (
	changeMetadata = `UPDATE ledger.accounts SET metadata = nullif($3, '')::jsonb WHERE ledger = $1 AND id = $2`

	insertAccountMetadata = `
INSERT INTO ledger.account_metadata (ledger, key, value, opened_at, account)
SELECT $1, u.key, u.value, u.at, u.id FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS u(key, value, at, id)`

	deleteAccountMetadata = `
DELETE FROM ledger.account_metadata AS m
USING unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS u(key, value, at, id)
CROSS JOIN LATERAL (
	SELECT ctid FROM ledger.account_metadata
	WHERE ledger = $1 AND key = u.key AND value = u.value AND opened_at = u.at AND account = u.id
	OFFSET 0
) AS found
WHERE m.ctid = found.ctid`

	insertTransactionMetadata = `
INSERT INTO ledger.transaction_metadata (ledger, key, value, recorded_at, transaction)
SELECT $1, u.key, u.value, u.at, u.id FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS u(key, value, at, id)`
)

// queueMetadata saves the metadata of what is new and of the accounts that change
// theirs.
func (b *batch) queueMetadata(requests *pgx.Batch) {
	var removed, added, written metadataColumns
	for _, state := range b.decision.Accounts {
		var had ledger.Metadata
		if before := b.accounts[state.ID]; before != nil {
			if had = before.Metadata; !maps.Equal(had, state.Metadata) {
				requests.Queue(changeMetadata, b.ledger, state.ID, pairsText(state.Metadata))
			}
		}
		removed.addMissing(had, state.Metadata, state.OpenedAt, state.ID)
		added.addMissing(state.Metadata, had, state.OpenedAt, state.ID)
	}
	for _, recorded := range b.decision.Transactions {
		written.addMissing(recorded.Metadata, nil, recorded.RecordedAt, recorded.ID)
	}
	removed.queue(requests, deleteAccountMetadata, b.ledger)
	added.queue(requests, insertAccountMetadata, b.ledger)
	written.queue(requests, insertTransactionMetadata, b.ledger)
}

// metadataColumns are pairs of metadata, in columns.
type metadataColumns struct {
	key, value, id []string
	at             []time.Time
}

// addMissing adds the pairs that others do not have.
func (c *metadataColumns) addMissing(metadata, others ledger.Metadata, at time.Time, id string) {
	if len(metadata) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		value := metadata[key]
		if other, found := others[key]; found && other == value {
			continue
		}
		c.key = append(c.key, key)
		c.value = append(c.value, value)
		c.at = append(c.at, at)
		c.id = append(c.id, id)
	}
}

func (c *metadataColumns) queue(requests *pgx.Batch, statement string, book int32) {
	if len(c.id) > 0 {
		requests.Queue(statement, book, c.key, c.value, c.at, c.id)
	}
}
