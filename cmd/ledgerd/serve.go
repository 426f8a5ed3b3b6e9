package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
)

func newLogger(s settings, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.logLevel}
	var handler slog.Handler = slog.NewTextHandler(w, options)
	if s.logFormat == "json" {
		handler = slog.NewJSONHandler(w, options)
	}
	if s.telemetry.traces {
		handler = telemetry.TraceLogs(handler)
	}
	return slog.New(handler)
}

// serve opens the ledger and serves it until ctx ends and it has drained.
func serve(ctx context.Context, s settings, logger *slog.Logger, drainLimit time.Duration) error {
	watch, err := newWatchers(ctx, s.telemetry, logger)
	if err != nil {
		return err
	}
	defer watch.close(ctx, logger)
	opened, err := openBooks(ctx, s, watch.commits(s))
	if err != nil {
		return unlessStopped(ctx, logger, err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return errors.Join(unlessStopped(ctx, logger, err), opened.close())
	}
	if err := s.access.checkListener(listener.Addr()); err != nil {
		return errors.Join(err, listener.Close(), opened.close())
	}
	metrics, err := serveMetrics(ctx, watch, s, logger)
	if err != nil {
		return errors.Join(unlessStopped(ctx, logger, err), listener.Close(), opened.close())
	}
	err = serveOn(ctx, listener, opened, s, watch, logger, drainLimit)
	metrics.stop(ctx)
	if err = errors.Join(err, closeWithin(closeLimit, opened.close)); err == nil {
		logger.Info("stopped")
	}
	return err
}

// closeLimit is how long the store may take to close, once nothing asks it.
const closeLimit = 5 * time.Second

// closeWithin closes what may have to wait for a database that hangs.
func closeWithin(limit time.Duration, closeStore func() error) error {
	closed := make(chan error, 1)
	go func() { closed <- closeStore() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(limit):
		return fmt.Errorf("the store did not close within %s", limit)
	}
}

// unlessStopped returns err, or nil if the program was told to stop while it
// started: then there is nothing to finish.
func unlessStopped(ctx context.Context, logger *slog.Logger, err error) error {
	if ctx.Err() == nil {
		return err
	}
	logger.Info("stopped before it served")
	return nil
}

// serveOn serves on the listener until ctx ends, and then drains.
func serveOn(ctx context.Context, listener net.Listener, opened *books, s settings, watch watchers, logger *slog.Logger, drainLimit time.Duration) error {
	if s.dsn == "" {
		logger.Warn("the ledger is in memory: nothing in it survives a stop", slog.String("ledger", s.ledger))
	} else {
		logger.Info("the ledger is in PostgreSQL", slog.String("ledger", s.ledger))
	}
	if s.access.isOpen() {
		logger.Warn("everybody who reaches this server may do everything")
	} else {
		logger.Info("callers prove who they are", slog.String("auth", joined(s.access.auth)))
	}
	config := ledgerhttp.Config{
		Asset: s.asset, Ledger: s.ledger, Catalog: opened.catalog, Ready: opened.ready, Logger: logger,
		Authenticator: s.access.authenticator(ctx, opened.database), Hosts: s.access.hosts,
	}
	var err error
	if config.TLS, err = s.access.tls(logger); err != nil {
		return errors.Join(err, listener.Close())
	}
	s.limits.configure(&config)
	watch.configure(opened, s, &config)
	logger.Info("listening", slog.String("address", listener.Addr().String()))
	if s.demo && s.access.isOpen() && config.TLS == nil {
		logger.Info("try it", slog.String("run", "curl "+baseURL(listener.Addr())+"/users/"+demoUser+"/balance"))
	}
	server := ledgerhttp.NewServer(opened.service, config)
	defer watch.watch(ctx, opened)()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}

	logger.Info("draining: what runs is finished, what arrives is refused",
		slog.String("cause", context.Cause(ctx).Error()), slog.String("limit", drainLimit.String()))
	// The delay is before all else, and takes nothing of what requests may take.
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.drainDelay+drainLimit)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("requests under way were cut off, for they did not end within %s: %w", drainLimit, err)
	}
	return <-served
}

// baseURL returns how a program on this machine reaches the address.
func baseURL(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("localhost", port)
	}
	return "http://" + address.String()
}
