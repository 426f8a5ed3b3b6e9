package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
)

// commits returns what is told of commits to a database; nil is nobody.
func (w watchers) commits(s settings) postgres.Observer {
	if s.dsn == "" {
		return nil
	}
	var observers []postgres.Observer
	if w.metrics != nil {
		observers = append(observers, w.metrics.Commits())
	}
	if w.traces != nil {
		observers = append(observers, w.traces.Commits())
	}
	return telemetry.Commits(observers...)
}

// configure has the books counted and the requests observed.
func (w watchers) configure(opened *books, s settings, config *ledgerhttp.Config) {
	var observers []ledgerhttp.Observer
	if w.traces != nil {
		observers = append(observers, w.traces.HTTP())
	}
	if w.metrics != nil {
		observers = append(observers, w.metrics.HTTP())
		opened.service = w.metrics.Service(opened.service)
		config.Catalog = w.metrics.Catalog(config.Catalog)
		if s.telemetry.metricsListen == "" {
			config.Metrics = w.metrics.Handler(config.Logger)
		}
	}
	if w.sentry != nil {
		observers = append(observers, w.sentry)
	}
	config.Observer = telemetry.Observers(observers...)
}

// watch measures the store until the function that it returns is called.
func (w watchers) watch(ctx context.Context, opened *books) (stop func()) {
	if w.metrics == nil {
		return func() {}
	}
	// What runs while the server drains is measured too.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() { w.metrics.Watch(ctx, opened.measured()) })
	return func() {
		cancel()
		watching.Wait()
	}
}

// measured returns what there is to measure of the store.
func (b *books) measured() telemetry.Store {
	if b.database == nil {
		return telemetry.Store{}
	}
	return telemetry.Store{Check: b.ready, Stats: b.database.Stats, CountPending: b.database.CountPending}
}

// reportLimit is how long it may take to send what was reported, at the end.
const reportLimit = 2 * time.Second

// close sends what was reported. That it could not be sent does not fail a run.
func (w watchers) close(ctx context.Context, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportLimit)
	defer cancel()
	var sending sync.WaitGroup
	if w.sentry != nil {
		sending.Go(func() {
			if err := w.sentry.Close(ctx); err != nil {
				logger.Warn("reports are lost", slog.Any("error", err))
			}
		})
	}
	if w.traces != nil {
		sending.Go(func() {
			if err := w.traces.Close(ctx); err != nil {
				logger.Warn("traces are lost", slog.Any("error", err))
			}
		})
	}
	sending.Wait()
}

// metricsServer serves the metrics on a listener of their own.
type metricsServer struct {
	http     http.Server
	listener net.Listener
	logger   *slog.Logger
	served   chan struct{}
}

// serveMetrics serves the metrics at the address, if there is one, until they are
// stopped.
func serveMetrics(ctx context.Context, w watchers, s settings, logger *slog.Logger) (*metricsServer, error) {
	if s.telemetry.metricsListen == "" {
		return nil, nil //nolint:nilnil // They have no server of their own.
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.telemetry.metricsListen)
	if err != nil {
		return nil, fmt.Errorf("--metrics-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", w.metrics.Handler(logger))
	m := &metricsServer{listener: listener, logger: logger, served: make(chan struct{}), http: http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}}
	logger.Info("the metrics are served", slog.String("address", listener.Addr().String()))
	go m.serve()
	return m, nil
}

func (m *metricsServer) serve() {
	defer close(m.served)
	if err := m.http.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		m.logger.Error("the metrics are not served any more", slog.Any("error", err))
	}
}

// stop finishes the scrapes that are under way, for a moment. A nil server has none.
func (m *metricsServer) stop(ctx context.Context) {
	if m == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if m.http.Shutdown(ctx) != nil {
		_ = m.http.Close()
	}
	<-m.served
}
