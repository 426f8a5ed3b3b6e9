package http_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

func TestClientConfig(t *testing.T) {
	t.Parallel()
	for text, wrong := range map[string]string{
		"":                         "URL",
		"127.0.0.1:8080":           "URL",
		"localhost:8080":           "URL",
		"ftp://ledger.test":        "URL",
		"http://":                  "URL",
		"http://:8080":             "URL",
		"http://a b/":              "URL",
		"http://me:pw@ledger.test": "URL",
		"http://ledger.test?x=1":   "URL",
		"http://ledger.test?":      "URL",
		"http://ledger.test/#top":  "URL",
		"http://ledger.test":       "",
		"http://ledger.test/":      "",
		"https://[::1]:8443/books": "",
	} {
		_, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: text})
		e, _ := errors.AsType[*ledger.Error](err)
		if (err == nil) != (wrong == "") || e != nil && (e.Field != wrong || e.Code != ledger.ErrInvalidRequest) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	for field, config := range map[string]ledgerhttp.ClientConfig{
		"ledger":  {URL: "http://ledger.test", Ledger: "a/b"},
		"Token":   {URL: "http://ledger.test", Token: "a\r\nX: y"},
		"Timeout": {URL: "http://ledger.test", Timeout: -1},
	} {
		_, err := ledgerhttp.NewClient(config)
		if e, _ := errors.AsType[*ledger.Error](err); e == nil || e.Field != field {
			t.Errorf("%+v: %v", config, err)
		}
	}
}

