package http

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Config is how a ledger is served. Its zero value works.
type Config struct {
	// Asset is what the users of /users hold; an account in another is no user.
	// It must be valid; the zero Asset means USD/2.
	Asset ledger.Asset
	// Catalog has the ledgers of /v1/ledgers. nil serves no other than the handler's
	// own.
	Catalog ledger.Catalog
	// Ready says why requests should go elsewhere for now, for /readyz. What it
	// says is logged and not shown. nil means always ready.
	Ready func(context.Context) error
	// Logger takes a line for each request: at debug level, or at warn and error
	// for those that failed for the server's own reasons. nil discards them.
	Logger *slog.Logger
	// Observer is told of each request; nil is nobody.
	Observer Observer
	// Metrics answers GET /metrics, to those who may read all ledgers. nil means that
	// there is no such path.
	Metrics http.Handler

	// What follows is who may ask for what.

	// Authenticator says who asks, by the header Authorization: Bearer. Role read is
	// needed to GET, role admin to open ledgers and register assets, and role write for
	// all else; nothing for the probes, /docs and the API's description. Who may use one
	// ledger is told nothing of others, not even whether they are there. Whoever asks is
	// the actor of what they write; role admin alone may name another. nil lets everybody
	// do everything.
	Authenticator Authenticator
	// Ledger is the name of the handler's own ledger, for those who may use one alone;
	// empty means [ledger.DefaultName].
	Ledger string
	// Hosts are names by which requests may ask for this server, such as
	// "ledger.example.com". They matter where there is no Authenticator: pages of any site
	// that a browser shows which can reach the server could use it, were it known by that
	// site's name. So on a loopback address, and on any if there are Hosts, the Host of a
	// request must be an address, localhost, a name without dots, or one of these; others
	// are answered with 403. It matters too behind a proxy that leaves the Host as it is.
	Hosts []string

	// What follows limits requests. The probes, /healthz and /readyz, have no limits.

	// RatePerToken is how many requests per second are answered for whoever asks, by
	// their name, and RatePerAddress for each address that they come from, of which IPv6
	// counts by /64; 0 means any number. Those of two seconds may come at once. Others are
	// answered with 429, and Retry-After in whole seconds. A batch or a stream is one
	// request, whatever is in it. Of some 30,000 callers at once and more, who is
	// forgotten may ask as if they were new.
	RatePerToken   float64
	RatePerAddress float64
	// TrustedProxies are where proxies are whose X-Forwarded-For is believed: a request
	// through them comes from the last address in it that is none of theirs.
	TrustedProxies []netip.Prefix
	// MaxInFlight is how many requests are answered at once, of which a stream is one for
	// as long as it goes on; 0 means as many as MaxConnections. Others are answered with
	// 503.
	MaxInFlight int
	// MaxBodyBytes is how many bytes of bodies are held at once for all requests that are
	// being answered; 0 means 256 MiB. What they say takes several times that. A request
	// for whose body there is no room is answered with 503. A stream goes on with one
	// line at a time, beyond what is allowed if need be.
	MaxBodyBytes int64
	// RequestTimeout is how long a request may take before it is answered with
	// 503. 0 means 20 s. It should be less than WriteTimeout. A stream may take as
	// long as it likes, and each batch of it so long while the store is away.
	RequestTimeout time.Duration

	// What follows limits a [Server]'s connections; a handler alone ignores it.

	// ReadHeaderTimeout is how long a request's header may take to arrive; 0
	// means 5 s.
	ReadHeaderTimeout time.Duration
	// ReadTimeout is how long a whole request may take to arrive; 0 means 15 s. A
	// stream may pause for so long while all of its lines are answered, which a handler
	// alone sees to as well.
	ReadTimeout time.Duration
	// WriteTimeout is how long it may take from a request's header to the end of
	// its answer; 0 means 30 s. Of the answer to a stream, each piece may take so
	// long, which a handler alone sees to as well.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request; 0
	// means 2 min.
	IdleTimeout time.Duration
	// MaxHeaderBytes limits a request's line and header together; 0 means 16
	// KiB. One that is larger by more than the 4 KiB that net/http allows on top
	// is answered with 431.
	MaxHeaderBytes int
	// TLS, if set, has Serve speak TLS, and HTTP/2 with those who can. It needs a
	// certificate, or what finds one.
	TLS *tls.Config
	// MaxConnections is how many connections are served at once; 0 means 10,000. For one
	// more, the one on which nothing has been under way for longest is closed; if there is
	// none, it waits until one of them ends.
	MaxConnections int
	// DrainDelay is how long Shutdown refuses requests before it closes
	// listeners and idle connections; 0 means 100 ms. It lets busy clients read
	// that they should ask elsewhere, and a load balancer, given a few of its
	// probes' time, see that /readyz says so.
	DrainDelay time.Duration
}

// withDefaults returns the config with what is zero filled in.
func (c Config) withDefaults() Config {
	if c.Asset == (ledger.Asset{}) {
		c.Asset = ledger.Asset{Code: "USD", Scale: 2}
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.RequestTimeout = cmp.Or(c.RequestTimeout, 20*time.Second)
	c.ReadHeaderTimeout = cmp.Or(c.ReadHeaderTimeout, 5*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 15*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 30*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 2*time.Minute)
	c.MaxHeaderBytes = cmp.Or(c.MaxHeaderBytes, 16<<10)
	c.MaxConnections = cmp.Or(c.MaxConnections, 10_000)
	c.Ledger = cmp.Or(c.Ledger, ledger.DefaultName)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, c.MaxConnections)
	c.MaxBodyBytes = cmp.Or(c.MaxBodyBytes, 256<<20)
	c.DrainDelay = cmp.Or(c.DrainDelay, 100*time.Millisecond)
	return c
}
