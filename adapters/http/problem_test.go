package http_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// refusal is a request and the problem that answers it. What the table of codes says
// is left out of the problem.
type refusal struct {
	method, path, body string
	header             http.Header
	want               wire.Problem
}

// refusals has a request for each code that a ledger in memory can answer with. Paths
// are under the prefix.
func refusals() []refusal {
	const transactions = "/transactions"
	pay := func(change string) string {
		return `{"id":"t1","from":"alice","to":"bob","amount":"1.00"` + change + `}`
	}
	entries := func(first, second string) string { return `{"id":"t1","entries":[` + first + `,` + second + `]}` }
	problem := func(code ledger.Code, detail string) wire.Problem {
		return wire.Problem{Code: string(code), Detail: detail}
	}
	on := func(p wire.Problem, field, account, transaction string) wire.Problem {
		p.Field, p.Account, p.Transaction = field, account, transaction
		return p
	}
	return []refusal{
		{"POST", transactions, pay(`,"amuont":"1"`), nil, on(problem(ledger.ErrInvalidRequest, `amuont is not a known field`), "amuont", "", "")},
		{
			"POST", transactions + "/hold/post", "",
			http.Header{"Sec-Fetch-Site": {"cross-site"}},
			problem(ledgerhttp.ErrForbidden, "a page of another site asks for this, which only pages of this server may"),
		},
		{
			"POST", transactions + "/stream", "",
			http.Header{"Origin": {"https://elsewhere.test"}},
			problem(ledgerhttp.ErrForbidden, "a page of another site asks for this, which only pages of this server may"),
		},
		{
			"POST", transactions, `{"id":"t1","from":"alice","to":"alice","amount":"1.00"}`, nil,
			on(problem(ledger.ErrInvalidRequest, "to should be another account than from"), "to", "", "t1"),
		},
		{"GET", "/accounts/nobody", "", nil, on(problem(ledger.ErrNotFound, `account "nobody" does not exist`), "", "nobody", "")},
		{"GET", "/transactions/none", "", nil, on(problem(ledger.ErrNotFound, `transaction "none" does not exist`), "", "", "none")},
		{
			"POST", transactions, `{"id":"t1","from":"alice","to":"nobody","amount":"1.00"}`, nil,
			on(problem(ledger.ErrNotFound, `account "nobody" does not exist`), "", "nobody", "t1"),
		},
		{
			"DELETE", "/accounts/alice", "", nil,
			problem(ledgerhttp.ErrMethodNotAllowed, "the path does not take DELETE; the Allow header has what it takes"),
		},
		{"POST", transactions, strings.Repeat(" ", 1<<20+1), nil, problem(ledgerhttp.ErrTooLarge, "the body should have at most 1048576 bytes")},
		{
			"POST", transactions, pay(""),
			http.Header{"Content-Type": {"text/plain"}},
			problem(ledgerhttp.ErrUnsupportedMediaType, "the body should be JSON, with the header Content-Type: application/json"),
		},
		{
			"POST", "/accounts", `{"id":"alice","asset":"USD"}`, nil,
			on(problem(ledger.ErrAccountExists, `account "alice" was opened with other content`), "", "alice", ""),
		},
		{
			"POST", "/assets", `{"code":"BTC","scale":7}`, nil,
			on(problem(ledger.ErrAssetExists, "asset BTC has a scale of 8, which never changes; BTC/7 contradicts it"), "scale", "", ""),
		},
		{
			"POST", transactions, `{"id":"paid","from":"alice","to":"bob","amount":"1.00"}`, nil,
			on(problem(ledger.ErrTransactionConflict, `transaction "paid" was made with other content; repeat a request exactly, or choose another id`), "", "", "paid"),
		},
		{
			"POST", "/transactions/voided/post", "", nil,
			on(problem(ledger.ErrAlreadyResolved, `transaction "voided" was voided at TIME`), "", "", "voided"),
		},
		{
			"POST", "/transactions/paid/void", "", nil,
			on(problem(ledger.ErrAlreadyResolved, `transaction "paid" is posted and was never pending`), "", "", "paid"),
		},
		{
			"POST", "/transactions/undone/reverse", `{"id":"again"}`, nil,
			on(problem(ledger.ErrAlreadyReversed, `transaction "undone" was reversed by "undo"`), "", "", "undone"),
		},
		{"POST", "/transactions/late/post", `{}`, nil, on(problem(ledger.ErrExpired, `transaction "late" expired at TIME`), "", "", "late")},
		{
			"POST", "/transactions/held/reverse", `{"id":"again"}`, nil,
			on(problem(ledger.ErrNotReversible, `transaction "held" has posted nothing that could be reversed`), "", "", "held"),
		},
		{
			"PATCH", "/accounts/alice", `{"status":"closed"}`, nil,
			on(problem(ledger.ErrAccountNotEmpty, `account "alice" has a balance of 89.50 USD; bring it to zero before you close it`), "", "alice", ""),
		},
		{
			"POST", transactions, pay(`,"conditions":[{"account":"bob","sequence":99}]`), nil,
			on(problem(ledger.ErrConditionFailed, `account "bob" is at sequence number 3, not 99; read it again`), "", "bob", "t1"),
		},
		{
			"POST", transactions, `{"id":"t1","from":"alice","to":"bob","amount":"1000.00"}`, nil,
			on(problem(ledger.ErrInsufficientFunds, `account "alice"`), "", "alice", "t1"),
		},
		{
			"POST", transactions, `{"id":"t1","from":"alice","to":"icy","amount":"1.00"}`, nil,
			on(problem(ledger.ErrAccountFrozen, `account "icy" is frozen`), "", "icy", "t1"),
		},
		{
			"POST", transactions, `{"id":"t1","from":"alice","to":"shut","amount":"1.00"}`, nil,
			on(problem(ledger.ErrAccountClosed, `account "shut" is closed`), "", "shut", "t1"),
		},
		{
			"POST", transactions, entries(`{"account":"alice","side":"debit","amount":"1.00"}`, `{"account":"bob","side":"credit","amount":"1.01"}`), nil,
			on(problem(ledger.ErrUnbalanced, "debits and credits of USD/2 differ by 0.01"), "entries", "", "t1"),
		},
		{
			"POST", transactions, pay(`,"asset":"EUR"`), nil,
			on(problem(ledger.ErrAssetMismatch, `account "alice" holds USD/2, not EUR/2`), "", "alice", "t1"),
		},
		{
			"POST", transactions, pay(`,"asset":"DOGE"`), nil,
			on(problem(ledger.ErrUnknownAsset, `asset "DOGE" is not known; register it with its scale by POST /v1/assets`), "asset", "", "t1"),
		},
		{
			"POST", transactions, entries(`{"account":"alice","side":"debit","amount":"1.00"}`, `{"account":"bob","side":"credit","amount":"1.00","asset":"DOGE"}`),
			nil,
			on(problem(ledger.ErrUnknownAsset, `asset "DOGE" is not known`), "entries[1].asset", "", "t1"),
		},
		{
			"POST", "/accounts", `{"id":"a1","asset":"DOGE"}`, nil,
			on(problem(ledger.ErrUnknownAsset, `asset "DOGE" is not known; register it with its scale by POST /v1/assets`), "asset", "a1", ""),
		},
		{
			"POST", "/transactions/held/post", `{"amount":"4.01"}`, nil,
			on(problem(ledger.ErrAmountOutOfRange, `4.01 USD is more than the 4.00 that transaction "held" reserves`), "amount", "alice", "held"),
		},
		{
			"POST", "/transactions/batch", `{"atomic":true,"transactions":[` + pay("") + `,{"id":"t2","from":"alice","to":"bob","amount":"0"}]}`, nil,
			func() wire.Problem {
				p := on(problem(ledger.ErrInvalidRequest, "amount should be positive"), "amount", "", "t2")
				p.Index = new(1)
				return p
			}(),
		},
		{
			"POST", "/transactions/batch", `{"atomic":true,"transactions":[` + pay("") + `,{"id":"t2","from":"nobody","to":"bob","amount":"1"}]}`, nil,
			func() wire.Problem {
				p := on(problem(ledger.ErrNotFound, `account "nobody" does not exist`), "", "nobody", "t2")
				p.Index = new(1)
				return p
			}(),
		},
	}
}

