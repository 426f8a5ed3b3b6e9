package http_test

import (
	"net/http"
	"regexp"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestHoldsInTheHistory shows a user what his holds and reversals did to his posted
// balance, and no more.
func TestHoldsInTheHistory(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	open(t, service, ledger.AccountRequest{ID: "shop", Asset: usd})
	done := func(outcome ledger.Outcome, err error) {
		t.Helper()
		if err != nil || outcome.Result != ledger.Applied {
			t.Fatalf("%s, %v", outcome.Result, err)
		}
	}
	times := regexp.MustCompile(`"created_at":"[^"]*",`)
	shows := func(balance, total, histories string) {
		t.Helper()
		expect(t, do(handler, http.MethodGet, "/users/"+demoUser+"/balance", ""), 200, balanceIs(balance))
		got := do(handler, http.MethodGet, historyPath(demoUser, "page_size=10"), "").Body.String()
		want := regexp.MustCompile(`"total":` + total + `,.*"histories":` + regexp.QuoteMeta(histories) + "}")
		if got = times.ReplaceAllString(got, ""); !want.MatchString(got) {
			t.Errorf("the history is %swant a total of %s and %s", got, total, histories)
		}
	}
	hold := func(id string) ledger.TransactionRequest {
		return ledger.TransactionRequest{ID: id, Pending: true, Entries: []ledger.EntryRequest{
			{Account: demoUser, Side: ledger.Debit, Asset: usd, Amount: ledger.NewAmount(60_00)},
			{Account: "shop", Side: ledger.Credit, Asset: usd, Amount: ledger.NewAmount(60_00)},
		}}
	}

	done(service.Post(t.Context(), hold("tx_held")))
	shows("100", "0", "[]")
	expect(t, addTo(handler, demoUser, `{"amount":1,"transaction_id":"tx_held"}`), 422, failure(422, "transaction was already processed"))
	done(service.VoidPending(t.Context(), ledger.VoidPendingRequest{Transaction: "tx_held"}))
	shows("100", "0", "[]")

	done(service.Post(t.Context(), hold("sale")))
	expect(t, addTo(handler, demoUser, `{"amount":5,"transaction_id":"tx_1"}`), 202, added("105"))
	done(service.PostPending(t.Context(), ledger.PostPendingRequest{Transaction: "sale", Amount: new(ledger.NewAmount(20_50))}))
	const sold = `{"amount":-20.5,"transaction_id":"sale"},{"amount":5,"transaction_id":"tx_1"}`
	shows("84.5", "2", "["+sold+"]")

	done(service.Reverse(t.Context(), ledger.ReversalRequest{ID: "undo", Transaction: "sale"}))
	shows("105", "3", `[{"amount":20.5,"transaction_id":"undo"},`+sold+`]`)
}
