package postgres

import (
	"fmt"
	"math"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// What there is under the ids of transactions is read along lists in the order of ids,
// bytewise, and put together here.
const (
	inspectTransactions = `@with
SELECT t.id, t.recorded_at, t.effective_at, t.expires_at, t.reserved_sides IS NOT NULL, t.accounts, t.stripes, t.sequences,
	t.reserved_sides, t.reserved_amounts, t.reverses, t.related, t.description, t.metadata::text, t.actor
FROM @transactions AS t ORDER BY t.id`

	inspectResolutions = `@with
SELECT r.transaction, r.status, r.recorded_at, r.actor, r.stripes, r.sequences FROM @resolutions AS r ORDER BY r.transaction`

	inspectReversals = `
SELECT reverses, id FROM ledger.transactions WHERE ledger = $1 AND reverses IS NOT NULL ORDER BY reverses, id`

	inspectReversalsOfPart = `@with
SELECT i.id, t.id FROM named AS i
CROSS JOIN LATERAL (SELECT id FROM ledger.transactions WHERE ledger = $1 AND reverses = i.id OFFSET 0) AS t
ORDER BY i.id, t.id`

	inspectReservations = `@with
SELECT r.transaction, r.account, r.debits, r.credits, r.expires_at FROM @reservations AS r WHERE r.transaction IS NOT NULL
ORDER BY r.transaction, r.account, r.expires_at`

	inspectReversed = `@with
SELECT i.reversal, ` + inspectedColumns + `, b.asset, b.scale
FROM (SELECT id AS reversal, reverses AS id FROM @transactions AS t WHERE reverses IS NOT NULL) AS i` + entriesOfID + assetOfEntry + `
ORDER BY i.reversal, e.account, e.stripe, e.sequence`

	inspectEntriesOfWhole = `
SELECT e.transaction, ` + inspectedColumns + `, b.asset, b.scale
FROM ledger.entries AS e
LEFT JOIN (
	SELECT DISTINCT ON (account) account, asset, scale FROM ledger.balances WHERE ledger = $1 ORDER BY account, stripe
) AS b ON b.account = e.account
WHERE e.ledger = $1 AND e.transaction IS NOT NULL
ORDER BY e.transaction, e.account, e.stripe, e.sequence`

	inspectEntriesOfPart = `@with
SELECT e.transaction, ` + inspectedColumns + `, b.asset, b.scale
FROM (
	SELECT e.place FROM named AS i` + entriesOfID + `
	UNION
	SELECT place FROM ranged
) AS u
CROSS JOIN LATERAL (SELECT * FROM ledger.entries WHERE ctid = u.place OFFSET 0) AS e` + assetOfEntry + `
ORDER BY e.transaction, e.account, e.stripe, e.sequence`

	assetOfEntry = `
LEFT JOIN LATERAL (
	SELECT asset, scale FROM ledger.balances WHERE ledger = $1 AND account = e.account ORDER BY stripe LIMIT 1
) AS b ON true`

	// The entries that a transaction with the id i.id lists, and that name it.
	entriesOfID = transactionOfID + resolutionOfTransaction + `
	CROSS JOIN LATERAL unnest(t.accounts, coalesce(r.stripes, t.stripes), coalesce(r.sequences, t.sequences)) AS k(account, stripe, sequence)
	CROSS JOIN LATERAL (
		SELECT ctid AS place, * FROM ledger.entries
		WHERE ledger = $1 AND account = k.account AND stripe = k.stripe AND sequence = k.sequence AND transaction = t.id OFFSET 0
	) AS e`
)

// inspectedTransaction is a transaction as far as it can be read: what stands in its own
// row, and once it is completed in its resolution.
type inspectedTransaction struct {
	ledger.Transaction
	wasPending bool
	faults     []string
	// hasEffectiveAt says that it was given a time, which is not that of its entries.
	hasEffectiveAt bool
}

func readInspectedTransaction(r *row) inspectedTransaction {
	var t inspectedTransaction
	t.ID = r.key("id")
	t.Status = ledger.Posted
	t.RecordedAt = r.moment("recorded time")
	t.EffectiveAt = r.time("effective time")
	t.hasEffectiveAt = !t.EffectiveAt.IsZero()
	t.ExpiresAt = r.time("expiry")
	if t.wasPending = r.isTrue(); t.wasPending {
		t.Status = ledger.Pending
	}
	t.readEntries(r)
	t.Reverses, t.Related, t.Description, t.Metadata, t.Actor = r.text(), r.text(), r.text(), r.metadata(), r.text()
	t.faults = r.faults
	return t
}

// readEntries reads what the transaction says of its entries.
func (t *inspectedTransaction) readEntries(r *row) {
	accounts := r.array("accounts")
	for _, account := range accounts {
		t.Entries = append(t.Entries, ledger.Entry{Transaction: t.ID, Account: string(account)})
	}
	keys := readEntryKeys(r)
	sides, amounts := r.array("sides reserved"), r.array("amounts reserved")
	wanted := len(accounts)
	if t.wasPending {
		wanted = 0
		if len(sides) != len(accounts) || len(amounts) != len(accounts) {
			r.fault("it has %d accounts, but reserves %d sides and %d amounts", len(accounts), len(sides), len(amounts))
		}
		t.readReserved(r, sides, amounts)
	} else if amounts != nil {
		r.fault("it reserves amounts, but no sides")
	}
	t.addKeys(keys, wanted, &r.faults)
}

func (t *inspectedTransaction) readReserved(r *row, sides, amounts [][]byte) {
	t.Reserved = make([]ledger.Amount, len(t.Entries))
	for n := range t.Entries {
		if n < len(sides) && sides[n] != nil {
			side := integer(sides[n])
			if side != 1 && side != 2 {
				r.fault("side %d that it reserves is %d", n+1, side)
				side = 0
			}
			t.Entries[n].Side = ledger.Side(side)
		}
		if n < len(amounts) && amounts[n] != nil {
			var fault string
			if t.Reserved[n], fault = unitsOf(amounts[n]); fault != "" {
				r.fault("amount %d that it reserves %s", n+1, fault)
			}
			t.Entries[n].Amount = t.Reserved[n]
		}
	}
}

// entryKeys are the stripes and sequence numbers of the entries that a transaction or a
// resolution lists.
type entryKeys struct{ stripes, sequences []int64 }

func readEntryKeys(r *row) entryKeys {
	read := func(name string, most int64) (numbers []int64) {
		for _, element := range r.array(name) {
			n := int64(0)
			if element != nil {
				n = integer(element)
			}
			if n < 0 || n > most {
				r.fault("one of its %s is %d", name, n)
				n = 0
			}
			numbers = append(numbers, n)
		}
		return numbers
	}
	return entryKeys{stripes: read("stripes", stripes-1), sequences: read("sequences", math.MaxInt64)}
}

// addKeys adds the keys to the entries, of which so many should have one.
func (t *inspectedTransaction) addKeys(keys entryKeys, wanted int, faults *[]string) {
	if len(keys.stripes) != wanted || len(keys.sequences) != wanted {
		*faults = append(*faults, fmt.Sprintf("it has %d accounts, and should have %d stripes and sequences, not %d and %d",
			len(t.Entries), wanted, len(keys.stripes), len(keys.sequences)))
		return
	}
	for n := range wanted {
		t.Entries[n].Stripe, t.Entries[n].Sequence = uint8(keys.stripes[n]), uint64(keys.sequences[n])
	}
}

// resolve adds how the transaction ended.
func (t *inspectedTransaction) resolve(r *inspectedResolution) {
	if r != nil && t.wasPending {
		t.Status, t.ResolvedAt, t.ResolvedBy = r.status, r.at, r.actor
		t.faults = append(t.faults, r.faults...)
		wanted := 0
		if t.Status == ledger.Posted {
			wanted = len(t.Entries)
			for n := range t.Entries {
				t.Entries[n].Amount = ledger.Amount{}
			}
		}
		t.addKeys(r.keys, wanted, &t.faults)
	}
	switch {
	case t.hasEffectiveAt:
	case t.Status == ledger.Posted && t.wasPending:
		t.EffectiveAt = t.ResolvedAt
	default:
		t.EffectiveAt = t.RecordedAt
	}
}

// inspectedResolution is how a pending transaction ended, as far as that can be read.
type inspectedResolution struct {
	transaction string
	status      ledger.TransactionStatus
	at          time.Time
	actor       string
	keys        entryKeys
	faults      []string
}

func readInspectedResolution(r *row) inspectedResolution {
	n := inspectedResolution{transaction: r.key("transaction")}
	status := r.number("status", 1, 3)
	if n.status = ledger.TransactionStatus(status); n.status != ledger.Posted && n.status != ledger.Voided {
		r.fault("its status is %d", status)
	}
	n.at, n.actor, n.keys = r.moment("time of resolution"), r.text(), readEntryKeys(r)
	n.faults = r.faults
	return n
}

// reversal names a transaction and the one that reverses it.
type reversal struct{ reverses, id string }

func readReversal(r *row) reversal { return reversal{reverses: r.text(), id: r.text()} }

// inspectedReservation is a reservation as far as it can be read.
type inspectedReservation struct {
	ledger.Reservation
	faults []string
}

func readInspectedReservation(r *row) inspectedReservation {
	var n inspectedReservation
	n.Transaction, n.Account = r.text(), r.key("account")
	n.Debits, n.Credits = r.amount("debits"), r.amount("credits")
	n.ExpiresAt = r.expiry("expiry")
	n.faults = r.faults
	return n
}

// ownedEntry is an entry under the id of a transaction: its own, or that of a reversal.
type ownedEntry struct {
	owner string
	inspectedEntry
}

func readOwnedEntry(r *row) ownedEntry {
	e := ownedEntry{owner: r.text(), inspectedEntry: readInspectedEntry(r)}
	e.Asset.Code = r.text()
	if r.values[r.column] != nil {
		e.Asset.Scale = uint8(r.number("scale", 0, ledger.MaxScale))
	}
	return e
}
