package postgres

import (
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// queueTransactions inserts the new transactions, and the entries of those and of
// the pending ones that were posted. All ids of a batch are inserted by one statement,
// for they must be in one order; it has every column only if it must.
func (b *batch) queueTransactions(requests *pgx.Batch) {
	d, entries, plain := &b.decision, 0, true
	for _, recorded := range d.Transactions {
		entries += len(recorded.Entries)
		plain = plain && isPlain(&recorded.Transaction)
	}
	t, e := newTransactionColumns(len(d.Transactions)), newEntryColumns(entries)
	var details detailColumns
	for _, recorded := range inOrderOf(d.Transactions, idOf) {
		t.add(recorded)
		e.addAll(&recorded.Transaction)
		if !plain {
			details.add(&recorded.Transaction)
		}
	}
	for _, resolved := range d.Resolutions {
		e.addAll(&resolved.Transaction)
	}
	if len(t.id) > 0 {
		statement := insertTransactions
		arguments := []any{b.ledger, t.id, t.recordedAt, t.fingerprint, t.accounts, t.stripes, t.sequences, b.attempt}
		if !plain {
			statement, arguments = insertDetailed, append(arguments, details.arguments()...)
		}
		requests.Queue(statement, arguments...)
	}
	if len(e.account) > 0 {
		requests.Queue(insertEntries, b.ledger, e.account, e.stripe, e.sequence, e.side, e.amount, e.balance, e.debits,
			e.transaction, e.recordedAt, e.effectiveAt)
	}
}

func idOf(t *ledger.RecordedTransaction) string { return t.ID }

// isPlain says whether a new transaction is nothing but its entries.
func isPlain(t *ledger.Transaction) bool {
	return t.Status == ledger.Posted && t.EffectiveAt.Equal(t.RecordedAt) && t.Reverses == "" && t.Related == "" &&
		t.Description == "" && len(t.Metadata) == 0 && t.Actor == ""
}

type transactionColumns struct {
	id                           []string
	recordedAt                   []time.Time
	fingerprint                  [][]byte
	accounts, stripes, sequences []string
}

func newTransactionColumns(n int) transactionColumns {
	return transactionColumns{
		id: make([]string, 0, n), recordedAt: make([]time.Time, 0, n), fingerprint: make([][]byte, 0, n),
		accounts: make([]string, 0, n), stripes: make([]string, 0, n), sequences: make([]string, 0, n),
	}
}

func (c *transactionColumns) add(recorded *ledger.RecordedTransaction) {
	var accounts []byte
	separator := byte('{')
	for i := range recorded.Entries {
		accounts = appendElement(append(accounts, separator), recorded.Entries[i].Account)
		separator = ','
	}
	stripes, sequences := keysOf(&recorded.Transaction)
	c.id = append(c.id, recorded.ID)
	c.recordedAt = append(c.recordedAt, recorded.RecordedAt)
	c.fingerprint = append(c.fingerprint, recorded.Fingerprint[:])
	c.accounts = append(c.accounts, string(append(accounts, '}')))
	c.stripes = append(c.stripes, stripes)
	c.sequences = append(c.sequences, sequences)
}

// keysOf returns the stripes and the sequence numbers of the entries that the
// transaction has written, as arrays' texts.
func keysOf(t *ledger.Transaction) (stripeTexts, sequenceTexts string) {
	if t.Status != ledger.Posted {
		return "{}", "{}"
	}
	var stripes, sequences []byte
	separator := byte('{')
	for i := range t.Entries {
		stripes = strconv.AppendUint(append(stripes, separator), uint64(t.Entries[i].Stripe), 10)
		sequences = strconv.AppendUint(append(sequences, separator), t.Entries[i].Sequence, 10)
		separator = ','
	}
	return string(append(stripes, '}')), string(append(sequences, '}'))
}

// appendElement appends an element of an array's text, in quotes.
func appendElement(b []byte, text string) []byte {
	b = append(b, '"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, text[i])
	}
	return append(b, '"')
}

// detailColumns are what transactions have beside what a deposit has. An empty
// text is null.
type detailColumns struct {
	effectiveAt, expiresAt         []*time.Time
	reservedSides, reservedAmounts []string
	reverses, related              []string
	description, metadata, actor   []string
}

func (c *detailColumns) add(t *ledger.Transaction) {
	sides, amounts := reservedOf(t)
	c.effectiveAt = append(c.effectiveAt, nullTimeUnless(t.EffectiveAt, t.RecordedAt))
	c.expiresAt = append(c.expiresAt, nullTime(t.ExpiresAt))
	c.reservedSides = append(c.reservedSides, sides)
	c.reservedAmounts = append(c.reservedAmounts, amounts)
	c.reverses = append(c.reverses, t.Reverses)
	c.related = append(c.related, t.Related)
	c.description = append(c.description, t.Description)
	c.metadata = append(c.metadata, pairsText(t.Metadata))
	c.actor = append(c.actor, t.Actor)
}

// arguments are those of insertDetailed behind those of insertTransactions.
func (c *detailColumns) arguments() []any {
	return []any{
		c.effectiveAt, c.expiresAt, c.reservedSides, c.reservedAmounts, c.reverses, c.related, c.description, c.metadata, c.actor,
	}
}

// reservedOf returns the sides and the amounts that a pending transaction reserves,
// as arrays' texts.
func reservedOf(t *ledger.Transaction) (sideTexts, amountTexts string) {
	if t.Reserved == nil {
		return "", ""
	}
	var sides, amounts []byte
	separator := byte('{')
	for i, amount := range t.Reserved {
		sides = strconv.AppendUint(append(sides, separator), uint64(t.Entries[i].Side), 10)
		amounts = append(append(amounts, separator), amount.String()...)
		separator = ','
	}
	return string(append(sides, '}')), string(append(amounts, '}'))
}

type entryColumns struct {
	account, transaction    []string
	amount, balance, debits []string
	stripe, side            []int16
	sequence                []int64
	recordedAt              []time.Time
	effectiveAt             []*time.Time
}

func newEntryColumns(n int) entryColumns {
	return entryColumns{
		account: make([]string, 0, n), transaction: make([]string, 0, n),
		amount: make([]string, 0, n), balance: make([]string, 0, n), debits: make([]string, 0, n),
		stripe: make([]int16, 0, n), side: make([]int16, 0, n), sequence: make([]int64, 0, n),
		recordedAt: make([]time.Time, 0, n), effectiveAt: make([]*time.Time, 0, n),
	}
}

// addAll adds the entries that the transaction has written.
func (c *entryColumns) addAll(t *ledger.Transaction) {
	if t.Status != ledger.Posted {
		return
	}
	for i := range t.Entries {
		c.add(&t.Entries[i])
	}
}

func (c *entryColumns) add(e *ledger.Entry) {
	c.account = append(c.account, e.Account)
	c.transaction = append(c.transaction, e.Transaction)
	c.amount = append(c.amount, e.Amount.String())
	c.balance = append(c.balance, e.Balance.String())
	c.debits = append(c.debits, e.Debits.String())
	c.stripe = append(c.stripe, int16(e.Stripe))
	c.side = append(c.side, int16(e.Side))
	c.sequence = append(c.sequence, int64(e.Sequence))
	c.recordedAt = append(c.recordedAt, e.RecordedAt)
	c.effectiveAt = append(c.effectiveAt, nullTimeUnless(e.EffectiveAt, e.RecordedAt))
}
