package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// prometheusTool returns the path of a program of Prometheus: prometheus or promtool.
func prometheusTool(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", "prometheus", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not on the PATH; .ci/prometheus fetches it on Debian", name)
	}
	return path
}

// deployed returns the path of a file under deploy.
func deployed(elements ...string) string {
	return filepath.Join(append([]string{"..", "..", "deploy"}, elements...)...)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// alertRules are the rules of Prometheus as far as the tests look at them.
type alertRules struct {
	Groups []struct {
		Rules []struct {
			Alert       string
			Annotations struct {
				Summary, Description string
				Runbook              string `yaml:"runbook_url"`
			}
			Labels struct{ Severity string }
		}
	}
}

// TestAlerts has Prometheus check the rules, and that each fires when it should, and
// looks for its runbook.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool := prometheusTool(t, "promtool")
	for _, arguments := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", deployed("prometheus", "rules.yml")},
		{"test", "rules", deployed("prometheus", "rules_test.yml")},
	} {
		if out, err := exec.CommandContext(t.Context(), promtool, arguments...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, out)
		}
	}
	var rules alertRules
	if err := yaml.Unmarshal([]byte(readFile(t, deployed("prometheus", "rules.yml"))), &rules); err != nil {
		t.Fatal(err)
	}
	runbooks, tests := readFile(t, filepath.Join("..", "..", "docs", "operations.md")), readFile(t, deployed("prometheus", "rules_test.yml"))
	count := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			count++
			if want := "docs/operations.md#" + strings.ToLower(rule.Alert); rule.Annotations.Runbook != want {
				t.Errorf("the runbook of %s is %s, not %s", rule.Alert, rule.Annotations.Runbook, want)
			}
			if !strings.Contains(runbooks, "\n### "+rule.Alert+"\n") {
				t.Errorf("%s has no runbook", rule.Alert)
			}
			if !strings.Contains(tests, "- name: "+rule.Alert+"\n") {
				t.Errorf("%s has no test", rule.Alert)
			}
			if rule.Annotations.Summary == "" || rule.Annotations.Description == "" || rule.Labels.Severity != "critical" && rule.Labels.Severity != "warning" {
				t.Errorf("%s lacks a summary, a description or a severity", rule.Alert)
			}
		}
	}
	if runbooks := strings.Count(runbooks, "\n### Ledger"); runbooks != count {
		t.Errorf("%d alerts have %d runbooks", count, runbooks)
	}
}

// dashboard is what the tests look at of a dashboard of Grafana.
type dashboard struct {
	UID    string
	Panels []struct {
		ID      int
		Title   string
		Type    string
		Targets []struct{ Expr string }
		GridPos struct{ H, W, X, Y int }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(readFile(t, deployed("grafana", "dashboards", "ledger.json"))), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWatchedMetrics demands that what the dashboard and the alerts look at is there, and
// that what is there is looked at.
func TestWatchedMetrics(t *testing.T) {
	t.Parallel()
	ids := make(map[int]bool)
	watched := readFile(t, deployed("prometheus", "rules.yml"))
	for _, panel := range readDashboard(t).Panels {
		if ids[panel.ID] {
			t.Errorf("two panels have the id %d", panel.ID)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			watched += "\n" + target.Expr
		}
	}
	metric := regexp.MustCompile(`\bledger_[a-z_]+\b`)
	known := metric.FindAllString(readFile(t, filepath.Join("testdata", "metrics.txt")), -1)
	known = append(known, "ledger_verify_findings", "ledger_verify_success", "ledger_verify_timestamp_seconds")
	used := metric.FindAllString(watched, -1)
	base := regexp.MustCompile(`_(bucket|sum|count)$`)
	for i, name := range used {
		if !slices.Contains(known, name) {
			used[i] = base.ReplaceAllString(name, "")
		}
		if !slices.Contains(known, used[i]) {
			t.Errorf("there is no %s", name)
		}
	}
	for _, name := range known {
		if !slices.Contains(used, name) && name != "ledger_pool_connections_max" {
			t.Errorf("nobody looks at %s", name)
		}
	}
}
