package oidc_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

func TestBelieved(t *testing.T) {
	t.Parallel()
	issuer := newIssuer(t)
	authenticator := newAuthenticator(t, issuer, newClock())
	alice := func(role ledger.Role) ledger.Principal { return ledger.Principal{Name: "alice", Role: role} }
	longest := strings.Repeat("x", ledger.MaxActor)
	for name, test := range map[string]struct {
		changes map[string]any
		want    ledger.Principal
	}{
		"a scope":                {nil, alice(ledger.RoleWrite)},
		"scopes":                 {map[string]any{"scope": "openid ledger:read ledger:admin ledger:write"}, alice(ledger.RoleAdmin)},
		"scp, an array":          {map[string]any{"scope": nil, "scp": []string{"openid", "ledger:read"}}, alice(ledger.RoleRead)},
		"scp, a string":          {map[string]any{"scope": nil, "scp": "openid ledger:read"}, alice(ledger.RoleRead)},
		"scope, an array":        {map[string]any{"scope": []string{"ledger:admin"}}, alice(ledger.RoleAdmin)},
		"both":                   {map[string]any{"scope": "ledger:read", "scp": []string{"ledger:admin"}}, alice(ledger.RoleAdmin)},
		"no scope":               {map[string]any{"scope": nil}, alice(0)},
		"scopes of others":       {map[string]any{"scope": "read write admin LEDGER:admin ledger: ledger:Admin ledger:admins xledger:admin"}, alice(0)},
		"one ledger":             {map[string]any{"ledger": "shop"}, ledger.Principal{Name: "alice", Role: ledger.RoleWrite, Ledger: "shop"}},
		"several audiences":      {map[string]any{"aud": []string{"other", audience}}, alice(ledger.RoleWrite)},
		"not before a while ago": {map[string]any{"nbf": time.Now().Add(-time.Minute).Unix()}, alice(ledger.RoleWrite)},
		"the longest actor":      {map[string]any{"sub": longest}, ledger.Principal{Name: longest, Role: ledger.RoleWrite}},
		"an actor with spaces":   {map[string]any{"sub": "Zoë of the shop"}, ledger.Principal{Name: "Zoë of the shop", Role: ledger.RoleWrite}},
		"Sub is not sub":         {map[string]any{"Sub": "mallory", "SCOPE": "ledger:admin", "Ledger": "x"}, alice(ledger.RoleWrite)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for id, algorithm := range map[string]string{"rsa": "RS256", "ec": "ES256"} {
				token := sign(t, map[string]any{"alg": algorithm, "kid": id}, issuer.claims(test.changes), issuer.key(id))
				if got, err := authenticator.Authenticate(t.Context(), token); err != nil || got != test.want {
					t.Errorf("%s: got %+v %v, want %+v", algorithm, got, err, test.want)
				}
			}
		})
	}
}

func TestNotBelieved(t *testing.T) {
	t.Parallel()
	issuer := newIssuer(t)
	authenticator := newAuthenticator(t, issuer, newClock())
	rsaKey, header := issuer.key("rsa"), map[string]any{"alg": "RS256", "kid": "rsa"}
	public, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	modulus := rsaKey.Public().(*rsa.PublicKey).N.Bytes()
	claims := func(changes map[string]any) string { return issuer.token(t, changes) }
	signed := func(header map[string]any, key any) string { return sign(t, header, issuer.claims(nil), key) }
	good, bob := claims(nil), claims(map[string]any{"sub": "bob"})
	unsigned := good[:strings.LastIndexByte(good, '.')+1]
	for name, token := range map[string]string{
		"nothing":                    "",
		"words":                      "a b c",
		"dots":                       "..",
		"JSON":                       `{"payload":"..","signatures":[]}`,
		"no signature":               unsigned,
		"another signature":          unsigned + bob[strings.LastIndexByte(bob, '.')+1:],
		"another issuer":             claims(map[string]any{"iss": "https://other.example.com"}),
		"an issuer with a slash":     claims(map[string]any{"iss": issuer.URL + "/"}),
		"no issuer":                  claims(map[string]any{"iss": nil}),
		"Iss":                        claims(map[string]any{"Iss": issuer.URL}),
		"another audience":           claims(map[string]any{"aud": "other"}),
		"no audience":                claims(map[string]any{"aud": nil}),
		"an empty audience":          claims(map[string]any{"aud": []string{}}),
		"part of the audience":       claims(map[string]any{"aud": audience + "/x"}),
		"AUD":                        claims(map[string]any{"AUD": audience}),
		"expired":                    claims(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}),
		"expires never":              claims(map[string]any{"exp": nil}),
		"Exp":                        claims(map[string]any{"Exp": time.Now().Add(time.Hour).Unix()}),
		"expires at a word":          claims(map[string]any{"exp": "tomorrow"}),
		"not yet":                    claims(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"no subject":                 claims(map[string]any{"sub": nil}),
		"an empty subject":           claims(map[string]any{"sub": ""}),
		"Sub alone":                  claims(map[string]any{"sub": nil, "Sub": "alice"}),
		"a number as subject":        claims(map[string]any{"sub": 1}),
		"a long subject":             claims(map[string]any{"sub": strings.Repeat("x", ledger.MaxActor+1)}),
		"a line break in it":         claims(map[string]any{"sub": "alice\nbob"}),
		"an empty ledger":            claims(map[string]any{"ledger": ""}),
		"null as ledger":             sign(t, header, withNull(issuer.claims(nil), "ledger"), rsaKey),
		"a list of ledgers":          claims(map[string]any{"ledger": []string{"a"}}),
		"a ledger that cannot be":    claims(map[string]any{"ledger": "a b"}),
		"a number as scope":          claims(map[string]any{"scope": 1}),
		"numbers as scp":             claims(map[string]any{"scp": []int{1}}),
		"no algorithm":               signed(map[string]any{"alg": "none"}, nil),
		"no algorithm, with a key":   signed(map[string]any{"alg": "none", "kid": "rsa"}, nil),
		"None":                       signed(map[string]any{"alg": "None", "kid": "rsa"}, nil),
		"the public key as a secret": signed(map[string]any{"alg": "HS256", "kid": "rsa"}, publicPEM),
		"its DER as a secret":        signed(map[string]any{"alg": "HS256", "kid": "rsa"}, public),
		"its modulus as a secret":    signed(map[string]any{"alg": "HS256", "kid": "rsa"}, modulus),
		"a key of another kind":      signed(map[string]any{"alg": "RS256", "kid": "ec"}, rsaKey),
		"another's key":              signed(header, newRSA(t)),
		"another's key, with it":     signed(map[string]any{"alg": "ES256", "kid": "own", "jwk": publicKey("own", newEC(t))}, newEC(t)),
		"an unknown key":             signed(map[string]any{"alg": "RS256", "kid": "other"}, newRSA(t)),
		"a critical header":          signed(map[string]any{"alg": "RS256", "kid": "rsa", "crit": []string{"b64"}, "b64": false}, rsaKey),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := authenticator.Authenticate(t.Context(), token)
			if !errors.Is(err, ledger.ErrUnauthorized) || got != (ledger.Principal{}) {
				t.Errorf("got %+v %v", got, err)
			}
		})
	}
	if _, err := authenticator.Authenticate(t.Context(), good); err != nil {
		t.Errorf("the token that the others are made of: %v", err)
	}
}

