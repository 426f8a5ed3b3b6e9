package transfer

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// WriterConfig is how a [Writer] writes.
type WriterConfig struct {
	Format Format
	// IsPortable leaves out what a copy of a ledger has of its own: the times at which
	// the ledger wrote, and what the stripes of world accounts have.
	IsPortable bool
}

// Writer writes an export: a first line that says so, records, and a last line with
// their number, by which a reader knows that it has them all. It is for one goroutine,
// and buffers: finish it with End.
type Writer struct {
	config  WriterConfig
	out     *bufio.Writer
	encoder *json.Encoder
	csv     *csv.Writer
	row     []string
	begun   bool
	lines   int64
}

// NewWriter returns a writer of records.
func NewWriter(out io.Writer, config WriterConfig) *Writer {
	buffered := bufio.NewWriterSize(out, 1<<16)
	w := &Writer{config: config, out: buffered, encoder: json.NewEncoder(buffered)}
	w.encoder.SetEscapeHTML(false)
	if config.Format == CSV {
		w.csv, w.row = csv.NewWriter(buffered), make([]string, len(columns()))
	}
	return w
}

// Write writes a request of an export.
func (w *Writer) Write(request ledger.Request) error {
	record, err := w.record(request)
	if err == nil {
		err = w.begin()
	}
	if err != nil {
		return err
	}
	w.lines++
	return w.put(record)
}

// begin writes the first line, unless it is there.
func (w *Writer) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	if w.csv != nil {
		if err := w.writeHeader(); err != nil {
			return err
		}
	}
	return w.put(mark{Type: markExport, Version: version})
}

func (w *Writer) put(record any) error {
	if w.csv != nil {
		return w.writeRow(record)
	}
	return w.encoder.Encode(record)
}

// End writes the last line, and what is buffered. What nobody has ended is no whole
// export, and an import says so.
func (w *Writer) End() error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.put(mark{Type: markEnd, Lines: &w.lines}); err != nil {
		return err
	}
	if w.csv != nil {
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}

// record returns the record of a request, as one of package wire's.
func (w *Writer) record(r ledger.Request) (any, error) {
	switch {
	case r.Asset != nil:
		return wire.AssetRecord{Type: wire.RecordAsset, Asset: wire.NewAsset(*r.Asset)}, nil
	case r.Account != nil:
		request, err := wire.NewAccountRequest(*r.Account)
		return wire.AccountRecord{Type: wire.RecordAccount, AccountRequest: request, OpenedAt: w.time(r.RecordedAt)}, err
	case r.Transaction != nil:
		request, err := wire.NewTransactionRequest(*r.Transaction, nil)
		record := wire.TransactionRecord{Type: wire.RecordTransaction, TransactionRequest: request, RecordedAt: w.time(r.RecordedAt)}
		record.Entries = w.entries(request.Entries, r.Recorded)
		return record, err
	case r.Reversal != nil:
		request, err := wire.NewReversalRequest(*r.Reversal)
		record := wire.ReversalRecord{
			Type: wire.RecordReversal, Of: r.Reversal.Transaction, ReversalRequest: request, RecordedAt: w.time(r.RecordedAt),
		}
		record.Wrote = w.posted(r.Recorded)
		return record, err
	case r.PostPending != nil:
		return wire.StepRecord{
			Type: wire.RecordPost, Of: r.PostPending.Transaction, Entries: w.posted(r.Recorded), Actor: r.PostPending.Actor,
			ResolvedAt: w.time(r.RecordedAt),
		}, nil
	case r.VoidPending != nil:
		return wire.StepRecord{
			Type: wire.RecordVoid, Of: r.VoidPending.Transaction, Actor: r.VoidPending.Actor, ResolvedAt: w.time(r.RecordedAt),
		}, nil
	default:
		return wire.StatusRecord{Type: wire.RecordAccountStatus, Account: r.Status.Account, Status: r.Status.Status.String()}, nil
	}
}

func (w *Writer) time(at time.Time) time.Time {
	if w.config.IsPortable {
		return time.Time{}
	}
	return at.UTC()
}

// entries adds to the entries of a request what became of them, if the transaction was
// posted right away.
func (w *Writer) entries(requests []wire.EntryRequest, t *ledger.Transaction) []wire.EntryRecord {
	records := make([]wire.EntryRecord, len(requests))
	for i, request := range requests {
		records[i] = wire.EntryRecord{EntryRequest: request}
		if t.Status == ledger.Posted && t.Reserved == nil {
			w.complete(&records[i], &t.Entries[i])
		}
	}
	return records
}

// posted returns the entries of a transaction that was posted, as requests for them.
func (w *Writer) posted(t *ledger.Transaction) []wire.EntryRecord {
	records := make([]wire.EntryRecord, len(t.Entries))
	for i := range t.Entries {
		e := &t.Entries[i]
		records[i].EntryRequest = wire.EntryRequest{
			Account: e.Account, Side: e.Side.String(), Amount: e.Asset.Format(e.Amount), Asset: e.Asset.String(),
		}
		w.complete(&records[i], e)
	}
	return records
}

func (w *Writer) complete(record *wire.EntryRecord, e *ledger.Entry) {
	isWorld := ledger.IsWorldID(e.Account)
	if isWorld && w.config.IsPortable {
		return
	}
	record.Seq, record.Balance = &e.Sequence, e.Asset.Format(e.Balance)
	if isWorld {
		record.Stripe = e.Stripe
	}
}