// TestClientRequests looks at where requests go, and what they have beside a body.
func TestClientRequests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	for want, ask := range map[string]func(c *ledgerhttp.Client){
		"GET /base/v1/ledgers/books:1/accounts/a":                                            func(c *ledgerhttp.Client) { _, _ = c.Account(ctx, "a") },
		"GET /base/v1/ledgers/books:1/accounts/a%2Fb%3Fc%23d%25%20%C3%A9":                    func(c *ledgerhttp.Client) { _, _ = c.Account(ctx, "a/b?c#d% é") },
		"GET /base/v1/ledgers/books:1/accounts/%2E%2E":                                       func(c *ledgerhttp.Client) { _, _ = c.Account(ctx, "..") },
		"GET /base/v1/ledgers/books:1/transactions/%2E":                                      func(c *ledgerhttp.Client) { _, _ = c.Transaction(ctx, ".") },
		"GET /base/v1/ledgers/books:1/accounts/a/balance":                                    func(c *ledgerhttp.Client) { _, _ = c.BalanceAt(ctx, "a", ledger.Moment{}) },
		"GET /base/v1/ledgers/books:1/accounts/a/balance?at=2026-03-01T11%3A00%3A00.123456Z": func(c *ledgerhttp.Client) { _, _ = c.BalanceAt(ctx, "a", ledger.Moment{EffectiveAt: at}) },
		"GET /base/v1/ledgers/books:1/accounts/a/statement?cursor=Ny4xMg&limit=5&order=asc": func(c *ledgerhttp.Client) {
			_, _ = c.Entries(ctx, ledger.EntryQuery{Account: "a", OldestFirst: true, Limit: 5, After: &ledger.EntryKey{Stripe: 7, Sequence: 12}})
		},
		"GET /base/v1/ledgers/books:1/accounts?limit=-1&metadata.%26k=%3D&prefix=u&status=open": func(c *ledgerhttp.Client) {
			_, _ = c.FindAccounts(ctx, ledger.AccountQuery{Prefix: "u", Status: ledger.StatusOpen, Limit: -1, Metadata: ledger.Metadata{"&k": "="}})
		},
		"GET /base/v1/ledgers?cursor=Ym9va3M":                     func(c *ledgerhttp.Client) { _, _ = c.Catalog().FindLedgers(ctx, ledger.LedgerQuery{After: "books"}) },
		"GET /base/v1/ledgers/other/assets?limit=1":               func(c *ledgerhttp.Client) { _, _ = c.Catalog().Ledger(ctx, "other") },
		"POST /base/v1/ledgers/books:1/transactions/a%2Fb/void":   func(c *ledgerhttp.Client) { _, _ = c.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "a/b"}) },
		"POST /base/v1/ledgers/books:1/transactions?dry_run=true": func(c *ledgerhttp.Client) { _, _ = c.DryRun(ctx, ledger.TransactionRequest{ID: "a"}) },
		"PATCH /base/v1/ledgers/books:1/accounts/a":               func(c *ledgerhttp.Client) { _, _ = c.ChangeAccount(ctx, "a", ledger.AccountChange{}) },
	} {
		got := ""
		s := &script{answers: []attempt{func(r *http.Request) (*http.Response, error) {
			got = r.Method + " " + r.URL.RequestURI()
			if auth := r.Header.Get("Authorization"); auth != "Bearer t0ken" {
				t.Errorf("%s: Authorization: %q", want, auth)
			}
			if kind := r.Header.Get("Content-Type"); (kind == "application/json") != (r.Method != http.MethodGet) {
				t.Errorf("%s: Content-Type: %q", want, kind)
			}
			return refuses(403, ledgerhttp.ErrForbidden)(r)
		}}}
		config := ledgerhttp.ClientConfig{URL: "http://ledger.test/base/", Ledger: "books:1", Token: "t0ken", HTTPClient: &http.Client{Transport: s}}
		ask(newClient(t, config))
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestClientSaysWhoAsked has a server call another one, and demands that both know the
// request by the same id.
func TestClientSaysWhoAsked(t *testing.T) {
	t.Parallel()
	var got string
	s := &script{answers: []attempt{func(r *http.Request) (*http.Response, error) {
		got = r.Header.Get("X-Request-Id")
		return refuses(404, ledger.ErrNotFound)(r)
	}}}
	front := ledgerhttp.NewHandler(s.client(t, ledgerhttp.ClientConfig{}), ledgerhttp.Config{})
	request := httptest.NewRequest(http.MethodGet, "/v1/accounts/a", nil)
	request.Header.Set("X-Request-Id", "from-afar")
	front.ServeHTTP(httptest.NewRecorder(), request)
	if got != "from-afar" {
		t.Errorf("the request's id is %q", got)
	}
}

// TestClientGivesBackErrors has a server say all that an error can say.
func TestClientGivesBackErrors(t *testing.T) {
	t.Parallel()
	want := ledger.Error{
		Code: ledger.ErrInsufficientFunds, Message: `account "é" has too little`, Field: "entries[3].amount", Account: "é", Transaction: "tx", Index: new(7),
	}
	body, err := json.Marshal(wire.Problem{
		Status: 422, Code: string(want.Code), Detail: want.Message, Field: want.Field, Account: want.Account, Transaction: want.Transaction, Index: want.Index,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &script{answers: []attempt{says(422, string(body), "Content-Type", "application/problem+json; charset=utf-8")}}
	c := s.client(t, ledgerhttp.ClientConfig{})
	outcome, err := c.Post(t.Context(), ledger.TransactionRequest{ID: "tx"})
	if e, ok := errors.AsType[*ledger.Error](err); !ok || !reflect.DeepEqual(*e, want) {
		t.Errorf("got %+v, want %+v", err, want)
	}
	if outcome.Result != ledger.Rejected || !errors.Is(outcome.Err, ledger.ErrInsufficientFunds) {
		t.Errorf("the outcome is %+v", outcome)
	}
}

// TestClientRefusesWhatJSONCannotCarry demands that nothing is sent of it.
func TestClientRefusesWhatJSONCannotCarry(t *testing.T) {
	t.Parallel()
	ctx, late := t.Context(), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	entries := func(account string, asset ledger.Asset) []ledger.EntryRequest {
		return []ledger.EntryRequest{{Account: "a", Side: ledger.Debit, Asset: usd}, {Account: account, Side: ledger.Credit, Asset: asset}}
	}
	post := func(r ledger.TransactionRequest) func(*ledgerhttp.Client) (ledger.Outcome, error) {
		return func(c *ledgerhttp.Client) (ledger.Outcome, error) { return c.Post(ctx, r) }
	}
	open := func(r ledger.AccountRequest) func(*ledgerhttp.Client) (ledger.Outcome, error) {
		return func(c *ledgerhttp.Client) (ledger.Outcome, error) { return c.OpenAccount(ctx, r) }
	}
	for name, test := range map[string]struct {
		field string
		ask   func(*ledgerhttp.Client) (ledger.Outcome, error)
	}{
		"the id of a transaction":      {"id", post(ledger.TransactionRequest{ID: "\xff"})},
		"a description":                {"description", post(ledger.TransactionRequest{ID: "a", Description: "\xff"})},
		"an actor":                     {"actor", post(ledger.TransactionRequest{ID: "a", Actor: "\xff"})},
		"a related transaction":        {"related", post(ledger.TransactionRequest{ID: "a", Related: "\xff"})},
		"a key":                        {"metadata", post(ledger.TransactionRequest{ID: "a", Metadata: ledger.Metadata{"\xff": ""}})},
		"a value":                      {"metadata.k", post(ledger.TransactionRequest{ID: "a", Metadata: ledger.Metadata{"k": "\xff"}})},
		"an expiry in the year 10000":  {"expires_at", post(ledger.TransactionRequest{ID: "a", Pending: true, ExpiresAt: late})},
		"an effect in the year 0":      {"effective_at", post(ledger.TransactionRequest{ID: "a", EffectiveAt: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)})},
		"the account of an entry":      {"entries[1].account", post(ledger.TransactionRequest{ID: "a", Entries: entries("\xff", usd)})},
		"the asset of an entry":        {"entries[1].asset", post(ledger.TransactionRequest{ID: "a", Entries: entries("b", ledger.Asset{Code: "\xff"})})},
		"too many entries":             {"entries", post(ledger.TransactionRequest{ID: "a", Entries: make([]ledger.EntryRequest, ledger.MaxEntries+1)})},
		"the account of a condition":   {"conditions[0].account", post(ledger.TransactionRequest{ID: "a", Conditions: []ledger.Condition{{Account: "\xff", Sequence: new(uint64(1))}}})},
		"too many conditions":          {"conditions", post(ledger.TransactionRequest{ID: "a", Conditions: make([]ledger.Condition, ledger.MaxConditions+1)})},
		"the id of an account":         {"id", open(ledger.AccountRequest{ID: "\xff"})},
		"a name":                       {"name", open(ledger.AccountRequest{ID: "a", Name: "\xff"})},
		"an asset":                     {"asset", open(ledger.AccountRequest{ID: "a", Asset: ledger.Asset{Code: "\xff"}})},
		"a limit where there is none":  {"min_balance", open(ledger.AccountRequest{ID: "a", Asset: usd, Unlimited: true, MinBalance: ledger.NewAmount(1)})},
		"an opening in the year 10000": {"effective_at", open(ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: ledger.NewAmount(1), EffectiveAt: late})},
		"the metadata of an account":   {"metadata.k", open(ledger.AccountRequest{ID: "a", Asset: usd, Metadata: ledger.Metadata{"k": "\xff"}})},
		"the id of a deposit": {"id", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.Deposit(ctx, ledger.Deposit{ID: "\xff", Account: "a", Asset: usd})
		}},
		"the account of a deposit": {"account", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.Deposit(ctx, ledger.Deposit{ID: "a", Account: "\xff", Asset: usd})
		}},
		"the asset of a deposit": {"asset", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.Deposit(ctx, ledger.Deposit{ID: "a", Account: "a", Asset: ledger.Asset{Code: "\xff"}})
		}},
		"an asset to register": {"asset", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.RegisterAsset(ctx, ledger.Asset{Code: "\xff"})
		}},
		"who posts": {"actor", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.PostPending(ctx, ledger.PostPendingRequest{Transaction: "a", Actor: "\xff"})
		}},
		"who voids": {"actor", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "a", Actor: "\xff"})
		}},
		"the id of a reversal": {"id", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.Reverse(ctx, ledger.ReversalRequest{ID: "\xff", Transaction: "a"})
		}},
		"the time of a reversal": {"effective_at", func(c *ledgerhttp.Client) (ledger.Outcome, error) {
			return c.Reverse(ctx, ledger.ReversalRequest{ID: "b", Transaction: "a", EffectiveAt: late})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answers: []attempt{refuses(500, ledger.ErrInternal)}}
			outcome, err := test.ask(s.client(t, ledgerhttp.ClientConfig{}))
			e, _ := errors.AsType[*ledger.Error](err)
			if e == nil || e.Code != ledger.ErrInvalidRequest || e.Field != test.field || e.Message == "" {
				t.Errorf("got %+v, %v; want the field %q", outcome, err, test.field)
			}
			if outcome.Result != ledger.Rejected || !errors.Is(outcome.Err, ledger.ErrInvalidRequest) || len(s.times) != 0 {
				t.Errorf("got %+v after %d attempts", outcome, len(s.times))
			}
		})
	}
}

