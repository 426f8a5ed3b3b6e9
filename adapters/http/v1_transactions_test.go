package http_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

func TestPostTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/transactions"
		got := do(w, "POST", path, `{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`)
		const t1 = `{"id":"t1","status":"posted","entries":[` +
			`{"account":"alice","side":"debit","amount":"1.00","asset":"USD","seq":4,"balance":"88.50","total_debits":"13.50"},` +
			`{"account":"bob","side":"credit","amount":"1.00","asset":"USD","seq":4,"balance":"11.50","total_debits":"2.00"}],` +
			`"effective_at":"T","recorded_at":"T","metadata":{}}`
		expectJSON(t, got, 201, t1)
		expectReplay(t, got, "")
		do(w, "POST", path, `{"id":"t2","from":"alice","to":"bob","amount":"2"}`)

		// The same in other words is a replay, with the balances of the first time.
		const entries = `{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1"$},{"account":"bob","side":"credit","amount":"001.0"$}],"actor":"me"}`
		for _, again := range []*httptest.ResponseRecorder{
			do(w, "POST", path, `{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`),
			do(w, "POST", path, `{"id":"t1","from":"alice","to":"bob","amount":"1","asset":"USD"}`),
			do(w, "POST", path, `{"id":"t1","from":"alice","to":"bob","amount":"1.0","asset":"USD/2","pending":false,"metadata":{},"conditions":[]}`),
			do(w, "POST", path, strings.ReplaceAll(entries, "$", "")),
			do(w, "POST", path, strings.ReplaceAll(entries, "$", `,"asset":"USD"`)),
			do(w, "POST", path, strings.ReplaceAll(entries, "$", `,"asset":"USD/2","normal":"credit"`)),
			ask(w, "POST", path, `{"from":"alice","to":"bob","amount":"1.00"}`, key("t1")),
			ask(w, "POST", path+"/?dry_run=false", `{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`, key("t1")),
		} {
			expectJSON(t, again, 200, t1)
			expectReplay(t, again, "true")
		}
		expectJSON(t, do(w, "GET", path+"/t1", ""), 200, t1)
		for _, other := range []string{
			`{"id":"t1","from":"alice","to":"bob","amount":"1.01"}`, `{"id":"t1","from":"bob","to":"alice","amount":"1.00"}`,
			`{"id":"t1","from":"alice","to":"bob","amount":"1.00","description":"d"}`,
		} {
			expectProblem(t, do(w, "POST", path, other), ledger.ErrTransactionConflict, "", "t1")
		}

		expectGolden(t, do(w, "POST", path, `{"id":"t3","entries":[{"account":"alice","side":"debit","amount":"3","asset":"USD"},`+
			`{"account":"kenji","side":"debit","amount":"400"},{"account":"bob","side":"credit","amount":"2.99","normal":"credit"},`+
			`{"account":"cash","side":"credit","amount":"0.01","normal":"debit"},{"account":"world:JPY","side":"credit","amount":"400","asset":"JPY/0"}],`+
			`"effective_at":"2026-01-31T00:00:00.0000019+01:00","description":"<d> & \u00e9","metadata":{"b":"2","a":"1"},"related":"t1",`+
			`"conditions":[{"account":"alice","sequence":5,"min_available":"80"},{"account":"bob","min_available":"-1"}],"actor":"me"}`), 201, "transaction.json")
		expectProblem(t, do(w, "POST", path, `{"id":"t4","entries":[{"account":"alice","side":"debit","amount":"3","normal":"debit"},`+
			`{"account":"bob","side":"credit","amount":"3"}]}`), ledger.ErrNotFound, "", `"alice"`)
		expectGolden(t, do(w, "POST", path, `{"id":"t5","from":"bob","to":"alice","amount":"1000000.00","up_to":true}`), 201, "transaction_up_to.json")
		expectGolden(t, do(w, "POST", path, `{"id":"t6","from":"world:USD","to":"bob","amount":"`+strings.Repeat("9", 36)+`.99"}`), 201, "transaction_large.json")
		expectGolden(t, do(w, "POST", path, `{"id":"t7","from":"world:BTC","to":"satoshi","amount":"0.00000001"}`), 201, "transaction_small.json")
	}
}

