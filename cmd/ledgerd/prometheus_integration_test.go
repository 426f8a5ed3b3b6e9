//go:build integration

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// prometheusServer is a running Prometheus.
type prometheusServer struct{ url string }

// startPrometheus starts a Prometheus with the rules of this repository, which asks the
// targets each second.
func startPrometheus(t *testing.T, targets map[string]string) prometheusServer {
	t.Helper()
	rules, err := filepath.Abs(deployed("prometheus", "rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n", rules)
	for job, address := range targets {
		config += fmt.Sprintf("  - {job_name: %s, static_configs: [{targets: [%q]}]}\n", job, address)
	}
	directory := t.TempDir()
	path := filepath.Join(directory, "prometheus.yml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(prometheusTool(t, "prometheus"), "--config.file="+path, "--storage.tsdb.path="+filepath.Join(directory, "data"), "--web.listen-address="+address)
	said := &output{}
	command.Stdout, command.Stderr = said, said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	p := prometheusServer{"http://" + address}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		response, err := http.Get(p.url + "/-/ready")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return p
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("Prometheus is not ready: %v\n%s", err, said)
		}
	}
}

// ask asks the API of Prometheus.
func (p prometheusServer) ask(t *testing.T, path string, query url.Values, into any) {
	t.Helper()
	response, err := http.Get(p.url + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &struct{ Data any }{into}); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, response.StatusCode, text, err)
	}
}

// finds returns how many series a query finds.
func (p prometheusServer) finds(t *testing.T, query string) int {
	t.Helper()
	var found struct{ Result []struct{ Value []any } }
	p.ask(t, "query", url.Values{"query": {query}}, &found)
	count := 0
	for _, series := range found.Result {
		if len(series.Value) == 2 && series.Value[1] != "NaN" {
			count++
		}
	}
	return count
}

// TestBinaryPrometheus has a real Prometheus watch a real ledgerd under load: each query
// of the dashboard finds something, each rule can be evaluated, and no alert fires that
// should not.
func TestBinaryPrometheus(t *testing.T) {
	t.Parallel()
	const users = 20
	commands := buildCommands(t)
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users)
	d := startOn(t, filepath.Join(commands, "ledgerd"), dsn)
	verified := filepath.Join(t.TempDir(), "ledger.prom")
	if out, err := exec.CommandContext(t.Context(), filepath.Join(commands, "ledgerctl"), "verify", "--dsn", dsn, "--metrics", verified).CombinedOutput(); err != nil {
		t.Fatalf("ledgerctl verify: %v\n%s", err, out)
	}
	textfile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, verified) }))
	defer textfile.Close()
	p := startPrometheus(t, map[string]string{"ledgerd": d.address, "node": textfile.Listener.Addr().String()})

	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 8, d.address)
	defer group.Wait()
	defer stop()
	group.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			// A replay of what the load does not ask for, a refusal, and pages that are not there.
			l.ask(t, d.address, 0)
			post(t, d.address, "/v1/transactions", fmt.Sprintf(`{"id":"up-%d","from":"user-1","to":"nobody","amount":"1","asset":"USD"}`, n))
			post(t, d.address, "/v1/transactions", fmt.Sprintf(`{"id":"hold-%d","from":"world:USD","to":"user-1","amount":"1","asset":"USD","pending":true}`, n))
			get(t, d.address, "/nowhere")
			time.Sleep(50 * time.Millisecond)
		}
	})

	fill := strings.NewReplacer("$__rate_interval", "15s", "$instance", ".*")
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			query := fill.Replace(target.Expr)
			for deadline := time.Now().Add(time.Minute); p.finds(t, query) == 0; time.Sleep(200 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Errorf("panel %q: nothing is found by %s", panel.Title, query)
					break
				}
			}
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, State, LastError string }
		}
	}
	p.ask(t, "rules", nil, &rules)
	count := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			count++
			if rule.Health != "ok" || rule.State == "firing" {
				t.Errorf("%s: %s, %s %s", rule.Name, rule.Health, rule.State, rule.LastError)
			}
		}
	}
	if count == 0 {
		t.Error("no rules are loaded")
	}
}

// post sends JSON, whatever is answered.
func post(t *testing.T, address, path, body string) {
	t.Helper()
	response, err := http.Post("http://"+address+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	_ = response.Body.Close()
}
