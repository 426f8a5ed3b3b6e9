package openapi_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/internal/openapi"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// examplesInOrder is every example of the description, in an order in which each gets the
// answer that the description shows. A step in the form METHOD PATH BODY prepares
// those behind it.
var examplesInOrder = []string{
	"openLedger/ledger", "openLedger/replay", "openLedger/invalid_name", "listLedgers/ledgers",
	"registerAsset/points", "registerAsset/replay", "registerAsset/asset_exists", "registerAsset/invalid_code", "listAssets/assets",

	"openAccount/customer", "openAccount/replay", "openAccount/overdraft", "openAccount/opening_balance",
	"openAccount/account_exists", "openAccount/unknown_asset", "openAccount/amount_out_of_range", "openAccount/unknown_field",
	"openAccounts/batch", "openAccounts/invalid_request",
	`POST /accounts {"id":"old","asset":"USD"}`, `PATCH /accounts/old {"status":"closed"}`,
	"changeAccount/freeze", "changeAccount/reopen", "changeAccount/account_not_empty", "changeAccount/account_closed", "changeAccount/invalid_status",
	"listAccounts/by_metadata", "changeAccount/details", "lookUpAccounts/accounts", "lookUpAccounts/not_found", "lookUpAccounts/invalid_request",

	"postTransaction/deposit", "postTransaction/replay", "postTransaction/transaction_conflict", "getTransaction/transaction",
	"postTransaction/split", "postTransaction/hold", "postTransaction/open_hold", "postTransaction/late_fee",
	"postTransaction/dry_run", "postTransaction/on_condition", "postTransaction/condition_failed",
	"postTransaction/insufficient_funds", "postTransaction/unbalanced", "postTransaction/asset_mismatch",
	"postTransaction/account_closed", "postTransaction/no_account", "postTransaction/too_fine",
	"getAccount/account", "getBalance/current", "getBalance/past", "getBalance/two_times",
	"listEntries/entries", "getStatement/statement", "getStatement/backwards", "listTransactions/by_metadata", "listTransactions/by_account",

	"postPending/amount_out_of_range", "postPending/zero", "postPending/part", "postPending/replay", "postPending/already_resolved",
	"postPending/by_entries",
	`POST /transactions {"id":"hold-3","from":"alice","to":"shop","amount":"4.00","pending":true}`,
	"voidPending/void", "voidPending/replay", "voidPending/already_resolved",

	"reverseTransaction/reversal", "reverseTransaction/replay", "reverseTransaction/already_reversed", "reverseTransaction/not_reversible",
	"reverseTransaction/transaction_conflict", "reverseTransaction/invalid_id",

	"postTransaction/up_to", "postTransactions/batch", "postTransactions/atomic", "postTransactions/insufficient_funds",
	"postTransactions/transaction_conflict", "postTransactions/no_account", "postTransactions/invalid_request",
	"getTrialBalance/trial_balance", "getTrialBalance/ahead",

	"addToUser/deposit", "addToUser/replay", "addToUser/not_positive", "addToUser/too_large",
	"getUserBalance/balance", "getUserHistory/history", "getUserHistory/invalid_page_size",
	"getHealth/alive", "getReadiness/ready", "getDocsFile/not_found",

	"listAccounts/invalid_query", "getAccount/no_account", "getTransaction/no_transaction", "listAssets/no_ledger",
	"openAccount/too_large", "openAccount/unsupported_media_type", "getUserBalance/no_user",
	"streamTransactions/stream",

	`POST /transactions {"id":"drain-1","from":"alice","to":"world:USD","amount":"10000.00","up_to":true}`,
	"reverseTransaction/insufficient_funds",
}

