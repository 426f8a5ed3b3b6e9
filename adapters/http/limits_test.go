package http_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// expectLimited checks that a request was refused for too many of them.
func expectLimited(t *testing.T, got *httptest.ResponseRecorder, retryAfter string) {
	t.Helper()
	if got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") != retryAfter {
		t.Errorf("%d, Retry-After: %q, want 429 and %s: %s", got.Code, got.Header().Get("Retry-After"), retryAfter, got.Body)
	}
}

// TestRates asks as often as may be, once more, and again after as long as it is told.
func TestRates(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		perSecond  float64
		burst      int
		retryAfter string
	}{
		{1, 2, "1"}, {5, 10, "1"}, {0.5, 1, "2"}, {0.3, 1, "4"}, {0.01, 1, "100"}, {1.2, 3, "1"},
	} {
		for name, config := range map[string]ledgerhttp.Config{
			"token":   {RatePerToken: test.perSecond, Authenticator: everybody()},
			"address": {RatePerAddress: test.perSecond},
		} {
			t.Run(fmt.Sprintf("%s %g", name, test.perSecond), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					handler := ledgerhttp.NewHandler(newLedger(t), config)
					send := func(path string) *httptest.ResponseRecorder { return ask(handler, "GET", path, "", bearer("read")) }
					for range 2 {
						for range test.burst {
							if got := send("/v1/accounts/" + demoUser); got.Code != http.StatusOK {
								t.Fatalf("%d %s", got.Code, got.Body)
							}
						}
						got := send("/v1/accounts/" + demoUser)
						expectLimited(t, got, test.retryAfter)
						expectProblem(t, got, ledgerhttp.ErrTooManyRequests, "", "ask again after "+test.retryAfter+" s")
						// What is refused does not count.
						got = send("/users/" + demoUser + "/balance")
						expectLimited(t, got, test.retryAfter)
						expect(t, got, 429, failure(429, "too many requests"))
						seconds, err := time.ParseDuration(test.retryAfter + "s")
						if err != nil {
							t.Fatal(err)
						}
						time.Sleep(seconds)
						if got := send("/v1/accounts/" + demoUser); got.Code != http.StatusOK {
							t.Errorf("after %v: %d", seconds, got.Code)
						}
						time.Sleep(time.Hour)
					}
				})
			})
		}
	}
}

// TestRatesAreEachOnesOwn has others ask when one may not.
func TestRatesAreEachOnesOwn(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{RatePerToken: 0.001, Authenticator: everybody()})
	for _, token := range []string{"read", "write", "read@main"} {
		if got := ask(handler, "GET", "/v1/assets", "", bearer(token)); got.Code != http.StatusOK {
			t.Errorf("%s: %d", token, got.Code)
		}
		expectLimited(t, ask(handler, "GET", "/v1/assets", "", bearer(token)), "1000")
	}
	// Who is not known has no rate of their own, and is not told of anybody else's.
	for range 3 {
		if got := ask(handler, "GET", "/v1/assets", "", bearer("bad")); got.Code != http.StatusUnauthorized {
			t.Errorf("%d", got.Code)
		}
	}
}

// TestRateOfAddresses counts all that somebody asks who is not known, but the probes.
func TestRateOfAddresses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1/assets", "/users/x/balance", "/v1/none", "/none", "/docs", "/v1/openapi.yaml"} {
		handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{RatePerAddress: 0.001, Authenticator: everybody()})
		ask(handler, "OPTIONS", path, "", nil)
		expectLimited(t, ask(handler, "GET", path, "", nil), "1000")
		for _, probe := range []string{"/healthz", "/readyz", "/healthz/"} {
			if got := ask(handler, "GET", probe, "", nil); got.Code != http.StatusOK {
				t.Errorf("%s: %d", probe, got.Code)
			}
		}
	}
}

