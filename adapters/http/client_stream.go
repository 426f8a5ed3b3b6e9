package http

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	// maxLine is the most bytes of an outcome in a stream, which is several times what a
	// transaction of a thousand entries takes.
	maxLine = 8 << 20
	// maxUnanswered is how many requests of a stream may be ahead of their outcomes.
	maxUnanswered = 8192
)

// PostStream posts any number of transactions over one connection, in order, each
// seeing those before it, and yields the outcome of each in the same order, while it
// sends those that follow. It holds a bounded number of them in memory. A transaction
// that is refused has an outcome that says so, and the stream goes on.
//
// An error ends the stream, and comes with no outcome: what came of the requests after
// the outcomes so far is not known. Nothing of a stream is sent again by itself.
// Sending all of it again, or what had no outcome yet, is safe: what took effect is
// then [ledger.Replayed].
//
// requests is called on a goroutine of its own, which a panic in it is on too. When the
// loop is left early, or the stream breaks off, it is told to stop at its next request,
// and may run until then.
func (c *Client) PostStream(ctx context.Context, requests iter.Seq[ledger.TransactionRequest]) iter.Seq2[ledger.Outcome, error] {
	return func(yield func(ledger.Outcome, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(ledger.Outcome{}, interrupted(err, nil))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s := &clientStream{client: c, places: make(chan place, maxUnanswered), lines: newLines()}
		// What waits for room in it, or for something to send, ends with the stream. The
		// transport does not return from a request while it waits for its body.
		context.AfterFunc(ctx, s.lines.stop)
		go s.write(ctx, requests)
		s.run(ctx, yield)
	}
}

// clientStream is a call of PostStream.
type clientStream struct {
	client *Client
	// places has one for each request that was taken and has no outcome yet.
	places chan place
	// lines has what is to be sent.
	lines *lines
	// came counts the outcomes.
	came int
}

// place is that of a request among the outcomes.
type place struct {
	// err is why the request was not sent, if it could not be.
	err error
}

// write takes the requests, and ends the places and lines when there are no more.
func (s *clientStream) write(ctx context.Context, requests iter.Seq[ledger.TransactionRequest]) {
	defer close(s.places)
	defer s.lines.end()
	for request := range requests {
		line, err := s.line(ctx, request)
		select {
		case s.places <- place{err}:
		case <-ctx.Done():
			return
		}
		switch {
		case err == nil && s.lines.add(line), isRefusal(err):
		default:
			return
		}
	}
}

// line returns a request as a line.
func (s *clientStream) line(ctx context.Context, request ledger.TransactionRequest) ([]byte, error) {
	known, err := s.client.conditionAssets(ctx, request)
	if err != nil {
		return nil, err
	}
	body, err := known.request(request)
	if err != nil {
		return nil, err
	}
	return encode(body)
}

// run sends the stream and yields what comes back.
func (s *clientStream) run(ctx context.Context, yield func(ledger.Outcome, error) bool) {
	answer, err := s.open(ctx)
	if err != nil {
		yield(ledger.Outcome{}, s.brokenOff(ctx, err))
		return
	}
	// What was read is there, however the connection ends.
	defer func() { _ = answer.Close() }()
	outcomes := bufio.NewScanner(answer)
	outcomes.Buffer(nil, maxLine)
	outcomes.Split(wholeLines)
	for {
		p, more := s.next(ctx)
		if !more {
			break
		}
		outcome, err := s.outcome(p, outcomes)
		if err != nil {
			yield(ledger.Outcome{}, s.brokenOff(ctx, err))
			return
		}
		s.came++
		if !yield(outcome, nil) {
			return
		}
	}
	// Nothing should follow. The end is read, so that the connection can be used again.
	if ctx.Err() != nil || outcomes.Scan() {
		yield(ledger.Outcome{}, s.brokenOff(ctx, errSenseless(errors.New("a stream has more outcomes than requests"))))
	}
}

// wholeLines is a bufio.SplitFunc for lines, of which half a one is none.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// next waits for the next place. There is none when the requests or ctx have ended.
func (s *clientStream) next(ctx context.Context) (place, bool) {
	select {
	case p, more := <-s.places:
		return p, more
	case <-ctx.Done():
		return place{}, false
	}
}

// open begins the request, and returns the body of its answer.
func (s *clientStream) open(ctx context.Context) (io.ReadCloser, error) {
	l := s.client.link
	request, err := l.request(ctx, question{method: http.MethodPost, path: s.client.prefix + "/transactions/stream"}, s.lines)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", streamType)
	request.Header.Set("Accept", streamType+", "+problemType)
	endless := l.http
	endless.Timeout = 0
	response, err := endless.Do(request)
	if err != nil {
		return nil, l.broken(ctx, ctx, err).err
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.StatusCode == http.StatusOK && kind == streamType {
		return response.Body, nil
	}
	text, err := readAnswer(response)
	if err != nil {
		return nil, l.broken(ctx, ctx, err).err
	}
	return nil, refusedBy(response, text).err
}

// outcome returns that of a place, from the next line unless the request was not sent.
func (s *clientStream) outcome(p place, lines *bufio.Scanner) (ledger.Outcome, error) {
	switch {
	case isRefusal(p.err):
		return ledger.Outcome{Result: ledger.Rejected, Err: p.err}, nil
	case p.err != nil:
		return ledger.Outcome{}, p.err
	case !lines.Scan():
		return ledger.Outcome{}, s.noLine(lines.Err())
	}
	var o wire.Outcome
	if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
		return ledger.Outcome{}, errSenseless(err)
	}
	if o.Error != nil && o.Status >= http.StatusInternalServerError {
		return ledger.Outcome{}, errorOf(o.Error)
	}
	outcome, err := domainOutcome(&o)
	if err != nil {
		return ledger.Outcome{}, errSenseless(err)
	}
	return outcome, nil
}

// noLine returns the error of a line that is missing.
func (s *clientStream) noLine(err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return errSenseless(err)
	}
	return &ledger.Error{
		Code: ledger.ErrUnavailable, Message: "the ledger at " + s.client.link.base + " ended the stream", Cause: cmp.Or(err, io.ErrUnexpectedEOF),
	}
}

// brokenOff returns the error that ends the stream.
func (s *clientStream) brokenOff(ctx context.Context, err error) error {
	said := fmt.Sprintf("the stream ended after %d outcomes; send it again with the same ids, or what had no outcome yet", s.came)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", said, ctx.Err())
	}
	e := refusalOf(err)
	if e == nil {
		return fmt.Errorf("%s: %w", said, err)
	}
	ended := *e
	ended.Message = said + ": " + e.Message
	return &ended
}
