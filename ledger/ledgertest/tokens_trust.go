package ledgertest

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// storeTime is the store's time, which it tells with a token.
func storeTime(t *testing.T, store ledger.TokenStore) time.Time {
	t.Helper()
	found, err := store.FindToken(t.Context(), tokenHash("clock"))
	if err != nil {
		t.Fatal(err)
	}
	return found.Now
}

// tokenExpires authenticates until a token has expired, and compares with the store's time
// just before and just after: with what is remembered, and would be for longer, too.
func tokenExpires(t *testing.T, store ledger.TokenStore) {
	asked := ledger.NewTokens(store, ledger.TokensConfig{Trust: -1})
	remembered := ledger.NewTokens(store, ledger.TokensConfig{Trust: time.Hour})
	addToken(t, store, ledger.Token{Name: "clock", Role: ledger.RoleRead})
	var secret string
	var ends time.Time
	for life := 200 * time.Millisecond; secret == ""; life *= 2 {
		ends = storeTime(t, store).Add(life)
		var err error
		secret, _, err = asked.Create(t.Context(), ledger.TokenRequest{Name: "a", Role: ledger.RoleRead, ExpiresAt: ends})
		// To make it can take longer than it is to last.
		if err != nil && !errors.Is(err, ledger.ErrInvalidRequest) {
			t.Fatal(err)
		}
	}
	for isOver := false; !isOver; {
		before := storeTime(t, store)
		isOver = !before.Before(ends)
		for name, tokens := range map[string]*ledger.Tokens{"asked": asked, "remembered": remembered} {
			_, err := tokens.Authenticate(t.Context(), secret)
			after := storeTime(t, store)
			if err != nil && (after.Before(ends) || !errors.Is(err, ledger.ErrUnauthorized)) {
				t.Fatalf("%s: %v at %s, before %s", name, err, after, ends)
			}
			if err == nil && isOver {
				t.Fatalf("%s: believed at %s, after %s", name, before, ends)
			}
		}
	}
	if revoked, err := asked.Revoke(t.Context(), "a"); err != nil || revoked.RevokedAt.Before(ends) {
		t.Errorf("an expired token was revoked at %s, %v", revoked.RevokedAt, err)
	}
}

// tokenSecrets finds a token by its whole secret alone, until it is revoked.
func tokenSecrets(t *testing.T, store ledger.TokenStore) {
	tokens := ledger.NewTokens(store, ledger.TokensConfig{Trust: -1})
	secrets := make(map[string]string)
	for _, want := range []ledger.Principal{{Name: "a", Role: ledger.RoleRead}, {Name: "b", Role: ledger.RoleWrite, Ledger: "eu"}} {
		secret, _, err := tokens.Create(t.Context(), ledger.TokenRequest{Name: want.Name, Role: want.Role, Ledger: want.Ledger})
		if err != nil {
			t.Fatal(err)
		}
		secrets[want.Name] = secret
		if who, err := tokens.Authenticate(t.Context(), secret); err != nil || who != want {
			t.Errorf("got %+v, %v, want %+v", who, err, want)
		}
		hash := ledger.TokenHash(sha256.Sum256([]byte(secret)))
		for _, i := range []int{0, len(hash) - 1} {
			near := hash
			near[i] ^= 1
			if found, err := store.FindToken(t.Context(), near); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("by a hash that is nearly its own: %+v, %v", found, err)
			}
		}
	}
	if _, err := tokens.Revoke(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if who, err := tokens.Authenticate(t.Context(), secrets["a"]); !errors.Is(err, ledger.ErrUnauthorized) {
		t.Errorf("a revoked token is of %+v, %v", who, err)
	}
	if _, err := tokens.Authenticate(t.Context(), secrets["b"]); err != nil {
		t.Errorf("another one: %v", err)
	}
}

// tokenTaken makes a token with a name that is taken and a time that is over: it is told
// of the name, which no other time would mend.
func tokenTaken(t *testing.T, store ledger.TokenStore) {
	made := addToken(t, store, ledger.Token{Name: "a", Role: ledger.RoleRead})
	again := ledger.Token{Name: "a", Role: ledger.RoleAdmin, ExpiresAt: made.CreatedAt}
	if added, err := store.AddToken(t.Context(), again, tokenHash("other")); !errors.Is(err, ledger.ErrTokenExists) {
		t.Errorf("made %+v, %v", added, err)
	}
	if found, err := store.FindToken(t.Context(), tokenHash("a")); err != nil || found.Token != made {
		t.Errorf("found %+v, %v, want %+v", found, err, made)
	}
}
