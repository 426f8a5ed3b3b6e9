package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

const otherLedger = "books"

// prefixes are where the two ledgers of a world are served.
func prefixes() []string { return []string{"/v1", "/v1/ledgers/" + otherLedger} }

// world is a handler over two ledgers in memory with the same content.
type world struct {
	http.Handler
	catalog  ledger.Catalog
	services []ledger.Service
	// now is the ledgers' clock, which stands still but for what a test adds to it.
	now *time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldWith(t, ledgerhttp.Config{})
}

// newWorldWith is newWorld with a configuration, to which it adds the catalog.
func newWorldWith(t testing.TB, config ledgerhttp.Config) *world {
	t.Helper()
	w := &world{now: new(time.Date(2026, 1, 31, 9, 26, 53, 589793000, time.UTC))}
	store := memory.New(memory.Config{Now: func() time.Time { return *w.now }})
	w.catalog = ledger.NewCatalog(store)
	config.Catalog = w.catalog
	for _, name := range []string{"main", otherLedger} {
		service, err := ledger.Open(t.Context(), store, ledger.Config{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		w.services = append(w.services, service)
	}
	w.Handler = ledgerhttp.NewHandler(w.services[0], config)
	for _, service := range w.services {
		w.fill(t, service)
	}
	*w.now = w.now.Add(2 * time.Second)
	for _, service := range w.services {
		correct(t, service)
	}
	return w
}

// fill opens accounts and posts transactions.
func (w *world) fill(t testing.TB, service ledger.Service) {
	t.Helper()
	usd, jpy, btc := usd, ledger.Asset{Code: "JPY"}, ledger.Asset{Code: "BTC", Scale: 8}
	if _, err := service.RegisterAsset(t.Context(), btc); err != nil {
		t.Fatal(err)
	}
	for _, request := range []ledger.AccountRequest{
		{ID: "alice", Name: "Alice", Asset: usd, OpeningBalance: ledger.NewAmount(100_00), Metadata: ledger.Metadata{"tier": "gold"}},
		{ID: "bob", Asset: usd},
		{ID: "kenji", Asset: jpy, OpeningBalance: ledger.NewAmount(1000)},
		{ID: "satoshi", Asset: btc, OpeningBalance: ledger.NewAmount(1)},
		{ID: "cash", Asset: usd, Normal: ledger.Debit, Unlimited: true},
		{ID: "icy", Asset: usd},
		{ID: "shut", Asset: usd},
	} {
		open(t, service, request)
	}
	setStatus(t, service, "icy", ledger.StatusFrozen)
	setStatus(t, service, "shut", ledger.StatusClosed)
	pay := func(id string, amount int64, change func(*ledger.TransactionRequest)) {
		t.Helper()
		request := ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
			{Account: "alice", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(amount)},
			{Account: "bob", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(amount)},
		}}
		if change != nil {
			change(&request)
		}
		if _, err := service.Post(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	pending := func(r *ledger.TransactionRequest) { r.Pending = true }
	pay("paid", 10_50, func(r *ledger.TransactionRequest) { r.Metadata = ledger.Metadata{"order": "7"} })
	pay("undone", 2_00, nil)
	pay("held", 4_00, pending)
	pay("voided", 3_00, pending)
	pay("late", 5_00, func(r *ledger.TransactionRequest) {
		r.Pending, r.ExpiresAt = true, w.now.Add(time.Second)
	})
}

// correct voids one transaction, and reverses another: alice then has 89.50 USD, of
// which 4.00 is reserved, and bob 10.50 USD.
func correct(t testing.TB, service ledger.Service) {
	t.Helper()
	if _, err := service.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "voided"}); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Reverse(t.Context(), ledger.ReversalRequest{ID: "undo", Transaction: "undone"}); err != nil {
		t.Fatal(err)
	}
}

