package http

import (
	"context"
	"io"
	"sync"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// streamLine is a line of a stream: a request, or why it is none.
type streamLine struct {
	request wire.TransactionRequest
	err     error
}

// Explain returns a refusal in the words of the request.
func (l streamLine) Explain(err error) error { return l.request.Explain(err) }

// entries is how many entries the line asks for, or less if it is refused.
func (l *streamLine) entries() int {
	const short = 2
	return max(short, len(l.request.Entries))
}

// gathering is the lines of a stream that have arrived while those before them were
// being posted, up to what one batch holds. One goroutine puts lines into it, and one
// takes them.
type gathering struct {
	mu             sync.Mutex
	lines          []streamLine
	entries, bytes int
	// budget has the bytes of the lines, and of those that were taken last.
	budget *budget
	taken  int
	// isOffered says that the lines may be taken, and isLast that none follows.
	isOffered, isLast bool
	// filled and emptied have room for one token each: look again.
	filled, emptied chan struct{}
}

func newGathering(b *budget) *gathering {
	return &gathering{budget: b, filled: make(chan struct{}, 1), emptied: make(chan struct{}, 1)}
}

// put adds a line that had so many bytes, as soon as there is room for it, unless ctx
// ends before that.
func (g *gathering) put(ctx context.Context, line *streamLine, bytes int) {
	for !g.add(line, bytes) {
		g.offer(false)
		select {
		case <-g.emptied:
		case <-ctx.Done():
			return
		}
	}
}

func (g *gathering) add(line *streamLine, bytes int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.lines)
	isFull := n == ledger.MaxBatch || g.entries+line.entries() > ledger.MaxBatchEntries || g.bytes+bytes > maxOne
	switch {
	case n == 0:
		// One at a time there is always room for, so that the stream goes on.
		g.budget.force(int64(bytes))
	case isFull || !g.budget.take(int64(bytes)):
		return false
	}
	g.lines = append(g.lines, *line)
	g.entries += line.entries()
	g.bytes += bytes
	return true
}

// offer says that what is there may be taken, as nothing more may come for a while,
// or for ever if it is the last.
func (g *gathering) offer(last bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOffered, g.isLast = true, last
	wake(g.filled)
}

// take waits for lines and returns those that are offered, as many as a batch has at
// most. It uses the room of lines that were taken before. It fails with io.EOF after
// the last, as ctx does when that ends, and when drain is closed before all lines
// have arrived.
func (g *gathering) take(ctx context.Context, drain <-chan struct{}, before []streamLine) ([]streamLine, error) {
	clear(before)
	g.giveBack()
	for {
		lines, err := g.swap(drain, before[:0])
		if err != nil || len(lines) > 0 {
			return lines, err
		}
		select {
		case <-g.filled:
		case <-drain:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// swap is take without waiting: it returns nothing if nothing is offered.
func (g *gathering) swap(drain <-chan struct{}, room []streamLine) ([]streamLine, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.isLast && len(g.lines) == 0:
		return nil, io.EOF
	case !g.isLast && isClosed(drain):
		return nil, &ledger.Error{Code: ledger.ErrUnavailable, Message: draining}
	case !g.isOffered:
		return nil, nil
	}
	lines := g.lines
	g.taken = g.bytes
	g.lines, g.entries, g.bytes, g.isOffered = room, 0, 0, g.isLast
	wake(g.emptied)
	return lines, nil
}

// giveBack makes room for as many bytes as the lines had that were taken last.
func (g *gathering) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.budget.give(int64(g.taken))
	g.taken = 0
}

// end makes room for as many bytes as all lines have. Nothing is put after it.
func (g *gathering) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.budget.give(int64(g.taken + g.bytes))
	g.taken, g.bytes = 0, 0
}

// wake leaves a token if there is none.
func wake(tokens chan<- struct{}) {
	select {
	case tokens <- struct{}{}:
	default:
	}
}

// isClosed says whether a channel that nothing is sent on is closed.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
