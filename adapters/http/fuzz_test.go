package http_test

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// checkEnvelope checks what holds of every answer.
func checkEnvelope(t *testing.T, got *httptest.ResponseRecorder) (message string, data map[string]json.Number) {
	t.Helper()
	var envelope struct {
		Success    *bool                  `json:"success"`
		Message    string                 `json:"message"`
		StatusCode int                    `json:"status_code"`
		Data       map[string]json.Number `json:"data"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &envelope); err != nil {
		t.Fatalf("%s: %v", got.Body, err)
	}
	if envelope.Success == nil || *envelope.Success != (got.Code < 400) || envelope.StatusCode != got.Code || envelope.Message == "" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if got.Code >= 500 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	return envelope.Message, envelope.Data
}

// FuzzAddBody sends any body. None is answered with a 5xx, and one that is
// accepted is what encoding/json and math/big read in it.
func FuzzAddBody(f *testing.F) {
	for _, body := range []string{
		`{"amount": 20, "transaction_id": "tx_1as4ndakdab"}`,
		`{"amount":0.01,"transaction_id":"tx_1","more":[{"a":null}]}`,
		`{"amount":1e2,"transaction_id":"tx_\ud83d\ude00"}`,
		`{"amount":90071992547409.93,"transaction_id":"tx_1"}`,
		`{"amount":-0,"transaction_id":"tx_1"}`,
		`{"amount":1e400,"transaction_id":"tx_1"}`,
		`{"amount":-1e400,"transaction_id":"tx_1"}`,
		`{"amount":0e999999,"transaction_id":"tx_1"}`,
		`{"amount":1,"transaction_id":"tx_\u0000"}`,
		`{"amount":1,"transaction_id":"tx_\ud800"}`,
		`{"amount":1,"amount":2,"transaction_id":"tx_1"}`,
		`{"Amount":1,"transaction_id":"tx_1"}`,
		`{"amount":1,"transaction_id":"tx_1"} x`,
		`{"amount":1}`, `null`, `[]`, ``, `{`, "\xff",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		service := newLedger(t)
		handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
		got := addTo(handler, demoUser, string(body))
		_, data := checkEnvelope(t, got)
		account, err := service.Account(t.Context(), demoUser)
		if err != nil {
			t.Fatal(err)
		}
		before := ledger.NewAmount(100_00)
		if got.Code != http.StatusAccepted {
			if account.Sequence != 0 || account.Posted() != before {
				t.Fatalf("answered %d, but the balance moved to %s", got.Code, account.Posted())
			}
			return
		}
		// encoding/json matches names in any case, a map does not.
		var members map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		if err := decoder.Decode(&members); err != nil {
			t.Fatalf("accepted what is no JSON: %v", err)
		}
		id, _ := members["transaction_id"].(string)
		if !strings.HasPrefix(id, "tx_") || ledger.ValidateID(id) != nil {
			t.Fatalf("accepted the id %q", id)
		}
		if _, err := service.Transaction(t.Context(), id); err != nil {
			t.Fatalf("accepted but not there: %v", err)
		}
		number, _ := members["amount"].(json.Number)
		amount, ok := new(big.Rat).SetString(number.String())
		if !ok || amount.Sign() <= 0 {
			t.Fatalf("accepted the amount %q", number)
		}
		want := amount.Add(amount, big.NewRat(100, 1))
		shown, ok := new(big.Rat).SetString(data["current_balance"].String())
		if !ok || shown.Cmp(want) != 0 {
			t.Fatalf("balance %s, want %s", data["current_balance"], want.FloatString(3))
		}
		if text := data["current_balance"].String(); strings.ContainsAny(text, "eE") || strings.Contains(text, ".") && strings.HasSuffix(text, "0") {
			t.Fatalf("balance %s", text)
		}
		if again := addTo(handler, demoUser, string(body)); again.Code != http.StatusUnprocessableEntity {
			t.Fatalf("the same again: %d %s", again.Code, again.Body)
		}
	})
}

// FuzzCursor asks for any page. A cursor is accepted if it reads as the API
// says, the page begins below it, and its next_page reads as the last item's
// number.
func FuzzCursor(f *testing.F) {
	for _, cursor := range []string{
		"", "MQ==", "Mg==", "Mw==", "MTAwMA==", "Mw", "Mw===", "Mx==", "Mw==\n", "\rMw==", "MA==", "MDAz", "LTE=", "KzE=",
		"OTk5OTk5OTk5OTk5OTk5OTk5", "MTAwMDAwMDAwMDAwMDAwMDAwMA==", "3", "=", "\x00", "\xff", "４==",
	} {
		f.Add(cursor, 2)
	}
	digits := regexp.MustCompile(`^[0-9]{1,18}$`)
	handler := newHandler(f)
	const entries = 5
	for i := range entries {
		if got := addTo(handler, demoUser, `{"amount":1,"transaction_id":"tx_`+strconv.Itoa(i+1)+`"}`); got.Code != http.StatusAccepted {
			f.Fatal(got.Body)
		}
	}
	f.Fuzz(func(t *testing.T, cursor string, size int) {
		query := url.Values{"page": {cursor}, "page_size": {strconv.Itoa(size)}}.Encode()
		got := do(handler, http.MethodGet, historyPath(demoUser, query), "")
		if got.Code >= 500 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		decoded, err := base64.StdEncoding.Strict().DecodeString(cursor)
		number, _ := strconv.ParseUint(string(decoded), 10, 64)
		good := err == nil && !strings.ContainsAny(cursor, "\r\n") && digits.Match(decoded) && number > 0
		first := cursor == ""
		if size < 1 || size > 999_999_999_999_999_999 || !good && !first {
			if got.Code != http.StatusBadRequest {
				t.Fatalf("page %q of %d: %d %s", cursor, size, got.Code, got.Body)
			}
			return
		}
		page := historyOf(t, handler, demoUser, query)
		top := uint64(entries)
		if good {
			top = min(top, number-1)
		}
		want := min(top, uint64(size))
		if uint64(len(page.Histories)) != want || page.Total != entries {
			t.Fatalf("page %q of %d: %d items, want %d", cursor, size, len(page.Histories), want)
		}
		for i, item := range page.Histories {
			if id := "tx_" + strconv.FormatUint(top-uint64(i), 10); item.TransactionID != id {
				t.Fatalf("item %d is %s, want %s", i, item.TransactionID, id)
			}
		}
		last, _ := base64.StdEncoding.DecodeString(page.NextPage)
		switch {
		case want == 0 && (page.NextPage != "" || page.HasMore):
			t.Fatalf("nothing is shown, next is %q", page.NextPage)
		case want > 0 && (string(last) != strconv.FormatUint(top-want+1, 10) || page.HasMore != (top > want)):
			t.Fatalf("next is %q, more %v", last, page.HasMore)
		}
	})
}
