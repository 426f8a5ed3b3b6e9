package http_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// accountJSON returns an account in USD as /v1 prints it, with nothing on it.
func accountJSON(id, name, minBalance, status, metadata string) string {
	return `{"id":"` + id + `","name":"` + name + `","asset":"USD","normal":"credit","min_balance":"` + minBalance + `","status":"` + status +
		`","metadata":` + metadata + `,"balance":{"posted":"0.00","pending_in":"0.00","pending_out":"0.00","available":"0.00"},` +
		`"debits":"0.00","credits":"0.00","sequence":0,"opened_at":"T"}`
}

// expectReplay checks whether an answer says that it is a replay.
func expectReplay(t *testing.T, got *httptest.ResponseRecorder, want string) {
	t.Helper()
	if replayed := got.Header().Get("Idempotent-Replayed"); replayed != want {
		t.Errorf("Idempotent-Replayed: %q, want %q: %s", replayed, want, got.Body)
	}
}

func TestOpenAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/accounts"
		got := do(w, "POST", path, `{"id":"a1","asset":"USD"}`)
		expectJSON(t, got, 201, accountJSON("a1", "", "0.00", "open", "{}"))
		expectReplay(t, got, "")

		// The same in other words is a replay, also with the id in the header.
		for _, again := range []*httptest.ResponseRecorder{
			do(w, "POST", path, `{"asset":"USD/2","id":"a1","name":"","normal":"credit","min_balance":"-0.0","opening_balance":"0","metadata":{}}`),
			ask(w, "POST", path, `{"asset":"USD"}`, key("a1")),
			ask(w, "POST", path, `{"asset":"USD","id":"a1"}`, key("a1")),
			ask(w, "POST", path+"/", `{"asset":"USD","id":"a1"}`, http.Header{"Content-Type": {"Application/JSON; charset=utf-8"}}),
		} {
			expectJSON(t, again, 200, accountJSON("a1", "", "0.00", "open", "{}"))
			expectReplay(t, again, "true")
		}
		expectJSON(t, do(w, "POST", path, `{"id":"a2","name":"\u003cÄ&\"","asset":"USD","min_balance":"none","metadata":{"b":"","a":"é"}}`), 201,
			accountJSON("a2", `<Ä&\"`, "none", "open", `{"a":"é","b":""}`))
		expectJSON(t, do(w, "POST", path, `{"id":"A.b_c:d@e-f","asset":"USD","min_balance":"-100"}`), 201,
			accountJSON("A.b_c:d@e-f", "", "-100.00", "open", `{}`))
		expectGolden(t, do(w, "POST", path, `{"id":"a3","asset":"BTC","normal":"debit","min_balance":"0.1"}`), 201, "account_debit.json")
		expectGolden(t, do(w, "POST", path, `{"id":"a4","asset":"BTC/8","opening_balance":"20999999.9769"}`), 201, "account_opened.json")
		expectGolden(t, do(w, "GET", prefix+"/accounts/alice", ""), 200, "account.json")
		expectGolden(t, do(w, "GET", prefix+"/accounts/world:USD", ""), 200, "account_world.json")

		long := strings.Repeat("x", 128)
		expectJSON(t, do(w, "POST", path, `{"id":"`+long+`","asset":"USD"}`), 201, accountJSON(long, "", "0.00", "open", "{}"))
		expectJSON(t, do(w, "GET", path+"/"+long, ""), 200, accountJSON(long, "", "0.00", "open", "{}"))
	}
}

// TestIDsThatArePaths has things that are called as parts of paths are.
func TestIDsThatArePaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		for _, id := range []string{"batch", "lookup", "stream", "balance", "accounts", "v1"} {
			expectJSON(t, do(w, "POST", prefix+"/accounts", `{"id":"`+id+`","asset":"USD"}`), 201, accountJSON(id, "", "0.00", "open", "{}"))
			expectJSON(t, do(w, "GET", prefix+"/accounts/"+id, ""), 200, accountJSON(id, "", "0.00", "open", "{}"))
			expectJSON(t, do(w, "PATCH", prefix+"/accounts/"+id, `{"name":"n"}`), 200, accountJSON(id, "n", "0.00", "open", "{}"))
			if got := do(w, "GET", prefix+"/accounts/"+id+"/balance", ""); got.Code != 200 {
				t.Errorf("%s: %d %s", id, got.Code, got.Body)
			}
			if got := do(w, "POST", prefix+"/transactions", `{"id":"`+id+`","from":"alice","to":"bob","amount":"0.01"}`); got.Code != 201 {
				t.Errorf("%s: %d %s", id, got.Code, got.Body)
			}
			if got := do(w, "GET", prefix+"/transactions/"+id, ""); got.Code != 200 || !strings.Contains(got.Body.String(), `"id":"`+id+`"`) {
				t.Errorf("%s: %d %s", id, got.Code, got.Body)
			}
			if got := do(w, "POST", prefix+"/transactions/"+id+"/reverse", `{"id":"undo-`+id+`"}`); got.Code != 201 {
				t.Errorf("%s: %d %s", id, got.Code, got.Body)
			}
		}
	}
}

