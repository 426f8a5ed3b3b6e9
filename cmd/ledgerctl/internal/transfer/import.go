package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Config is how to import.
type Config struct {
	// Format is that of the file; empty is [NDJSON].
	Format Format
	// Type is that of lines without one; empty is that of transactions.
	Type string
	// FirstLine is the first to import; those before are left out.
	FirstLine int64
	// DryRun checks all lines, and sends nothing.
	DryRun bool
	// RetryFor is how long to go on when the ledger is away, beyond what the service
	// itself does.
	RetryFor time.Duration
	// Rejects, if set, is where the lines are written that are not taken.
	Rejects io.Writer
	// Progress, if set, is told now and then how far the import has come.
	Progress func(Summary)
}

// Summary is what an import has done.
type Summary struct {
	// Line is the last line up to which all are decided, and Bytes how much of the file
	// that is.
	Line  int64
	Bytes int64
	// Last is the last line of the file, if the import came to its end.
	Last int64
	// Applied, Replayed and Rejected count the lines that took effect now, that had done
	// so before, and that were refused. A dry run counts as applied what it finds no
	// fault with.
	Applied, Replayed, Rejected int64
	// Kept is how many of the rejected lines were written to where they are to be.
	Kept int64
}

// BrokenError says that an import ended before its last line.
type BrokenError struct {
	// Line is the last up to which all lines are decided.
	Line int64
	Err  error
}

// Error implements error.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("broken off: lines up to %d are in, what follows is not or not for sure; run the same again to go on, "+
		"for what is in is left as it is: %v", e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *BrokenError) Unwrap() error { return e.Err }

// Import makes the requests that a file has, in its order: accounts and transactions in
// batches, and what follows them as far as it is about other accounts. A line that is
// refused is counted, and the import goes on. It ends early, with a [BrokenError], when
// the ledger cannot be reached, the file cannot be read, rejected lines cannot be kept, or
// ctx ends; what is under way then may take effect or not. A file that is not the whole of
// an export is imported as far as it goes, and ends with an [IncompleteError].
func Import(ctx context.Context, service ledger.Service, in io.Reader, config Config) (Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	im := &importer{config: config, service: service}
	if im.config.Type == "" {
		im.config.Type = "transaction"
	}
	lines, names, err := im.open(in)
	if err != nil {
		return im.summary, err
	}
	im.assets, im.rejects = newAssets(ctx, service, im.retry), newRejects(config.Rejects, names)
	chunks := make(chan chunk, readAhead)
	var reading sync.WaitGroup
	reading.Go(func() { im.read(ctx, lines, chunks) })
	err = im.apply(ctx, chunks)
	cancel()
	for range chunks { // So that the reader ends.
		continue
	}
	reading.Wait()
	if err != nil {
		return im.summary, &BrokenError{Line: im.summary.Line, Err: err}
	}
	im.summary.Last = im.last
	if im.last == 0 && im.config.Format != CSV {
		// CSV has its header. What an export writes into a pipe before it fails may be this.
		return im.summary, errors.New("the file is empty; if it should have an export, that has failed")
	}
	if im.marks.end(); im.marks.incomplete != nil {
		return im.summary, im.marks.incomplete
	}
	return im.summary, nil
}

// importer is one import.
type importer struct {
	config  Config
	service ledger.Service
	assets  *assets
	rejects *rejects
	summary Summary
	group   group
	// made are the transactions of lines before.
	made transactions
	// marks and last, the last line, are of the reader until it has ended.
	marks marks
	last  int64
}

func (im *importer) open(in io.Reader) (lines lineReader, names []string, err error) {
	if im.config.Format != CSV {
		return newNDJSONReader(in), nil, nil
	}
	r, err := newCSVReader(in)
	if err != nil {
		return nil, nil, err
	}
	return r, r.names, nil
}

// chunk is some lines that were read ahead, or why there are no more.
type chunk struct {
	items []item
	err   error
}

// How much is read ahead.
const (
	readAhead  = 4
	chunkLines = 256
	chunkBytes = 256 << 10
)

// read reads lines ahead of their being applied.
func (im *importer) read(ctx context.Context, lines lineReader, chunks chan<- chunk) {
	defer close(chunks)
	var c chunk
	size := 0
	send := func() bool {
		select {
		case chunks <- c:
			c, size = chunk{}, 0
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		l, err := lines.next()
		if errors.Is(err, io.EOF) {
			send()
			return
		}
		isMark := false
		if err == nil {
			im.last = l.number
			isMark, err = im.marks.see(l)
		}
		if err != nil {
			c.err = err
			send()
			return
		}
		if isMark || l.number < im.config.FirstLine {
			continue
		}
		c.items = append(c.items, im.decode(l))
		size += len(l.text)
		if (len(c.items) == chunkLines || size >= chunkBytes) && !send() {
			return
		}
	}
}

// apply makes the requests of the chunks.
func (im *importer) apply(ctx context.Context, chunks <-chan chunk) error {
	for c := range chunks {
		for i := range c.items {
			if err := im.take(ctx, &c.items[i]); err != nil {
				return err
			}
		}
		if c.err != nil {
			return cmp.Or(im.flush(ctx), c.err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return im.flush(ctx)
}

// take adds a line to the group, which it sends before if it has to.
func (im *importer) take(ctx context.Context, it *item) error {
	if im.group.single != nil {
		// It may register the asset of this one.
		if err := im.flush(ctx); err != nil {
			return err
		}
	}
	if err := im.resolve(it); err != nil {
		return cmp.Or(im.flush(ctx), err)
	}
	if im.group.mustEnd(it) {
		if err := im.flush(ctx); err != nil {
			return err
		}
	}
	im.group.add(it)
	if t := it.request.Transaction; t != nil && it.err == nil {
		im.made.keep(t.ID, accountsOf(t.Entries))
	}
	return nil
}

// isAway says whether an error is of a ledger that cannot be reached or has no time.
func isAway(err error) bool {
	return errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrOverloaded)
}

// retry repeats what fails because the ledger is away, as long as the configuration
// says.
func (im *importer) retry(ctx context.Context, do func() error) error {
	const first, most = 100 * time.Millisecond, 5 * time.Second
	deadline, wait := time.Now().Add(im.config.RetryFor), first
	for {
		err := do()
		if !isAway(err) || time.Now().Add(wait).After(deadline) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
		wait = min(2*wait, most)
	}
}