// TestDryRun answers as a transaction would be, and changes nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	bodies := []string{
		`{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`,
		`{"id":"t2","from":"alice","to":"bob","amount":"1.00","pending":true,"expires_at":"2030-01-01T00:00:00Z"}`,
		`{"id":"paid","from":"alice","to":"bob","amount":"10.50","metadata":{"order":"7"}}`,
		`{"id":"paid","from":"alice","to":"bob","amount":"1.00"}`,
		`{"id":"t3","from":"alice","to":"bob","amount":"1000.00"}`,
		`{"id":"t4","from":"alice","to":"nobody","amount":"1.00"}`,
		`{"id":"t5","from":"alice","to":"bob","amount":"x"}`,
	}
	header := http.Header{"X-Request-Id": {"r1"}}
	for _, prefix := range prefixes() {
		var dry []*httptest.ResponseRecorder
		for _, body := range bodies {
			dry = append(dry, ask(w, "POST", prefix+"/transactions?dry_run=true", body, header))
		}
		if after := w.snapshot(t); after != before {
			t.Fatalf("a dry run changed the ledgers from %s\nto %s", before, after)
		}
		// Each is then done in a world of its own.
		for i, body := range bodies {
			wet := ask(newWorld(t), "POST", prefix+"/transactions", body, header)
			got, want := times.ReplaceAllString(dry[i].Body.String(), "T"), times.ReplaceAllString(wet.Body.String(), "T")
			if got != want || dry[i].Code != wet.Code {
				t.Errorf("%s: the dry run was answered with %d %swant %d %s", body, dry[i].Code, got, wet.Code, want)
			}
			if dry[i].Header().Get("Dry-Run") != "true" || wet.Header().Get("Dry-Run") != "" {
				t.Errorf("%s: Dry-Run: %q and %q", body, dry[i].Header().Get("Dry-Run"), wet.Header().Get("Dry-Run"))
			}
			expectReplay(t, dry[i], wet.Header().Get("Idempotent-Replayed"))
		}
	}
}

func TestPendingTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/transactions"
		expectGolden(t, do(w, "GET", path+"/held", ""), 200, "pending.json")
		expectGolden(t, do(w, "GET", path+"/late", ""), 200, "expired.json")
		expectGolden(t, do(w, "GET", path+"/voided", ""), 200, "voided.json")
		expectGolden(t, do(w, "GET", path+"/undone", ""), 200, "reversed.json")
		expectGolden(t, do(w, "GET", path+"/undo", ""), 200, "reversal.json")

		// A part, said as an amount or as entries.
		got := do(w, "POST", path+"/held/post", `{"amount":"1.50","actor":"me"}`)
		expectGolden(t, got, 200, "pending_posted.json")
		expectReplay(t, got, "")
		for _, again := range []string{
			`{"amount":"1.5"}`,
			`{"entries":[{"account":"alice","side":"debit","amount":"1.50"},{"account":"bob","side":"credit","amount":"1.50","asset":"USD"}]}`,
		} {
			got := do(w, "POST", path+"/held/post", again)
			expectGolden(t, got, 200, "pending_posted.json")
			expectReplay(t, got, "true")
		}
		for _, other := range []string{``, `{}`, `{"amount":"1.51"}`} {
			expectProblem(t, do(w, "POST", path+"/held/post", other), ledger.ErrAlreadyResolved, "", "held")
		}
		expectProblem(t, do(w, "POST", path+"/held/void", ``), ledger.ErrAlreadyResolved, "", "held")

		// All, without a body, with an empty one, in chunks, and without a type.
		for i, body := range []string{"", "{}"} {
			id := []string{"h1", "h2"}[i]
			do(w, "POST", path, `{"id":"`+id+`","from":"alice","to":"bob","amount":"1.00","pending":true,"expires_at":"2030-01-01T00:00:00Z"}`)
			request := newRequest("POST", path+"/"+id+"/post", body)
			if body == "" {
				request.Header.Del("Content-Type")
			}
			request.ContentLength = -1
			if got := serve(w, request); got.Code != 200 || !strings.Contains(got.Body.String(), `"amount":"1.00"`) || !strings.Contains(got.Body.String(), `"posted"`) {
				t.Errorf("%q: %d %s", body, got.Code, got.Body)
			}
			expectReplay(t, do(w, "POST", path+"/"+id+"/post", `{"amount":"1"}`), "true")
		}
		do(w, "POST", path, `{"id":"h3","from":"alice","to":"bob","amount":"1.00","pending":true}`)
		got = do(w, "POST", path+"/h3/void/", `{"actor":"me"}`)
		expectGolden(t, got, 200, "pending_voided.json")
		expectReplay(t, got, "")
		expectReplay(t, do(w, "POST", path+"/h3/void", ``), "true")
		expectProblem(t, do(w, "POST", path+"/h3/post", ``), ledger.ErrAlreadyResolved, "", "voided")
		expectProblem(t, do(w, "POST", path+"/late/void", ``), ledger.ErrExpired, "", "expired")
	}
}

