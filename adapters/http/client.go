package http

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// ClientConfig is how a client reaches a server. Its zero value works, but for the
// URL.
type ClientConfig struct {
	// URL is where the server is, as "http://127.0.0.1:8080". A path in it goes before
	// those of the API.
	URL string
	// Ledger is the name of the ledger; empty is the server's default one.
	Ledger string
	// Token, if set, is sent with every request as "Authorization: Bearer".
	Token string
	// HTTPClient sends the requests. nil means one of the client's own, which keeps a
	// connection for each of hundreds of callers. Redirects are not followed in either
	// case: the API has none, and a token should not go where they point.
	HTTPClient *http.Client
	// Timeout is how long one attempt may take, to the end of its answer; 0 means 30 s.
	// A stream has no such limit.
	Timeout time.Duration
	// RetryFor is how long after a call has begun another attempt may still begin; 0
	// means 30 s, and a negative one that there is a single attempt.
	RetryFor time.Duration
}

// Client is a ledger of a server. It implements [ledger.Service], with the errors
// that the server's own has, and is safe for any number of goroutines.
//
// A call that finds the server busy, away, or its connection broken is made again,
// after a random time that grows with each attempt and is no less than what the
// server asks for, until [ClientConfig.RetryFor] is over or ctx would end before the
// next attempt. That is safe: every write has an id, and takes effect once. One that
// took effect although its answer was lost is then [ledger.Replayed]. A call that is
// given up fails with [ledger.ErrOverloaded] or [ledger.ErrUnavailable]; whether it
// took effect may not be known, and asking again with the same id tells.
//
// Beside the domain's codes an error may have those that only HTTP has, as
// [ErrUnauthorized]. An answer that is not from a ledger, but from something between
// it and the client, is [ledger.ErrInternal] or one of those that are said above.
type Client struct {
	link *link
	// prefix begins the paths of the ledger.
	prefix string
	// accounts has the assets of accounts that conditions were about.
	accounts *accountAssets
}

var _ ledger.Service = (*Client)(nil)

// NewClient returns a client, and sends nothing yet. It fails with
// [ledger.ErrInvalidRequest] and the field of the config that is at fault.
func NewClient(config ClientConfig) (*Client, error) {
	base, err := checkURL(config.URL)
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(config.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, badConfig("Token", "should be printable ASCII without spaces")
	}
	if config.Timeout < 0 {
		return nil, badConfig("Timeout", "should not be negative")
	}
	prefix := "/v1"
	if config.Ledger != "" {
		if err := ledger.ValidateLedgerName(config.Ledger); err != nil {
			return nil, err
		}
		prefix = ledgerPrefix(config.Ledger)
	}
	l := &link{
		base: base, token: config.Token, names: newNames(),
		timeout: cmp.Or(config.Timeout, 30*time.Second), retryFor: cmp.Or(config.RetryFor, 30*time.Second),
	}
	if config.HTTPClient == nil {
		l.http.Transport = newTransport()
	} else {
		l.http = *config.HTTPClient
	}
	l.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return l.client(prefix), nil
}

// CloseIdleConnections closes the connections that no call is using. A client can be
// used after it.
func (c *Client) CloseIdleConnections() { c.link.http.CloseIdleConnections() }

func (l *link) client(prefix string) *Client {
	return &Client{link: l, prefix: prefix, accounts: newAccountAssets()}
}

func ledgerPrefix(name string) string { return "/v1/ledgers/" + url.PathEscape(name) }

// newTransport returns net/http's usual transport, but for the idle connections, of
// which that keeps two.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024,
		// Less than servers wait for a next request, so that few are lost on a connection
		// that is just being closed.
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// checkURL returns what the URLs of all requests begin with.
func checkURL(text string) (base string, err error) {
	if text == "" {
		return "", badConfig("URL", "should be given, such as http://127.0.0.1:8080")
	}
	location, err := url.Parse(text)
	switch {
	case err != nil:
		// The error may have a password in it.
		return "", badConfig("URL", "cannot be read; it should be such as http://127.0.0.1:8080")
	case location.Scheme != "http" && location.Scheme != "https":
		return "", badConfig("URL", fmt.Sprintf("should begin with http:// or https://, not %.40q", location.Scheme))
	case location.Hostname() == "":
		return "", badConfig("URL", "should name a host")
	case location.User != nil:
		return "", badConfig("URL", "should have no user; a token has a field of its own")
	case location.RawQuery != "" || location.ForceQuery:
		return "", badConfig("URL", "should have no query")
	case location.Fragment != "":
		return "", badConfig("URL", "should have no fragment")
	}
	return location.Scheme + "://" + location.Host + strings.TrimRight(location.EscapedPath(), "/"), nil
}

func badConfig(field, reason string) error {
	return &ledger.Error{Code: ledger.ErrInvalidRequest, Field: field, Message: "the client's " + field + " " + reason}
}