// TestForeignIDs reads what has ids that /v1 does not make, through paths and bodies.
func TestForeignIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, escaped := range map[string]string{
		"a/b": "a%2Fb", "a b": "a%20b", "é": "%C3%A9", "a?b": "a%3Fb", "a%2Fb": "a%252Fb", "..": "%2e%2e", "a+b": "a+b", "a\"b": "a%22b", "-": "-",
		"x/balance": "x%2Fbalance", "batch/": "batch%2F", "😀": "%F0%9F%98%80", "<&>": "%3C&%3E",
	} {
		for i, prefix := range prefixes() {
			open(t, w.services[i], ledger.AccountRequest{ID: id, Asset: usd})
			quoted := strings.Trim(strings.TrimSpace(encodedPlainly(t, id)), `"`)
			want := accountJSON(quoted, "", "0.00", "open", "{}")
			expectJSON(t, do(w, "GET", prefix+"/accounts/"+escaped, ""), 200, want)
			expectJSON(t, do(w, "GET", prefix+"/accounts/"+escaped+"/", ""), 200, want)
			expectJSON(t, do(w, "PATCH", prefix+"/accounts/"+escaped, `{"status":"open"}`), 200, want)
			expectJSON(t, do(w, "POST", prefix+"/accounts/lookup", `{"ids":["`+quoted+`"]}`), 200, `{"data":[`+want+`],"next_cursor":null}`)
			for _, rest := range []string{"/balance", "/entries", "/statement"} {
				if got := do(w, "GET", prefix+"/accounts/"+escaped+rest, ""); got.Code != 200 {
					t.Errorf("%q%s: %d %s", id, rest, got.Code, got.Body)
				}
			}
			// They take part in transactions.
			if got := do(w, "POST", prefix+"/transactions", `{"id":"t:`+strings.Repeat("x", len(id))+hex(id)+`","from":"alice","to":"`+quoted+`","amount":"0.01"}`); got.Code != 201 {
				t.Errorf("%q: %d %s", id, got.Code, got.Body)
			}
			request := ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
				{Account: "alice", Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(1)},
				{Account: "bob", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(1)},
			}}
			if _, err := w.services[i].Post(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			if got := do(w, "GET", prefix+"/transactions/"+escaped, ""); got.Code != 200 || !strings.HasPrefix(got.Body.String(), `{"id":"`+quoted+`",`) {
				t.Errorf("%q: %d %s", id, got.Code, got.Body)
			}
			if got := do(w, "POST", prefix+"/transactions/"+escaped+"/reverse", `{"id":"u:`+hex(id)+`"}`); got.Code != 201 {
				t.Errorf("%q: %d %s", id, got.Code, got.Body)
			}
		}
	}
}

func TestChangeAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		do(w, "POST", prefix+"/accounts", `{"id":"a1","name":"n","asset":"USD","metadata":{"a":"1","b":"2"}}`)
		for _, step := range []struct{ body, name, status, metadata string }{
			{`{}`, "n", "open", `{"a":"1","b":"2"}`},
			{`{"name":null,"status":null,"metadata":null}`, "n", "open", `{"a":"1","b":"2"}`},
			{`{"metadata":{"c":"3"}}`, "n", "open", `{"c":"3"}`},
			{`{"metadata":{"c":null,"d":"4"}}`, "n", "open", `{"d":"4"}`},
			{`{"name":"m","status":"frozen"}`, "m", "frozen", `{"d":"4"}`},
			{`{"name":""}`, "", "frozen", `{"d":"4"}`},
			{`{"metadata":{}}`, "", "frozen", `{}`},
			{`{"status":"open"}`, "", "open", `{}`},
			{`{"status":"open"}`, "", "open", `{}`},
			{`{"status":"closed","name":"gone"}`, "gone", "closed", `{}`},
			{`{"status":"closed"}`, "gone", "closed", `{}`},
		} {
			want := accountJSON("a1", step.name, "0.00", step.status, step.metadata)
			expectJSON(t, do(w, "PATCH", prefix+"/accounts/a1", step.body), 200, want)
			expectJSON(t, do(w, "GET", prefix+"/accounts/a1", ""), 200, want)
		}
		expectProblem(t, do(w, "PATCH", prefix+"/accounts/a1", `{"status":"open"}`), ledger.ErrAccountClosed, "", "is closed")
		expectProblem(t, do(w, "PATCH", prefix+"/accounts/alice", `{"status":"closed"}`), ledger.ErrAccountNotEmpty, "", "alice")
	}
}

