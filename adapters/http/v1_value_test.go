package http_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// slot is a place for a value in a good body, as $, and the field that is at fault if
// the value is bad.
type slot struct{ method, path, body, field string }

func amountSlots() []slot {
	const entries = `{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"$"},{"account":"bob","side":"credit","amount":"1.00"}]}`
	return []slot{
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"$"}`, "amount"},
		{"POST", "/transactions?dry_run=true", `{"id":"t1","from":"alice","to":"bob","amount":"$","asset":"USD"}`, "amount"},
		{"POST", "/transactions", entries, "entries[0].amount"},
		{"POST", "/transactions/held/post", `{"amount":"$"}`, "amount"},
		{
			"POST", "/transactions/held/post",
			`{"entries":[{"account":"alice","side":"debit","amount":"1"},{"account":"bob","side":"credit","amount":"$"}]}`, "entries[1].amount",
		},
	}
}

// limitSlots are for amounts that may be zero or less.
func limitSlots() []slot {
	return []slot{
		{"POST", "/accounts", `{"id":"a1","asset":"USD","min_balance":"$"}`, "min_balance"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD/2","opening_balance":"$"}`, "opening_balance"},
		{
			"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","conditions":[{"account":"alice","min_available":"$"}]}`,
			"conditions[0].min_available",
		},
	}
}

func idSlots() []slot {
	return []slot{
		{"POST", "/accounts", `{"id":"$","asset":"USD"}`, "id"},
		{"POST", "/transactions", `{"id":"$","from":"alice","to":"bob","amount":"1"}`, "id"},
		{"POST", "/transactions/paid/reverse", `{"id":"$"}`, "id"},
	}
}

// referenceSlots name something that should be there already.
func referenceSlots() []slot {
	return []slot{
		{"POST", "/transactions", `{"id":"t1","from":"$","to":"bob","amount":"1"}`, "from"},
		{"POST", "/transactions", `{"id":"t1","from":"$","to":"bob","amount":"1","asset":"USD"}`, "from"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"$","amount":"1"}`, "to"},
		{
			"POST", "/transactions",
			`{"id":"t1","entries":[{"account":"$","side":"debit","amount":"1"},{"account":"bob","side":"credit","amount":"1"}]}`, "entries[0].account",
		},
		{
			"POST", "/transactions",
			`{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1"},{"account":"$","side":"credit","amount":"1","asset":"USD"}]}`,
			"entries[1].account",
		},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","related":"$"}`, "related"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","conditions":[{"account":"$","sequence":1}]}`, "conditions[0].account"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","conditions":[{"account":"$","min_available":"1"}]}`, "conditions[0].account"},
	}
}

func assetSlots() []slot {
	return []slot{
		{"POST", "/accounts", `{"id":"a1","asset":"$"}`, "asset"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","asset":"$"}`, "asset"},
		{
			"POST", "/transactions",
			`{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1","asset":"$"},{"account":"bob","side":"credit","amount":"1"}]}`,
			"entries[0].asset",
		},
	}
}

func timeSlots() []slot {
	return []slot{
		{"POST", "/accounts", `{"id":"a1","asset":"USD","opening_balance":"1","effective_at":"$"}`, "effective_at"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","effective_at":"$"}`, "effective_at"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","pending":true,"expires_at":"$"}`, "expires_at"},
		{"POST", "/transactions/paid/reverse", `{"id":"r1","effective_at":"$"}`, "effective_at"},
		{"GET", "/accounts/alice/balance?at=$", "", "at"},
		{"GET", "/accounts/alice/balance?recorded_at=$", "", "recorded_at"},
		{"GET", "/accounts/alice/entries?from=$", "", "from"},
		{"GET", "/accounts/alice/entries?to=$", "", "to"},
		{"GET", "/accounts/alice/statement?from=$", "", "from"},
		{"GET", "/accounts/alice/statement?to=$", "", "to"},
		{"GET", "/transactions?from=$", "", "from"},
		{"GET", "/transactions?to=$&status=posted", "", "to"},
		{"GET", "/trial-balance?at=$", "", "at"},
		{"GET", "/trial-balance?recorded_at=$", "", "recorded_at"},
	}
}

func textSlots() []slot {
	return []slot{
		{"POST", "/accounts", `{"id":"a1","asset":"USD","name":"$"}`, "name"},
		{"PATCH", "/accounts/alice", `{"name":"$"}`, "name"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","description":"$"}`, "description"},
		{"POST", "/transactions", `{"id":"t1","from":"alice","to":"bob","amount":"1","actor":"$"}`, "actor"},
		{"POST", "/transactions/held/post", `{"actor":"$"}`, "actor"},
		{"POST", "/transactions/held/void", `{"actor":"$"}`, "actor"},
		{"POST", "/transactions/paid/reverse", `{"id":"r1","description":"$"}`, "description"},
		{"POST", "/transactions/paid/reverse", `{"id":"r1","actor":"$"}`, "actor"},
	}
}

