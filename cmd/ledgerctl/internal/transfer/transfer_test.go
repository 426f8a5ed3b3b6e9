package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

func newLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func export(t *testing.T, l *ledger.Ledger, config transfer.WriterConfig) string {
	t.Helper()
	var out bytes.Buffer
	w := transfer.NewWriter(&out, config)
	if err := l.Export(t.Context(), w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// serve returns a client of a server of the ledger.
func serve(t *testing.T, l *ledger.Ledger) ledger.Service {
	t.Helper()
	server := httptest.NewServer(ledgerhttp.NewHandler(l, ledgerhttp.Config{}))
	t.Cleanup(server.Close)
	client, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func portable(t *testing.T, l *ledger.Ledger) string {
	t.Helper()
	lines := strings.Split(export(t, l, transfer.WriterConfig{IsPortable: true}), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// everything is a file with all types of records.
const everything = `{"type":"asset","code":"GEM","scale":1}
{"type":"account","id":"a","name":"A, \"the first\"","asset":"USD/2","opening_balance":"50.00","effective_at":"2026-01-30T12:00:00Z","metadata":{"k":"v"}}
{"type":"account","id":"b","asset":"USD","min_balance":"none"}
{"type":"account","id":"g","asset":"GEM/1","normal":"debit"}
{"type":"account","id":"closing","asset":"USD"}

{"type":"transaction","id":"t1","from":"world:USD","to":"a","amount":"10.00","asset":"USD","effective_at":"2026-01-31T12:00:00Z","actor":"me"}
{"id":"t2","entries":[{"account":"a","side":"debit","amount":"2.00"},{"account":"a","side":"debit","amount":"1.00"},{"account":"b","side":"credit","amount":"3.00"}],"related":"t1"}
{"id":"h1","from":"a","to":"b","amount":"5.00","pending":true}
{"id":"h2","from":"a","to":"b","amount":"6.00","pending":true,"expires_at":"2099-01-31T12:00:00Z"}
{"id":"h3","from":"a","to":"b","amount":"7.00","pending":true}
{"id":"h4","from":"a","to":"b","amount":"1.00","pending":true,"effective_at":"2020-01-31T12:00:00Z","expires_at":"2020-02-01T00:00:00Z"}
{"id":"h5","from":"a","to":"b","amount":"1.00","pending":true}
{"type":"post","transaction":"h1","amount":"2.50"}
{"type":"void","transaction":"h3","actor":"me"}
{"type":"post","transaction":"h5"}
{"type":"reversal","id":"r1","transaction":"t2","description":"wrong"}
{"type":"account_status","account":"b","status":"frozen"}
{"type":"account_status","account":"closing","status":"closed"}
`

func importInto(t *testing.T, service ledger.Service, text string, config transfer.Config) (transfer.Summary, string) {
	t.Helper()
	var rejects bytes.Buffer
	config.Rejects = &rejects
	summary, err := transfer.Import(t.Context(), service, strings.NewReader(text), config)
	if err != nil {
		t.Fatal(err)
	}
	return summary, rejects.String()
}

func TestExportAndImportMakeAnEqualLedger(t *testing.T) {
	t.Parallel()
	original := newLedger(t)
	if summary, rejected := importInto(t, original, everything, transfer.Config{}); summary.Rejected > 0 || summary.Applied != 18 {
		t.Fatalf("%+v, %s", summary, rejected)
	}
	for _, format := range []transfer.Format{transfer.NDJSON, transfer.CSV} {
		for _, isPortable := range []bool{false, true} {
			t.Run(fmt.Sprint(format, isPortable), func(t *testing.T) {
				t.Parallel()
				text := export(t, original, transfer.WriterConfig{Format: format, IsPortable: isPortable})
				copied := newLedger(t)
				client := serve(t, copied)
				for again := range 2 {
					summary, rejected := importInto(t, client, text, transfer.Config{Format: format})
					if summary.Rejected > 0 || again == 1 && summary.Replayed < summary.Applied {
						t.Fatalf("%+v, %s of\n%s", summary, rejected, text)
					}
				}
				if got, want := portable(t, copied), portable(t, original); got != want {
					t.Errorf("the copy is\n%s\nand the original\n%s", got, want)
				}
			})
		}
	}
}

func TestImportRejects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, line, code, message string }{
		{"no JSON", "not json", "invalid_request", ""},
		{"cut off", `{"id":"x","from":"a`, "invalid_request", ""},
		{"no object", `["id"]`, "invalid_request", ""},
		{"unknown field", `{"id":"x","from":"a","to":"b","amount":"1.00","bogus":1}`, "invalid_request", "bogus"},
		{"a field twice", `{"id":"x","id":"y","from":"a","to":"b","amount":"1.00"}`, "invalid_request", "id"},
		{"unknown type", `{"type":"payment","id":"x"}`, "invalid_request", "type"},
		{"wrong type of a field", `{"id":"x","from":"a","to":"b","amount":1}`, "invalid_request", "amount"},
		{"no id", `{"from":"a","to":"b","amount":"1.00"}`, "invalid_request", "id"},
		{"too many decimals", `{"id":"x","from":"a","to":"b","amount":"1.001"}`, "", "amount"},
		{"unknown asset", `{"type":"account","id":"x","asset":"NOPE"}`, "unknown_asset", "NOPE"},
		{"no such account", `{"id":"x","from":"nobody","to":"b","amount":"1.00"}`, "not_found", "nobody"},
		{"no money", `{"id":"x","from":"a","to":"b","amount":"100.00"}`, "insufficient_funds", "available"},
		{
			"unbalanced", `{"id":"x","entries":[{"account":"a","side":"debit","amount":"1.00"},{"account":"b","side":"credit","amount":"2.00"}]}`,
			"unbalanced", "differ",
		},
		{"a conflict", `{"id":"t","from":"world:USD","to":"a","amount":"2.00"}`, "transaction_conflict", ""},
		{"an account that is another", `{"type":"account","id":"a","asset":"EUR"}`, "account_exists", ""},
		{"nothing to post", `{"type":"post","transaction":"nothing"}`, "not_found", ""},
		{"nothing to void", `{"type":"void"}`, "invalid_request", "transaction"},
		{"nothing to reverse", `{"type":"reversal","id":"x","transaction":"nothing"}`, "not_found", ""},
		{"no such status", `{"type":"account_status","account":"a","status":"gone"}`, "invalid_request", "status"},
		{"not empty", `{"type":"account_status","account":"a","status":"closed"}`, "account_not_empty", ""},
		{"too long", `{"id":"` + strings.Repeat("x", 9<<20) + `"}`, "invalid_request", "longer than 8 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := "\ufeff" + `{"type":"account","id":"a","asset":"USD"}` + "\r\n\r\n" + `{"type":"account","id":"b","asset":"USD"}` + "\n" +
				`{"id":"t","from":"world:USD","to":"a","amount":"1.00"}` + "\n" + tt.line + "\n" +
				`{"id":"last","from":"a","to":"b","amount":"1.00"}`
			l := newLedger(t)
			summary, rejected := importInto(t, l, text, transfer.Config{})
			if summary.Applied != 4 || summary.Rejected != 1 || summary.Line != 6 {
				t.Errorf("%+v", summary)
			}
			if !strings.HasPrefix(rejected, `{"line":5,"error_code":"`+tt.code) || !strings.Contains(rejected, tt.message) {
				t.Errorf("rejected: %.300s", rejected)
			}
		})
	}
}

func TestMendedRejectsAreImported(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	text := "type,id,asset,from,to,amount\naccount,a,USD,,,\n,t,,world:USD,a,1\n,u,,world:USD,nobody,1.00\n,short\n"
	summary, rejected := importInto(t, l, text, transfer.Config{Format: transfer.CSV})
	if summary.Applied != 2 || summary.Rejected != 2 {
		t.Fatalf("%+v\n%s", summary, rejected)
	}
	mended := strings.ReplaceAll(strings.Join(strings.Split(rejected, "\n")[:2], "\n"), "nobody", "a")
	if summary, rejected = importInto(t, l, mended, transfer.Config{Format: transfer.CSV}); summary.Applied != 1 {
		t.Errorf("%+v\n%s\nof\n%s", summary, rejected, mended)
	}
	_, rejected = importInto(t, l, `{"id":"v","from":"a","to":"nobody","amount":"1.00"}`+"\noops\n", transfer.Config{})
	if summary, rejected = importInto(t, l, strings.ReplaceAll(rejected, "nobody", "world:USD"), transfer.Config{}); summary.Applied != 1 || summary.Rejected != 1 {
		t.Errorf("%+v\n%s", summary, rejected)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	summary, rejected := importInto(t, l, everything+"oops\n", transfer.Config{DryRun: true})
	if summary.Applied != 18 || summary.Rejected != 1 {
		t.Errorf("%+v, %s", summary, rejected)
	}
	if page, err := l.FindAccounts(t.Context(), ledger.AccountQuery{}); err != nil || len(page.Accounts) > 0 {
		t.Errorf("there are %d accounts, %v", len(page.Accounts), err)
	}
}

// failing is a service that is away from some call on.
type failing struct {
	ledger.Service
	calls int
}

func (f *failing) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	if f.calls--; f.calls < 0 {
		return nil, &ledger.Error{Code: ledger.ErrUnavailable, Message: "away"}
	}
	return f.Service.PostBatch(ctx, requests)
}

func TestImportSaysWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`{"type":"account","id":"a","asset":"USD"}` + "\n")
	for i := range 2500 {
		fmt.Fprintf(&text, `{"id":"t%d","from":"world:USD","to":"a","amount":"1.00"}`+"\n", i)
	}
	l := newLedger(t)
	_, err := transfer.Import(t.Context(), &failing{Service: l, calls: 1}, strings.NewReader(text.String()), transfer.Config{RetryFor: time.Millisecond})
	broken, ok := errors.AsType[*transfer.BrokenError](err)
	if !ok || broken.Line != 1001 || !errors.Is(err, ledger.ErrUnavailable) {
		t.Fatalf("the error is %v", err)
	}
	summary, _ := importInto(t, l, text.String(), transfer.Config{})
	if summary.Replayed != 1001 || summary.Applied != 1500 || summary.Line != 2501 {
		t.Errorf("%+v", summary)
	}
	summary, _ = importInto(t, l, text.String(), transfer.Config{FirstLine: 2001})
	if summary.Replayed != 501 {
		t.Errorf("%+v", summary)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := transfer.Import(ctx, l, strings.NewReader(text.String()), transfer.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
