package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/oidc"
)

const audience = "https://ledger.example.com"

// issuer is an OpenID Connect issuer, as far as tokens need one. Its tokens are signed by
// hand, so that none of what checks them has a part in them.
type issuer struct {
	*httptest.Server

	mu sync.Mutex
	// keys are those that it publishes, by id.
	keys map[string]crypto.Signer
	// answers stand in for its pages, by path.
	answers map[string]http.HandlerFunc
	// asked counts the requests, by path.
	asked map[string]int
}

const (
	discoveryPath = "/.well-known/openid-configuration"
	keysPath      = "/keys"
)

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{
		keys:    map[string]crypto.Signer{"rsa": newRSA(t), "ec": newEC(t)},
		answers: map[string]http.HandlerFunc{}, asked: map[string]int{},
	}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func newRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newEC(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ServeHTTP implements http.Handler.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.asked[r.URL.Path]++
	instead := i.answers[r.URL.Path]
	keys := maps.Clone(i.keys)
	i.mu.Unlock()
	if instead != nil {
		instead(w, r)
		return
	}
	switch r.URL.Path {
	case discoveryPath:
		writeJSON(w, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + keysPath})
	case keysPath:
		published := []any{map[string]string{"kty": "OKP", "crv": "X448", "x": "AA", "kid": "of a kind not known"}}
		for id, key := range keys {
			published = append(published, publicKey(id, key))
		}
		writeJSON(w, map[string]any{"keys": published})
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) answer(path string, with http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answers[path] = with
}

func (i *issuer) publish(keys map[string]crypto.Signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

func (i *issuer) key(id string) crypto.Signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[id]
}

func (i *issuer) count(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func publicKey(id string, key crypto.Signer) map[string]string {
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		return map[string]string{
			"kty": "RSA", "kid": id, "use": "sig", "n": encode(public.N.Bytes()), "e": encode(big.NewInt(int64(public.E)).Bytes()),
		}
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		return map[string]string{"kty": "EC", "crv": "P-256", "kid": id, "x": encode(point[1:33]), "y": encode(point[33:])}
	default:
		panic(fmt.Sprintf("no such key: %T", key))
	}
}

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

// claims returns what a good token says, with changes; nil leaves a claim out.
func (i *issuer) claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": i.URL, "aud": audience, "sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "scope": "ledger:write",
	}
	for name, value := range changes {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

// token returns a good token, with changes to its claims.
func (i *issuer) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	return sign(t, map[string]any{"alg": "RS256", "kid": "rsa"}, i.claims(changes), i.key("rsa"))
}

// sign returns a token of the header and the claims. The key is a signer, the secret of
// an HMAC, or nil for no signature.
func sign(t *testing.T, header, claims map[string]any, key any) string {
	t.Helper()
	var parts [2]string
	for n, part := range []map[string]any{header, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		parts[n] = encode(text)
	}
	signed := parts[0] + "." + parts[1]
	digest := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch key := key.(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		if r, s, err = ecdsa.Sign(rand.Reader, key, digest[:]); err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		signature = mac.Sum(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(signature)
}

// clock is a clock that stands still, but for when a test sets it ahead.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

func newAuthenticator(t *testing.T, i *issuer, clock *clock) *oidc.Authenticator {
	t.Helper()
	return oidc.New(t.Context(), oidc.Config{
		Issuer: i.URL, Audience: audience, ScopePrefix: "ledger:", Now: clock.now, Timeout: time.Minute,
		Transport: i.Client().Transport,
	})
}
