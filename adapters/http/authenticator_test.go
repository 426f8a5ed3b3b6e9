package http_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestAuthorizationHeaders has headers of every kind.
func TestAuthorizationHeaders(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 20_000)
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{Authenticator: people{"good": {Name: "ann", Role: ledger.RoleRead}}})
	for _, test := range []struct {
		want   int
		values []string
	}{
		{200, []string{"Bearer good"}},
		{200, []string{"bearer good"}},
		{200, []string{"BEARER good"}},
		{401, nil},
		{401, []string{""}},
		{401, []string{"good"}},
		{401, []string{"Bearer"}},
		{401, []string{"Bearer "}},
		{401, []string{"Bearer  good"}},
		{401, []string{"Bearer good "}},
		{401, []string{"Bearer\tgood"}},
		{401, []string{" Bearer good"}},
		{401, []string{"Bearer good,good"}},
		{401, []string{"Bearer good, Bearer good"}},
		{401, []string{"Bearer good better"}},
		{401, []string{"Bearer göod"}},
		{401, []string{"Bearer good\x00"}},
		{401, []string{"Bearer good\xff"}},
		{401, []string{"Basic good"}},
		{401, []string{"Basic YW5uOmdvb2Q="}},
		{401, []string{"Token good"}},
		{401, []string{"Bearer:good"}},
		{401, []string{"Bearer good", "Bearer good"}},
		{401, []string{"Bearer good", ""}},
		{401, []string{"", "Bearer good"}},
		{401, []string{"Bearer GOOD"}},
		{401, []string{"Bearer " + long}},
	} {
		for _, path := range []string{"/v1/accounts/" + demoUser, "/users/" + demoUser + "/balance"} {
			got := ask(handler, "GET", path, "", http.Header{"Authorization": test.values})
			if got.Code != test.want || (got.Header().Get("WWW-Authenticate") == "Bearer") != (test.want == 401) {
				t.Errorf("%.40q: %d %s", test.values, got.Code, got.Body)
			}
			if got.Body.Len() > 1000 {
				t.Errorf("%.40q: an answer of %d bytes", test.values, got.Body.Len())
			}
		}
	}
}

// TestAuthenticatorFails has one that cannot tell. Why is in the log alone.
func TestAuthenticatorFails(t *testing.T) {
	t.Parallel()
	var log lines
	config := guardedConfig()
	config.Logger = log.logger()
	handler := ledgerhttp.NewHandler(newLedger(t), config)
	for token, want := range map[string]ledger.Code{
		"away": ledger.ErrUnavailable, "busy": ledger.ErrOverloaded, "slow": ledger.ErrUnavailable,
		"broken": ledger.ErrInternal, "mistaken": ledger.ErrInternal, "panics": ledger.ErrInternal,
		"expired": ledger.ErrUnauthorized, "revoked": ledger.ErrUnauthorized, "nothing": ledger.ErrForbidden,
	} {
		for _, path := range []string{"/v1/accounts/alice", "/users/alice/balance", "/metrics"} {
			got := ask(handler, "GET", path, "", bearer(token))
			if strings.HasPrefix(path, "/v1") {
				expectProblem(t, got, want, "", "")
			}
			isAway := want == ledger.ErrUnavailable || want == ledger.ErrOverloaded
			if (got.Code == 503) != isAway || (got.Header().Get("Retry-After") == "1") != isAway {
				t.Errorf("%s as %s: %d, Retry-After: %s", path, token, got.Code, got.Header().Get("Retry-After"))
			}
			for _, secret := range []string{"secret", "SQL", "ann", "postgresql", "expired:", ".go"} {
				if strings.Contains(got.Body.String(), secret) {
					t.Errorf("%s as %s: %s", path, token, got.Body)
				}
			}
		}
	}
	if text := log.String(); !strings.Contains(text, "SQLSTATE 42P01") || !strings.Contains(text, "the token of ann was revoked") {
		t.Errorf("the log should say why: %s", text)
	}
	if strings.Contains(log.String(), "Bearer") {
		t.Error("the log has a token")
	}
}

// noting is a service that notes whose requests it is called for.
type noting struct {
	ledger.Service
	who *[]string
}

func (n noting) Account(ctx context.Context, id string) (ledger.Account, error) {
	principal, ok := ledgerhttp.PrincipalOf(ctx)
	*n.who = append(*n.who, fmt.Sprintf("%s %t", principal.Name, ok))
	return n.Service.Account(ctx, id)
}

func TestPrincipalOf(t *testing.T) {
	t.Parallel()
	var who []string
	service := noting{newLedger(t), &who}
	guarded, open := ledgerhttp.NewHandler(service, guardedConfig()), ledgerhttp.NewHandler(service, ledgerhttp.Config{})
	for _, path := range []string{"/v1/accounts/" + demoUser, "/users/" + demoUser + "/balance"} {
		ask(guarded, "GET", path, "", bearer("read@main"))
		ask(open, "GET", path, "", bearer("read@main"))
	}
	if got := strings.Join(who, ", "); got != "the read of main true,  false, the read of main true,  false" {
		t.Error(got)
	}
}

