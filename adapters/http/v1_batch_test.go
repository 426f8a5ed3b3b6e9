package http_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestBatch has members of every kind, each of which sees those before it.
func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	batch := `{"transactions":[` + strings.Join([]string{
		`{"id":"t1","from":"alice","to":"bob","amount":"85.50"}`,
		`{"id":"t1","from":"alice","to":"bob","amount":"85.5","asset":"USD"}`,
		`{"id":"t1","from":"alice","to":"bob","amount":"1"}`,
		`{"id":"t2","from":"alice","to":"bob","amount":"0.01"}`,
		`{"id":"t3","from":"bob","to":"alice","amount":"96.00"}`,
		`{"id":"t4","from":"alice","to":"nobody","amount":"1"}`,
		`{"id":"t5","from":"nobody","to":"alice","amount":"1"}`,
		`{"id":"t6","from":"alice","to":"bob","amount":"0"}`,
		`{"from":"alice","to":"bob","amount":"1"}`,
		`{"id":"t7","from":"alice","to":"bob","amount":"1","asset":"DOGE"}`,
		`{"id":"paid","from":"alice","to":"bob","amount":"10.50","metadata":{"order":"7"}}`,
		`{"id":"t8","entries":[{"account":"alice","side":"debit","amount":"1"},{"account":"bob","side":"credit","amount":"2"}]}`,
		`{"id":"t9","from":"alice","to":"bob","amount":"1","pending":true}`,
		`{"id":"t10","from":"world:EUR","to":"bob","amount":"1"}`,
		`{"id":"t11","from":"world:DOGE","to":"bob","amount":"1"}`,
	}, ",") + `]}`
	for _, prefix := range prefixes() {
		got := ask(w, "POST", prefix+"/transactions/batch", batch, http.Header{"X-Request-Id": {"r1"}})
		expectGolden(t, got, 200, "batch.json")
		expectJSON(t, do(w, "POST", prefix+"/transactions/batch", `{"transactions":[]}`), 200, `{"data":[]}`)
		expectJSON(t, do(w, "POST", prefix+"/transactions/batch", `{"transactions":[],"atomic":true}`), 200, `{"data":[]}`)
	}
}

// TestAtomicBatch does all members or none.
func TestAtomicBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	body := func(members ...string) string {
		return `{"atomic":true,"transactions":[` + strings.Join(members, ",") + `]}`
	}
	const good = `{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`
	for _, prefix := range prefixes() {
		path := prefix + "/transactions/batch"
		for _, test := range []struct {
			members []string
			index   int
			code    ledger.Code
			field   string
		}{
			{[]string{good, `{"id":"t2","from":"alice","to":"bob","amount":"1000"}`}, 1, ledger.ErrInsufficientFunds, ""},
			{[]string{good, good, `{"id":"t2","from":"alice","to":"icy","amount":"1"}`, `{}`}, 3, ledger.ErrInvalidRequest, "id"},
			{[]string{`{"id":"t1","from":"icy","to":"alice","amount":"1"}`, good}, 0, ledger.ErrAccountFrozen, ""},
			{[]string{good, `{"id":"t1","from":"alice","to":"bob","amount":"2"}`}, 1, ledger.ErrTransactionConflict, ""},
			{[]string{good, `{"id":"t2","from":"alice","to":"bob","amount":"1","asset":"usd"}`}, 1, ledger.ErrInvalidRequest, "asset"},
			{[]string{good, `{"id":"opening:x","from":"alice","to":"bob","amount":"1"}`}, 1, ledger.ErrInvalidRequest, "id"},
			{[]string{good, `{"id":"t2","from":"alice","to":"nobody","amount":"1"}`}, 1, ledger.ErrNotFound, ""},
			{[]string{good, `{"id":"t2","from":"alice","to":"bob","amount":"-1"}`}, 1, ledger.ErrInvalidRequest, "amount"},
		} {
			problem := problemOf(t, do(w, "POST", path, body(test.members...)))
			if problem.Code != string(test.code) || problem.Index == nil || *problem.Index != test.index || problem.Field != test.field {
				t.Errorf("%s: %+v", test.members, problem)
			}
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
	for _, prefix := range prefixes() {
		path := prefix + "/transactions/batch"
		all := body(good, `{"id":"paid","from":"alice","to":"bob","amount":"10.50","metadata":{"order":"7"}}`, `{"id":"t2","from":"bob","to":"alice","amount":"11.50"}`)
		expectGolden(t, do(w, "POST", path, all), 200, "batch_atomic.json")
		expectGolden(t, do(w, "POST", path, all), 200, "batch_atomic_again.json")
	}
}

// TestLargestBatch posts as many transactions as a batch has, in chunks.
func TestLargestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var members []string
	for i := range ledger.MaxBatch {
		members = append(members, fmt.Sprintf(`{"id":"m%d","from":"alice","to":"bob","amount":"0.01"}`, i))
	}
	for _, atomic := range []string{"false", "true"} {
		for _, prefix := range prefixes() {
			body := strings.ReplaceAll(`{"transactions":[`+strings.Join(members, ",")+`],"atomic":`+atomic+`}`, `"m`, `"`+atomic)
			request := newRequest("POST", prefix+"/transactions/batch", body)
			request.ContentLength = -1
			if got := serve(w, request); got.Code != 200 || strings.Count(got.Body.String(), `{"status":201,`) != ledger.MaxBatch {
				t.Errorf("%d %.300s", got.Code, got.Body)
			}
		}
	}
	for _, service := range w.services {
		account, err := service.Account(t.Context(), "alice")
		if err != nil || account.Posted() != ledger.NewAmount(89_50-20_00) {
			t.Errorf("alice has %s, %v", account.Posted(), err)
		}
	}
}

// TestKeyOfMany sends one Idempotency-Key for things that have ids of their own, which
// is refused.
func TestKeyOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		accounts := `{"accounts":[{"id":"many","asset":"USD"}]}`
		expectProblem(t, ask(w, "POST", prefix+"/accounts/batch", accounts, key("k")), ledger.ErrInvalidRequest, "Idempotency-Key", "own")
		transactions := `{"transactions":[{"id":"many","from":"alice","to":"bob","amount":"1"}]}`
		expectProblem(t, ask(w, "POST", prefix+"/transactions/batch", transactions, key("k")), ledger.ErrInvalidRequest, "Idempotency-Key", "own")
		stream := http.Header{"Content-Type": {"application/x-ndjson"}, "Idempotency-Key": {"k"}}
		expectProblem(t, ask(w, "POST", prefix+"/transactions/stream", "{}", stream), ledger.ErrInvalidRequest, "Idempotency-Key", "own")
	}
}
