package main

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// receiver is a collector of OpenTelemetry that keeps what it is sent.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	spans    []*otlp.Span
	services []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		var body io.Reader = request.Body
		if request.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Error(err)
				return
			}
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
			return
		}
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(text, &export); err != nil {
			t.Error(err)
			return
		}
		r.keep(&export)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) keep(export *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range export.GetResourceSpans() {
		for _, attribute := range of.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				r.services = append(r.services, attribute.GetValue().GetStringValue())
			}
		}
		for _, scope := range of.GetScopeSpans() {
			r.spans = append(r.spans, scope.GetSpans()...)
		}
	}
}

// named returns the spans with the name.
func (r *receiver) named(name string) (spans []*otlp.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, span := range r.spans {
		if span.GetName() == name {
			spans = append(spans, span)
		}
	}
	return spans
}

// TestTraces follows a deposit from its caller's trace to the commit, in the spans that
// a collector is sent and in the log.
func TestTraces(t *testing.T) {
	collected := newReceiver(t)
	// The exporter reads the process's environment.
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collected.URL)
	t.Setenv("OTEL_SERVICE_NAME", "books")
	const callersTrace, callersSpan = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	p := start(t, drainLimit, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collected.URL},
		"--dsn="+postgrestest.Database(t, postgrestest.Template{}), "--migrate", "--demo", "--log-level=debug", "--listen=127.0.0.1:0")
	address := p.stderr.address(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/users/"+demoUser+"/add",
		strings.NewReader(`{"amount":20,"transaction_id":"tx_1"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", "00-"+callersTrace+"-"+callersSpan+"-01")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}

	served := only(t, collected, "POST /users/{uid}/add")
	if hex.EncodeToString(served.GetTraceId()) != callersTrace || hex.EncodeToString(served.GetParentSpanId()) != callersSpan ||
		served.GetKind() != otlp.Span_SPAN_KIND_SERVER {
		t.Errorf("the request's span is %v", served)
	}
	queued, committed := only(t, collected, "queue"), only(t, collected, "commit")
	if !bytes.Equal(queued.GetParentSpanId(), served.GetSpanId()) || !bytes.Equal(queued.GetTraceId(), served.GetTraceId()) ||
		len(queued.GetLinks()) != 1 || !bytes.Equal(queued.GetLinks()[0].GetSpanId(), committed.GetSpanId()) {
		t.Errorf("the queue's span is %v", queued)
	}
	if len(committed.GetLinks()) != 1 || !bytes.Equal(committed.GetLinks()[0].GetSpanId(), served.GetSpanId()) || len(committed.GetParentSpanId()) > 0 {
		t.Errorf("the commit's span is %v", committed)
	}
	if queued.GetStartTimeUnixNano() < served.GetStartTimeUnixNano() || queued.GetEndTimeUnixNano() > committed.GetEndTimeUnixNano() ||
		committed.GetEndTimeUnixNano() > served.GetEndTimeUnixNano() {
		t.Error("the spans are not within each other")
	}
	if strings.Join(collected.services, " ") == "" || strings.Trim(strings.Join(collected.services, ""), "boks") != "" {
		t.Errorf("the service is %q", collected.services)
	}
	if log := p.stderr.String(); !strings.Contains(log, `"route":"/users/{uid}/add"`) || !strings.Contains(log, `"trace_id":"`+callersTrace+`"`) {
		t.Errorf("log: %s", log)
	}
}

// only returns the one span with the name.
func only(t *testing.T, r *receiver, name string) *otlp.Span {
	t.Helper()
	spans := r.named(name)
	if len(spans) != 1 {
		t.Fatalf("%d spans are called %q", len(spans), name)
	}
	return spans[0]
}

// TestTraceSettings: what the standard variables say that makes no sense is refused.
func TestTraceSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environment map[string]string
		want        string
	}{
		"no endpoint": {map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "nonsense"}, `invalid value of OTEL_EXPORTER_OTLP_ENDPOINT: should be a URL such as http://localhost:4318`},
		"no sampler": {
			map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_TRACES_SAMPLER": "foo"},
			`invalid value "foo" of OTEL_TRACES_SAMPLER: should be one of always_on, always_off`,
		},
		"another exporter": {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, `invalid value "zipkin" of OTEL_TRACES_EXPORTER: should be otlp or none`},
		"another protocol": {
			map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			`invalid value "grpc" of OTEL_EXPORTER_OTLP_PROTOCOL: should be http/protobuf`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code, said := refuse(t, test.environment); code != exitUsage || !strings.Contains(said, test.want) {
				t.Errorf("exit code %d: %s", code, said)
			}
		})
	}
}
