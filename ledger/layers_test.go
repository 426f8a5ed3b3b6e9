package ledger_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seed-d432d95b/ledger"

type layer struct {
	path    string
	allowed []string
}

// layers says what the packages of each layer may depend on, directly or not,
// beyond the standard library and what they have in common with every layer
// below. A package belongs to the first layer whose path it starts with.
var layers = []layer{
	{"/ledger/ledgertest", []string{"/ledger", "pgregory.net/rapid"}},
	{"/ledger", nil},
	{"/adapters/memory", []string{"/ledger"}},
	// Programs that make files at development time, and what they share with tests.
	{"/adapters/http/internal/openapi", []string{"/adapters/http/internal/openapi", "go.yaml.in/yaml/v3"}},
	{"/adapters/http", []string{"/ledger", "/adapters/http", "github.com/gorilla/mux", "golang.org/x/time/rate"}},
	{"/adapters/postgres", []string{
		"/ledger", "/adapters/postgres", "github.com/uptrace/bun", "github.com/jackc/", "golang.org/x/",
		// What bun itself depends on.
		"github.com/jinzhu/inflection", "github.com/puzpuzpuz/xsync", "github.com/tmthrgd/go-hex", "github.com/vmihailenco/",
	}},
	{"/cmd/ledgerd", []string{
		"/ledger", "/adapters/", "/cmd/ledgerd", "github.com/", "golang.org/x/", "go.opentelemetry.io/", "google.golang.org/", "go.yaml.in/yaml/v3",
	}},
	{"/cmd/", []string{"/ledger", "/adapters/", "/cmd/", "github.com/", "golang.org/x/", "gonum.org/v1/", "codeberg.org/", "git.sr.ht/", "go.yaml.in/yaml/v3"}},
}

// pureForbidden are parts of the standard library that the domain must not
// reach, directly or not.
var pureForbidden = []string{
	"database/sql", "encoding/json", "log", "log/slog", "net", "net/http", "os/exec",
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, pkg := range goList(t, "-f", "{{.ImportPath}}", module+"/...") {
		i := slices.IndexFunc(layers, func(l layer) bool { return strings.HasPrefix(pkg, module+l.path) })
		if i < 0 {
			t.Errorf("package %s belongs to no layer", pkg)
			continue
		}
		for _, dependency := range goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg) {
			allowed := dependency == pkg || slices.ContainsFunc(layers[i].allowed, func(path string) bool {
				if strings.HasPrefix(path, "/") {
					path = module + path
				}
				return dependency == path || strings.HasPrefix(dependency, strings.TrimSuffix(path, "/")+"/") &&
					!strings.HasPrefix(dependency, module+"/ledger/ledgertest")
			})
			if !allowed {
				t.Errorf("%s depends on %s, which its layer may not", pkg, dependency)
			}
		}
	}
}

// telemetry are the libraries of what watches the server, which nobody else links.
var telemetry = []string{"github.com/prometheus/", "github.com/getsentry/", "go.opentelemetry.io/"}

func TestTelemetryIsTheServers(t *testing.T) {
	t.Parallel()
	for _, pkg := range goList(t, "-f", "{{.ImportPath}}", module+"/...") {
		if strings.HasPrefix(pkg, module+"/cmd/ledgerd") {
			continue
		}
		for _, dependency := range goList(t, "-deps", pkg) {
			if slices.ContainsFunc(telemetry, func(path string) bool { return strings.HasPrefix(dependency, path) }) {
				t.Errorf("%s depends on %s", pkg, dependency)
			}
		}
	}
}

func TestDomainIsPure(t *testing.T) {
	t.Parallel()
	for _, dependency := range goList(t, "-deps", module+"/ledger") {
		if slices.Contains(pureForbidden, dependency) {
			t.Errorf("the domain reaches for %s", dependency)
		}
	}
}

func goList(t *testing.T, arguments ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list"}, arguments...)...)
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	return strings.Fields(string(output))
}
