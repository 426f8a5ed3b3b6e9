package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/oidc"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestAway has ways in which an issuer cannot be asked, and comes back.
func TestAway(t *testing.T) {
	t.Parallel()
	status := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "secrets of the issuer", http.StatusBadGateway)
	}
	text := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	for name, test := range map[string]struct {
		path   string
		answer http.HandlerFunc
	}{
		"no description":             {discoveryPath, status},
		"a description that is none": {discoveryPath, text("<html>")},
		"a description of another":   {discoveryPath, text(`{"issuer":"https://other.example.com","jwks_uri":"https://other.example.com/keys"}`)},
		"a description without keys": {discoveryPath, func(w http.ResponseWriter, r *http.Request) {
			writeJSON(w, map[string]string{"issuer": "http://" + r.Host})
		}},
		"a broken connection":            {discoveryPath, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"redirects without end":          {discoveryPath, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, discoveryPath, http.StatusFound) }},
		"no keys":                        {keysPath, status},
		"keys that are none":             {keysPath, text("<html>")},
		"a key that is none":             {keysPath, text(`{"keys":[{"kty":"RSA","n":1}]}`)},
		"keys without end":               {keysPath, text(`{"keys":[]}` + strings.Repeat(" ", 2<<20))},
		"a broken connection, with keys": {keysPath, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer, clock := newIssuer(t), newClock()
			issuer.answer(test.path, test.answer)
			authenticator := newAuthenticator(t, issuer, clock)
			token := issuer.token(t, nil)
			for range 10 {
				_, err := authenticator.Authenticate(t.Context(), token)
				if !errors.Is(err, ledger.ErrUnavailable) || strings.Contains(err.Error(), "secrets") {
					t.Errorf("away: %v", err)
				}
			}
			// A connection that breaks is tried again by net/http itself; redirects count each.
			if asked := issuer.count(test.path); asked > 10 {
				t.Errorf("it asked %d times", asked)
			}
			// What nobody could have signed is told without the issuer.
			if _, err := authenticator.Authenticate(t.Context(), "a.b.c"); !errors.Is(err, ledger.ErrUnauthorized) {
				t.Error(err)
			}
			issuer.answer(test.path, nil)
			clock.advance(5 * time.Second)
			if _, err := authenticator.Authenticate(t.Context(), token); err != nil {
				t.Errorf("back: %v", err)
			}
		})
	}
}

// TestAwayLater has an issuer that is away when its keys are old: those that were read
// stay in use, and a token with another key has to wait.
func TestAwayLater(t *testing.T) {
	t.Parallel()
	issuer, clock := newIssuer(t), newClock()
	authenticator := newAuthenticator(t, issuer, clock)
	token := issuer.token(t, nil)
	if _, err := authenticator.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	issuer.answer(keysPath, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	clock.advance(11 * time.Minute)
	for range 100 {
		if _, err := authenticator.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if asked := issuer.count(keysPath); asked != 2 {
		t.Errorf("it asked for the keys %d times, want 2", asked)
	}
	other := sign(t, map[string]any{"alg": "RS256", "kid": "other"}, issuer.claims(nil), newRSA(t))
	if _, err := authenticator.Authenticate(t.Context(), other); !errors.Is(err, ledger.ErrUnavailable) {
		t.Error(err)
	}
}

// TestSlow has an issuer that does not answer: whoever waits is told after the timeout,
// and whoever waits behind them, or asks soon after, at once.
func TestSlow(t *testing.T) {
	t.Parallel()
	// Signed outside, where the key is made.
	issuer := newIssuer(t)
	token := issuer.token(t, map[string]any{"exp": time.Now().AddDate(100, 0, 0).Unix()})
	synctest.Test(t, func(t *testing.T) {
		var asked int
		authenticator := oidc.New(t.Context(), oidc.Config{
			Issuer: issuer.URL, Audience: audience,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				asked++
				<-r.Context().Done()
				return nil, r.Context().Err()
			}),
		})
		start := time.Now()
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				if _, err := authenticator.Authenticate(t.Context(), token); !errors.Is(err, ledger.ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		synctest.Wait()
		if _, err := authenticator.Authenticate(hasty, token); !errors.Is(err, ledger.ErrUnavailable) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		callers.Wait()
		if asked != 1 || time.Since(start) != 5*time.Second {
			t.Errorf("it asked %d times within %v", asked, time.Since(start))
		}
	})
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestOnlyHTTPS has an issuer that is reached safely, and points to keys that are not.
func TestOnlyHTTPS(t *testing.T) {
	t.Parallel()
	plain := newIssuer(t)
	safe := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, map[string]string{"issuer": "https://" + r.Host, "jwks_uri": plain.URL + keysPath})
	}))
	t.Cleanup(safe.Close)
	authenticator := oidc.New(t.Context(), oidc.Config{
		Issuer: safe.URL, Audience: audience, Transport: safe.Client().Transport,
	})
	_, err := authenticator.Authenticate(t.Context(), plain.token(t, map[string]any{"iss": safe.URL}))
	if !errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), "not https") || plain.count(keysPath) != 0 {
		t.Error(err)
	}
}
