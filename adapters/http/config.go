package http

import (
	"cmp"
	"context"
	"log/slog"
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
	// MaxConnections is how many connections are served at once; 0 means 10,000.
	// More wait until one of them ends.
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
	c.DrainDelay = cmp.Or(c.DrainDelay, 100*time.Millisecond)
	return c
}
