package telemetry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// httpMetrics is about requests.
type httpMetrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	refused  *prometheus.CounterVec
}

// durationBuckets are for requests and commits, in seconds: from what a ledger in
// memory takes to the longest that a request may.
func durationBuckets() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}
}

func newHTTPMetrics() httpMetrics {
	m := httpMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ledger_http_requests_total",
			Help: "Requests that were answered, by the pattern of their path, method and status; route none is a path that the API has not, status 499 a client that hung up before.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ledger_http_request_duration_seconds", Buckets: durationBuckets(),
			Help: "How long requests took, from the end of the header to the end of the answer. A stream takes as long as its client likes.",
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ledger_http_requests_in_flight", Help: "Requests that are under way, the scrape among them if it comes to the API's own listener.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ledger_http_refused_total",
			Help: "Requests that were not carried out, because of who sent them or how many there were.",
		}, []string{"reason"}),
	}
	for _, reason := range refusals() {
		m.refused.WithLabelValues(reason)
	}
	return m
}

func (m *httpMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.duration, m.inFlight, m.refused}
}

// refusals are the reasons why a request is not carried out.
func refusals() []string {
	return []string{
		"unauthorized", "forbidden", string(ledgerhttp.LimitTokenRate), string(ledgerhttp.LimitAddressRate),
		string(ledgerhttp.LimitInFlight), string(ledgerhttp.LimitBodies),
	}
}

// HTTP returns what counts requests. The routes and methods that it is told of have to
// be the server's own, as those of ledgerhttp are.
func (m *Metrics) HTTP() ledgerhttp.Observer { return httpObserver{&m.http} }

type httpObserver struct{ metrics *httpMetrics }

// Began implements [ledgerhttp.Observer].
func (o httpObserver) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	o.metrics.inFlight.Inc()
	return r.Context(), o.metrics.ended
}

func (m *httpMetrics) ended(e ledgerhttp.Exchange) {
	m.inFlight.Dec()
	route := e.Route
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, e.Method, strconv.Itoa(e.Status)).Inc()
	m.duration.WithLabelValues(route, e.Method).Observe(e.Elapsed.Seconds())
	if reason := refusalOf(e.Err); reason != "" {
		m.refused.WithLabelValues(reason).Inc()
	}
}

// refusalOf returns why the request was not carried out, or nothing if it was.
func refusalOf(err error) string {
	if err == nil {
		return ""
	}
	switch limited, _ := errors.AsType[*ledgerhttp.LimitError](err); {
	case limited != nil && slices.Contains(refusals(), string(limited.Limit)):
		return string(limited.Limit)
	case errors.Is(err, ledger.ErrUnauthorized):
		return "unauthorized"
	case errors.Is(err, ledger.ErrForbidden):
		return "forbidden"
	default:
		return ""
	}
}

// Observers returns an observer that tells each of them of everything. Those that are
// nil are left out; without any it is nil.
func Observers(observers ...ledgerhttp.Observer) ledgerhttp.Observer {
	observers = slices.DeleteFunc(slices.Clone(observers), func(o ledgerhttp.Observer) bool { return o == nil })
	switch len(observers) {
	case 0:
		return nil
	case 1:
		return observers[0]
	default:
		return several(observers)
	}
}

// several is told what all of its observers are. The first is told first that a
// request began, and last that it ended.
type several []ledgerhttp.Observer

// Began implements [ledgerhttp.Observer].
func (s several) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	ended := make([]func(ledgerhttp.Exchange), len(s))
	ctx := r.Context()
	for i, o := range s {
		ctx, ended[i] = o.Began(r)
		r = r.WithContext(ctx)
	}
	return ctx, func(e ledgerhttp.Exchange) {
		for _, end := range slices.Backward(ended) {
			if end != nil {
				end(e)
			}
		}
	}
}