// badValues are values that no slot of a kind takes.
type badValues struct {
	slots  []slot
	code   ledger.Code
	values []string
}

func allBadValues() []badValues {
	const zeros = "0000000000000000000000000000000000000"
	long := strings.Repeat("x", 129)
	malformed := []string{"1e2", "1E2", "+1", " 1", "1 ", "1.", ".5", ".", "-", "--1", "1,0", "1_0", "0x1", "NaN", "Infinity", "-.5", "1.0.0", "١", "1.001", "0.001"}
	return []badValues{
		{amountSlots(), ledger.ErrInvalidRequest, append(malformed, "0", "0.00", "-0", "-1", "-0.01")},
		{limitSlots(), ledger.ErrInvalidRequest, malformed},
		{limitSlots()[1:2], ledger.ErrInvalidRequest, []string{"-1", "-0.01", "none"}},
		{append(amountSlots(), limitSlots()...), ledger.ErrAmountOutOfRange, []string{"1" + zeros, "1" + zeros + ".00", strings.Repeat("9", 10_000)}},
		{idSlots(), ledger.ErrInvalidRequest, []string{
			" ", "a b", "a/b", "é", "aé", "-a", "_a", ".a", ":a", "@a", "a\\u0000", "a\\n", "a%20", "a?", "a#", "😀", long, strings.Repeat("x", 100_000),
		}},
		{idSlots()[:1], ledger.ErrInvalidRequest, []string{"world", "world:", "world:USD", "world:DOGE"}},
		{idSlots()[1:], ledger.ErrInvalidRequest, []string{"opening:alice", "opening:", "opening-sha256:0"}},
		{referenceSlots(), ledger.ErrInvalidRequest, []string{long, "a\\u0000b", "a\\u0085", strings.Repeat("x", 100_000)}},
		{assetSlots(), ledger.ErrInvalidRequest, []string{
			"usd", "Usd", "1USD", "US D", "USD ", "é", "USD/", "/2", "USD/x", "USD/-1", "USD/02", "USD/39", "USD/256", "USD/2/2", "/", strings.Repeat("U", 33),
		}},
		{assetSlots(), ledger.ErrUnknownAsset, []string{"DOGE", "XYZ_1", strings.Repeat("U", 32)}},
		{timeSlots(), ledger.ErrInvalidRequest, []string{
			"x", "2026-01-31", "2026-01-31T09:26:53", "2026-01-31%2009:26:53Z", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31t09:26:53z",
			"2026-01-31T09:26:53,5Z", "2026-01-31T9:26:53Z", "2026-01-31T09:26Z", "2026-01-31T09:26:53%2B0100", "1769851613", "0000-01-01T00:00:00Z", "0000-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000999Z",
			"0001-01-01T00:00:00%2B01:00", "9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
		}},
		{textSlots(), ledger.ErrInvalidRequest, []string{"\\u0000", "a\\nb", "a\\u0085b", strings.Repeat("x", 1025), strings.Repeat("é", 50_000)}},
	}
}

