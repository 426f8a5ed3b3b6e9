package http_test

import (
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// FuzzTransactions posts any body. None is answered with a 5xx; the books balance
// after it, and have not changed if it was refused.
func FuzzTransactions(f *testing.F) {
	for _, body := range []string{
		oneTransaction,
		`{"id":"t1","from":"alice","to":"bob","amount":"1.00"}`,
		`{"id":"t1","from":"world:USD","to":"bob","amount":"` + strings.Repeat("9", 36) + `.99"}`,
		`{"id":"t1","from":"alice","to":"bob","amount":"1000","up_to":true,"pending":true}`,
		`{"id":"t1","entries":[{"account":"alice","side":"debit","amount":"1.00"},{"account":"bob","side":"credit","amount":"1"}]}`,
		`{"id":"paid","from":"alice","to":"bob","amount":"10.50","metadata":{"order":"7"}}`,
		`{"transactions":[{"id":"t1","from":"alice","to":"bob","amount":"1.00"},{"id":"t1","from":"alice","to":"bob","amount":"1"},{"id":"t2"}]}`,
		`{"transactions":[{"id":"t1","from":"kenji","to":"world:JPY","amount":"1000"}],"atomic":true}`,
		`{"amount":"1"}`, `{}`, ``, `null`, "\xff",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t)
		before := accountsOf(t, w.services[0])
		for _, path := range []string{"/transactions?dry_run=true", "/transactions", "/transactions/batch", "/transactions/held/post"} {
			got := do(w, http.MethodPost, "/v1"+path, string(body))
			after := accountsOf(t, w.services[0])
			switch {
			case got.Code >= 500:
				t.Fatalf("%s: %d %s", path, got.Code, got.Body)
			case got.Code >= 300:
				problemOf(t, got)
				fallthrough
			case strings.Contains(path, "?"):
				if after != before {
					t.Fatalf("%s: answered %d, but the books changed", path, got.Code)
				}
			case path == "/transactions":
				// The same again changes nothing.
				if again := do(w, http.MethodPost, "/v1"+path, string(body)); again.Code != 200 || accountsOf(t, w.services[0]) != after {
					t.Fatalf("the same again: %d %s", again.Code, again.Body)
				}
			}
			expectBalanced(t, w.services[0])
			before = after
		}
	})
}

// accountsOf returns all accounts, whose balances and numbers tell of every entry and
// all that is pending.
func accountsOf(t *testing.T, service ledger.Service) string {
	t.Helper()
	page, err := service.FindAccounts(t.Context(), ledger.AccountQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(page.Accounts)
}

func expectBalanced(t *testing.T, service ledger.Service) {
	t.Helper()
	balance, err := service.TrialBalance(t.Context(), ledger.TrialBalanceQuery{Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	sums := make(map[string]*big.Int)
	for _, a := range balance.Accounts {
		for _, side := range []struct {
			text string
			sign int64
		}{{a.Balance.Debits.String(), 1}, {a.Balance.Credits.String(), -1}} {
			n, _ := new(big.Int).SetString(side.text, 10)
			if sums[a.Asset.Code] == nil {
				sums[a.Asset.Code] = new(big.Int)
			}
			sums[a.Asset.Code].Add(sums[a.Asset.Code], n.Mul(n, big.NewInt(side.sign)))
		}
	}
	for code, sum := range sums {
		if sum.Sign() != 0 {
			t.Fatalf("debits and credits of %s differ by %s", code, sum)
		}
	}
}

// FuzzQueries reads every list with any query. None is answered with a 5xx.
func FuzzQueries(f *testing.F) {
	for name, values := range badParameters() {
		for _, value := range values {
			f.Add(url.Values{name: {value}}.Encode())
		}
	}
	for _, query := range []string{
		"", "limit=1&order=asc", "metadata.k=v&metadata.=w", "at=2026-01-31T09:26:53Z", "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00%2B01:00", "%zz", "a;b", "cursor=MC4w",
	} {
		f.Add(query)
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, route := range routesOfGets() {
			request := newRequest(http.MethodGet, route.path, "")
			request.URL.RawQuery = query
			if got := serve(w, request); got.Code >= 400 {
				if got.Code >= 500 {
					t.Fatalf("%s?%s: %d %s", route.path, query, got.Code, got.Body)
				}
				problemOf(t, got)
			}
		}
	})
}
