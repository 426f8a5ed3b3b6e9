package clienttest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestGeneratedClient makes a deposit, a hold, posts a part of it, reverses that, and
// reads what is left, in the default ledger and in one with a name.
func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	store := memory.New(memory.Config{})
	service, err := ledger.Open(t.Context(), store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	catalog := ledger.NewCatalog(store)
	if _, err := catalog.OpenLedger(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(ledgerhttp.NewHandler(service, ledgerhttp.Config{Catalog: catalog}))
	t.Cleanup(server.Close)
	for _, base := range []string{"/v1", "/v1/ledgers/shop"} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			client, err := NewClientWithResponses(server.URL + base)
			if err != nil {
				t.Fatal(err)
			}
			useClient(t, client)
		})
	}
}

func useClient(t *testing.T, client *ClientWithResponses) {
	t.Helper()
	ctx := t.Context()
	for _, id := range []string{"alice", "shop"} {
		opened, err := client.OpenAccountWithResponse(ctx, nil, AccountRequest{Id: &id, Asset: "USD"})
		if err != nil || opened.JSON201 == nil || opened.JSON201.Id != id {
			t.Fatalf("open %s: %v %s", id, err, opened.Body)
		}
	}
	deposit := TransactionRequest{Id: new("deposit-1"), From: new("world:USD"), To: new("alice"), Amount: new("100.00")}
	post := func(request TransactionRequest) *PostTransactionResponse {
		answer, err := client.PostTransactionWithResponse(ctx, nil, request)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if made := post(deposit); made.JSON201 == nil || made.JSON201.Status != TransactionStatusPosted {
		t.Fatalf("deposit: %s", made.Body)
	}
	if again := post(deposit); again.JSON200 == nil || again.HTTPResponse.Header.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("the deposit again: %s", again.Body)
	}
	if held := post(TransactionRequest{
		Id: new("hold-1"), From: new("alice"), To: new("shop"), Amount: new("30.00"), Pending: new(true),
	}); held.JSON201 == nil || held.JSON201.Status != TransactionStatusPending {
		t.Fatalf("hold: %s", held.Body)
	}
	refused := post(TransactionRequest{Id: new("payout-1"), From: new("alice"), To: new("world:USD"), Amount: new("71.00")})
	if refused.StatusCode() != http.StatusUnprocessableEntity || refused.ApplicationproblemJSON422.Code != ErrorCodeInsufficientFunds {
		t.Fatalf("more than is available: %s", refused.Body)
	}
	posted, err := client.PostPendingWithResponse(ctx, "hold-1", PostPendingRequest{Amount: new("12.50")})
	if err != nil || posted.JSON200 == nil || *posted.JSON200.Entries[0].Balance != "87.50" {
		t.Fatalf("post a part: %v %s", err, posted.Body)
	}
	if balance := balanceOf(t, client, "shop"); balance.Posted != "12.50" {
		t.Fatalf("the shop has %+v", balance)
	}
	reversed, err := client.ReverseTransactionWithResponse(ctx, "hold-1", nil, ReversalRequest{Id: new("refund-1")})
	if err != nil || reversed.JSON201 == nil || *reversed.JSON201.Reverses != "hold-1" {
		t.Fatalf("reverse: %v %s", err, reversed.Body)
	}
	if balance := balanceOf(t, client, "alice"); balance.Posted != "100.00" || *balance.PendingOut != "0.00" || *balance.Available != "100.00" {
		t.Errorf("alice has %+v", balance)
	}
}

func balanceOf(t *testing.T, client *ClientWithResponses, account string) BalanceAt {
	t.Helper()
	answer, err := client.GetBalanceWithResponse(t.Context(), account, nil)
	if err != nil || answer.JSON200 == nil {
		t.Fatalf("balance of %s: %v %s", account, err, answer.Body)
	}
	return *answer.JSON200
}