// TestOpenAccounts has members of every kind in one batch.
func TestOpenAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const batch = `{"accounts":[{"id":"a1","asset":"USD"},{"id":"a1","asset":"USD"},{"id":"a1","asset":"JPY"},{"id":"no/slash","asset":"USD"},` +
		`{"id":"a2","asset":"DOGE"},{"id":"a3","asset":"USD/3"},{"asset":"USD"},{"id":"a4"},{"id":"a5","asset":"JPY","opening_balance":"0.5"},` +
		`{"id":"a6","asset":"BTC","opening_balance":"0.5"},{"id":"world:USD","asset":"USD"},{"id":"a7","asset":"EUR/2","min_balance":"x"}]}`
	for _, prefix := range prefixes() {
		got := ask(w, "POST", prefix+"/accounts/batch", batch, http.Header{"X-Request-Id": {"r1"}})
		expectGolden(t, got, 200, "accounts_batch.json")
		if got := do(w, "GET", prefix+"/accounts?prefix=a", ""); strings.Count(got.Body.String(), `"id":`) != 3 {
			t.Errorf("opened %s", got.Body)
		}
		expectJSON(t, do(w, "POST", prefix+"/accounts/batch", `{"accounts":[]}`), 200, `{"data":[]}`)
		expectJSON(t, do(w, "POST", prefix+"/accounts/batch", `{"accounts":[{"id":"a9","asset":"USD"}]}`), 200,
			`{"data":[{"status":201,"account":`+accountJSON("a9", "", "0.00", "open", "{}")+`}]}`)
	}
}

func TestLookUpAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		expectJSON(t, do(w, "POST", prefix+"/accounts/lookup", `{"ids":[]}`), 200, `{"data":[],"next_cursor":null}`)
		expectGolden(t, do(w, "POST", prefix+"/accounts/lookup", `{"ids":["shut","icy","shut"]}`), 200, "accounts_lookup.json")
		for _, missing := range []string{"nobody", "", "a\\u0000", strings.Repeat("x", 2000)} {
			got := do(w, "POST", prefix+"/accounts/lookup", `{"ids":["alice","`+missing+`","bob"]}`)
			if problem := problemOf(t, got); problem.Code != "not_found" || got.Body.Len() > 4096 {
				t.Errorf("%.20q: %s", missing, got.Body)
			}
		}
	}
}

func TestBalances(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/accounts/alice/balance"
		expectJSON(t, do(w, "GET", path, ""), 200, `{"account":"alice","asset":"USD","normal":"credit","posted":"89.50","pending_in":"0.00",`+
			`"pending_out":"4.00","available":"85.50","debits":"12.50","credits":"102.00","answered_at":"T"}`)
		// What is past has nothing pending.
		const then = `{"account":"alice","asset":"USD","normal":"credit","posted":"$","debits":"$","credits":"$","answered_at":"T"}`
		at := func(posted, debits, credits string) string {
			text := then
			for _, value := range []string{posted, debits, credits} {
				text = strings.Replace(text, "$", value, 1)
			}
			return text
		}
		for _, parameter := range []string{"at", "recorded_at"} {
			expectJSON(t, do(w, "GET", path+"?"+parameter+"=2026-01-01T00:00:00Z", ""), 200, at("0.00", "0.00", "0.00"))
			expectJSON(t, do(w, "GET", path+"?"+parameter+"=2026-01-31T10:26:55.589793%2B01:00", ""), 200, at("89.50", "12.50", "102.00"))
		}
		expectJSON(t, do(w, "GET", prefix+"/accounts/cash/balance", ""), 200, `{"account":"cash","asset":"USD","normal":"debit","posted":"0.00",`+
			`"pending_in":"0.00","pending_out":"0.00","available":"0.00","debits":"0.00","credits":"0.00","answered_at":"T"}`)
	}
}
