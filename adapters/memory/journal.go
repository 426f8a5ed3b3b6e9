package memory

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The journal takes blocks from the allocator, each twice as long as the one
// before, between these sizes in bytes. A record that is longer has a block of
// its own.
const (
	minBlock = 4 << 10
	maxBlock = 256 << 10
)

// journal keeps the transactions of a shard as bytes, one record after another.
// Records are appended and never changed, so what a reader has found under a
// lock it may read without one.
//
// A record is the fingerprint, the time in microseconds when it was written, the
// id, twice the number of entries and one more if there are details, the details,
// and the entries. An entry starts with its distance from the start of the record,
// so that it can be read alone.
type journal struct {
	shard place
	// blocks have a fixed length each; the last is filled up to used. The list
	// is replaced when it grows, for readers hold no lock.
	blocks atomic.Pointer[[][]byte]
	used   int
	// record is the one that is being written.
	record []byte
}

func newJournal(shard int) *journal {
	j := &journal{shard: place(shard) << 56}
	j.blocks.Store(new([][]byte))
	return j
}

// place is where a record or an entry starts: the shard in the top 8 bits, the
// block in the next 24, the offset in the lower 32.
type place uint64

func (p place) shard() int  { return int(p >> 56) }
func (p place) block() int  { return int(p >> 32 & (1<<24 - 1)) }
func (p place) offset() int { return int(p & (1<<32 - 1)) }

// recordWriter writes one record at the end of a journal.
type recordWriter struct {
	journal *journal
	// start is where the record will stand.
	start place
}

// begin starts a record. No other may begin before it ends.
func (j *journal) begin(recorded *ledger.RecordedTransaction) recordWriter {
	j.record = append(j.record[:0], recorded.Fingerprint[:]...)
	j.record = appendTime(j.record, writtenAt(&recorded.Transaction))
	j.record = appendText(j.record, recorded.ID)
	count := uint64(len(recorded.Entries)) << 1
	if flags := flagsOf(&recorded.Transaction); flags == 0 {
		j.record = binary.AppendUvarint(j.record, count)
	} else {
		j.record = binary.AppendUvarint(j.record, count|1)
		j.record = appendDetails(j.record, flags, &recorded.Transaction)
	}
	blocks := *j.blocks.Load()
	last := 0
	if len(blocks) > 0 {
		last = len(blocks[len(blocks)-1])
	}
	if size := len(j.record) + len(recorded.Entries)*maxEntrySize; size > last-j.used {
		j.addBlock(max(size, minBlock, min(2*last, maxBlock)))
	}
	block := place(len(*j.blocks.Load()) - 1)
	return recordWriter{journal: j, start: j.shard | block<<32 | place(j.used)}
}

func (j *journal) addBlock(size int) {
	blocks := append(*j.blocks.Load(), make([]byte, size))
	j.blocks.Store(&blocks)
	j.used = 0
}

// maxEntrySize is the most bytes that an entry can take: three numbers, the
// side, and three amounts with their lengths.
const maxEntrySize = 3*binary.MaxVarintLen64 + 1 + 3*(1+32)

// hasOutgoing says beside the side of an entry that the account's total on the side
// that is not its normal one is kept too; otherwise it is zero, as it is for whoever
// was only ever paid.
const hasOutgoing = 1 << 7

// entry writes an entry of the account and returns where it stands.
func (w recordWriter) entry(a *account, e *ledger.Entry) place {
	j := w.journal
	totals := e.Totals(a.normal)
	outgoing := totals.Debits
	if a.normal == ledger.Debit {
		outgoing = totals.Credits
	}
	side := byte(e.Side)
	if outgoing.Sign() != 0 {
		side |= hasOutgoing
	}
	start := len(j.record)
	j.record = binary.AppendUvarint(j.record, uint64(start))
	j.record = binary.AppendUvarint(j.record, a.number)
	j.record = binary.AppendUvarint(j.record, e.Sequence)
	j.record = append(j.record, side)
	j.record = appendAmount(j.record, e.Amount)
	j.record = appendAmount(j.record, e.Balance)
	if side&hasOutgoing != 0 {
		j.record = appendAmount(j.record, outgoing)
	}
	return w.start + place(start)
}

// end puts the record in its place, and returns that.
func (w recordWriter) end() place {
	j := w.journal
	block := (*j.blocks.Load())[w.start.block()]
	j.used += copy(block[w.start.offset():], j.record)
	return w.start
}

