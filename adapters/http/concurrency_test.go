package http_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// TestSameIDAtOnce sends one transaction id 1,000 times at once over real
// connections.
func TestSameIDAtOnce(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	server := httptest.NewServer(ledgerhttp.NewHandler(service, ledgerhttp.Config{}))
	defer server.Close()
	const requests = 1000
	var accepted, processed atomic.Int64
	var clients sync.WaitGroup
	start := make(chan struct{})
	for range requests {
		clients.Go(func() {
			<-start
			response, err := server.Client().Post(server.URL+addPath(demoUser), "application/json",
				strings.NewReader(`{"amount":20,"transaction_id":"tx_1"}`))
			if err != nil {
				t.Error(err)
				return
			}
			switch body := readAll(t, response.Body); {
			case response.StatusCode == http.StatusAccepted && body == added("120"):
				accepted.Add(1)
			case response.StatusCode == http.StatusUnprocessableEntity && body == failure(422, "transaction was already processed"):
				processed.Add(1)
			default:
				t.Errorf("%d %s", response.StatusCode, body)
			}
		})
	}
	close(start)
	clients.Wait()
	if accepted.Load() != 1 || processed.Load() != requests-1 {
		t.Errorf("%d accepted, %d already processed", accepted.Load(), processed.Load())
	}
	account, err := service.Account(t.Context(), demoUser)
	if err != nil {
		t.Fatal(err)
	}
	if units, _ := account.Posted().Int64(); units != 120_00 || account.Sequence != 1 {
		t.Errorf("balance %d after %d entries", units, account.Sequence)
	}
}

// TestBalancesAreOfTheirMoment makes deposits of one at once: each is answered
// with the balance right after it, so every balance is seen exactly once.
func TestBalancesAreOfTheirMoment(t *testing.T) {
	t.Parallel()
	handler := newHandler(t)
	const requests = 500
	var seen sync.Map
	var clients sync.WaitGroup
	for i := range requests {
		clients.Go(func() {
			seen.Store(addTo(handler, demoUser, fmt.Sprintf(`{"amount":1,"transaction_id":"tx_%d"}`, i)).Body.String(), true)
		})
	}
	clients.Wait()
	for i := range requests {
		if _, ok := seen.Load(added(fmt.Sprint(101 + i))); !ok {
			t.Errorf("nobody was answered with %d", 101+i)
		}
	}
}
