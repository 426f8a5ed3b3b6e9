// Package oidc believes the JSON web tokens of an OpenID Connect issuer.
package oidc

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Config is whose tokens are believed.
type Config struct {
	// Issuer is the URL of the issuer, just as its tokens have it in iss. What it
	// publishes is read beneath it, and only over HTTPS if it is an https URL.
	Issuer string
	// Audience is what tokens for this service have in aud, alone or among others.
	Audience string
	// ScopePrefix is what a scope has before "read", "write" or "admin".
	ScopePrefix string
	// Transport reaches the issuer; nil means net/http's usual one.
	Transport http.RoundTripper
	// Timeout is how long the issuer may take to answer; 0 means 5 s.
	Timeout time.Duration
	// Now is the clock by which tokens end and keys grow old; nil means [time.Now].
	Now func() time.Time
}

// Authenticator says who a token is of. It is safe for any number of goroutines.
type Authenticator struct {
	config   Config
	verifier oidc.Config
	issuer   *issuer
}

// New returns an authenticator. It asks the issuer for nothing until a token has to be
// checked, so that it can be made while the issuer is away. Of ctx it keeps the values,
// for what it asks of the issuer, and not the end.
func New(ctx context.Context, config Config) *Authenticator {
	if config.Transport == nil {
		config.Transport = http.DefaultTransport
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Timeout = cmp.Or(config.Timeout, 5*time.Second)
	return &Authenticator{
		config: config,
		verifier: oidc.Config{
			ClientID: config.Audience, Now: config.Now,
			// Never a symmetric one, for whose secret a public key could be taken.
			SupportedSigningAlgs: []string{
				oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
				oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
			},
		},
		issuer: newIssuer(ctx, config),
	}
}

// Authenticate returns whose token it is. A token that is not believed, whatever is wrong
// with it, is [ledger.ErrUnauthorized], and one that cannot be checked, for the issuer is
// away, [ledger.ErrUnavailable]. A token without a scope that is known here has a
// principal with the zero role, who may do nothing.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (ledger.Principal, error) {
	if strings.Count(token, ".") != 2 {
		// The library would also read a token's other form, in JSON.
		return ledger.Principal{}, refusal("the token is no JWT", nil)
	}
	signature := &signatureCheck{issuer: a.issuer}
	verified, err := oidc.NewVerifier(a.config.Issuer, signature, &a.verifier).Verify(ctx, token)
	switch {
	case signature.away != nil:
		return ledger.Principal{}, &ledger.Error{
			Code: ledger.ErrUnavailable, Message: "the issuer of tokens cannot be asked for its keys", Cause: signature.away,
		}
	case err != nil:
		return ledger.Principal{}, refusal("the JWT is not believed", err)
	}
	var c claims
	if err := verified.Claims(&c); err != nil {
		return ledger.Principal{}, refusal("the JWT's claims cannot be read", err)
	}
	return c.principal(a.config.ScopePrefix)
}

// signatureCheck is the key set of one check, which remembers whether the keys could be
// had: the library's verifier tells it in its error's text alone.
type signatureCheck struct {
	issuer *issuer
	away   error
}

// VerifySignature implements oidc.KeySet.
func (c *signatureCheck) VerifySignature(ctx context.Context, token string) (payload []byte, err error) {
	payload, err, c.away = c.issuer.verify(ctx, token)
	if c.away != nil {
		return nil, c.away
	}
	return payload, err
}

func refusal(message string, cause error) error {
	return &ledger.Error{Code: ledger.ErrUnauthorized, Message: message, Cause: cause}
}