// check sends the request, and compares every member of the answer.
func (r refusal) check(t *testing.T, handler http.Handler, prefix string) {
	t.Helper()
	got := ask(handler, r.method, prefix+r.path, r.body, r.header)
	problem := problemOf(t, got)
	problem.Detail = moments.ReplaceAllString(problem.Detail, "TIME")
	if !strings.HasPrefix(problem.Detail, r.want.Detail) {
		t.Errorf("%s %s %.200s: got the detail %s, want %s", r.method, r.path, r.body, problem.Detail, r.want.Detail)
	}
	want := r.want
	kind := kindOf(t, want.Code)
	want.Type, want.Title, want.Status = "/docs#"+want.Code, kind.Title, kind.Status
	want.Detail, want.RequestID = problem.Detail, problem.RequestID
	if gotText, wantText := encoded(t, problem), encoded(t, want); gotText != wantText {
		t.Errorf("%s %s %.200s:\ngot  %s\nwant %s", r.method, r.path, r.body, gotText, wantText)
	}
}

func encoded(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestProblems asks for each code of the table.
func TestProblems(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	seen := []ledger.Code{
		// There is no authentication and no limit on how often one may ask.
		ledgerhttp.ErrUnauthorized, ledgerhttp.ErrTooManyRequests,
	}
	for _, prefix := range prefixes() {
		for _, r := range refusals() {
			if code := ledger.Code(r.want.Code); !slices.Contains(seen, code) {
				seen = append(seen, code)
			}
			r.check(t, w, prefix)
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
	for _, fault := range faults() {
		seen = append(seen, fault.code)
	}
	for _, kind := range ledgerhttp.ProblemKinds() {
		if !slices.Contains(seen, kind.Code) {
			t.Errorf("nothing asks for %s", kind.Code)
		}
		seen = slices.DeleteFunc(seen, func(code ledger.Code) bool { return code == kind.Code })
	}
	if len(seen) > 0 {
		t.Errorf("not in the table: %s", seen)
	}
}

type fault struct {
	code ledger.Code
	errs []error
	// detail is all that is told.
	detail string
}

func faults() []fault {
	return []fault{
		{ledger.ErrInternal, []error{
			&ledger.Error{Code: ledger.ErrInternal, Message: "secret", Field: "secret", Account: "secret"},
			errors.New("secret: password=hunter2"), ledger.Code("secret"), &ledger.Error{Code: "secret", Message: "secret"},
		}, "internal error; the server's log has more under the request_id"},
		{ledger.ErrOverloaded, []error{
			&ledger.Error{Code: ledger.ErrOverloaded, Message: "secret"}, fmt.Errorf("secret: %w", ledger.ErrOverloaded),
		}, "the ledger is busy. nothing was lost: ask again with the same id"},
		{ledger.ErrUnavailable, []error{
			&ledger.Error{Code: ledger.ErrUnavailable, Message: "secret", Cause: errors.New("secret"), Account: "secret"},
			fmt.Errorf("secret: %w", context.DeadlineExceeded), fmt.Errorf("secret: %w", context.Canceled),
		}, "the ledger is not available. nothing was lost: ask again with the same id"},
	}
}

// TestFaultsOfV1 has a service that fails, whose words are for the log alone.
func TestFaultsOfV1(t *testing.T) {
	t.Parallel()
	for _, fault := range faults() {
		for _, err := range fault.errs {
			var log lines
			handler := ledgerhttp.NewHandler(failing{newLedger(t), func(context.Context) error { return err }}, ledgerhttp.Config{Logger: log.logger()})
			asked := 0
			for _, request := range [][3]string{
				{"GET", "/v1/accounts/alice"},
				{"GET", "/v1/transactions/paid"},
				{"GET", "/v1/assets"},
				{"GET", "/v1/trial-balance"},
				{"POST", "/v1/accounts", `{"id":"a","asset":"USD"}`},
				{"POST", "/v1/accounts", `{"id":"a","asset":"USD/2"}`},
				{"POST", "/v1/accounts/lookup", `{"ids":["a"]}`},
				{"POST", "/v1/transactions", `{"id":"t1","from":"a","to":"b","amount":"1"}`},
				{"POST", "/v1/transactions", `{"id":"t1","from":"a","to":"b","amount":"1","asset":"USD"}`},
				{"POST", "/v1/transactions/batch", `{"transactions":[{"id":"t1","from":"a","to":"b","amount":"1"}]}`},
				{"POST", "/v1/transactions/batch", `{"transactions":[{"id":"t1","from":"a","to":"b","amount":"1","asset":"USD/2"}]}`},
				{"POST", "/v1/transactions/batch", `{"atomic":true,"transactions":[{"id":"t1","from":"a","to":"b","amount":"1","asset":"USD/2"}]}`},
				{"POST", "/v1/transactions/t1/post", `{"amount":"1"}`},
				{"POST", "/v1/transactions/t1/void", ``},
			} {
				got := do(handler, request[0], request[1], request[2])
				asked++
				problem := problemOf(t, got)
				if problem.Code != string(fault.code) || problem.Detail != fault.detail || strings.Contains(got.Body.String(), "secret") {
					t.Errorf("%v of %v: %s", request, err, got.Body)
				}
			}
			if logged := strings.Count(log.String(), "secret"); logged < asked {
				t.Errorf("%d requests failed, and the log says why of %d: %s", asked, logged, log.String())
			}
		}
	}
}

// TestBareCode has a service that fails with a code and no sentence.
func TestBareCode(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(failing{newLedger(t), func(context.Context) error {
		return fmt.Errorf("secret: %w", ledger.ErrConditionFailed)
	}}, ledgerhttp.Config{})
	expectProblem(t, do(handler, "POST", "/v1/accounts", `{"id":"a","asset":"USD/2"}`), ledger.ErrConditionFailed, "", "A condition does not hold")
}