// TestExamples sends every request of the description to a server, and holds that the
// request is as its schema says, unless the answer is 400, that the answer is as its
// schema says, and that it is the one the description shows.
func TestExamples(t *testing.T) {
	t.Parallel()
	description := readDescription(t)
	exchanges := exchangesByName(t, description)
	for _, prefix := range []string{"/v1", "/v1/ledgers/main"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			teller := newTeller(t, prefix)
			for _, step := range examplesInOrder {
				if method, rest, ok := strings.Cut(step, " "); ok {
					path, body, _ := strings.Cut(rest, " ")
					teller.prepare(t, method, path, body)
					continue
				}
				exchange, ok := exchanges[step]
				if !ok {
					t.Fatalf("the description has no example %s", step)
				}
				teller.tell(t, step, exchange)
			}
		})
	}
	for name := range exchanges {
		if !slices.Contains(examplesInOrder, name) {
			t.Errorf("the story lacks %s", name)
		}
	}
}

func readDescription(t testing.TB) *openapi.Description {
	t.Helper()
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	description, err := openapi.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return description
}

// exchangesByName returns every exchange under the id of its operation and its name.
func exchangesByName(t *testing.T, description *openapi.Description) map[string]openapi.Exchange {
	t.Helper()
	all, err := description.SharedExchanges()
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range description.Operations() {
		exchanges, err := operation.Exchanges()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, exchanges...)
	}
	named := make(map[string]openapi.Exchange, len(all))
	for _, exchange := range all {
		name := exchange.Operation.ID + "/" + exchange.Name
		if _, twice := named[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		named[name] = exchange
	}
	return named
}

// teller asks a server, and compares its answers with the description.
type teller struct {
	server    *httptest.Server
	validator validator.Validator
	prefix    string
}

func newTeller(t *testing.T, prefix string) *teller {
	t.Helper()
	store := memory.New(memory.Config{})
	service, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(ledgerhttp.NewHandler(service, ledgerhttp.Config{Catalog: ledger.NewCatalog(store)}))
	t.Cleanup(server.Close)
	return &teller{server: server, validator: newValidator(t), prefix: prefix}
}

func newValidator(t *testing.T) validator.Validator {
	t.Helper()
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, problems := validator.NewValidator(document, config.WithFormatAssertions())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	t.Cleanup(v.Release)
	return v
}

func (tell *teller) prepare(t *testing.T, method, path, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, tell.server.URL+tell.prefix+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := tell.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if text := readAll(t, response); response.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
}

// tell sends a request and compares the answer.
func (tell *teller) tell(t *testing.T, name string, exchange openapi.Exchange) {
	t.Helper()
	root := exchange.Root
	if root == "/v1" && len(exchange.Operation.Servers) > 1 {
		root = tell.prefix
	}
	response, err := tell.server.Client().Do(newRequest(t, exchange, tell.server.URL+root))
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, response)
	if strconv.Itoa(response.StatusCode) != exchange.Status || response.Header.Get("Content-Type") != exchange.Type {
		t.Errorf("%s: got %d %s, want %s %s", name, response.StatusCode, response.Header.Get("Content-Type"), exchange.Status, exchange.Type)
	}
	tell.validate(t, name, exchange, response, got)
	if got, want := withoutChance(got), withoutChance(string(exchange.Answer)); got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// validate holds that a request and its answer are as their schemas say.
func (tell *teller) validate(t *testing.T, name string, exchange openapi.Exchange, response *http.Response, got string) {
	t.Helper()
	checkHeaders(t, name, exchange, response)
	if exchange.Type == "application/x-ndjson" {
		// Lines have the shapes that a batch has.
		exchange = inBatch(t, exchange)
		got = `{"data":[` + strings.Join(strings.Split(strings.TrimSpace(got), "\n"), ",") + `]}`
		response.Header.Set("Content-Type", "application/json")
	}
	// The validator takes the variables of a server for what they look like.
	request := newRequest(t, exchange, tell.server.URL+exchange.Operation.Servers[0])
	valid, problems := tell.validator.ValidateHttpRequestSync(request)
	if isMalformed := slices.Contains([]string{"400", "413", "415"}, exchange.Status); !valid && !isMalformed {
		t.Errorf("%s: the request is not as described:\n%s", name, explain(problems))
	}
	response.Body = io.NopCloser(strings.NewReader(got))
	if valid, problems := tell.validator.ValidateHttpResponse(request, response); !valid {
		t.Errorf("%s: the answer is not as described:\n%s%s", name, explain(problems), got)
	}
	response.Header.Set("Content-Type", exchange.Type)
	response.Body = io.NopCloser(bytes.NewReader(exchange.Answer))
	if valid, problems := tell.validator.ValidateHttpResponse(request, response); !valid && exchange.Answer != nil {
		t.Errorf("%s: the example of the answer is not as described:\n%s", name, explain(problems))
	}
}

