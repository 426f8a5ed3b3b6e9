package http_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// attempt answers one attempt of a call, without a network.
type attempt func(*http.Request) (*http.Response, error)

// script answers the attempts of a call in turn, and all further ones as the last. It
// serves one goroutine.
type script struct {
	answers []attempt
	bodies  []string
	times   []time.Time
	// opened and closed count the answers' bodies.
	opened, closed int
}

// closing is a body that is counted when it is closed.
type closing struct {
	io.Reader
	count *int
}

func (c closing) Close() error { *c.count++; return nil }

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(text)
	}
	answer := s.answers[min(len(s.times), len(s.answers)-1)]
	s.bodies, s.times = append(s.bodies, body), append(s.times, time.Now())
	response, err := answer(r)
	if err == nil {
		s.opened++
		response.Body = closing{response.Body, &s.closed}
	}
	return response, err
}

// client returns a client whose attempts the script answers.
func (s *script) client(t testing.TB, config ledgerhttp.ClientConfig) *ledgerhttp.Client {
	t.Helper()
	config.URL, config.HTTPClient = "http://ledger.test", &http.Client{Transport: s}
	return newClient(t, config)
}

// says answers with a status, headers in pairs, and a body.
func says(status int, body string, header ...string) attempt {
	return func(r *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}
		for pair := range slices.Chunk(header, 2) {
			response.Header.Set(pair[0], pair[1])
		}
		return response, nil
	}
}

// refuses answers with a problem.
func refuses(status int, code ledger.Code, header ...string) attempt {
	body := fmt.Sprintf(`{"type":"/docs#x","title":"t","status":%d,"detail":"the server says %s","code":%q,"request_id":"r1"}`, status, code, code)
	return says(status, body, append(header, "Content-Type", "application/problem+json")...)
}

