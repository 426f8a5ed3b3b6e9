package http_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// direct is a way to a handler without a network, which counts what goes it.
type direct struct {
	handler http.Handler
	asked   int
}

// RoundTrip implements http.RoundTripper.
func (d *direct) RoundTrip(r *http.Request) (*http.Response, error) {
	d.asked++
	recorder := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	d.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

func (d *direct) client(t *testing.T, config ledgerhttp.ClientConfig) *ledgerhttp.Client {
	t.Helper()
	config.URL, config.HTTPClient = "http://ledger.test", &http.Client{Transport: d}
	return newClient(t, config)
}

func oneDeposit(id string) ledger.TransactionRequest {
	return ledger.Deposit{ID: id, Account: demoUser, Asset: usd, Amount: ledger.NewAmount(100)}.Request()
}

// streamError returns what ends a stream of one transaction.
func streamError(t *testing.T, client *ledgerhttp.Client) (last error) {
	t.Helper()
	for outcome, err := range client.PostStream(t.Context(), slices.Values([]ledger.TransactionRequest{oneDeposit("s")})) {
		last = err
		if err == nil && outcome.Err != nil {
			last = outcome.Err
		}
	}
	return last
}

// TestClientIsTurnedAway has tokens that may not do what is asked: each is told so at
// once, by the server's code.
func TestClientIsTurnedAway(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]error{
		"": ledger.ErrUnauthorized, "bad": ledger.ErrUnauthorized, "revoked": ledger.ErrUnauthorized,
		"read": ledger.ErrForbidden, "admin@books": ledger.ErrForbidden, "write": nil,
	} {
		way := &direct{handler: ledgerhttp.NewHandler(newLedger(t), guardedConfig())}
		client := way.client(t, ledgerhttp.ClientConfig{Token: token})
		if _, err := client.Post(t.Context(), oneDeposit("a")); !errors.Is(err, want) {
			t.Errorf("%q: %v", token, err)
		}
		if way.asked != 1 {
			t.Errorf("%q: %d attempts", token, way.asked)
		}
		if err := streamError(t, client); !errors.Is(err, want) {
			t.Errorf("a stream as %q: %v", token, err)
		}
	}
}

// TestClientNamesActor has one who may and one who may not.
func TestClientNamesActor(t *testing.T) {
	t.Parallel()
	way := &direct{handler: ledgerhttp.NewHandler(newLedger(t), guardedConfig())}
	request := oneDeposit("a")
	request.Actor = "bob"
	_, err := way.client(t, ledgerhttp.ClientConfig{Token: "write"}).Post(t.Context(), request)
	if refusal, ok := errors.AsType[*ledger.Error](err); !ok || refusal.Code != ledger.ErrForbidden || refusal.Field != "actor" {
		t.Errorf("%v", err)
	}
	outcome, err := way.client(t, ledgerhttp.ClientConfig{Token: "admin"}).Post(t.Context(), request)
	if err != nil || outcome.Transaction.Actor != "bob" {
		t.Errorf("%+v, %v", outcome, err)
	}
}

// TestClientWaitsForItsTurn asks more often than it may: it waits as long as it is told,
// and no call fails.
func TestClientWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := guardedConfig()
		config.RatePerToken = 0.25
		way := &direct{handler: ledgerhttp.NewHandler(newLedger(t), config)}
		client := way.client(t, ledgerhttp.ClientConfig{Token: "write"})
		start := time.Now()
		for _, id := range []string{"a", "b", "c"} {
			if outcome, err := client.Post(t.Context(), oneDeposit(id)); err != nil || outcome.Result != ledger.Applied {
				t.Errorf("%s: %v, %v", id, outcome.Result, err)
			}
		}
		// Of the three, two wait for four seconds each, and for the chance that keeps
		// callers apart.
		if took := time.Since(start); took < 8*time.Second || took > 9*time.Second || way.asked != 5 {
			t.Errorf("it took %v and %d attempts", took, way.asked)
		}
		hasty := way.client(t, ledgerhttp.ClientConfig{Token: "write", RetryFor: -1})
		if _, err := hasty.Post(t.Context(), oneDeposit("d")); !errors.Is(err, ledgerhttp.ErrTooManyRequests) {
			t.Errorf("%v", err)
		}
		if err := streamError(t, hasty); !errors.Is(err, ledgerhttp.ErrTooManyRequests) {
			t.Errorf("a stream: %v", err)
		}
	})
}
