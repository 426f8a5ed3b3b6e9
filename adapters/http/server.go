package http

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Server serves the API on a listener, with limits on everything that a client
// could make it wait for or hold. A request that it began is either answered or
// cut off with its connection; one that it answers with 503 was not begun.
type Server struct {
	handler     *handler
	http        http.Server
	connections *connections
}

// NewServer returns a server of the API over a service.
func NewServer(service ledger.Service, config Config) *Server {
	config = config.withDefaults()
	h := newHandler(service, config)
	opened := newConnections(config.MaxConnections)
	return &Server{handler: h, connections: opened, http: http.Server{
		TLSConfig:         config.TLS.Clone(),
		Handler:           h,
		ReadHeaderTimeout: config.ReadHeaderTimeout,
		ReadTimeout:       config.ReadTimeout,
		WriteTimeout:      config.WriteTimeout,
		IdleTimeout:       config.IdleTimeout,
		MaxHeaderBytes:    config.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(config.Logger.Handler(), slog.LevelWarn),
		// OPTIONS * is answered like any other path that isn't there.
		DisableGeneralOptionsHandler: true,
		ConnState:                    opened.follow,
	}}
}

// Serve answers requests on the listener's connections, over TLS if there is a
// [Config.TLS], and closes it. It
// returns nil once Shutdown has closed it, while Shutdown may still wait for
// requests under way, and an error if the listener fails.
func (s *Server) Serve(listener net.Listener) error {
	serve := s.http.Serve
	if s.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") }
		// It leaves it open if there is no certificate.
		defer func() { _ = listener.Close() }()
	}
	if err := serve(s.connections.limit(listener)); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	}
	return nil
}

// Shutdown refuses requests that arrive from now on, with 503, and returns nil
// when all that were under way are answered. A stream ends after the batch that is
// being posted; if its client goes on sending, it is listened to for another 5 s.
// After [Config.DrainDelay] Shutdown closes the listeners and whatever connection is
// idle. If ctx ends first, it closes all connections, which also ends the contexts of
// their requests, and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.handler.startDraining()
	select {
	case <-time.After(s.handler.config.DrainDelay):
	case <-ctx.Done():
	}
	s.connections.closeSilent()
	err := s.http.Shutdown(ctx)
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("shut down: %w", err), s.http.Close())
}