// TestClientRefusesMembers has batches with members that JSON cannot carry: of one that
// is done as a whole nothing is sent, of another what can be.
func TestClientRefusesMembers(t *testing.T) {
	t.Parallel()
	ctx, c := t.Context(), connect(t, memory.New(memory.Config{}))
	opened, err := c.OpenAccounts(ctx, []ledger.AccountRequest{{ID: "\xff", Asset: usd}, {ID: "a", Asset: usd}, {ID: "b", Asset: usd, Name: "\xff"}})
	if err != nil || len(opened) != 3 || opened[0].Result != ledger.Rejected || opened[1].Result != ledger.Applied || opened[2].Result != ledger.Rejected {
		t.Errorf("opened %+v, %v", opened, err)
	}
	good := ledger.Deposit{ID: "in", Account: "a", Asset: usd, Amount: ledger.NewAmount(5)}.Request()
	bad := good
	bad.ID, bad.Actor = "bad", "\xff"
	posted, err := c.PostBatch(ctx, []ledger.TransactionRequest{bad, good, bad})
	if err != nil || len(posted) != 3 || posted[0].Result != ledger.Rejected || posted[1].Result != ledger.Applied || posted[2].Result != ledger.Rejected {
		t.Errorf("posted %+v, %v", posted, err)
	}
	good.ID = "in2"
	posted, err = c.PostAtomic(ctx, []ledger.TransactionRequest{good, bad})
	if e, _ := errors.AsType[*ledger.Error](err); posted != nil || e == nil || e.Index == nil || *e.Index != 1 || e.Field != "actor" {
		t.Errorf("posted %+v, %+v", posted, err)
	}
	if account, err := c.Account(ctx, "a"); err != nil || account.Sequence != 1 {
		t.Errorf("the account is %+v, %v", account, err)
	}
}