func fails(err error) attempt {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// hangs answers when the attempt is given up.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// breaksOff begins an answer.
func breaksOff(r *http.Request) (*http.Response, error) {
	response, err := says(201, "")(r)
	response.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id":"a","asset":`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	return response, err
}

const openedAccount = `{"id":"a","asset":"USD","normal":"credit","min_balance":"0.00","status":"open","balance":{"posted":"0.00",` +
	`"pending_in":"0.00","pending_out":"0.00","available":"0.00"},"debits":"0.00","credits":"0.00","sequence":0,"opened_at":"2026-01-01T00:00:00Z"}`

func opens() attempt { return says(201, openedAccount) }

// TestRetries has attempts answered in turn, and looks at what came of the call, how
// many there were, and when.
func TestRetries(t *testing.T) {
	t.Parallel()
	refusedConnection := fails(fmt.Errorf("dial tcp: %w", syscall.ECONNREFUSED))
	proxyPage := "<html>bad gateway</html>"
	for name, test := range map[string]struct {
		answers  []attempt
		code     ledger.Code
		attempts int
		// The call takes at least and at most so long.
		least, most time.Duration
	}{
		"at once":                {[]attempt{opens()}, "", 1, 0, 0},
		"overloaded":             {[]attempt{refuses(503, ledger.ErrOverloaded), opens()}, "", 2, 0, 50 * time.Millisecond},
		"unavailable, and again": {[]attempt{refuses(503, ledger.ErrUnavailable), refuses(503, ledger.ErrUnavailable), opens()}, "", 3, 0, 150 * time.Millisecond},
		"shutting down, seconds": {[]attempt{refuses(503, ledger.ErrUnavailable, "Retry-After", "3"), opens()}, "", 2, 3 * time.Second, 3050 * time.Millisecond},
		"a date": {[]attempt{func(r *http.Request) (*http.Response, error) {
			return refuses(503, ledger.ErrUnavailable, "Retry-After", time.Now().Add(5*time.Second).UTC().Format(http.TimeFormat))(r)
		}, opens()}, "", 2, 5 * time.Second, 5050 * time.Millisecond},
		"a date that is past":       {[]attempt{refuses(503, ledger.ErrUnavailable, "Retry-After", "Mon, 02 Jan 1995 15:04:05 GMT"), opens()}, "", 2, 0, 50 * time.Millisecond},
		"too many requests":         {[]attempt{refuses(429, ledgerhttp.ErrTooManyRequests, "Retry-After", "1"), opens()}, "", 2, time.Second, 1050 * time.Millisecond},
		"503 from a proxy":          {[]attempt{says(503, proxyPage), opens()}, "", 2, 0, 50 * time.Millisecond},
		"502 from a proxy":          {[]attempt{says(502, proxyPage), opens()}, "", 2, 0, 50 * time.Millisecond},
		"504 from a proxy":          {[]attempt{says(504, ""), opens()}, "", 2, 0, 50 * time.Millisecond},
		"a refused connection":      {[]attempt{refusedConnection, opens()}, "", 2, 0, 50 * time.Millisecond},
		"a broken connection":       {[]attempt{fails(io.ErrUnexpectedEOF), fails(syscall.ECONNRESET), opens()}, "", 3, 0, 150 * time.Millisecond},
		"half an answer":            {[]attempt{breaksOff, opens()}, "", 2, 0, 50 * time.Millisecond},
		"a page instead of a body":  {[]attempt{says(200, proxyPage), opens()}, "", 2, 0, 50 * time.Millisecond},
		"another shape, and again":  {[]attempt{says(200, `{"name":"left over","sequence":"one"}`), opens()}, "", 2, 0, 50 * time.Millisecond},
		"no body":                   {[]attempt{says(201, ""), opens()}, "", 2, 0, 50 * time.Millisecond},
		"an attempt that hangs":     {[]attempt{hangs, opens()}, "", 2, 4 * time.Second, 4050 * time.Millisecond},
		"always busy":               {[]attempt{refuses(503, ledger.ErrOverloaded, "Retry-After", "1")}, ledger.ErrOverloaded, 0, 16 * time.Second, 20 * time.Second},
		"never there":               {[]attempt{refusedConnection}, ledger.ErrUnavailable, 0, 17 * time.Second, 20 * time.Second},
		"always hanging":            {[]attempt{hangs}, ledger.ErrUnavailable, 0, 19 * time.Second, 24 * time.Second},
		"always a proxy's":          {[]attempt{says(502, proxyPage)}, ledger.ErrUnavailable, 0, 17 * time.Second, 20 * time.Second},
		"always a page":             {[]attempt{says(200, proxyPage)}, ledger.ErrUnavailable, 0, 17 * time.Second, 20 * time.Second},
		"too long to wait for":      {[]attempt{refuses(503, ledger.ErrOverloaded, "Retry-After", "21")}, ledger.ErrOverloaded, 1, 0, 0},
		"longer than a clock knows": {[]attempt{refuses(503, ledger.ErrOverloaded, "Retry-After", "18446744073709551615")}, ledger.ErrOverloaded, 1, 0, 0},
		"refused":                   {[]attempt{refuses(409, ledger.ErrAccountExists)}, ledger.ErrAccountExists, 1, 0, 0},
		"till a time out of reach":  {[]attempt{refuses(503, ledger.ErrOverloaded, "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")}, ledger.ErrOverloaded, 1, 0, 0},
		"not understood":            {[]attempt{refuses(400, ledger.ErrInvalidRequest, "Retry-After", "1")}, ledger.ErrInvalidRequest, 1, 0, 0},
		"not allowed":               {[]attempt{refuses(401, ledgerhttp.ErrUnauthorized)}, ledgerhttp.ErrUnauthorized, 1, 0, 0},
		"broken rules":              {[]attempt{refuses(500, ledger.ErrInternal)}, ledger.ErrInternal, 1, 0, 0},
		"500 from a proxy":          {[]attempt{says(500, proxyPage)}, ledger.ErrInternal, 1, 0, 0},
		"502 from a ledger":         {[]attempt{refuses(502, ledger.ErrInternal)}, ledger.ErrInternal, 1, 0, 0},
		"404 from a proxy":          {[]attempt{says(404, proxyPage)}, ledger.ErrInternal, 1, 0, 0},
		"401 from a proxy":          {[]attempt{says(401, proxyPage)}, ledgerhttp.ErrUnauthorized, 1, 0, 0},
		"413 from a proxy":          {[]attempt{says(413, proxyPage)}, ledgerhttp.ErrTooLarge, 1, 0, 0},
		"another kind of problem":   {[]attempt{says(404, `{"title":"no such host"}`, "Content-Type", "application/problem+json")}, ledger.ErrInternal, 1, 0, 0},
		"a redirect":                {[]attempt{says(307, "", "Location", "https://elsewhere.test/")}, ledger.ErrInternal, 1, 0, 0},
		"a stranger's certificate":  {[]attempt{fails(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}})}, ledger.ErrUnavailable, 1, 0, 0},
		"JSON of something else":    {[]attempt{says(200, `{"message":"hello"}`)}, ledger.ErrInternal, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: test.answers}
				c := s.client(t, ledgerhttp.ClientConfig{Timeout: 4 * time.Second, RetryFor: 20 * time.Second})
				began := time.Now()
				outcome, err := c.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: usd})
				if took := time.Since(began); took < test.least || took > test.most {
					t.Errorf("it took %s, want %s to %s", took, test.least, test.most)
				}
				if test.code == "" && (err != nil || outcome.Result != ledger.Applied || outcome.Account.ID != "a" || outcome.Account.Name != "") || test.code != "" && !errors.Is(err, test.code) {
					t.Errorf("got %+v, %v; want the code %q", outcome, err, test.code)
				}
				if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
					t.Errorf("the error %v is that of a context, and none has ended", err)
				}
				if n := len(s.times); test.attempts != 0 && n != test.attempts || test.attempts == 0 && n < 3 {
					t.Errorf("there were %d attempts, want %d", n, test.attempts)
				}
				if s.closed != s.opened {
					t.Errorf("of %d answers %d were closed", s.opened, s.closed)
				}
				for i, body := range s.bodies {
					if body != "{\"id\":\"a\",\"asset\":\"USD/2\"}\n" {
						t.Errorf("attempt %d has the body %q", i, body)
					}
				}
			})
		})
	}
}

