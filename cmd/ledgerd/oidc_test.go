package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// issuer is an OpenID Connect issuer with one key.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, i.URL, i.URL+"/keys")
		case "/keys":
			_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"k","alg":"RS256","use":"sig","e":"AQAB","n":%q}]}`,
				base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(i.Close)
	return i
}

// token returns a JWT with the claims, beside those that every one has.
func (i *issuer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"iss": i.URL, "aud": "ledger", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	maps.Copy(all, claims)
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// TestOIDC lets in those whom an issuer vouches for, beside those with a token.
func TestOIDC(t *testing.T) {
	t.Parallel()
	issuer, dsn := newIssuer(t), postgrestest.Database(t, postgrestest.Template{})
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--dsn="+dsn, "--migrate", "--demo",
		"--auth=token,oidc", "--oidc-issuer="+issuer.URL, "--oidc-audience=ledger")
	address := p.stderr.address(t)
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	own, _, err := ledger.NewTokens(store, ledger.TokensConfig{}).Create(t.Context(), ledger.TokenRequest{Name: "own", Role: ledger.RoleRead})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, token, body string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+"/v1/transactions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, readAll(t, response)
	}
	for name, test := range map[string]struct {
		token string
		want  int
	}{
		"own token":            {own, http.StatusOK},
		"own token, wrong":     {own[:len(own)-1] + "x", http.StatusUnauthorized},
		"reader":               {issuer.token(t, map[string]any{"sub": "ann", "scope": "openid ledger:read"}), http.StatusOK},
		"without a scope":      {issuer.token(t, map[string]any{"sub": "ann"}), http.StatusForbidden},
		"for somebody else":    {issuer.token(t, map[string]any{"sub": "ann", "scope": "ledger:read", "aud": "shop"}), http.StatusUnauthorized},
		"expired":              {issuer.token(t, map[string]any{"sub": "ann", "scope": "ledger:read", "exp": time.Now().Add(-time.Hour).Unix()}), http.StatusUnauthorized},
		"for another ledger":   {issuer.token(t, map[string]any{"sub": "ann", "scope": "ledger:read", "ledger": "eu"}), http.StatusForbidden},
		"of another's making":  {newIssuer(t).token(t, map[string]any{"sub": "ann", "scope": "ledger:admin"}), http.StatusUnauthorized},
		"neither one nor both": {"ann", http.StatusUnauthorized},
	} {
		if status, body := ask(http.MethodGet, test.token, ""); status != test.want {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	writer := issuer.token(t, map[string]any{"sub": "ann", "scope": "ledger:write"})
	status, body := ask(http.MethodPost, writer, `{"id":"pay","from":"world:USD","to":"`+demoUser+`","amount":"1.00","asset":"USD"}`)
	if status != http.StatusCreated || !strings.Contains(body, `"actor":"ann"`) {
		t.Errorf("%d %s", status, body)
	}
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
}
