package http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// streamType is the content type of a stream, in and out.
const streamType = "application/x-ndjson"

// linger is how long a client is listened to after a stream has ended early, unless it
// ends its body before that. Were the connection closed on what it still sends, what it
// has not yet read of the answer would be lost.
const linger = 5 * time.Second

// stream is a request of POST /v1/transactions/stream. While a batch of lines is being
// posted, those that follow are read and decoded, and the outcomes of those before are
// encoded and written. There is room for one batch at each place. When the client does
// not read, nothing is written, then nothing posted, and then nothing read.
type stream struct {
	book     *book
	patience *patience
	lines    *gathering
	out      *streamWriter
	// timeout is how long the store may be away.
	timeout time.Duration
	// drain is closed when the server shuts down.
	drain <-chan struct{}
}

// postStream answers POST /v1/transactions/stream, in HTTP/1.1 by chunks: "curl -T -"
// sends and reads at once, as every client must that sends more than a little, for the
// server reads on only when its answers are read.
//
// Each line but those of white space has one outcome, in order. Lines are posted as
// soon as they arrive, together with those that arrived meanwhile. An outcome beyond
// those, or with status 500 or 503, ends the stream and says why: of the line in whose
// place it stands, and of all after it, nothing is known. To send all of it again is
// safe. What was refused before is then judged anew. A line may be a replay though it
// was sent once: the store was lost while it committed, and had done it.
func (h *handler) postStream(w http.ResponseWriter, r *http.Request) {
	controller := http.NewResponseController(w)
	// Where it is not supported, it is not needed.
	_ = controller.EnableFullDuplex()
	var b *book
	within, cancel := context.WithTimeout(r.Context(), h.config.RequestTimeout)
	refused := h.answer(r.WithContext(within), func(r *http.Request, found *book) reply {
		b = found
		if err := checkStream(r); err != nil {
			return refuse(r.Context(), err)
		}
		return reply{}
	})
	cancel()
	if refused.problem != nil {
		// Else net/http would first wait for the body, which may have no end.
		refused.last = true
		refused.send(r, w)
		return
	}
	p := &patience{controller: controller, body: uncounted(r.Body), read: h.config.ReadTimeout, write: h.config.WriteTimeout}
	s := &stream{
		book: b, patience: p, lines: newGathering(&h.limits.bodies), out: newStreamWriter(w, p), timeout: h.config.RequestTimeout, drain: h.drain,
	}
	// Also after a panic: others share what the lines count in.
	defer s.lines.end()
	err := s.run(r.Context())
	if response, ok := w.(*response); ok && err != nil {
		response.err, response.ended = err, kindOf(codeOf(err)).status
	}
}

// checkStream refuses a request that is no stream.
func checkStream(r *http.Request) error {
	if err := errors.Join(noParameters(r), noKey(r)); err != nil {
		return err
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (mediaType == streamType || mediaType == "application/ndjson" || mediaType == "application/jsonl") {
		return nil
	}
	return &ledger.Error{
		Code:    ErrUnsupportedMediaType,
		Message: "the body should be lines of JSON, with the header Content-Type: " + streamType,
	}
}

// run answers the lines, and returns why it ended before the last.
func (s *stream) run(request context.Context) error {
	ctx, stop := context.WithCancelCause(request)
	defer stop(nil)
	start := func(do func() error) *errand {
		return goAside(func() {
			if err := do(); err != nil {
				stop(err)
			}
		}, func() { stop(nil) })
	}
	answers := make(chan streamAnswer)
	var unread, early error
	reader := start(func() error {
		unread = s.read(ctx)
		return unread
	})
	writer := start(func() error { return s.out.run(ctx, answers) })
	send := func(a streamAnswer) {
		select {
		case answers <- a:
		case <-writer.ended:
		}
	}
	poster := start(func() error {
		defer close(answers)
		var undone []streamLine
		if undone, early = s.post(ctx, send); early == nil {
			return nil
		}
		switch {
		case request.Err() != nil:
			// net/http ends it also when a read fails. Of that the reader knows more.
			s.patience.settle(time.Now())
			<-reader.ended
			early = cmp.Or(unread, context.Cause(ctx), early)
		case ctx.Err() != nil:
			early = context.Cause(ctx)
		}
		send(s.lastAnswer(ctx, undone, early))
		return early
	})
	<-poster.ended
	<-writer.ended
	switch {
	case s.out.isCut.Load():
		s.patience.settle(time.Now())
	case ctx.Err() != nil:
		s.patience.settle(time.Now().Add(linger))
	}
	<-reader.ended
	for _, e := range []*errand{poster, reader, writer} {
		e.wait()
	}
	if early == nil {
		// The client may be gone before it has read all.
		early = context.Cause(ctx)
	}
	// The end of the answer is still to be written.
	s.patience.writing()
	return early
}

// discard reads what a client goes on to send, for as long as it is listened to.
func (s *stream) discard() {
	rest := make([]byte, 4<<10)
	for until := time.Now().Add(linger); time.Now().Before(until) && !s.out.isCut.Load(); {
		if _, err := s.patience.body.Read(rest); err != nil {
			return
		}
	}
}

// read reads and decodes lines until the last, or until ctx ends. What follows then is
// read to no end until the deadline.
func (s *stream) read(ctx context.Context) error {
	lines := newLineReader(s.patience)
	for ctx.Err() == nil {
		text, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			s.lines.offer(true)
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return &ledger.Error{Code: ledger.ErrInvalidRequest, Message: fmt.Sprintf("no line arrived for %s, and the body had not ended", s.patience.read)}
		case err != nil && !errors.Is(err, ErrTooLarge):
			return &ledger.Error{Code: ledger.ErrInvalidRequest, Message: "the body ended before it was whole", Cause: err}
		case err == nil && isBlank(text):
		default:
			line := streamLine{err: err}
			if err == nil {
				line.request, line.err = wire.DecodeTransactionRequest(text)
				line.err = ofLine(line.err)
			}
			s.patience.took()
			s.lines.put(ctx, &line, len(text))
		}
		if !lines.hasNext() {
			s.lines.offer(false)
		}
	}
	s.discard()
	return nil
}
