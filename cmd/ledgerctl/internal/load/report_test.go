package load_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
	"github.com/seed-d432d95b/ledger/ledger"
)

// steadyReport is the report of a run in which all takes a time that is known.
func steadyReport(t *testing.T) load.Report {
	t.Helper()
	var report load.Report
	synctest.Test(t, func(t *testing.T) {
		books, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		steady := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			n++
			time.Sleep(time.Duration(n) * time.Millisecond)
			if n == 30 {
				return ledger.Outcome{}, &ledger.Error{Code: ledger.ErrInsufficientFunds}
			}
			return books.Deposit(ctx, d)
		}}
		report = run(t, load.Config{
			Target: "memory <&>", Services: []ledger.Service{steady}, Accounts: 10, Callers: 1, Count: 50,
			Mix: mix(t, "deposit=3,read=1"), WarmUp: 100 * time.Millisecond, Seed: 3,
		})
	})
	report.Run = "bench-id"
	return report
}

// golden compares with a file of testdata. Set UPDATE_GOLDEN to write it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

func TestReportGolden(t *testing.T) {
	t.Parallel()
	report := steadyReport(t)
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", append(text, '\n'))
	var again load.Report
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}

	var table bytes.Buffer
	if err := again.WriteText(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.txt", table.Bytes())

	again.LateStarts, again.NotStarted, again.Interrupted = 5, 7, true
	again.Books = load.Books{Checked: true, AskedAgain: 3, Unknown: 1, ProblemCount: 21, Problems: []string{"first", "second"}}
	table.Reset()
	if err := again.WriteText(&table); err != nil {
		t.Fatal(err)
	}
	golden(t, "trouble.txt", table.Bytes())
	if err := again.Err(); err == nil || err.Error() != "the books are wrong in 21 places; the first: first" {
		t.Error(err)
	}
}

func TestPlotIsSVG(t *testing.T) {
	t.Parallel()
	report := steadyReport(t)
	other := report
	other.Target, other.RatePerSecond, other.Latencies = "server", 100, report.Latencies[:2]
	var svg bytes.Buffer
	if err := load.WritePlot(&svg, report, other); err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(svg.Bytes()))
	var texts []string
	depth, root := 0, ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg.String())
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				root = token.Name.Local
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); text != "" {
				texts = append(texts, text)
			}
		}
	}
	if root != "svg" {
		t.Errorf("the root is %q", root)
	}
	all := strings.Join(texts, "\n")
	for _, want := range []string{
		"Latency, ms", "Percentile of the operations, %", "0", "90", "99", "0.1", "100",
		"memory <&>, all, 1 callers", "memory <&>, deposit, 1 callers", "memory <&>, read, 1 callers", "server, deposit, at 100/s",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no text %q in\n%s", want, all)
		}
	}
	if strings.Contains(all, "server, all") {
		t.Error("all operations have a line beside the only kind")
	}
	if regexp.MustCompile(`NaN|Inf`).Match(svg.Bytes()) {
		t.Error("a coordinate is no number")
	}
}

func TestPlotOfNothing(t *testing.T) {
	t.Parallel()
	if err := load.WritePlot(io.Discard, load.Report{Latencies: []load.Latency{{Kind: "all"}}}); err == nil || !strings.Contains(err.Error(), "nothing to plot") {
		t.Error(err)
	}
}