// TestCallers asks from addresses of every kind. Two of a pair are one caller, or not.
func TestCallers(t *testing.T) {
	t.Parallel()
	config := ledgerhttp.Config{RatePerAddress: 0.001, TrustedProxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"),
	}}
	type origin struct {
		remote    string
		forwarded []string
	}
	for _, test := range []struct {
		name   string
		a, b   origin
		isSame bool
	}{
		{"ports", origin{remote: "192.0.2.1:1"}, origin{remote: "192.0.2.1:2"}, true},
		{"addresses", origin{remote: "192.0.2.1:1"}, origin{remote: "192.0.2.2:1"}, false},
		{"IPv4 in IPv6", origin{remote: "192.0.2.1:1"}, origin{remote: "[::ffff:192.0.2.1]:1"}, true},
		{"a network", origin{remote: "[2001:db8::1]:1"}, origin{remote: "[2001:db8::ffff:1]:1"}, true},
		{"networks", origin{remote: "[2001:db8:0:1::1]:1"}, origin{remote: "[2001:db8:0:2::1]:1"}, false},
		{"zones", origin{remote: "[fe80::1%eth0]:1"}, origin{remote: "[fe80::1%eth1]:1"}, true},
		{"no addresses", origin{remote: "@"}, origin{remote: ""}, true},
		{"a liar", origin{"192.0.2.1:1", []string{"192.0.2.7"}}, origin{"192.0.2.1:1", []string{"192.0.2.8"}}, true},
		{"a proxy", origin{"10.0.0.1:1", []string{"192.0.2.7"}}, origin{"10.0.0.1:1", []string{"192.0.2.8"}}, false},
		{"two proxies", origin{"10.0.0.1:1", []string{"192.0.2.7"}}, origin{"[fd00::1]:1", []string{"192.0.2.7"}}, true},
		{"direct and by proxy", origin{"10.0.0.1:1", []string{"192.0.2.7"}}, origin{remote: "192.0.2.7:9"}, true},
		{"a chain", origin{"10.0.0.1:1", []string{"192.0.2.7, 10.0.0.2"}}, origin{remote: "192.0.2.7:9"}, true},
		{"a chain in parts", origin{"10.0.0.1:1", []string{"192.0.2.7", "10.0.0.2 ,10.1.1.1"}}, origin{remote: "192.0.2.7:9"}, true},
		{"a liar by proxy", origin{"10.0.0.1:1", []string{"1.1.1.1, 192.0.2.7"}}, origin{"10.0.0.1:1", []string{"2.2.2.2, 192.0.2.7"}}, true},
		{"nonsense by proxy", origin{"10.0.0.1:1", []string{"1.1.1.1, x, 10.0.0.3"}}, origin{"10.0.0.1:1", []string{"2.2.2.2, y, 10.0.0.3"}}, true},
		{"nonsense alone", origin{"10.0.0.1:1", []string{"x"}}, origin{remote: "10.0.0.1:1"}, true},
		{"nothing", origin{"10.0.0.1:1", []string{""}}, origin{remote: "10.0.0.1:1"}, true},
		{"with ports", origin{"10.0.0.1:1", []string{"192.0.2.7:80"}}, origin{"10.0.0.1:1", []string{"192.0.2.7:81"}}, true},
		{"in brackets", origin{"10.0.0.1:1", []string{"[2001:db8::1]"}}, origin{"10.0.0.1:1", []string{"[2001:db8::1]:80"}}, true},
		{"proxies alone", origin{"10.0.0.1:1", []string{"10.0.0.5"}}, origin{"10.0.0.2:1", []string{"10.0.0.5"}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			handler := ledgerhttp.NewHandler(newLedger(t), config)
			var codes []int
			for _, o := range []origin{test.a, test.b} {
				request := newRequest("GET", "/v1/assets", "")
				request.RemoteAddr = o.remote
				if o.forwarded != nil {
					request.Header["X-Forwarded-For"] = o.forwarded
				}
				codes = append(codes, serve(handler, request).Code)
			}
			if codes[0] != http.StatusOK || (codes[1] == http.StatusTooManyRequests) != test.isSame {
				t.Errorf("%v", codes)
			}
		})
	}
}

