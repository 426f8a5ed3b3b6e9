package http_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	notPositive = "not a valid amount. amount should be a positive value"
	tooFine     = "not a valid amount. amount should have at most 2 decimal places"
	tooLong     = "not a valid amount. amount should have at most 38 digits"
	badBody     = "not a valid request body"
)

// TestAddRefusals has every row of the table of POST /users/{uid}/add that
// refuses, and shows that each comes before those after it.
func TestAddRefusals(t *testing.T) {
	t.Parallel()
	id128 := "tx_" + strings.Repeat("a", 125)
	nested := strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40)
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
	}{
		// Not a body.
		"empty":                 {"", 400, badBody},
		"null":                  {"null", 400, badBody},
		"array":                 {`[{"amount":1,"transaction_id":"tx_1"}]`, 400, badBody},
		"string":                {`"tx_1"`, 400, badBody},
		"number":                {"1", 400, badBody},
		"not JSON":              {"amount=1&transaction_id=tx_1", 400, badBody},
		"half":                  {`{"amount":1`, 400, badBody},
		"trailing text":         {`{"amount":1,"transaction_id":"tx_1"}x`, 400, badBody},
		"trailing object":       {`{"amount":1,"transaction_id":"tx_1"}{}`, 400, badBody},
		"NaN":                   {`{"amount":NaN,"transaction_id":"tx_1"}`, 400, badBody},
		"infinity":              {`{"amount":Infinity,"transaction_id":"tx_1"}`, 400, badBody},
		"hexadecimal":           {`{"amount":0x10,"transaction_id":"tx_1"}`, 400, badBody},
		"leading zero":          {`{"amount":020,"transaction_id":"tx_1"}`, 400, badBody},
		"leading plus":          {`{"amount":+20,"transaction_id":"tx_1"}`, 400, badBody},
		"string amount":         {`{"amount":"20","transaction_id":"tx_1"}`, 400, badBody},
		"object amount":         {`{"amount":{},"transaction_id":"tx_1"}`, 400, badBody},
		"boolean amount":        {`{"amount":true,"transaction_id":"tx_1"}`, 400, badBody},
		"number id":             {`{"amount":1,"transaction_id":1}`, 400, badBody},
		"array id":              {`{"amount":1,"transaction_id":["tx_1"]}`, 400, badBody},
		"wrong types at once":   {`{"amount":-1,"transaction_id":1}`, 400, badBody},
		"amount twice":          {`{"amount":1,"transaction_id":"tx_1","amount":1}`, 400, badBody},
		"amount twice, escaped": {`{"amount":1,"transaction_id":"tx_1","\u0061mount":1}`, 400, badBody},
		"name twice, deep":      {`{"amount":1,"transaction_id":"tx_1","x":{"y":1,"y":1}}`, 400, badBody},
		"invalid UTF-8":         {"{\"amount\":1,\"transaction_id\":\"tx_\xff\"}", 400, badBody},
		"lone surrogate":        {`{"amount":1,"transaction_id":"tx_\ud800"}`, 400, badBody},
		"lone low surrogate":    {`{"amount":1,"transaction_id":"tx_1","x":"\udc00"}`, 400, badBody},
		"nested garbage":        {`{"amount":1,"transaction_id":"tx_1","x":` + nested + `}`, 400, badBody},
		"raw NUL":               {"{\"amount\":1,\"transaction_id\":\"tx_\x00\"}", 400, badBody},
		// Too large.
		"one byte over":          {padded(65537), 413, "request body too large"},
		"one byte over, no JSON": {strings.Repeat("x", 65537), 413, "request body too large"},
		"5 MB":                   {padded(5 << 20), 413, "request body too large"},
		// The amount's sign.
		"no amount":            {`{"transaction_id":"tx_1"}`, 400, notPositive},
		"null amount":          {`{"amount":null,"transaction_id":"tx_1"}`, 400, notPositive},
		"amount in other case": {`{"Amount":1,"transaction_id":"tx_1"}`, 400, notPositive},
		"nothing":              {`{}`, 400, notPositive},
		"zero":                 {`{"amount":0,"transaction_id":"tx_1"}`, 400, notPositive},
		"fine zero":            {`{"amount":0.000,"transaction_id":"tx_1"}`, 400, notPositive},
		"huge zero":            {`{"amount":0e999999,"transaction_id":"tx_1"}`, 400, notPositive},
		"negative zero":        {`{"amount":-0,"transaction_id":"tx_1"}`, 400, notPositive},
		"negative":             {`{"amount":-20,"transaction_id":"tx_1"}`, 400, notPositive},
		"negative, too fine":   {`{"amount":-0.001,"transaction_id":"tx_1"}`, 400, notPositive},
		"negative, too long":   {`{"amount":-1e400,"transaction_id":"tx_1"}`, 400, notPositive},
		"zero before the id":   {`{"amount":0}`, 400, notPositive},
		// The amount's digits.
		"too fine":         {`{"amount":0.001,"transaction_id":"tx_1"}`, 400, tooFine},
		"far too fine":     {`{"amount":1e-400,"transaction_id":"tx_1"}`, 400, tooFine},
		"39 digits":        {`{"amount":1` + strings.Repeat("0", 36) + `,"transaction_id":"tx_1"}`, 400, tooLong},
		"1e400":            {`{"amount":1e400,"transaction_id":"tx_1"}`, 400, tooLong},
		"1e999999999999":   {`{"amount":1e999999999999999999999,"transaction_id":"tx_1"}`, 400, tooLong},
		"digits before id": {`{"amount":1e400}`, 400, tooLong},
		// The id.
		"no id":              {`{"amount":1}`, 400, "valid transaction id required"},
		"null id":            {`{"amount":1,"transaction_id":null}`, 400, "valid transaction id required"},
		"empty id":           {`{"amount":1,"transaction_id":""}`, 400, "valid transaction id required"},
		"id in other case":   {`{"amount":1,"TRANSACTION_ID":"tx_1"}`, 400, "valid transaction id required"},
		"no prefix":          {`{"amount":1,"transaction_id":"1as4ndakdab"}`, 400, "valid transaction id should have prefix tx_"},
		"prefix in capitals": {`{"amount":1,"transaction_id":"TX_1"}`, 400, "valid transaction id should have prefix tx_"},
		"prefix behind":      {`{"amount":1,"transaction_id":" tx_1"}`, 400, "valid transaction id should have prefix tx_"},
		"long, no prefix":    {`{"amount":1,"transaction_id":"` + strings.Repeat("a", 200) + `"}`, 400, "valid transaction id should have prefix tx_"},
		"129 bytes":          {`{"amount":1,"transaction_id":"` + id128 + `a"}`, 400, "valid transaction id should be at most 128 bytes long"},
		"NUL":                {`{"amount":1,"transaction_id":"tx_\u0000"}`, 400, "valid transaction id should not contain control characters"},
		"line break":         {`{"amount":1,"transaction_id":"tx_1\n"}`, 400, "valid transaction id should not contain control characters"},
		"C1 control":         {`{"amount":1,"transaction_id":"tx_\u0085"}`, 400, "valid transaction id should not contain control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := newHandler(t)
			want := failure(test.status, test.want)
			expect(t, addTo(handler, demoUser, test.body), test.status, want)
			// What is wrong with the body is told before who is not there.
			expect(t, addTo(handler, "nobody", test.body), test.status, want)
			expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs("100"))
		})
	}
}