// TestPendingOfManyEntries posts a part of each entry.
func TestPendingOfManyEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const entries = `"entries":[{"account":"alice","side":"debit","amount":"%3"},{"account":"bob","side":"credit","amount":"%1"},{"account":"cash","side":"credit","amount":"%2"}]`
	for _, prefix := range prefixes() {
		path := prefix + "/transactions"
		filled := func(a, b, c string) string { return strings.NewReplacer("%3", a, "%1", b, "%2", c).Replace(entries) }
		if got := do(w, "POST", path, `{"id":"h1","pending":true,`+filled("3.00", "1.00", "2.00")+`}`); got.Code != 201 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		expectProblem(t, do(w, "POST", path+"/h1/post", `{"amount":"1"}`), ledger.ErrInvalidRequest, "amount", "two entries")
		expectProblem(t, do(w, "POST", path+"/h1/post", `{`+filled("2", "1", "0.99")+`}`), ledger.ErrUnbalanced, "entries", "differ")
		expectProblem(t, do(w, "POST", path+"/h1/post", `{`+strings.Replace(filled("2", "1", "1"), "bob", "icy", 1)+`}`), ledger.ErrInvalidRequest, "entries[1].account", "bob")
		expectProblem(t, do(w, "POST", path+"/h1/post", `{`+filled("4", "2", "2")+`}`), ledger.ErrAmountOutOfRange, "entries[0].amount", "more than")
		expectGolden(t, do(w, "POST", path+"/h1/post", `{`+filled("2", "0.5", "1.5")+`}`), 200, "pending_posted_entries.json")
	}
}

func TestReverse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, prefix := range prefixes() {
		path := prefix + "/transactions/paid/reverse"
		got := do(w, "POST", path, `{"id":"r1","effective_at":"2026-01-31T09:26:53.589793Z","description":"d","metadata":{"k":"v"},"actor":"me"}`)
		expectGolden(t, got, 201, "reverse.json")
		expectReplay(t, got, "")
		for _, again := range []*httptest.ResponseRecorder{
			do(w, "POST", path, `{"id":"r1","effective_at":"2026-01-31T09:26:53.589793Z","description":"d","metadata":{"k":"v"}}`),
			ask(w, "POST", path+"/", `{"effective_at":"2026-01-31T09:26:53.589793Z","description":"d","metadata":{"k":"v"}}`, key("r1")),
		} {
			expectGolden(t, again, 200, "reverse.json")
			expectReplay(t, again, "true")
		}
		expectProblem(t, do(w, "POST", path, `{"id":"r1"}`), ledger.ErrTransactionConflict, "", "r1")
		expectProblem(t, do(w, "POST", path, `{"id":"r2"}`), ledger.ErrAlreadyReversed, "", "r1")
		expectProblem(t, do(w, "POST", prefix+"/transactions/r1/reverse", `{"id":"r2"}`), ledger.ErrNotReversible, "", "")
	}
}

// TestExpiry reads a transaction before and after its time.
func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"id":"h1","from":"alice","to":"bob","amount":"1.00","pending":true,"expires_at":"` + w.now.Add(time.Second).Format(time.RFC3339Nano) + `"}`
	for _, prefix := range prefixes() {
		if got := do(w, "POST", prefix+"/transactions", body); got.Code != 201 || !strings.Contains(got.Body.String(), `"status":"pending"`) {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
	*w.now = w.now.Add(time.Second)
	for _, prefix := range prefixes() {
		got := do(w, "POST", prefix+"/transactions", body)
		if got.Code != 200 || !strings.Contains(got.Body.String(), `"status":"expired"`) {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		expectReplay(t, got, "true")
		expectProblem(t, do(w, "POST", prefix+"/transactions/h1/post", ""), ledger.ErrExpired, "", "expired at")
	}
}