// actorOf returns the actor of a transaction.
func (w *world) actorOf(t *testing.T, id string) string {
	t.Helper()
	transaction, err := w.services[0].Transaction(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return transaction.Actor
}

// TestActors has everything written by somebody, who says so or names somebody else.
func TestActors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ token, named, want string }{
		{"write", "", "the write"},
		{"write@main", "", "the write of main"},
		{"write", "bob", ""},
		{"write", "the write", ""},
		{"admin", "", "the admin"},
		{"admin", "bob", "bob"},
		{"admin@main", "bob", "bob"},
	} {
		t.Run(test.token+" names "+test.named, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, guardedConfig())
			actor := ""
			if test.named != "" {
				actor = `,"actor":"` + test.named + `"`
			}
			pay := func(id string) string {
				return `{"id":"` + id + `","from":"alice","to":"bob","amount":"1.00"` + actor + `}`
			}
			header := bearer(test.token)
			send := func(path, body string) string {
				return ask(w, "POST", path, body, header).Body.String()
			}
			stream := bearer(test.token)
			stream.Set("Content-Type", "application/x-ndjson")
			answers := map[string]string{
				"one":       send("/v1/transactions", pay("one")),
				"dry":       send("/v1/transactions?dry_run=true", pay("dry")),
				"in-batch":  send("/v1/transactions/batch", `{"transactions":[`+pay("in-batch")+`]}`),
				"in-atomic": send("/v1/transactions/batch", `{"atomic":true,"transactions":[`+pay("in-atomic")+`]}`),
				"in-stream": ask(w, "POST", "/v1/transactions/stream", pay("in-stream")+"\n", stream).Body.String(),
				"reversal":  send("/v1/transactions/paid/reverse", `{"id":"reversal"`+actor+`}`),
				"post":      send("/v1/transactions/held/post", `{"amount":"1.00"`+actor+`}`),
				"hold":      send("/v1/transactions", strings.TrimSuffix(pay("hold"), "}")+`,"pending":true}`),
			}
			// What is refused has made no hold.
			target := map[bool]string{true: "held", false: "hold"}[test.want == ""]
			answers["void"] = send("/v1/transactions/"+target+"/void", "{"+strings.TrimPrefix(actor, ",")+"}")
			for id, answer := range answers {
				isRefused := strings.Contains(answer, `"code":"forbidden"`) && strings.Contains(answer, `"field":"actor"`)
				field := "actor"
				if id == "post" || id == "void" {
					field = "resolved_by"
				}
				if isRefused != (test.want == "") || !isRefused && !strings.Contains(answer, `"`+field+`":"`+test.want+`"`) {
					t.Errorf("%s: %s", id, answer)
				}
				if _, err := w.services[0].Transaction(t.Context(), id); test.want == "" && err == nil {
					t.Errorf("%s was refused and is there", id)
				}
			}
			if test.want == "" {
				return
			}
			for _, id := range []string{"one", "in-batch", "in-atomic", "in-stream", "reversal"} {
				if got := w.actorOf(t, id); got != test.want {
					t.Errorf("%s is by %q", id, got)
				}
			}
		})
	}
}

// TestActorOfDeposits has what /users writes, whose bodies name nobody.
func TestActorOfDeposits(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, guardedConfig())
	for token, want := range map[string]string{"write": "the write", "admin@main": "the admin of main"} {
		id := "tx_" + strings.ReplaceAll(token, "@", "_")
		got := ask(w, "POST", addPath("alice"), `{"amount":1,"transaction_id":"`+id+`","actor":"bob"}`, bearer(token))
		if got.Code != http.StatusAccepted || w.actorOf(t, id) != want {
			t.Errorf("%d %s by %q", got.Code, got.Body, w.actorOf(t, id))
		}
	}
}

// TestActorWithoutAuthentication takes anybody's word.
func TestActorWithoutAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	do(w, "POST", "/v1/transactions", `{"id":"one","from":"alice","to":"bob","amount":"1.00","actor":"bob"}`)
	if got := w.actorOf(t, "one"); got != "bob" {
		t.Errorf("it is by %q", got)
	}
}

// TestActorOfOneInABatch refuses a member alone.
func TestActorOfOneInABatch(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, guardedConfig())
	const members = `{"id":"a","from":"alice","to":"bob","amount":"1.00"},{"id":"b","from":"alice","to":"bob","amount":"1.00","actor":"bob"}`
	got := ask(w, "POST", "/v1/transactions/batch", `{"transactions":[`+members+`]}`, bearer("write")).Body.String()
	if !strings.Contains(got, `"status":201`) || !strings.Contains(got, `"status":403`) {
		t.Error(got)
	}
	problem := problemOf(t, ask(w, "POST", "/v1/transactions/batch", `{"atomic":true,"transactions":[`+strings.ReplaceAll(members, `"a"`, `"c"`)+`]}`, bearer("write")))
	if problem.Code != "forbidden" || problem.Index == nil || *problem.Index != 1 {
		t.Errorf("%+v", problem)
	}
}

// stuck is an authenticator that does not answer.
type stuck struct{}

func (stuck) Authenticate(ctx context.Context, _ string) (ledger.Principal, error) {
	select {
	case <-ctx.Done():
		return ledger.Principal{}, ctx.Err()
	case <-time.After(time.Minute):
		return ledger.Principal{}, errors.New("nobody hurried it")
	}
}

// TestAuthenticatorIsInTime has one that is stuck, for streams too, which may take as long
// as they like.
func TestAuthenticatorIsInTime(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1/transactions", streamPath} {
		synctest.Test(t, func(t *testing.T) {
			handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{Authenticator: stuck{}, RequestTimeout: time.Second})
			request := newRequest("POST", path, "")
			request.Header.Set("Authorization", "Bearer x")
			expectProblem(t, serve(handler, request), ledger.ErrUnavailable, "", "the ledger is not available. nothing was lost: ask again with the same id")
		})
	}
}
