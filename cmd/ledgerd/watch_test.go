package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// metricsAddress waits until the log says where the metrics are served.
func (p *process) metricsAddress(t *testing.T) string {
	t.Helper()
	p.stderr.address(t)
	for line := range strings.Lines(p.stderr.String()) {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "the metrics are served" {
			return entry.Address
		}
	}
	t.Fatalf("the metrics have no listener: %s", &p.stderr)
	return ""
}

func (p *process) expectStop(t *testing.T) {
	t.Helper()
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
}

// series returns the names and labels of the metrics of the ledger.
func series(scraped string) map[string]string {
	found := make(map[string]string)
	for line := range strings.Lines(scraped) {
		if i := strings.LastIndexByte(line, ' '); strings.HasPrefix(line, "ledger_") {
			found[line[:i]] = strings.TrimSpace(line[i:])
		}
	}
	return found
}

// TestMetricsInMemory has them on the API's listener, in no log line at info level.
func TestMetricsInMemory(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0")
	address := p.stderr.address(t)
	add(t, address, `{"amount":20,"transaction_id":"tx_1"}`)
	add(t, address, `{"amount":20,"transaction_id":"tx_1"}`)
	get(t, address, "/metrics")
	found := series(get(t, address, "/metrics"))
	for name, want := range map[string]string{
		`ledger_transactions_total{code="",kind="transaction",outcome="applied"}`:         "1",
		`ledger_transactions_total{code="",kind="transaction",outcome="replayed"}`:        "1",
		`ledger_http_requests_total{method="POST",route="/users/{uid}/add",status="202"}`: "1",
		`ledger_http_requests_total{method="POST",route="/users/{uid}/add",status="422"}`: "1",
		`ledger_http_requests_total{method="GET",route="/metrics",status="200"}`:          "1",
		`ledger_http_requests_in_flight`:                                                  "1",
	} {
		if found[name] != want {
			t.Errorf("%s is %q, want %s", name, found[name], want)
		}
	}
	p.expectStop(t)
	if log := p.stderr.String(); strings.Contains(log, "/metrics") {
		t.Errorf("a scrape is in the log: %s", log)
	}
}

// TestMetricsAreBounded asks for what differs in all that a client chooses, and finds no
// more series for a hundred than for one.
func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0")
	address := p.stderr.address(t)
	ask := func(n int) {
		for _, wanted := range []struct{ method, path, body string }{
			{"GET", "/a%d", ""},
			{"GET", "/v1/a%d?x=%[1]d", ""},
			{"GET", "/v1/accounts/a%d", ""},
			{"GET", "/v1/transactions/a%d", ""},
			{"GET", "/v1/ledgers/a%d/assets", ""},
			{"GET", "/users/a%d/balance", ""},
			{"M%d", "/v1/accounts", ""},
			{"M%d", "/b", ""},
			{"POST", "/v1/accounts", `{"id":"a%d","asset":"A%[1]d"}`},
			{"POST", "/users/" + demoUser + "/add", `{"amount":1,"transaction_id":"a%d"}`},
		} {
			fill := func(text string) string {
				if strings.Contains(text, "%") {
					return fmt.Sprintf(text, n)
				}
				return text
			}
			request, err := http.NewRequestWithContext(t.Context(), fill(wanted.method), "http://"+address+fill(wanted.path), strings.NewReader(fill(wanted.body)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			request.Header.Set("X-Request-Id", fmt.Sprint("r", n))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			readAll(t, response)
		}
	}
	ask(0)
	get(t, address, "/metrics")
	before := series(get(t, address, "/metrics"))
	for n := range 100 {
		ask(n + 1)
	}
	for name := range series(get(t, address, "/metrics")) {
		if _, known := before[name]; !known {
			t.Errorf("%s is new", name)
		}
	}
	if len(before) < 100 {
		t.Errorf("only %d series", len(before))
	}
	p.expectStop(t)
}

// TestMetricsOff has neither the path nor a cost.
func TestMetricsOff(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, map[string]string{"LEDGERD_METRICS": "false"}, "--listen=127.0.0.1:0")
	if got := get(t, p.stderr.address(t), "/metrics"); !strings.Contains(got, `"status_code":404`) {
		t.Error(got)
	}
	p.expectStop(t)
}

