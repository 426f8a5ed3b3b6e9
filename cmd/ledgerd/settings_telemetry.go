package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel"

	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/telemetry"
)

// telemetrySettings are about who watches the server.
type telemetrySettings struct {
	metrics bool
	// metricsListen is empty for the API's own listener.
	metricsListen string
	sentry        telemetry.SentryConfig
	traces        bool
}

// addFlags defines the flags, whose defaults are what s has.
func (s *telemetrySettings) addFlags(command *cobra.Command) {
	flags := command.Flags()
	usage := func(flag, text string) string { return text + " [" + variable(flag) + "]" }
	flags.Var(&setting[bool]{&s.metrics, "bool", parseBool, strconv.FormatBool},
		"metrics", usage("metrics", "measure, and serve /metrics for Prometheus"))
	flags.Lookup("metrics").NoOptDefVal = "true"
	flags.Var(&setting[string]{&s.metricsListen, "host:port", parseOptionalListen, plain},
		"metrics-listen", usage("metrics-listen", "an address of their own for the metrics, which everybody who reaches it may read; empty is that of --listen"))
}

// telemetryFlags are the names of the flags.
func telemetryFlags() []string { return []string{"metrics", "metrics-listen"} }

// readStandard reads the variables whose names others have settled.
func (s *telemetrySettings) readStandard(getenv func(string) string) (err error) {
	s.sentry = telemetry.SentryConfig{
		DSN: getenv("SENTRY_DSN"), Environment: getenv("SENTRY_ENVIRONMENT"), Release: getenv("SENTRY_RELEASE"),
	}
	s.traces, err = telemetry.WantsTraces(getenv)
	return err
}

// check says what is wrong with the settings as a whole.
func (s *telemetrySettings) check() error {
	if !s.metrics && s.metricsListen != "" {
		return errors.New("--metrics-listen needs --metrics")
	}
	return nil
}

func parseOptionalListen(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return parseListen(text)
}

// watchers is what watches the server. What is off is nil.
type watchers struct {
	metrics *telemetry.Metrics
	sentry  *telemetry.Sentry
	traces  *telemetry.Traces
}

func newWatchers(ctx context.Context, s telemetrySettings, logger *slog.Logger) (w watchers, err error) {
	build := telemetry.ReadBuild(commit)
	if s.metrics {
		w.metrics = telemetry.NewMetrics(build)
	}
	if s.traces {
		// Failures of the exporter have no other way to be told.
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { logger.Warn("traces are lost", slog.Any("error", err)) }))
		if w.traces, err = telemetry.NewTraces(ctx, build); err != nil {
			return w, usageError{err}
		}
	}
	if s.sentry.DSN == "" {
		return w, nil
	}
	if s.sentry.Release == "" {
		s.sentry.Release = "ledgerd@" + build.Version
	}
	if w.sentry, err = telemetry.NewSentry(s.sentry); err != nil {
		return w, usageError{fmt.Errorf("invalid SENTRY_DSN: %w", err)}
	}
	return w, nil
}
