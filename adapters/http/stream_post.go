package http

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// streamAnswer is the outcomes of a batch of lines, and of the first that has none why
// that is so, if it ends the stream.
type streamAnswer struct {
	outcomes []ledger.Outcome
	last     *wire.Problem
}

// post posts batch after batch. If it ends before the last line, it returns why, and
// the batch that it could not post.
func (s *stream) post(ctx context.Context, send func(streamAnswer)) (undone []streamLine, err error) {
	var lines []streamLine
	for {
		if lines, err = s.lines.take(ctx, s.drain, lines); errors.Is(err, io.EOF) {
			return nil, nil
		}
		var outcomes []ledger.Outcome
		if err == nil {
			outcomes, err = s.postPatiently(ctx, lines)
		}
		if err != nil {
			return lines, err
		}
		send(streamAnswer{outcomes: outcomes})
	}
}

// lastAnswer answers the lines before the first that the store was to post, and that
// one with the error.
func (s *stream) lastAnswer(ctx context.Context, lines []streamLine, err error) streamAnswer {
	problem := problemOf(ctx, err)
	if codeOf(err) == ledger.ErrUnavailable && isClosed(s.drain) {
		problem.Detail = draining
	}
	a := streamAnswer{last: &problem}
	for i := range lines {
		if lines[i].err == nil {
			problem.Transaction = lines[i].request.ID
			break
		}
		a.outcomes = append(a.outcomes, ledger.Outcome{Result: ledger.Rejected, Err: lines[i].err})
	}
	return a
}

// postPatiently posts a batch. It waits while the store has too much to do, and for a
// while if it is away.
func (s *stream) postPatiently(ctx context.Context, lines []streamLine) ([]ledger.Outcome, error) {
	const shortest, longest = 10 * time.Millisecond, time.Second
	pause := shortest
	limit := time.Now().Add(s.timeout)
	for {
		within, cancel := context.WithDeadline(ctx, limit)
		outcomes, err := postLines(within, s.book, lines)
		cancel()
		if err == nil {
			return outcomes, nil
		}
		switch codeOf(err) {
		case ledger.ErrOverloaded:
			limit = time.Now().Add(s.timeout)
		case ledger.ErrUnavailable:
		default:
			return nil, err
		}
		wait := pause/2 + rand.N(pause/2)
		if time.Now().Add(wait).After(limit) {
			return nil, err
		}
		select {
		case <-time.After(wait):
		case <-s.drain:
			return nil, err
		case <-ctx.Done():
			return nil, err
		}
		pause = min(2*pause, longest)
	}
}

// postLines posts the lines that are requests, in order, each with an outcome of its
// own. The others are rejected where they stand.
func postLines(ctx context.Context, b *book, lines []streamLine) ([]ledger.Outcome, error) {
	assets, err := resolve(ctx, b.assets, func(assets wire.Assets) {
		for i := range lines {
			lines[i].request.Ask(assets)
		}
	})
	if err != nil {
		return nil, err
	}
	outcomes, err := convertAll(lines, func(line streamLine) (ledger.TransactionRequest, error) {
		if line.err != nil {
			return ledger.TransactionRequest{}, line.err
		}
		return domainOf(ctx, &line.request, assets)
	}, func(requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
		return b.service.PostBatch(ctx, requests)
	})
	explainAll(lines, outcomes)
	return outcomes, err
}