// TestMetricsListen has them on a listener of their own, and there alone, which ends with
// the server.
func TestMetricsListen(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0")
	api, metrics := p.stderr.address(t), p.metricsAddress(t)
	if got := get(t, api, "/metrics"); !strings.Contains(got, `"status_code":404`) {
		t.Error(got)
	}
	if got := get(t, metrics, "/metrics"); !strings.Contains(got, "\nledger_build_info{") {
		t.Error(got)
	}
	if got := get(t, metrics, "/healthz"); !strings.Contains(got, "404 page not found") {
		t.Error(got)
	}
	p.expectStop(t)
	if c, err := net.Dial("tcp", metrics); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

// TestMetricsOfADatabase has those of the store too.
func TestMetricsOfADatabase(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, map[string]string{"LEDGERD_DSN": postgrestest.Database(t, migrated()), "LEDGERD_DEMO": "true"}, "--listen=127.0.0.1:0")
	address := p.stderr.address(t)
	add(t, address, `{"amount":20,"transaction_id":"tx_1"}`)
	wanted := map[string]string{
		"ledger_store_up": "1", "ledger_pending_transactions": "0", "ledger_commit_queue_length": "0",
		`ledger_pool_connections_max{pool="committers"}`: "4", `ledger_pool_connections_max{pool="readers"}`: "5",
	}
	missing := ""
	for range 500 {
		found := series(get(t, address, "/metrics"))
		missing = ""
		for name, want := range wanted {
			if found[name] != want {
				missing += name + "=" + found[name] + " "
			}
		}
		if missing += strings.Repeat("no commit ", max(0, 1-len(strings.Trim(found["ledger_commit_callers_count"], "0")))); missing == "" {
			break
		}
		// The store is looked at beside what is served.
		time.Sleep(10 * time.Millisecond)
	}
	if missing != "" {
		t.Error(missing)
	}
	p.expectStop(t)
}

// TestTelemetryRefusals has what ledgerd refuses to start with.
func TestTelemetryRefusals(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	for name, test := range map[string]struct {
		environment map[string]string
		args        []string
		code        int
		want        string
	}{
		"taken port": {
			nil,
			[]string{"--metrics-listen=" + taken.Addr().String()},
			1,
			"--metrics-listen: listen tcp " + taken.Addr().String() + ": bind: address already in use",
		},
		"off": {
			map[string]string{"LEDGERD_METRICS_LISTEN": ":9090"},
			[]string{"--metrics=false"},
			2,
			"--metrics-listen needs --metrics",
		},
		"address": {
			nil,
			[]string{"--metrics-listen=9090"},
			2,
			`invalid argument "9090" for "--metrics-listen" flag: should be a host and a port, such as 127.0.0.1:8080`,
		},
		"sentry": {
			map[string]string{"SENTRY_DSN": "https://hunter2@sentry.example.com"},
			nil,
			2,
			"invalid SENTRY_DSN: it should be a DSN of Sentry, such as https://key@sentry.example.com/1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, got := refuse(t, test.environment, test.args...)
			if last := got[strings.LastIndexByte(strings.TrimSuffix(got, "\n"), '\n')+1:]; code != test.code || last != "ledgerd: "+test.want+"\n" {
				t.Errorf("exit code %d, want %d\nstderr: %swant:   %s", code, test.code, last, test.want)
			}
		})
	}
}

// TestSentryIsFlushed has a server that reports come to, and a run that reported nothing
// and one that cannot reach it end all the same.
func TestSentryIsFlushed(t *testing.T) {
	t.Parallel()
	sentry := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(sentry.Close)
	environment := map[string]string{"SENTRY_DSN": strings.Replace(sentry.URL, "http://", "http://key@", 1) + "/1", "SENTRY_RELEASE": "v1"}
	p := start(t, drainLimit, environment, "--listen=127.0.0.1:0")
	get(t, p.stderr.address(t), "/healthz")
	p.expectStop(t)
	if log := p.stderr.String(); strings.Contains(log, "reports are lost") || strings.Contains(log, "key@") {
		t.Error(log)
	}
}

// TestSettingsOfSentry are those of the environment.
func TestSettingsOfSentry(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"SENTRY_DSN": "https://key@sentry.example.com/1", "SENTRY_ENVIRONMENT": "staging", "SENTRY_RELEASE": "v7"}
	var got settings
	command := newCommand(func(name string) string { return environment[name] }, func(_ context.Context, s settings) error {
		got = s
		return nil
	})
	command.SetArgs([]string{})
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := got.telemetry.sentry; s.DSN != environment["SENTRY_DSN"] || s.Environment != "staging" || s.Release != "v7" {
		t.Errorf("got %+v", s)
	}
}