func withNull(claims map[string]any, name string) map[string]any {
	claims[name] = nil
	return claims
}

func TestExpiresWhileInUse(t *testing.T) {
	t.Parallel()
	issuer, clock := newIssuer(t), newClock()
	authenticator := newAuthenticator(t, issuer, clock)
	token := issuer.token(t, map[string]any{"exp": time.Now().Add(time.Minute).Unix()})
	if _, err := authenticator.Authenticate(t.Context(), token); err != nil {
		t.Error(err)
	}
	clock.advance(time.Minute + time.Second)
	if _, err := authenticator.Authenticate(t.Context(), token); !errors.Is(err, ledger.ErrUnauthorized) {
		t.Error(err)
	}
}

// TestRotation has an issuer that signs with a new key, which it publishes with the old
// one at first, and then alone.
func TestRotation(t *testing.T) {
	t.Parallel()
	issuer, clock := newIssuer(t), newClock()
	authenticator := newAuthenticator(t, issuer, clock)
	expect := func(token string, want error) {
		t.Helper()
		if _, err := authenticator.Authenticate(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	before := issuer.token(t, nil)
	for range 100 {
		expect(before, nil)
	}
	if asked := issuer.count(keysPath) + issuer.count(discoveryPath); asked != 2 {
		t.Errorf("it asked %d times", asked)
	}
	old, next := issuer.key("rsa"), newRSA(t)
	issuer.publish(map[string]crypto.Signer{"rsa": old, "next": next})
	after := sign(t, map[string]any{"alg": "RS256", "kid": "next"}, issuer.claims(nil), next)
	// The keys were read a moment ago, and nothing is asked of the issuer so soon.
	expect(after, ledger.ErrUnauthorized)
	clock.advance(5 * time.Second)
	expect(after, nil)
	expect(before, nil)

	issuer.publish(map[string]crypto.Signer{"next": next})
	clock.advance(9 * time.Minute)
	expect(before, nil)
	clock.advance(2 * time.Minute)
	// The keys are old, and are read again though this one is known.
	expect(before, ledger.ErrUnauthorized)
	expect(after, nil)
}

// TestForgeries has many tokens whose keys nobody has, for which the issuer is asked once
// in a while.
func TestForgeries(t *testing.T) {
	t.Parallel()
	issuer, clock := newIssuer(t), newClock()
	authenticator := newAuthenticator(t, issuer, clock)
	forged := sign(t, map[string]any{"alg": "RS256", "kid": "other"}, issuer.claims(nil), newRSA(t))
	for range 3 {
		for range 100 {
			if _, err := authenticator.Authenticate(t.Context(), forged); !errors.Is(err, ledger.ErrUnauthorized) {
				t.Error(err)
			}
		}
		clock.advance(5 * time.Second)
	}
	if asked := issuer.count(keysPath); asked != 3 {
		t.Errorf("it asked for the keys %d times, want 3", asked)
	}
}