func TestAddContentType(t *testing.T) {
	t.Parallel()
	for contentType, accepted := range map[string]bool{
		"application/json":                   true,
		"application/json; charset=utf-8":    true,
		"Application/JSON;charset=\"UTF-8\"": true,
		"":                                   false,
		"text/plain":                         false,
		"application/x-www-form-urlencoded":  false,
		"application/json5":                  false,
		"application/vnd.api+json":           false,
		"application/json, text/plain":       false,
		"/":                                  false,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			handler := newHandler(t)
			ask := func(body string) *httptest.ResponseRecorder {
				request := httptest.NewRequest(http.MethodPost, addPath(demoUser), strings.NewReader(body))
				if contentType != "" {
					request.Header.Set("Content-Type", contentType)
				}
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, request)
				return recorder
			}
			if accepted {
				expect(t, ask(`{"amount":20,"transaction_id":"tx_1"}`), 202, added("120"))
				return
			}
			expect(t, ask(`{"amount":20,"transaction_id":"tx_1"}`), 400, failure(400, badBody))
			// The type is looked at before the size.
			expect(t, ask(padded(65537)), 400, failure(400, badBody))
		})
	}
}

func TestAddNoSuchUser(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	yen := ledger.Asset{Code: "JPY"}
	open(t, service, ledger.AccountRequest{ID: "yen", Asset: yen})
	open(t, service, ledger.AccountRequest{ID: "expenses", Asset: usd, Normal: ledger.Debit})
	const body = `{"amount":1,"transaction_id":"tx_1"}`
	users := []string{
		"nobody", "world", "world:USD", "world:JPY", "world%3AUSD", "yen", "expenses",
		strings.Repeat("a", 129), "a%00b", "%00", "%ff", "%2F", "%252F", "a%0Ab",
		strings.ToUpper(demoUser), demoUser + "%20", "%20" + demoUser,
	}
	for _, user := range users {
		expect(t, addTo(handler, user, body), 404, failure(404, "user not found"))
	}
	// An id that was processed tells a stranger nothing.
	expect(t, addTo(handler, demoUser, body), 202, added("101"))
	for _, user := range users {
		expect(t, addTo(handler, user, body), 404, failure(404, "user not found"))
	}
}

