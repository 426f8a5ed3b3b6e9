package telemetry

import (
	"errors"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/ledger"
)

// commitMetrics is about what the store in PostgreSQL writes.
type commitMetrics struct {
	duration, operations, callers, wait prometheus.Histogram
	retries, uncertain, slow            prometheus.Counter
	failures                            *prometheus.CounterVec
}

func newCommitMetrics() commitMetrics {
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return commitMetrics{
		duration:   histogram("ledger_commit_duration_seconds", "How long the attempts to commit a group of calls took together.", durationBuckets()),
		operations: histogram("ledger_commit_operations", "How many operations a group had.", prometheus.ExponentialBuckets(1, 2, 11)),
		callers:    histogram("ledger_commit_callers", "How many callers a group had.", prometheus.ExponentialBuckets(1, 2, 11)),
		wait:       histogram("ledger_commit_queue_wait_seconds", "How long the first of a group waited to be committed.", durationBuckets()),
		retries:    counter("ledger_commit_retries_total", "Attempts after the first to commit a group."),
		uncertain:  counter("ledger_commit_uncertain_total", "Groups whose connection was lost while they were committing; whether they had was found out by trying again."),
		slow:       counter("ledger_commit_slow_total", "Groups that waited for what somebody else had locked."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ledger_commit_failures_total",
			Help: "Groups that were not committed, by one of the ledger's codes, or lock_timeout, conflict or refused if the database said that. " +
				"A group that somebody in it spoils, or a lock, is divided and tried again in parts, which count by themselves.",
		}, []string{"code"}),
	}
}

func (m *commitMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.duration, m.operations, m.callers, m.wait, m.retries, m.uncertain, m.slow, m.failures}
}

// Commits returns what is told of each commit of a store in PostgreSQL. From then on
// commits are among the metrics; it is to be called once.
func (m *Metrics) Commits() postgres.Observer {
	m.registry.MustRegister(m.commits.collectors()...)
	return commitObserver{&m.commits}
}

type commitObserver struct{ metrics *commitMetrics }

// Committed implements [postgres.Observer].
func (o commitObserver) Committed(c postgres.Commit) {
	m := o.metrics
	m.duration.Observe(c.Elapsed.Seconds())
	m.operations.Observe(float64(c.Operations))
	m.callers.Observe(float64(c.Callers))
	m.wait.Observe(c.Waited.Seconds())
	m.retries.Add(float64(max(0, c.Attempts-1)))
	if c.Uncertain {
		m.uncertain.Inc()
	}
	if c.Slow {
		m.slow.Inc()
	}
	if c.Err != nil {
		m.failures.WithLabelValues(failureOf(c.Err)).Inc()
	}
}

// failureOf returns why a group was not committed, as one of a few words.
func failureOf(err error) string {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return known(e.Code)
	}
	refused, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	if !ok {
		// What is not the server's word is about the connection to it.
		return string(ledger.ErrUnavailable)
	}
	switch state := refused.SQLState(); {
	case state == "55P03":
		return "lock_timeout"
	case state == "40001", state == "40P01", strings.HasPrefix(state, "23"):
		return "conflict"
	case strings.HasPrefix(state, "22"), state == "P0001":
		return "refused"
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "28"), strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57"),
		state == "3D000", state == "25006":
		return string(ledger.ErrUnavailable)
	default:
		return string(ledger.ErrInternal)
	}
}