// TestNoRetries has a client that makes a single attempt.
func TestNoRetries(t *testing.T) {
	t.Parallel()
	s := &script{answers: []attempt{refuses(503, ledger.ErrOverloaded)}}
	_, err := s.client(t, ledgerhttp.ClientConfig{RetryFor: -1}).Account(t.Context(), "a")
	if !errors.Is(err, ledger.ErrOverloaded) || len(s.times) != 1 {
		t.Errorf("got %v after %d attempts", err, len(s.times))
	}
}

// TestRetriesWithinContext looks at calls whose context ends.
func TestRetriesWithinContext(t *testing.T) {
	t.Parallel()
	busy := refuses(503, ledger.ErrOverloaded, "Retry-After", "2")
	for name, test := range map[string]struct {
		answer   attempt
		deadline time.Duration
		cancel   time.Duration
		want     error
		attempts int
		took     time.Duration
	}{
		"an attempt that would begin at the deadline is not waited for": {busy, 2 * time.Second, 0, ledger.ErrOverloaded, 1, 0},
		"canceled while it waits":                      {busy, 0, time.Second, context.Canceled, 1, time.Second},
		"canceled while an attempt is under way":       {hangs, 0, time.Second, context.Canceled, 1, time.Second},
		"a deadline while an attempt is under way":     {hangs, time.Second, 0, context.DeadlineExceeded, 1, time.Second},
		"a deadline while another one is under way":    {hangs, 5 * time.Second, 0, context.DeadlineExceeded, 2, 5 * time.Second},
		"canceled before":                              {opens(), 0, -1, context.Canceled, 0, 0},
		"a deadline before":                            {opens(), -1, 0, context.DeadlineExceeded, 0, 0},
		"a deadline that is far ahead changes nothing": {opens(), time.Hour, 0, nil, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: []attempt{test.answer}}
				c := s.client(t, ledgerhttp.ClientConfig{Timeout: 4 * time.Second})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.deadline != 0 {
					ctx, cancel = context.WithDeadline(ctx, time.Now().Add(test.deadline))
					defer cancel()
				}
				if test.cancel < 0 {
					cancel()
				} else if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				began := time.Now()
				outcome, err := c.OpenAccount(ctx, ledger.AccountRequest{ID: "a", Asset: usd})
				if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) || err != nil && outcome.Result != 0 {
					t.Errorf("got %s, %v; want %v", outcome.Result, err, test.want)
				}
				if took := time.Since(began); took != test.took || len(s.times) != test.attempts {
					t.Errorf("it took %s and %d attempts", took, len(s.times))
				}
			})
		})
	}
}