func TestAddAlreadyProcessed(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	open(t, service, ledger.AccountRequest{ID: "other", Asset: usd})
	processed := failure(422, "transaction was already processed")

	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 202, added("120"))
	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 422, processed)
	expect(t, addTo(handler, demoUser, `{"amount":2e1,"transaction_id":"tx_1"}`), 422, processed)
	expect(t, addTo(handler, demoUser, `{"amount":21,"transaction_id":"tx_1"}`), 422, processed)
	expect(t, addTo(handler, "other", `{"amount":20,"transaction_id":"tx_1"}`), 422, processed)

	// Also by other means than /users.
	if _, err := service.Deposit(t.Context(), ledger.Deposit{ID: "tx_2", Account: "other", Asset: usd, Amount: ledger.NewAmount(1)}); err != nil {
		t.Fatal(err)
	}
	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_2"}`), 422, processed)

	// It is told before the account's status.
	setStatus(t, service, demoUser, ledger.StatusFrozen)
	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 422, processed)
	expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs("120"))
}

func TestAddStatus(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	open(t, service, ledger.AccountRequest{ID: "empty", Asset: usd})

	setStatus(t, service, demoUser, ledger.StatusFrozen)
	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 422, failure(422, "account is frozen"))
	setStatus(t, service, "empty", ledger.StatusClosed)
	expect(t, addTo(handler, "empty", `{"amount":20,"transaction_id":"tx_1"}`), 422, failure(422, "account is closed"))

	// A refusal does not use up the id.
	setStatus(t, service, demoUser, ledger.StatusOpen)
	expect(t, addTo(handler, demoUser, `{"amount":20,"transaction_id":"tx_1"}`), 202, added("120"))
}

func TestAddAccepts(t *testing.T) {
	t.Parallel()
	most := strings.Repeat("9", 36)
	for name, test := range map[string]struct{ body, balance string }{
		"the example":       {`{"amount": 20, "transaction_id": "tx_1as4ndakdab"}`, "120"},
		"cents":             {`{"amount":0.1,"transaction_id":"tx_1"}`, "100.1"},
		"one cent":          {`{"amount":0.01,"transaction_id":"tx_1"}`, "100.01"},
		"trailing zeros":    {`{"amount":20.000000,"transaction_id":"tx_1"}`, "120"},
		"exponent":          {`{"amount":1e2,"transaction_id":"tx_1"}`, "200"},
		"capital exponent":  {`{"amount":1E+2,"transaction_id":"tx_1"}`, "200"},
		"negative exponent": {`{"amount":12345e-2,"transaction_id":"tx_1"}`, "223.45"},
		"many digits":       {`{"amount":90071992547409.93,"transaction_id":"tx_1"}`, "90071992547509.93"},
		"38 digits":         {`{"amount":` + most + `.99,"transaction_id":"tx_1"}`, "1" + strings.Repeat("0", 33) + "099.99"},
		"unknown field":     {`{"amount":20,"transaction_id":"tx_1","note":{"a":[1,null]},"Amount":"x"}`, "120"},
		"escaped names":     {`{"\u0061mount":20,"transaction\u005fid":"tx\u005f1"}`, "120"},
		"space":             {" \r\n{\t\"amount\" : 20 , \"transaction_id\" : \"tx_1\" }\n ", "120"},
		"other scripts":     {`{"amount":20,"transaction_id":"tx_é\ud83d\ude00\"\\"}`, "120"},
		"only the prefix":   {`{"amount":20,"transaction_id":"tx_"}`, "120"},
		"128 bytes":         {`{"amount":20,"transaction_id":"tx_` + strings.Repeat("a", 125) + `"}`, "120"},
		"64 KiB":            {padded(65536), "101"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := newHandler(t)
			expect(t, addTo(handler, demoUser, test.body), 202, added(test.balance))
			expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs(test.balance))
			expect(t, addTo(handler, demoUser, test.body), 422, failure(422, "transaction was already processed"))
		})
	}
}

func TestAddInOtherAssets(t *testing.T) {
	t.Parallel()
	for text, rows := range map[string]map[string]string{
		"JPY/0": {
			`{"amount":100,"transaction_id":"tx_1"}`: added("100"),
			`{"amount":0.5,"transaction_id":"tx_2"}`: failure(400, "not a valid amount. amount should have no decimal places"),
		},
		"ETH/18": {
			`{"amount":1e-18,"transaction_id":"tx_1"}`: added("0.000000000000000001"),
			`{"amount":1e-19,"transaction_id":"tx_2"}`: failure(400, "not a valid amount. amount should have at most 18 decimal places"),
		},
	} {
		asset, err := ledger.ParseAsset(text)
		if err != nil {
			t.Fatal(err)
		}
		service := newLedger(t)
		if _, err := service.RegisterAsset(t.Context(), asset); err != nil {
			t.Fatal(err)
		}
		open(t, service, ledger.AccountRequest{ID: "user", Asset: asset})
		handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{Asset: asset})
		for body, want := range rows {
			if got := addTo(handler, "user", body).Body.String(); got != want {
				t.Errorf("%s: %s: got %swant %s", text, body, got, want)
			}
		}
		// The demo user's dollars are of no account here.
		expect(t, addTo(handler, demoUser, `{"amount":1,"transaction_id":"tx_3"}`), 404, failure(404, "user not found"))
	}
}