// inBatch returns a stream as the batch that has the same members.
func inBatch(t *testing.T, exchange openapi.Exchange) openapi.Exchange {
	t.Helper()
	wrap := func(head string, lines []byte) []byte {
		return []byte(head + strings.Join(strings.Split(strings.TrimSpace(string(lines)), "\n"), ",") + `]}`)
	}
	exchange.Operation = readDescription(t).Operation("postTransactions")
	exchange.Target, exchange.Type = exchange.Operation.Path, "application/json"
	exchange.Headers = openapi.Ordered[string]{{Name: "Content-Type", Value: exchange.Type}}
	exchange.Body, exchange.Answer = wrap(`{"transactions":[`, exchange.Body), wrap(`{"data":[`, exchange.Answer)
	return exchange
}

// checkHeaders holds that the answer has the headers that it must have, and of those
// that are this API's own, no other than may be.
func checkHeaders(t *testing.T, name string, exchange openapi.Exchange, response *http.Response) {
	t.Helper()
	described, _ := exchange.Operation.Responses.Find(exchange.Status)
	for _, header := range described.Headers {
		if header.Value.Required && response.Header.Get(header.Name) == "" {
			t.Errorf("%s: the answer lacks %s", name, header.Name)
		}
	}
	for _, own := range []string{"X-Request-Id", "Idempotent-Replayed", "Dry-Run", "Retry-After", "ETag", "Cache-Control", "Allow"} {
		value := response.Header.Get(own)
		if value == "no-store" {
			// The description says it of all at once.
			continue
		}
		if _, ok := described.Headers.Find(own); !ok && value != "" {
			t.Errorf("%s: the answer has %s, which is not described", name, own)
		}
	}
	_, isReplay := described.Headers.Find("Idempotent-Replayed")
	if wants := isReplay && exchange.Name == "replay"; wants != (response.Header.Get("Idempotent-Replayed") == "true") {
		t.Errorf("%s: Idempotent-Replayed: %q", name, response.Header.Get("Idempotent-Replayed"))
	}
	if wants := exchange.Name == "dry_run"; wants != (response.Header.Get("Dry-Run") == "true") {
		t.Errorf("%s: Dry-Run: %q", name, response.Header.Get("Dry-Run"))
	}
}

func newRequest(t *testing.T, exchange openapi.Exchange, root string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), exchange.Operation.Method, root+exchange.Target, bytes.NewReader(exchange.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range exchange.Headers {
		request.Header.Set(header.Name, header.Value)
	}
	return request
}

func explain(problems []*errors.ValidationError) string {
	var b strings.Builder
	for _, problem := range problems {
		fmt.Fprintf(&b, "%s: %s\n", problem.Message, problem.Reason)
		for _, violation := range problem.SchemaValidationErrors {
			fmt.Fprintf(&b, "  %s: %s\n", cmp.Or(violation.FieldPath, violation.KeywordLocation), violation.Reason)
		}
	}
	return b.String()
}

var (
	timeText  = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	requestID = regexp.MustCompile(`"request_id":"[^"]*"`)
	// chainText is an entry's place in the chain of a world account that it happens to
	// be in.
	chainText = regexp.MustCompile(`("account":"world:USD"[^}]*),"seq":[^}]*`)
)

// withoutChance leaves out what is different each time.
func withoutChance(body string) string {
	body = timeText.ReplaceAllString(body, "TIME")
	body = chainText.ReplaceAllString(body, "$1")
	return strings.TrimSpace(requestID.ReplaceAllString(body, `"request_id":"ID"`))
}

func readAll(t *testing.T, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