// TestTimeoutOfHTTPClient has a caller's client that gives up by itself, which is no end
// of the caller's context.
func TestTimeoutOfHTTPClient(t *testing.T) {
	t.Parallel()
	config := ledgerhttp.ClientConfig{HTTPClient: &http.Client{Timeout: time.Nanosecond}, RetryFor: -1}
	_, err := demoClient(t, newHandler(t), config).Account(t.Context(), "a")
	if !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestGivingUp looks at what a caller is told of a call that was given up: of a write
// that it may have taken effect, and of a read what to do.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	const again, unknown = "; ask again later", "; whether the request took effect is not known, so ask again with the same id"
	payment := ledger.Deposit{ID: "one", Account: "a", Asset: usd, Amount: ledger.NewAmount(1)}
	calls := []struct {
		name string
		hint string
		call func(ctx context.Context, c *ledgerhttp.Client) error
	}{
		{"an account", again, func(ctx context.Context, c *ledgerhttp.Client) error { _, err := c.Account(ctx, "a"); return err }},
		{"accounts", again, func(ctx context.Context, c *ledgerhttp.Client) error {
			_, err := c.Accounts(ctx, []string{"a"})
			return err
		}},
		{"a dry run", again, func(ctx context.Context, c *ledgerhttp.Client) error {
			_, err := c.DryRun(ctx, payment.Request())
			return err
		}},
		{"a deposit", unknown, func(ctx context.Context, c *ledgerhttp.Client) error { _, err := c.Deposit(ctx, payment); return err }},
		{"a change", unknown, func(ctx context.Context, c *ledgerhttp.Client) error {
			_, err := c.ChangeAccount(ctx, "a", ledger.AccountChange{Status: ledger.StatusFrozen})
			return err
		}},
	}
	for name, test := range map[string]struct {
		answer attempt
		// HINT stands for that of the call.
		want string
	}{
		"busy":        {refuses(503, ledger.ErrOverloaded), "the server says overloaded"},
		"away":        {fails(syscall.ECONNREFUSED), "the ledger at http://ledger.test cannot be reachedHINT: connection refused"},
		"hanging":     {hangs, "the ledger at http://ledger.test cannot be reachedHINT: there was no whole answer within 30s"},
		"a proxy":     {says(502, "<html>\n"), `the answer is not from a ledger: status 502, "<html>\n"HINT`},
		"a page":      {says(200, "<html>\n"), `the answer is not from a ledger: status 200, "<html>\n"HINT`},
		"a redirect":  {says(308, "", "Location", "/login"), `the answer is not from a ledger: status 308, which points to "/login", ""`},
		"a fault":     {refuses(500, ledger.ErrInternal), "the server says internal: request_id r1"},
		"a long page": {says(404, strings.Repeat("x", 1000)), `the answer is not from a ledger: status 404, "` + strings.Repeat("x", 200) + `"`},
	} {
		for _, of := range calls {
			t.Run(name+", of "+of.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &script{answers: []attempt{test.answer}}
					err := of.call(t.Context(), s.client(t, ledgerhttp.ClientConfig{RetryFor: -1}))
					want := strings.Replace(test.want, "HINT", of.hint, 1)
					if _, isDomain := errors.AsType[*ledger.Error](err); !isDomain || err.Error() != want {
						t.Errorf("got  %v\nwant %s", err, want)
					}
				})
			})
		}
	}
	t.Run("after several attempts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: []attempt{fails(syscall.ECONNRESET)}}
			_, err := s.client(t, ledgerhttp.ClientConfig{}).Account(t.Context(), "a")
			if want := fmt.Sprintf("after %d attempts, the ledger at ", len(s.times)); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%v does not tell its cause", err)
			}
		})
	})
}
