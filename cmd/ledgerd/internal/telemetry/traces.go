package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
)

// Traces sends spans by OTLP: one for each request, and for what a request waited for in
// the store one in the queue, which is linked to the commit that ended its wait. A commit
// serves many requests, so its span is a trace of its own, linked to all of them. It is
// safe for any number of goroutines.
type Traces struct {
	provider   *sdktrace.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
}

// WantsTraces says whether the standard variables of OpenTelemetry ask for traces: they
// name an endpoint, or the exporter.
func WantsTraces(getenv func(string) string) (bool, error) {
	exporter := getenv("OTEL_TRACES_EXPORTER")
	hasEndpoint := getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") || exporter == "none" || exporter == "" && !hasEndpoint {
		return false, nil
	}
	if exporter != "" && exporter != "otlp" {
		return false, fmt.Errorf("invalid value %q of OTEL_TRACES_EXPORTER: should be otlp or none", exporter)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := getenv(name); protocol != "" && protocol != "http/protobuf" {
			return false, fmt.Errorf("invalid value %q of %s: should be http/protobuf, which collectors take on port 4318", protocol, name)
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		// The SDK would go on with its default without a word.
		endpoint, err := url.Parse(getenv(name))
		if getenv(name) != "" && (err != nil || endpoint.Host == "" || endpoint.Scheme != "http" && endpoint.Scheme != "https") {
			return false, fmt.Errorf("invalid value of %s: should be a URL such as http://localhost:4318", name)
		}
	}
	samplers := []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}
	if sampler := getenv("OTEL_TRACES_SAMPLER"); sampler != "" && !slices.Contains(samplers, sampler) {
		return false, fmt.Errorf("invalid value %q of OTEL_TRACES_SAMPLER: should be one of %s", sampler, strings.Join(samplers, ", "))
	}
	return true, nil
}

// NewTraces returns traces that go where the process's environment says; see the
// specification of OpenTelemetry. It does not wait for the collector.
func NewTraces(ctx context.Context, build Build) (*Traces, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("the traces' exporter: %w", err)
	}
	// What the environment says of the service goes before what is said here.
	described, err := resource.New(ctx,
		resource.WithAttributes(
			attribute.String("service.name", "ledgerd"),
			attribute.String("service.version", build.Version),
		),
		resource.WithTelemetrySDK(), resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return newTraces(sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(described))), nil
}

func newTraces(provider *sdktrace.TracerProvider) *Traces {
	return &Traces{
		provider: provider, tracer: provider.Tracer("github.com/seed-d432d95b/ledger/cmd/ledgerd"),
		propagator: propagation.TraceContext{},
	}
}

// Close sends what is left, and returns when that is done or ctx ends.
func (t *Traces) Close(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}

// HTTP returns what makes a span of each request, in the trace of its caller if its
// traceparent names one.
func (t *Traces) HTTP() ledgerhttp.Observer { return requestSpans{t} }

type requestSpans struct{ *Traces }

// Began implements [ledgerhttp.Observer].
func (s requestSpans) Began(r *http.Request) (context.Context, func(ledgerhttp.Exchange)) {
	ctx := s.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := s.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return ctx, func(ledgerhttp.Exchange) { span.End() }
	}
	return ctx, func(e ledgerhttp.Exchange) {
		route := cmp.Or(e.Route, "none")
		span.SetName(e.Method + " " + route)
		span.SetAttributes(
			attribute.String("http.request.method", e.Method),
			attribute.String("http.route", route),
			attribute.Int("http.response.status_code", e.Status),
		)
		if e.Err != nil {
			span.SetAttributes(attribute.String("error.type", codeOf(e.Err)))
		}
		if e.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Commits returns what makes spans of the commits that served requests with a span.
func (t *Traces) Commits() postgres.Observer { return commitSpans{t} }

type commitSpans struct{ *Traces }

// Committed implements [postgres.Observer].
func (s commitSpans) Committed(c postgres.Commit) {
	ended := time.Now()
	begun := ended.Add(-c.Elapsed)
	var links []trace.Link
	for ctx := range c.Requests {
		if request := trace.SpanContextFromContext(ctx); request.IsSampled() {
			links = append(links, trace.Link{SpanContext: request})
		}
	}
	if len(links) == 0 {
		return
	}
	//nolint:forbidigo // It is nobody's: a trace of its own.
	_, commit := s.tracer.Start(context.Background(), "commit", trace.WithTimestamp(begun), trace.WithLinks(links...),
		trace.WithAttributes(
			attribute.Int("ledger.commit.callers", c.Callers),
			attribute.Int("ledger.commit.operations", c.Operations),
			attribute.Int("ledger.commit.attempts", c.Attempts),
			attribute.Bool("ledger.commit.uncertain", c.Uncertain),
			attribute.Bool("ledger.commit.slow", c.Slow),
		))
	if c.Err != nil {
		commit.SetAttributes(attribute.String("error.type", failureOf(c.Err)))
		commit.SetStatus(codes.Error, "")
	}
	commit.End(trace.WithTimestamp(ended))
	for ctx, since := range c.Requests {
		if trace.SpanContextFromContext(ctx).IsSampled() {
			_, queue := s.tracer.Start(ctx, "queue", trace.WithTimestamp(since), trace.WithLinks(trace.Link{SpanContext: commit.SpanContext()}))
			queue.End(trace.WithTimestamp(begun))
		}
	}
}

// Commits returns an observer that tells each of them of each commit. Those that are nil
// are left out; without any it is nil.
func Commits(observers ...postgres.Observer) postgres.Observer {
	var told severalCommits
	for _, o := range observers {
		if o != nil {
			told = append(told, o)
		}
	}
	switch len(told) {
	case 0:
		return nil
	case 1:
		return told[0]
	default:
		return told
	}
}

type severalCommits []postgres.Observer

// Committed implements [postgres.Observer].
func (s severalCommits) Committed(c postgres.Commit) {
	for _, o := range s {
		o.Committed(c)
	}
}
