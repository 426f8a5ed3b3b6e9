package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/getsentry/sentry-go"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// SentryConfig is where reports go, and what they are filed under.
type SentryConfig struct {
	// DSN is where to; it has a key, and is shown to nobody.
	DSN string
	// Environment is empty for "production".
	Environment string
	Release     string
	// Transport sends the requests; nil is that of the SDK.
	Transport http.RoundTripper
}

// Sentry reports panics, and requests that were answered with 5xx. A report has the
// route, the method, the status, the codes and types of the errors, and of a panic the
// functions that it came through. What an error says is not in it, for it can name an
// account or an amount. It is safe for any number of goroutines.
type Sentry struct {
	client *sentry.Client

	mu sync.Mutex
	// reported has the time of the latest report of each kind.
	reported map[string]time.Time
}

const (
	// repeatInterval is between two reports of the same kind: an outage is no more
	// interesting for having met everybody.
	repeatInterval = time.Minute
	// maxReported is how many kinds are remembered.
	maxReported = 1000
)

// NewSentry returns what reports to a DSN. Its error says nothing of the DSN.
func NewSentry(config SentryConfig) (*Sentry, error) {
	if config.DSN == "" {
		// The SDK would look for another.
		return nil, errSentryDSN()
	}
	client, err := sentry.NewClient(sentry.ClientOptions{
		Dsn:           config.DSN,
		Environment:   cmp.Or(config.Environment, "production"),
		Release:       cmp.Or(config.Release, "unknown"),
		HTTPTransport: config.Transport,
		// They add the environment's variables, the machine and the modules.
		Integrations: func([]sentry.Integration) []sentry.Integration { return nil },
		BeforeSend: func(event *sentry.Event, _ *sentry.EventHint) *sentry.Event {
			// The SDK sets it to the host's.
			event.ServerName = ""
			return event
		},
		DisableClientReports: true,
	})
	if err != nil {
		return nil, errSentryDSN()
	}
	return &Sentry{client: client, reported: make(map[string]time.Time)}, nil
}

func errSentryDSN() error {
	return errors.New("it should be a DSN of Sentry, such as https://key@sentry.example.com/1")
}

// Close sends what was reported, and returns when that is done or ctx ends.
func (s *Sentry) Close(ctx context.Context) error {
	defer s.client.Close()
	if !s.client.FlushWithContext(ctx) {
		return errors.New("reports to Sentry were not sent in time")
	}
	return nil
}

// Began implements [ledgerhttp.Observer].
func (s *Sentry) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	ctx := r.Context()
	return ctx, func(e ledgerhttp.Exchange) {
		// Without an error it is a shutdown.
		isFault := e.Status >= http.StatusInternalServerError && e.Err != nil
		if e.Stack != nil || isFault {
			s.report(e)
		}
	}
}

// report sends a report of the exchange, unless there was one of the same kind just now.
func (s *Sentry) report(e ledgerhttp.Exchange) {
	route := cmp.Or(e.Route, "none")
	code := codeOf(e.Err)
	kind := []string{route, e.Method, strconv.Itoa(e.Status), code}
	frames := framesOf(e.Stack)
	if len(frames) > 0 {
		last := frames[len(frames)-1]
		kind = append(kind, last.Module+"."+last.Function+":"+strconv.Itoa(last.Lineno))
	}
	if !s.isNew(fmt.Sprint(kind)) {
		return
	}
	event := sentry.NewEvent()
	event.Level = sentry.LevelError
	event.Fingerprint = kind
	event.Transaction = e.Method + " " + route
	event.Tags = map[string]string{"route": route, "method": e.Method, "status": strconv.Itoa(e.Status), "code": code}
	exception := sentry.Exception{Type: typesOf(e.Err), Value: fmt.Sprintf("%s %s: %d %s", e.Method, route, e.Status, code)}
	if len(frames) > 0 {
		exception.Type = "panic"
		exception.Stacktrace = &sentry.Stacktrace{Frames: frames}
		event.Level = sentry.LevelFatal
	}
	event.Exception = []sentry.Exception{exception}
	s.client.CaptureEvent(event, nil, nil)
}

// isNew says whether nothing of the kind was reported for a while, and notes that it is.
func (s *Sentry) isNew(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if last, ok := s.reported[kind]; ok && now.Sub(last) < repeatInterval {
		return false
	}
	if len(s.reported) >= maxReported {
		clear(s.reported)
	}
	s.reported[kind] = now
	return true
}