// TestBadValues puts every bad value in every slot.
func TestBadValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	for _, bad := range allBadValues() {
		for _, s := range bad.slots {
			for _, value := range bad.values {
				inBody := value
				if s.body != "" {
					inBody = strings.NewReplacer("%20", " ", "%2B", "+").Replace(value)
				}
				path := strings.Replace(s.path, "$", value, 1)
				for _, prefix := range prefixes() {
					got := do(w, s.method, prefix+path, strings.Replace(s.body, "$", inBody, 1))
					problem := problemOf(t, got)
					if problem.Code != string(bad.code) || problem.Field != s.field || !strings.Contains(problem.Detail, "should") && !strings.Contains(problem.Detail, "not known") &&
						!strings.Contains(problem.Detail, "reserved") && !strings.Contains(problem.Detail, "ahead") {
						t.Errorf("%s %s %s with %.60q:\ngot %swant %s of %s", s.method, s.path, s.body, value, got.Body, bad.code, s.field)
					}
					if got.Body.Len() > 4096 {
						t.Errorf("%s %s: the answer has %d bytes", s.path, s.body, got.Body.Len())
					}
				}
			}
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

// TestBadRequests has what is wrong with a request only as a whole, or in one place.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	pair := func(i, j string) string {
		return `{"account":"alice","side":"debit","amount":"` + i + `"},{"account":"bob","side":"credit","amount":"` + j + `"}`
	}
	many := func(text string, n int) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	const payment = `{"id":"t1","from":"alice","to":"bob","amount":"1"`
	for _, s := range []slot{
		{"POST", "/assets", `{"code":"usd","scale":2}`, "code"},
		{"POST", "/assets", `{"code":"","scale":2}`, "code"},
		{"POST", "/assets", `{"code":"DOGE","scale":39}`, "scale"},
		{"POST", "/assets", `{"code":"` + strings.Repeat("U", 33) + `","scale":2}`, "code"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD","normal":"Debit"}`, "normal"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD","opening_balance":"1","effective_at":"2030-01-01T00:00:00Z"}`, "effective_at"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD","effective_at":"2020-01-01T00:00:00Z"}`, "effective_at"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD","opening_balance":"0","effective_at":"2020-01-01T00:00:00Z"}`, "effective_at"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD","metadata":{"":"v"}}`, "metadata"},
		{"POST", "/accounts", `{"id":"a1","asset":"USD","metadata":{"k":"\u0000"}}`, "metadata.k"},
		{"PATCH", "/accounts/alice", `{"status":"Open"}`, "status"},
		{"PATCH", "/accounts/alice", `{"status":"no status"}`, "status"},
		{"PATCH", "/accounts/alice", `{"metadata":{"k":"` + strings.Repeat("v", 513) + `"}}`, "metadata"},
		{"PATCH", "/accounts/alice", `{"id":"eve"}`, "id"},
		{"PATCH", "/accounts/alice", `{"min_balance":"-100"}`, "min_balance"},
		{"POST", "/accounts/batch", `{"accounts":[` + many(`{}`, 1001) + `]}`, "accounts"},
		{"POST", "/accounts/lookup", `{"ids":[` + many(`"alice"`, 1001) + `]}`, "ids"},
		{"POST", "/transactions", `{"id":"t1","entries":[` + pair("1", "1") + `],"amount":"1"}`, "entries"},
		{"POST", "/transactions", `{"id":"t1","entries":[` + pair("1", "1") + `],"asset":"USD"}`, "entries"},
		{"POST", "/transactions", `{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1"}]}`, "entries"},
		{"POST", "/transactions", `{"id":"t1","entries":[` + many(pair("1", "1"), 501) + `]}`, "entries"},
		{"POST", "/transactions", `{"id":"t1","entries":[{"account":"alice","side":"Debit","amount":"1"}]}`, "entries[0].side"},
		{"POST", "/transactions", `{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1","normal":"x"}]}`, "entries[0].normal"},
		{"POST", "/transactions", payment + `,"expires_at":"2030-01-01T00:00:00Z"}`, "expires_at"},
		{"POST", "/transactions", payment + `,"pending":true,"expires_at":"2020-01-01T00:00:00Z"}`, "expires_at"},
		{"POST", "/transactions", payment + `,"effective_at":"2030-01-01T00:00:00Z"}`, "effective_at"},
		{"POST", "/transactions", payment + `,"related":"t1"}`, "related"},
		{"POST", "/transactions", payment + `,"conditions":[` + many(`{"account":"bob","sequence":1}`, 101) + `]}`, "conditions"},
		{"POST", "/transactions", payment + `,"conditions":[{"account":"world:USD","sequence":1}]}`, "conditions[0].account"},
		{"POST", "/transactions", `{"id":"t1","up_to":true,"entries":[` + pair("1", "1") + "," + pair("1", "1") + `]}`, "up_to"},
		{"POST", "/transactions/batch", `{"transactions":[` + many(`{}`, 1001) + `]}`, "transactions"},
		{"POST", "/transactions/batch", `{"transactions":[` + many(`{"id":"t1","entries":[`+many(pair("1", "1"), 500)+`]}`, 11) + `]}`, "transactions"},
		{"POST", "/transactions/batch", `{"atomic":true,"transactions":[` + many(`{"id":"t1","entries":[`+many(pair("1", "1"), 500)+`]}`, 11) + `]}`, "transactions"},
		{"POST", "/transactions/held/post", `{"amount":"1","entries":[` + pair("1", "1") + `]}`, "amount"},
		{"POST", "/transactions/held/post", `{"entries":[` + pair("1", "1") + "," + pair("1", "1") + `]}`, "entries"},
		{"POST", "/transactions/paid/reverse", `{"id":"r1","effective_at":"2030-01-01T00:00:00Z"}`, "effective_at"},
		{"GET", "/accounts/alice/balance?at=9000-01-01T00:00:00Z", "", "at"},
		{"GET", "/accounts/alice/balance?recorded_at=9000-01-01T00:00:00Z", "", "recorded_at"},
		{"GET", "/accounts/alice/balance?at=2026-01-01T00:00:00Z&recorded_at=2026-01-01T00:00:00Z", "", "recorded_at"},
		{"GET", "/trial-balance?at=9000-01-01T00:00:00Z", "", "at"},
		{"GET", "/accounts/alice/entries?to=9000-01-01T00:00:00Z", "", "to"},
		{"GET", "/accounts/alice/statement?from=9000-01-01T00:00:00Z", "", "from"},
		{"GET", "/accounts/alice/statement?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "", "to"},
		{"GET", "/accounts?status=posted", "", "status"},
		{"GET", "/transactions?status=open", "", "status"},
		{"GET", "/transactions?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "", "to"},
	} {
		for _, prefix := range prefixes() {
			got := do(w, s.method, prefix+s.path, s.body)
			if problem := problemOf(t, got); problem.Code != "invalid_request" || problem.Field != s.field {
				t.Errorf("%s %s %.200s:\ngot %swant the field %s", s.method, s.path, s.body, got.Body, s.field)
			}
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}

// TestBadIdempotencyKeys has the ids of requests in their header.
func TestBadIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.snapshot(t)
	for _, s := range []slot{
		{"POST", "/accounts", `{$"asset":"USD"}`, ""},
		{"POST", "/transactions", `{$"from":"alice","to":"bob","amount":"1"}`, ""},
		{"POST", "/transactions/paid/reverse", `{$"description":"d"}`, ""},
	} {
		for _, test := range []struct {
			id     string
			header http.Header
			field  string
		}{
			{``, nil, "id"},
			{``, key(""), "id"},
			{``, key("a b"), "id"},
			{``, key("é"), "id"},
			{``, key("\xff"), "id"},
			{``, key(strings.Repeat("x", 129)), "id"},
			{``, key("k1", "k1"), "Idempotency-Key"},
			{`"id":"k1",`, key("k1", "k1"), "Idempotency-Key"},
			{`"id":"k1",`, key("k2"), "id"},
			{`"id":"k1",`, key("K1"), "id"},
			{`"id":"k1",`, key(""), "id"},
		} {
			for _, prefix := range prefixes() {
				got := ask(w, s.method, prefix+s.path, strings.Replace(s.body, "$", test.id, 1), test.header)
				expectProblem(t, got, ledger.ErrInvalidRequest, test.field, "should")
			}
		}
	}
	if after := w.snapshot(t); after != before {
		t.Errorf("what was refused changed the ledgers from %s\nto %s", before, after)
	}
}
