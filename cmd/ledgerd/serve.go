package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

func newLogger(s settings, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.logLevel}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// serve opens the ledger and serves it until ctx ends and it has drained.
func serve(ctx context.Context, s settings, logger *slog.Logger, drainLimit time.Duration) error {
	service, err := openLedger(ctx, s)
	if err != nil {
		return unlessStopped(ctx, logger, err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return unlessStopped(ctx, logger, err)
	}
	return serveOn(ctx, listener, service, s, logger, drainLimit)
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

// openLedger opens the ledger, with the demo user if that is asked for.
func openLedger(ctx context.Context, s settings) (*ledger.Ledger, error) {
	service, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{Name: s.ledger})
	if err != nil || !s.demo {
		return service, err
	}
	if err := openDemo(ctx, service, s.asset); err != nil {
		return nil, fmt.Errorf("open the demo user, which --demo=false leaves out: %w", err)
	}
	return service, nil
}

// serveOn serves on the listener until ctx ends, and then drains.
func serveOn(ctx context.Context, listener net.Listener, service *ledger.Ledger, s settings, logger *slog.Logger, drainLimit time.Duration) error {
	logger.Warn("the ledger is in memory: nothing in it survives a stop", slog.String("ledger", s.ledger))
	logger.Info("listening", slog.String("address", listener.Addr().String()))
	if s.demo {
		logger.Info("try it", slog.String("run", "curl "+baseURL(listener.Addr())+"/users/"+demoUser+"/balance"))
	}

	server := ledgerhttp.NewServer(service, ledgerhttp.Config{Asset: s.asset, Logger: logger})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}

	logger.Info("draining: what runs is finished, what arrives is refused",
		slog.String("cause", context.Cause(ctx).Error()), slog.String("limit", drainLimit.String()))
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("requests under way were cut off, for they did not end within %s: %w", drainLimit, err)
	}
	if err := <-served; err != nil {
		return err
	}
	logger.Info("stopped")
	return nil
}

// baseURL returns how a program on this machine reaches the address.
func baseURL(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return "http://" + net.JoinHostPort("localhost", port)
	}
	return "http://" + address.String()
}