// TestClientNamesFieldsOfDeposits demands the errors of a ledger in the same process.
func TestClientNamesFieldsOfDeposits(t *testing.T) {
	t.Parallel()
	books := newLedger(t)
	c := demoClient(t, ledgerhttp.NewHandler(books, ledgerhttp.Config{}), ledgerhttp.ClientConfig{})
	large, err := ledger.ParseUnits(strings.Repeat("9", ledger.MaxDigits+1))
	if err != nil {
		t.Fatal(err)
	}
	one := ledger.NewAmount(1)
	for _, deposit := range []ledger.Deposit{
		{Account: demoUser, Asset: usd, Amount: one},
		{ID: "opening:a", Account: demoUser, Asset: usd, Amount: one},
		{ID: "a", Asset: usd, Amount: one},
		{ID: "a", Account: "a\x00", Asset: usd, Amount: one},
		{ID: "a", Account: demoUser, Amount: one},
		{ID: "a", Account: demoUser, Asset: ledger.Asset{Code: "USD", Scale: 39}, Amount: one},
		{ID: "a", Account: demoUser, Asset: ledger.Asset{Code: "USD", Scale: 3}, Amount: one},
		{ID: "a", Account: demoUser, Asset: usd},
		{ID: "a", Account: demoUser, Asset: usd, Amount: one.Neg()},
		{ID: "a", Account: demoUser, Asset: usd, Amount: large},
		{ID: "a", Account: "nobody", Asset: usd, Amount: one},
	} {
		_, wantErr := books.Deposit(t.Context(), deposit)
		want, _ := errors.AsType[*ledger.Error](wantErr)
		outcome, err := c.Deposit(t.Context(), deposit)
		got, _ := errors.AsType[*ledger.Error](err)
		if got == nil || outcome.Err != err && !reflect.DeepEqual(outcome.Err, err) || got.Code != want.Code || got.Field != want.Field || strings.Contains(got.Message, "entries") || outcome.Result != ledger.Rejected {
			t.Errorf("%+v gave %+v, want %+v", deposit, got, want)
		}
	}
}

// TestClientOfNothing asks for no account, and makes none.
func TestClientOfNothing(t *testing.T) {
	t.Parallel()
	c := demoClient(t, newHandler(t), ledgerhttp.ClientConfig{})
	accounts, err := c.Accounts(t.Context(), nil)
	if err != nil || len(accounts) != 0 {
		t.Errorf("got %v, %v", accounts, err)
	}
	opened, err := c.OpenAccounts(t.Context(), nil)
	if err != nil || len(opened) != 0 {
		t.Errorf("got %v, %v", opened, err)
	}
}

