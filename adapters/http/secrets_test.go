package http_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// leaks are what no answer should have: SQL, paths, addresses, stacks.
var leaks = regexp.MustCompile(`(?i)secret|SQLSTATE|relation|/srv/|\.go\b|goroutine|postgres|pgx|runtime`)

// leaky is a service and a catalog whose every call fails.
type leaky struct {
	ledger.Service
	fail func() error
}

func (l leaky) Account(context.Context, string) (a ledger.Account, err error) { return a, l.fail() }

func (l leaky) Accounts(context.Context, []string) ([]ledger.Account, error) { return nil, l.fail() }

func (l leaky) Assets(context.Context) ([]ledger.Asset, error) { return nil, l.fail() }

func (l leaky) RegisterAsset(context.Context, ledger.Asset) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) OpenAccount(context.Context, ledger.AccountRequest) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) OpenAccounts(context.Context, []ledger.AccountRequest) ([]ledger.Outcome, error) {
	return nil, l.fail()
}

func (l leaky) ChangeAccount(context.Context, string, ledger.AccountChange) (a ledger.Account, err error) {
	return a, l.fail()
}

func (l leaky) FindAccounts(context.Context, ledger.AccountQuery) (p ledger.AccountPage, err error) {
	return p, l.fail()
}

func (l leaky) Transaction(context.Context, string) (tx ledger.Transaction, err error) {
	return tx, l.fail()
}

func (l leaky) FindTransactions(context.Context, ledger.TransactionQuery) (p ledger.TransactionPage, err error) {
	return p, l.fail()
}

func (l leaky) Post(context.Context, ledger.TransactionRequest) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) DryRun(context.Context, ledger.TransactionRequest) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) Deposit(context.Context, ledger.Deposit) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) PostBatch(context.Context, []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	return nil, l.fail()
}

func (l leaky) PostAtomic(context.Context, []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	return nil, l.fail()
}

func (l leaky) PostPending(context.Context, ledger.PostPendingRequest) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) VoidPending(context.Context, ledger.VoidPendingRequest) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) Reverse(context.Context, ledger.ReversalRequest) (o ledger.Outcome, err error) {
	return o, l.fail()
}

func (l leaky) BalanceAt(context.Context, string, ledger.Moment) (b ledger.BalanceAt, err error) {
	return b, l.fail()
}

func (l leaky) Entries(context.Context, ledger.EntryQuery) (p ledger.EntryPage, err error) {
	return p, l.fail()
}

func (l leaky) Statement(context.Context, ledger.StatementQuery) (s ledger.Statement, err error) {
	return s, l.fail()
}

func (l leaky) TrialBalance(context.Context, ledger.TrialBalanceQuery) (b ledger.TrialBalance, err error) {
	return b, l.fail()
}

func (l leaky) Ledger(context.Context, string) (ledger.Service, error) { return nil, l.fail() }

func (l leaky) OpenLedger(context.Context, string) (r ledger.Result, err error) { return r, l.fail() }

func (l leaky) FindLedgers(context.Context, ledger.LedgerQuery) (p ledger.LedgerPage, err error) {
	return p, l.fail()
}

// askBroken is ask, of an answer that may break off once it has begun.
func askBroken(t *testing.T, handler http.Handler, method, target, body string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	request := newRequest(method, target, body)
	maps.Copy(request.Header, header)
	recorder := httptest.NewRecorder()
	func() {
		defer func() {
			if panicked := recover(); panicked != nil && panicked != http.ErrAbortHandler {
				t.Errorf("%s %s panics with %v", method, target, panicked)
			}
		}()
		handler.ServeHTTP(recorder, request)
	}()
	return recorder
}

// TestLeakyFailsAlways holds that the service of the tests below has every call.
func TestLeakyFailsAlways(t *testing.T) {
	t.Parallel()
	service := reflect.TypeFor[ledger.Service]()
	own := reflect.ValueOf(leaky{fail: func() error { return errSecret }})
	for i := range service.NumMethod() {
		method := own.MethodByName(service.Method(i).Name)
		arguments := []reflect.Value{reflect.ValueOf(t.Context())}
		for j := 1; j < method.Type().NumIn(); j++ {
			arguments = append(arguments, reflect.Zero(method.Type().In(j)))
		}
		results := method.Call(arguments)
		if err, _ := reflect.TypeAssert[error](results[len(results)-1]); !errors.Is(err, errSecret) {
			t.Errorf("%s gives %v", service.Method(i).Name, err)
		}
	}
}