func appendAmount(b []byte, a ledger.Amount) []byte {
	length := len(b)
	b = append(b, 0)
	b, _ = a.AppendBinary(b)
	b[length] = byte(len(b) - length - 1)
	return b
}

// cursor reads fields one after another.
type cursor struct{ rest []byte }

func (j *journal) cursor(at place) cursor {
	return cursor{rest: (*j.blocks.Load())[at.block()][at.offset():]}
}

func (c *cursor) next(n int) []byte {
	field := c.rest[:n]
	c.rest = c.rest[n:]
	return field
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.rest)
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.rest)
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) amount() (a ledger.Amount) {
	if err := a.UnmarshalBinary(c.next(int(c.next(1)[0]))); err != nil {
		panic("memory: the journal holds an amount of more than 32 bytes")
	}
	return a
}

// header is what a record says before its details and its entries.
type header struct {
	fingerprint ledger.Fingerprint
	writtenAt   time.Time
	id          []byte
	entries     int
	// flags say which details there are.
	flags       byte
	effectiveAt time.Time
}

func (c *cursor) header() (h header) {
	copy(h.fingerprint[:], c.next(len(h.fingerprint)))
	h.writtenAt = c.time()
	h.id = c.next(int(c.uvarint()))
	count := c.uvarint()
	h.entries, h.effectiveAt = int(count>>1), h.writtenAt
	if count&1 != 0 {
		h.flags = c.next(1)[0]
	}
	if h.flags&hasEffectiveAt != 0 {
		h.effectiveAt = c.time()
	}
	return h
}

// entry reads an entry, behind its distance from the start of the record.
func (c *cursor) entry(transaction string, h *header, accounts []*account) ledger.Entry {
	a := accounts[c.uvarint()]
	e := ledger.Entry{
		Transaction: transaction,
		Account:     a.id,
		Stripe:      a.stripe,
		Sequence:    c.uvarint(),
		Asset:       a.asset,
		RecordedAt:  h.writtenAt,
		EffectiveAt: h.effectiveAt,
	}
	side := c.next(1)[0]
	e.Side = ledger.Side(side &^ hasOutgoing)
	e.Amount, e.Balance = c.amount(), c.amount()
	if side&hasOutgoing != 0 {
		e.Debits = c.amount()
	}
	if a.normal == ledger.Debit {
		var err error
		if e.Debits, err = e.Balance.Add(e.Debits); err != nil {
			panic("memory: the journal holds totals that are out of range")
		}
	}
	return e
}

// id returns the id of the record's transaction; it is only to be read.
func (j *journal) id(at place) []byte {
	c := j.cursor(at)
	return c.header().id
}

// entry returns the entry at a place.
func (j *journal) entry(at place, accounts []*account) ledger.Entry {
	record := j.cursor(j.recordOf(at))
	h := record.header()
	c := j.cursor(at)
	c.uvarint()
	return c.entry(string(h.id), &h, accounts)
}

// recordOf returns the place of the record that the entry at a place is in.
func (j *journal) recordOf(at place) place {
	c := j.cursor(at)
	return at - place(c.uvarint())
}

// recordedAt returns when the entry at a place was recorded, in microseconds.
func (j *journal) recordedAt(at place) int64 { return j.writtenAt(j.recordOf(at)) }

// writtenAt returns when the record at a place was written, in microseconds.
func (j *journal) writtenAt(at place) int64 {
	c := j.cursor(at)
	c.next(len(ledger.Fingerprint{}))
	return c.varint()
}

// transaction returns the transaction whose record is at a place.
func (j *journal) transaction(at place, accounts []*account) ledger.RecordedTransaction {
	c := j.cursor(at)
	h := c.header()
	recorded := ledger.RecordedTransaction{
		Transaction: ledger.Transaction{
			ID: string(h.id), Status: ledger.Posted, RecordedAt: h.writtenAt, EffectiveAt: h.effectiveAt,
		},
		Fingerprint: h.fingerprint,
	}
	c.details(&h, &recorded.Transaction)
	recorded.Entries = make([]ledger.Entry, h.entries)
	for i := range recorded.Entries {
		c.uvarint()
		e := c.entry(recorded.ID, &h, accounts)
		if recorded.Status == ledger.Voided {
			e = ledger.Entry{Transaction: e.Transaction, Account: e.Account, Side: e.Side, Asset: e.Asset, Amount: e.Amount}
		}
		recorded.Entries[i] = e
	}
	return recorded
}
