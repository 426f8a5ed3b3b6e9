package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ServerFacts are what a server answers.
type ServerFacts struct {
	// Unreachable is why it could not be asked; the rest is not known then.
	Unreachable error
	// Alive, Ready and Authorized are the statuses of /healthz, /readyz and, with the token,
	// of /v1/ledgers.
	Alive, Ready, Authorized int
	// Product is what the server calls itself, if it does.
	Product string
	// RoundTrip is how long /healthz took on a connection that was there.
	RoundTrip time.Duration
	// Date is the server's clock at about the moment At of this machine's, to the second;
	// zero if it did not say.
	Date, At time.Time
}

// AskServer asks a server for what can be known of it without changing anything.
func AskServer(ctx context.Context, base, token string) (facts ServerFacts) {
	client := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment},
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	base = strings.TrimRight(base, "/")
	get := func(path, token string) int {
		if facts.Unreachable != nil {
			return 0
		}
		began := time.Now()
		status, header, err := get(ctx, client, base+path, token)
		facts.RoundTrip = time.Since(began)
		if err != nil {
			facts.Unreachable = err
			return 0
		}
		facts.Product = header.Get("Server")
		facts.Date, _ = http.ParseTime(header.Get("Date"))
		facts.At = began.Add(facts.RoundTrip / 2)
		return status
	}
	facts.Ready = get("/readyz", "")
	facts.Authorized = get("/v1/ledgers?limit=1", token)
	facts.Alive = get("/healthz", "")
	return facts
}

func get(ctx context.Context, client *http.Client, target, token string) (int, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		if wrapped, isURL := errors.AsType[*url.Error](err); isURL {
			err = wrapped.Err
		}
		return 0, nil, err
	}
	return response.StatusCode, response.Header, response.Body.Close()
}

// Server judges what a server answers.
func Server(f ServerFacts) []Check {
	if f.Unreachable != nil {
		return []Check{Failed("connection", f.Unreachable, "see whether the server runs, and whether --server is right")}
	}
	product := Unseen("version", "it does not say")
	if f.Product != "" {
		product = ok("version", "%s", f.Product)
	}
	// Date is cut to the second.
	offset, within := f.Date.Add(time.Second/2).Sub(f.At), time.Second/2+f.RoundTrip/2
	skew := clock(offset, within)
	if f.Date.IsZero() {
		skew = Unseen("clock", "the server has no Date in its answers")
	}
	return []Check{
		ok("connection", "the server answers"),
		answers("alive", "/healthz", f.Alive, "it is no ledgerd, or something stands before it: see whether --server is right"),
		answers("ready", "/readyz", f.Ready, "it takes no requests now: see its log, and its database with ledgerctl doctor --dsn"),
		authorized(f.Authorized),
		product,
		skew,
		ok("round_trip", "%s", rounded(f.RoundTrip)),
	}
}

func answers(name, path string, status int, advice string) Check {
	return ok(name, "%s answers %d", path, status).but(Fail, status != http.StatusOK, advice)
}

func authorized(status int) Check {
	found := ok("authorized", "/v1/ledgers answers %d", status)
	switch status {
	case http.StatusOK, http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return found
	case http.StatusUnauthorized, http.StatusForbidden:
		return found.but(Fail, true, "the server does not take the token: give another with LEDGERCTL_TOKEN")
	}
	return found.but(Fail, true, fmt.Sprintf("it is no ledgerd of this version: %d was not expected", status))
}
