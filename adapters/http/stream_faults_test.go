package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// faultyBatches is a service that does fault before it posts a batch.
type faultyBatches struct {
	ledger.Service
	fault func(ctx context.Context, requests []ledger.TransactionRequest) error
}

func (f faultyBatches) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	if err := f.fault(ctx, requests); err != nil {
		return nil, err
	}
	return f.Service.PostBatch(ctx, requests)
}

// until fails until so much time has passed.
func until(d time.Duration, err error) func(context.Context, []ledger.TransactionRequest) error {
	start := time.Now()
	return func(context.Context, []ledger.TransactionRequest) error {
		if time.Since(start) < d {
			return err
		}
		return nil
	}
}

// TestStreamWaits has a store that cannot post for a while.
func TestStreamWaits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		after time.Duration
	}{
		"overloaded":            {ledger.ErrOverloaded, time.Second},
		"overloaded for long":   {&ledger.Error{Code: ledger.ErrOverloaded}, time.Hour},
		"unavailable":           {&ledger.Error{Code: ledger.ErrUnavailable}, 10 * time.Second},
		"its context has ended": {context.DeadlineExceeded, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				handler := ledgerhttp.NewHandler(faultyBatches{newLedger(t), until(test.after, test.err)}, ledgerhttp.Config{})
				start := time.Now()
				outcomes := stream(t, handler, strings.NewReader(depositLine("a")+depositLine("b")))
				if len(outcomes) != 2 || summary(outcomes[0]) != "201 a" || summary(outcomes[1]) != "201 b" {
					t.Errorf("%+v", outcomes)
				}
				if took := time.Since(start); took < test.after || took > test.after+2*time.Second {
					t.Errorf("answered after %v", took)
				}
			})
		})
	}
}

// TestStreamGivesUp has a store that fails for good: the first line that it should have
// posted is answered with why, and those after it are neither answered nor posted.
func TestStreamGivesUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		want  string
		after time.Duration
		level string
	}{
		"unavailable": {&ledger.Error{Code: ledger.ErrUnavailable}, "503 unavailable", 19 * time.Second, "WARN"},
		"internal":    {errors.New("secret"), "500 internal", 0, "ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := newLedger(t)
				var log lines
				posted := false
				handler := ledgerhttp.NewHandler(faultyBatches{service, func(_ context.Context, requests []ledger.TransactionRequest) error {
					if requests[0].ID == "a" {
						return nil
					}
					posted = posted || requests[0].ID != "b"
					return test.err
				}}, ledgerhttp.Config{Logger: log.logger()})
				body, in := io.Pipe()
				go func() {
					_, _ = io.WriteString(in, depositLine("a"))
					synctest.Wait()
					_, _ = io.WriteString(in, "x\n"+depositLine("b")+depositLine("c")+"x\n")
					for i := range 10_000 {
						if _, err := io.WriteString(in, depositLine(fmt.Sprint(i))); err != nil {
							return
						}
					}
				}()
				start := time.Now()
				outcomes := stream(t, handler, body)
				if took := time.Since(start); took < test.after || took > 20*time.Second {
					t.Errorf("ended after %v", took)
				}
				if len(outcomes) != 3 || summary(outcomes[1]) != "400 invalid_request" || summary(outcomes[2]) != test.want || outcomes[2].Error.Transaction != "b" {
					t.Fatalf("%+v", outcomes)
				}
				if strings.Contains(fmt.Sprint(*outcomes[2].Error), "secret") || posted {
					t.Errorf("%+v, posted %t", outcomes[2].Error, posted)
				}
				logged := log.all(t)
				if len(logged) != 1 || logged[0]["level"] != test.level || logged[0]["error"] != test.err.Error() ||
					logged[0]["route"] != "/v1/transactions/{id:stream}" || logged[0]["status"] != 200.0 {
					t.Errorf("logged %v", logged)
				}
			})
		})
	}
}

// TestStreamPanics has panics in each goroutine of a stream. They are the request's
// own, as everywhere, and leave none of the goroutines behind.
func TestStreamPanics(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		post func()
		body io.Reader
		wrap func(http.ResponseWriter) http.ResponseWriter
	}{
		"posting": {post: func() { panic("secret") }},
		"reading": {body: panickingReader{}},
		"writing": {wrap: func(w http.ResponseWriter) http.ResponseWriter { return panickingWriter{w} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log lines
				handler := ledgerhttp.NewHandler(faultyBatches{newLedger(t), func(context.Context, []ledger.TransactionRequest) error {
					if test.post != nil {
						test.post()
					}
					return nil
				}}, ledgerhttp.Config{Logger: log.logger()})
				var w http.ResponseWriter = httptest.NewRecorder()
				if test.wrap != nil {
					w = test.wrap(w)
				}
				body := test.body
				if body == nil {
					pipe, in := io.Pipe()
					go func() { _, _ = io.WriteString(in, depositLine("a")) }()
					body = pipe
				}
				func() {
					defer func() {
						if err, _ := recover().(error); err != nil && !errors.Is(err, http.ErrAbortHandler) {
							t.Errorf("recovered %v", err)
						}
					}()
					handler.ServeHTTP(w, streamRequest(body))
				}()
				synctest.Wait()
				logged := log.all(t)
				if len(logged) != 1 || logged[0]["error"] != "panic: secret" || logged[0]["level"] != "ERROR" ||
					!strings.Contains(logged[0]["stack"].(string), "stream_faults_test.go") {
					t.Errorf("logged %v", logged)
				}
			})
		})
	}
}

type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic("secret") }

type panickingWriter struct{ http.ResponseWriter }

func (panickingWriter) Write([]byte) (int, error) { panic("secret") }

// endless is a body without an end, of which it says how many bytes were read.
type endless struct {
	line  string
	bytes int
}

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = e.line[(e.bytes+i)%len(e.line)]
	}
	e.bytes += len(b)
	return len(b), nil
}

// gatedWriter is a client that reads no answer until its gate is open, and then says
// that it is gone.
type gatedWriter struct {
	http.ResponseWriter
	gate chan struct{}
}

func (g gatedWriter) Write([]byte) (int, error) {
	<-g.gate
	return 0, errors.New("connection reset")
}

// TestStreamBackPressure has a client that sends without end and does not read.
func TestStreamBackPressure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &batches{Service: newLedger(t)}
		var log lines
		handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{Logger: log.logger()})
		w := gatedWriter{httptest.NewRecorder(), make(chan struct{})}
		body := &endless{line: depositLine("a")}
		done := make(chan struct{})
		go func() {
			defer close(done)
			handler.ServeHTTP(w, streamRequest(body))
		}()
		synctest.Wait()
		// A batch is being written, one waits for that, one is gathered, and some
		// lines are in the buffer.
		const most = 3*ledger.MaxBatch + 1000
		if read := body.bytes / len(body.line); read > most || read < ledger.MaxBatch || len(service.lines) > 2 {
			t.Errorf("%d lines were read and %d batches posted", read, len(service.lines))
		}
		close(w.gate)
		<-done
		if logged := log.all(t); len(logged) != 1 || logged[0]["level"] != "DEBUG" || !strings.Contains(fmt.Sprint(logged[0]["error"]), "connection reset") {
			t.Errorf("logged %v", logged)
		}
	})
}