// snapshot returns all that the ledgers hold.
func (w *world) snapshot(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	names, err := w.catalog.FindLedgers(t.Context(), ledger.LedgerQuery{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&all, "%v\n", names)
	for _, service := range w.services {
		all.WriteString(contentOf(t, service))
	}
	return all.String()
}

func contentOf(t testing.TB, service ledger.Service) string {
	t.Helper()
	ctx := t.Context()
	balance, err := service.TrialBalance(ctx, ledger.TrialBalanceQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := service.FindAccounts(ctx, ledger.AccountQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	all = append(all, wire.NewTrialBalance(balance, true))
	for _, account := range accounts.Accounts {
		entries, err := service.Entries(ctx, ledger.EntryQuery{Account: account.ID, Limit: ledger.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, wire.NewAccount(account))
		for _, entry := range entries.Entries {
			all = append(all, wire.NewAccountEntry(entry))
		}
	}
	transactions, err := service.FindTransactions(ctx, ledger.TransactionQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	for i := range transactions.Transactions {
		all = append(all, wire.NewTransaction(&transactions.Transactions[i]))
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ask sends a request with a header, which replaces what [do] sends.
func ask(handler http.Handler, method, target, body string, header http.Header) *httptest.ResponseRecorder {
	request := newRequest(method, target, body)
	maps.Copy(request.Header, header)
	return serve(handler, request)
}

func newRequest(method, target, body string) *http.Request {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

func serve(handler http.Handler, request *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// key is the header of a request with an Idempotency-Key.
func key(values ...string) http.Header { return http.Header{"Idempotency-Key": values} }

// problemOf reads the problem that a request is answered with, and checks what holds
// of every problem.
func problemOf(t testing.TB, got *httptest.ResponseRecorder) wire.Problem {
	t.Helper()
	var problem wire.Problem
	decoder := json.NewDecoder(strings.NewReader(got.Body.String()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&problem); err != nil {
		t.Fatalf("%d %s: %v", got.Code, got.Body, err)
	}
	if contentType := got.Header().Get("Content-Type"); contentType != "application/problem+json" {
		t.Errorf("Content-Type: %q", contentType)
	}
	if caching := got.Header().Get("Cache-Control"); caching != "no-store" {
		t.Errorf("Cache-Control: %q", caching)
	}
	if id := got.Header().Get("X-Request-Id"); id == "" || problem.RequestID != id {
		t.Errorf("request_id %q, X-Request-Id %q", problem.RequestID, id)
	}
	kind := kindOf(t, problem.Code)
	if got.Code != kind.Status || problem.Status != kind.Status || problem.Title != kind.Title || problem.Type != "/docs#"+problem.Code {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if problem.Detail == "" {
		t.Errorf("no detail: %s", got.Body)
	}
	retry := got.Header().Get("Retry-After")
	if isBusy := kind.Status == 503; isBusy != (retry == "1") && kind.Status != 429 || (retry != "") != (isBusy || kind.Status == 429) {
		t.Errorf("%d with Retry-After %q", got.Code, retry)
	}
	return problem
}

func kindOf(t testing.TB, code string) ledgerhttp.ProblemKind {
	t.Helper()
	for _, kind := range ledgerhttp.ProblemKinds() {
		if string(kind.Code) == code {
			return kind
		}
	}
	t.Fatalf("%q is not in the table", code)
	return ledgerhttp.ProblemKind{}
}

// expectProblem checks the status by the code, the field, and that the detail says
// what is wrong.
func expectProblem(t testing.TB, got *httptest.ResponseRecorder, code ledger.Code, field, detail string) {
	t.Helper()
	problem := problemOf(t, got)
	if problem.Code != string(code) || problem.Field != field || !strings.Contains(problem.Detail, detail) {
		t.Errorf("got %swant %s of field %q: %s", got.Body, code, field, detail)
	}
}

// normal returns an answer's body without what differs from run to run: times, and
// which of its stripes a world account's entry is on, with what is there.
func normal(got *httptest.ResponseRecorder) string {
	return stripes.ReplaceAllString(times.ReplaceAllString(got.Body.String(), `"T"`), "$1")
}

var stripes = regexp.MustCompile(`("account":"world:[^}]*),"seq":[^}]*`)

var times = regexp.MustCompile(`"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"`)

// expectJSON checks the status, the type, and every byte of the body but what [normal]
// leaves out.
func expectJSON(t testing.TB, got *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	text := normal(got)
	if got.Code != status || text != body+"\n" {
		t.Errorf("got %d %swant %d %s", got.Code, text, status, body)
	}
	if contentType := got.Header().Get("Content-Type"); contentType != "application/json" {
		t.Errorf("Content-Type: %q", contentType)
	}
}

// expectGolden checks the answer against a file, which UPDATE_GOLDEN=1 writes anew.
func expectGolden(t testing.TB, got *httptest.ResponseRecorder, status int, name string) {
	t.Helper()
	text := normal(got)
	path := filepath.Join("testdata", "v1", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Code != status || text != string(want) {
		t.Errorf("got %d %swant %d %s", got.Code, text, status, want)
	}
}

// failing is a service whose every call that the tests of /v1 make fails.
type failing struct {
	ledger.Service
	fail func(context.Context) error
}

func (f failing) Accounts(ctx context.Context, _ []string) ([]ledger.Account, error) {
	return nil, f.fail(ctx)
}

func (f failing) Assets(ctx context.Context) ([]ledger.Asset, error) { return nil, f.fail(ctx) }

func (f failing) Account(ctx context.Context, _ string) (ledger.Account, error) {
	return ledger.Account{}, f.fail(ctx)
}

func (f failing) Transaction(ctx context.Context, _ string) (ledger.Transaction, error) {
	return ledger.Transaction{}, f.fail(ctx)
}

func (f failing) OpenAccount(ctx context.Context, _ ledger.AccountRequest) (ledger.Outcome, error) {
	return ledger.Outcome{}, f.fail(ctx)
}

func (f failing) VoidPending(ctx context.Context, _ ledger.VoidPendingRequest) (ledger.Outcome, error) {
	return ledger.Outcome{}, f.fail(ctx)
}

func (f failing) PostBatch(ctx context.Context, _ []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	return nil, f.fail(ctx)
}

func (f failing) PostAtomic(ctx context.Context, _ []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	return nil, f.fail(ctx)
}

func (f failing) TrialBalance(ctx context.Context, _ ledger.TrialBalanceQuery) (ledger.TrialBalance, error) {
	return ledger.TrialBalance{}, f.fail(ctx)
}

// moments are the times in a sentence.
var moments = regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)

// encodedPlainly returns a string as JSON in which nothing is escaped but what must be.
func encodedPlainly(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func hex(text string) string { return fmt.Sprintf("%x", text) }
