// Package telemetry tells operators what ledgerd does: as metrics for Prometheus, and
// as reports to Sentry of what went wrong. It decorates and observes; what it watches
// knows nothing of it.
//
// No label of a metric and no part of a report has anything that a caller sent: no id,
// name, amount, path or address. So the number of series is bounded, and there is
// nothing to keep secret but the figures themselves.
package telemetry

import (
	"cmp"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is all that is measured, in a registry of its own. Make it with
// [NewMetrics]. It is safe for any number of goroutines.
type Metrics struct {
	registry     *prometheus.Registry
	http         httpMetrics
	transactions transactionMetrics
	commits      commitMetrics
	store        *storeMetrics
}

// Build is what the program was built from.
type Build struct{ Version, Revision, GoVersion string }

// ReadBuild returns what the running program was built from, of the commit unless it
// knows that itself. What is not known is "unknown".
func ReadBuild(commit string) Build {
	b := Build{Version: "unknown", Revision: cmp.Or(commit, "unknown"), GoVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Revision = setting.Value
		}
	}
	return b
}

// NewMetrics returns metrics that nothing has been counted in.
func NewMetrics(build Build) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), http: newHTTPMetrics(), transactions: newTransactionMetrics(),
		commits: newCommitMetrics(), store: newStoreMetrics(),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "ledger_build_info", Help: "What the program was built from; always 1.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Revision, "goversion": build.GoVersion},
	})
	info.Set(1)
	m.registry.MustRegister(
		info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.store,
	)
	m.registry.MustRegister(m.http.collectors()...)
	m.registry.MustRegister(m.transactions.total)
	return m
}

// scrapes is how many may be answered at once; more are refused with 503.
const scrapes = 4

// Handler answers a scrape, in the format and encoding that are asked for. What goes
// wrong is logged, and not shown.
func (m *Metrics) Handler(logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapes,
		EnableOpenMetrics:   true,
	})
}