// TestClientReadsAnyID has accounts and transactions of ids that /v1 does not make.
func TestClientReadsAnyID(t *testing.T) {
	t.Parallel()
	store := memory.New(memory.Config{})
	ctx, c := t.Context(), connect(t, store)
	books, err := ledger.Open(ctx, store, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{" ", "a b", "a/b", "a%2Fb", "/", ".", "..", "a?b", "a#b", "é", "a+b", `"\`, "{}", "batch", strings.Repeat("é", ledger.MaxID/2)}
	for i, id := range ids {
		open(t, books, ledger.AccountRequest{ID: id, Asset: usd, Metadata: ledger.Metadata{"&=é": id}})
		deposit := ledger.Deposit{ID: id, Account: id, Asset: usd, Amount: ledger.NewAmount(int64(i + 1))}
		if _, err := books.Deposit(ctx, deposit); err != nil {
			t.Fatal(err)
		}
	}
	accounts, err := c.Accounts(ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		want, err := books.Account(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		account, err := c.Account(ctx, id)
		if err != nil || !reflect.DeepEqual(account, want) || !reflect.DeepEqual(accounts[i], want) {
			t.Errorf("%q reads as %+v and %+v, %v; want %+v", id, account, accounts[i], err, want)
		}
		transaction, err := c.Transaction(ctx, id)
		if err != nil || transaction.ID != id || transaction.Entries[1].Account != id {
			t.Errorf("transaction %q reads as %+v, %v", id, transaction, err)
		}
		page, err := c.Entries(ctx, ledger.EntryQuery{Account: id})
		if err != nil || len(page.Entries) != 1 || page.Entries[0].Transaction != id || page.Account.ID != id {
			t.Errorf("the entries of %q are %+v, %v", id, page, err)
		}
		found, err := c.FindAccounts(ctx, ledger.AccountQuery{Prefix: id, OldestFirst: true, Limit: 1, Metadata: want.Metadata})
		if err != nil || len(found.Accounts) != 1 {
			t.Errorf("by %q are found %+v, %v", id, found, err)
		}
		if _, err := c.FindAccounts(ctx, ledger.AccountQuery{After: id}); err != nil {
			t.Errorf("after %q: %v", id, err)
		}
		if _, err := c.ChangeAccount(ctx, id, ledger.AccountChange{Name: new("x")}); err != nil {
			t.Errorf("%q cannot be changed: %v", id, err)
		}
	}
}

// TestClientAsksOfConditions demands that the assets of conditions are asked for once.
func TestClientAsksOfConditions(t *testing.T) {
	t.Parallel()
	var paths []string
	handler := newHandler(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c := newClient(t, ledgerhttp.ClientConfig{URL: server.URL})
	for i, id := range []string{"one", "two"} {
		request := ledger.Deposit{ID: id, Account: demoUser, Asset: usd, Amount: ledger.NewAmount(1)}.Request()
		request.Conditions = []ledger.Condition{{Account: demoUser, MinAvailable: new(ledger.NewAmount(int64(100_00 + i)))}}
		if _, err := c.Post(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		request.ID += "-more"
		request.Conditions[0].MinAvailable = new(ledger.NewAmount(100_02 + int64(i)))
		if _, err := c.Post(t.Context(), request); !errors.Is(err, ledger.ErrConditionFailed) {
			t.Errorf("got %v", err)
		}
	}
	if got := strings.Join(paths, " "); got != "/v1/accounts/lookup"+strings.Repeat(" /v1/transactions", 4) {
		t.Errorf("the requests are %s", got)
	}
}

// TestClientCatalogAsksOnce demands that a ledger that is there is not asked for again,
// and that a client by name is the same.
func TestClientCatalogAsksOnce(t *testing.T) {
	t.Parallel()
	asked := 0
	s := &script{answers: []attempt{func(r *http.Request) (*http.Response, error) {
		asked++
		return says(200, `{"data":[],"next_cursor":null}`)(r)
	}}}
	c := s.client(t, ledgerhttp.ClientConfig{}).Catalog()
	first, err := c.Ledger(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Ledger(t.Context(), "a")
	if err != nil || again != first || asked != 1 {
		t.Errorf("got another one: %t, %v after %d requests", again != first, err, asked)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Ledger(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
