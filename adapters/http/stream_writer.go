package http

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// streamWriter writes the outcomes of a stream.
type streamWriter struct {
	response http.ResponseWriter
	patience *patience
	begun    bool
	// isCut says that the client takes no more.
	isCut   atomic.Bool
	buffer  bytes.Buffer
	encoder *json.Encoder
}

// pieceSize is about how many bytes of outcomes are written at once.
const pieceSize = 64 << 10

func newStreamWriter(w http.ResponseWriter, p *patience) *streamWriter {
	s := &streamWriter{response: w, patience: p}
	s.encoder = json.NewEncoder(&s.buffer)
	s.encoder.SetEscapeHTML(false)
	return s
}

// run writes all answers, each as soon as it is there, or fails when the client does
// not take them.
func (s *streamWriter) run(ctx context.Context, answers <-chan streamAnswer) error {
	for a := range answers {
		if err := s.answer(ctx, a); err != nil {
			return err
		}
	}
	if ctx.Err() == nil {
		// There may have been no lines.
		s.begin()
	}
	return nil
}

func (s *streamWriter) answer(ctx context.Context, a streamAnswer) error {
	for i := range a.outcomes {
		if err := s.write(outcomeOf(ctx, &a.outcomes[i])); err != nil {
			return err
		}
	}
	if a.last != nil {
		if err := s.write(wire.Outcome{Status: a.last.Status, Error: a.last}); err != nil {
			return err
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.patience.answered(len(a.outcomes))
	return nil
}

// begin begins the answer. It is the last on its connection: what the client still
// sends after an early end should not be taken for another request.
func (s *streamWriter) begin() {
	if s.begun {
		return
	}
	s.begun = true
	header := s.response.Header()
	header.Set("Content-Type", streamType)
	header.Set("Connection", "close")
	s.response.WriteHeader(http.StatusOK)
}

// write writes an outcome, at the latest with the next flush.
func (s *streamWriter) write(outcome wire.Outcome) error {
	if err := s.encoder.Encode(outcome); err != nil {
		return fmt.Errorf("encode an outcome: %w", err)
	}
	if s.buffer.Len() < pieceSize {
		return nil
	}
	return s.send()
}

// send hands the buffer on.
func (s *streamWriter) send() error {
	s.begin()
	s.patience.writing()
	_, err := s.response.Write(s.buffer.Bytes())
	s.buffer.Reset()
	return s.cut(err)
}

// flush writes all that there is.
func (s *streamWriter) flush() error {
	if err := s.send(); err != nil {
		return err
	}
	s.patience.writing()
	return s.cut(s.patience.controller.Flush())
}

// cut returns why an answer could not be written. Nobody is left to be told.
func (s *streamWriter) cut(err error) error {
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	s.isCut.Store(true)
	return &ledger.Error{Code: ledger.ErrInvalidRequest, Message: "the client does not take the answer", Cause: err}
}