// bodies has for each kind of route a body that is good.
func bodyFor(route string) string {
	const pay = `{"id":"t1","from":"alice","to":"bob","amount":"1.00","asset":"USD"}`
	for suffix, body := range map[string]string{
		"/ledgers": `{"name":"x"}`, "/assets": `{"code":"XYZ","scale":2}`, "/accounts": `{"id":"a","asset":"USD"}`,
		"{id:batch}": `{"transactions":[` + pay + `]}`, "{id:lookup}": `{"ids":["a"]}`, "{id:stream}": pay + "\n",
		"/transactions": pay, "/post": `{"amount":"1.00"}`, "/void": "{}", "/reverse": `{"id":"r"}`, "/accounts/{id}": `{"name":"x"}`,
		"/add": `{"amount":1,"transaction_id":"tx_1"}`,
	} {
		if strings.HasSuffix(route, suffix) {
			if strings.HasSuffix(route, "/accounts/{id:batch}") {
				return `{"accounts":[{"id":"a","asset":"USD"}]}`
			}
			return body
		}
	}
	return ""
}

// TestAnswersKeepSecrets asks every route of a ledger whose every call fails, in words
// that are for the log alone.
func TestAnswersKeepSecrets(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"plain":   func() error { return errSecret },
		"wrapped": func() error { return fmt.Errorf("read /srv/secret: %w", errSecret) },
		"internal": func() error {
			return &ledger.Error{Code: ledger.ErrInternal, Message: errSecret.Error(), Cause: errSecret}
		},
		"of another code": func() error { return &ledger.Error{Code: "secret_code", Message: errSecret.Error()} },
		"a code":          func() error { return ledger.ErrTokenExists },
		"overloaded": func() error {
			return &ledger.Error{Code: ledger.ErrOverloaded, Message: errSecret.Error(), Cause: errSecret}
		},
		"a refusal":       func() error { return &ledger.Error{Code: ledger.ErrAccountFrozen, Message: "frozen", Cause: errSecret} },
		"around refusals": func() error { return fmt.Errorf("SELECT secret: %w", ledger.ErrAccountFrozen) },
		"no such thing":   func() error { return fmt.Errorf("secret: %w", ledger.NoAccount("alice")) },
		"panic":           func() error { panic(errSecret) },
		"panic of text":   func() error { panic(errSecret.Error()) },
		"wild pointer":    func() error { return errors.New((*ledger.Error)(nil).Message) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := leaky{fail: fail}
			config := ledgerhttp.Config{Catalog: service, Ready: func(context.Context) error { return errSecret }}
			handler := ledgerhttp.NewHandler(service, config)
			for route, methods := range ledgerhttp.Routes(service, config) {
				target, _ := targetOf(route)
				for _, method := range methods {
					body := bodyFor(route)
					header := http.Header{"X-Request-Id": {"r1"}}
					switch {
					case strings.HasSuffix(route, "{id:stream}") && name == "overloaded":
						// A stream waits for as long as it takes.
						continue
					case strings.HasSuffix(route, "{id:stream}"):
						header.Set("Content-Type", "application/x-ndjson")
					case method == "GET" && strings.HasSuffix(route, "/history"):
						target += "?page_size=1"
					}
					got := askBroken(t, handler, method, target, body, header)
					if got.Code < 400 && !isStatic(route) && !strings.HasSuffix(route, "{id:stream}") {
						t.Errorf("%s %s: %d %s", method, route, got.Code, got.Body)
					}
					if found := leaks.FindString(got.Body.String() + fmt.Sprint(got.Header())); found != "" && !isStatic(route) {
						t.Errorf("%s %s says %q: %s", method, route, found, got.Body)
					}
				}
			}
		})
	}
}

// isStatic says whether a route asks nothing of a ledger.
func isStatic(route string) bool {
	return strings.HasPrefix(route, "/docs") || route == "/v1/openapi.yaml" || route == "/healthz"
}