// TestMaxInFlight has as many requests under way as may be, and then fewer.
func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	const most = 3
	begun, release := make(chan struct{}), make(chan struct{})
	service := faulty{newLedger(t), func(context.Context) error {
		begun <- struct{}{}
		<-release
		return nil
	}}
	observer := &watching{}
	handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{MaxInFlight: most, Observer: observer})
	var under sync.WaitGroup
	for range most {
		under.Go(func() {
			if got := do(handler, "GET", "/v1/accounts/"+demoUser, ""); got.Code != http.StatusOK {
				t.Errorf("%d %s", got.Code, got.Body)
			}
		})
		<-begun
	}
	for _, path := range []string{"/v1/assets", "/v1/none", "/docs", "/users/x/balance"} {
		got := do(handler, "GET", path, "")
		if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: %d", path, got.Code)
		}
		if path == "/v1/assets" {
			expectProblem(t, got, ledger.ErrOverloaded, "", "the ledger is busy")
		}
	}
	for _, probe := range []string{"/healthz", "/readyz"} {
		if got := do(handler, "GET", probe, ""); got.Code != http.StatusOK {
			t.Errorf("%s: %d", probe, got.Code)
		}
	}
	close(release)
	under.Wait()
	for range 2 * most {
		if got := do(handler, "GET", "/v1/assets", ""); got.Code != http.StatusOK {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
	if limit, ok := errors.AsType[*ledgerhttp.LimitError](observer.exchanges[0].Err); !ok || limit.Limit != ledgerhttp.LimitInFlight {
		t.Errorf("the observer is told %v", observer.exchanges[0].Err)
	}
}

// TestPanicsAreNotInFlight counts requests that panic no longer than others.
func TestPanicsAreNotInFlight(t *testing.T) {
	t.Parallel()
	handler := ledgerhttp.NewHandler(faulty{newLedger(t), func(context.Context) error { panic("x") }}, ledgerhttp.Config{MaxInFlight: 1})
	for range 3 {
		if got := do(handler, "GET", "/v1/accounts/"+demoUser, ""); got.Code != http.StatusInternalServerError {
			t.Errorf("%d", got.Code)
		}
	}
}

// TestHosts asks a server on a loopback address by names of every kind.
func TestHosts(t *testing.T) {
	t.Parallel()
	config := ledgerhttp.Config{Hosts: []string{"Ledger.example.com", "other.example.com."}}
	guarded := config
	guarded.Authenticator = everybody()
	open, closed := ledgerhttp.NewHandler(newLedger(t), config), ledgerhttp.NewHandler(newLedger(t), guarded)
	unnamed := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{})
	for host, isKnown := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:8080": true, "[::1]": true, "[::1]:8080": true, "192.0.2.1": true,
		"localhost": true, "localhost:8080": true, "LocalHost": true, "localhost.": true, "api.localhost:80": true, "": true,
		"ledger": true, "ledger:8080": true, "ledger.example.com": true, "LEDGER.example.com:8080": true, "ledger.example.com.": true,
		"other.example.com": true, "evil.example.com": false, "evil.example.com:8080": false, "ledger.example.com.evil.org": false,
		"127.0.0.1.evil.org": false, "localhost.evil.org": false, "evil.": false, "evil.org.": false, "notlocalhost.": false, "127.1.": false,
	} {
		for _, address := range []string{"127.0.0.1:80", "[::1]:80", "192.0.2.1:80"} {
			local, err := net.ResolveTCPAddr("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			request := newRequest("GET", "/v1/assets", "")
			request.Host = host
			request = request.WithContext(context.WithValue(request.Context(), http.LocalAddrContextKey, local))
			got := serve(open, request)
			if isKnown != (got.Code == 200) || !isKnown && got.Code != 403 {
				t.Errorf("%q on %s: %d", host, address, got.Code)
			}
			if got := serve(unnamed, request); strings.HasPrefix(address, "192") && got.Code != 200 {
				t.Errorf("%q on %s, with no names: %d", host, address, got.Code)
			}
			if got.Code == 403 {
				expectProblem(t, got, ledgerhttp.ErrForbidden, "", "the Host header names a site")
			}
			request.Header.Set("Authorization", "Bearer read")
			if got := serve(closed, request); got.Code != 200 {
				t.Errorf("%q on %s with a token: %d", host, address, got.Code)
			}
			request.URL.Path = "/healthz"
			if got := serve(open, request); got.Code != 200 {
				t.Errorf("%q on %s: the probe gets %d", host, address, got.Code)
			}
		}
	}
}

// TestRebinding asks a real server as a page does whose name was pointed to it.
func TestRebinding(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{})
	c := server.connect(t)
	c.send(t, "GET /v1/assets HTTP/1.1\r\nHost: evil.example.com\r\n\r\n")
	if response, body := c.receive(t); response.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	server.stop(t)
}
