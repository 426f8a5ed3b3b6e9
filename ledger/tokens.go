package ledger

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// defaultTokenTrust is how long a token is believed without being looked up.
const defaultTokenTrust = 5 * time.Second

// TokensConfig is how tokens are believed. Its zero value works.
type TokensConfig struct {
	// Trust is how long a token that was found is believed without asking the store again,
	// and so how late a revocation may be felt; 0 is 5 s, negative is not at all, so that
	// each caller asks.
	Trust time.Duration
}

// Tokens makes and revokes tokens, and says whose a secret is. It is safe for any number
// of goroutines. No secret stands in an error of it.
type Tokens struct {
	store TokenStore
	cache tokenCache
}

// NewTokens returns the tokens of a store.
func NewTokens(store TokenStore, config TokensConfig) *Tokens {
	return &Tokens{store: store, cache: tokenCache{
		store: store, trust: cmp.Or(config.Trust, defaultTokenTrust),
		known: make(map[TokenHash]knownToken), questions: make(map[TokenHash]*tokenQuestion),
	}}
}

// TokenRequest asks for a token.
type TokenRequest struct {
	// Name is what the token writes as; 1 to [MaxActor] bytes without control characters.
	Name string
	Role Role
	// Ledger is the one ledger that it is for; empty is all of them.
	Ledger string
	// ExpiresAt is when it ends by itself; zero is never.
	ExpiresAt time.Time
}

func (r *TokenRequest) validate() error {
	invalid := func(field, format string, arguments ...any) error {
		return &Error{Code: ErrInvalidRequest, Field: field, Message: fmt.Sprintf(format, arguments...)}
	}
	if err := validateTokenName(r.Name); err != nil {
		return err
	}
	if !RoleAdmin.Allows(r.Role) {
		return invalid("role", "the role of a token should be read, write or admin")
	}
	if hasSecret(r.Ledger) {
		return errSecretGiven("ledger")
	}
	if r.Ledger != "" {
		if err := ValidateLedgerName(r.Ledger); err != nil {
			return err
		}
	}
	if !validTime(r.ExpiresAt) {
		return invalid("expires_at", "expires_at should be in the years 1 to 9999")
	}
	return nil
}

// validateTokenName says why the name cannot be a token's, or nil. A secret is none, for
// names are kept, shown and logged.
func validateTokenName(name string) error {
	var message string
	switch {
	case name == "":
		message = "a token needs a name"
	case validateActor(name) != nil:
		message = fmt.Sprintf("the name of a token should be at most %d bytes of UTF-8 without control characters", MaxActor)
	case hasSecret(name):
		return errSecretGiven("name")
	default:
		return nil
	}
	return &Error{Code: ErrInvalidRequest, Field: "name", Message: message}
}

func errSecretGiven(field string) error {
	return &Error{Code: ErrInvalidRequest, Field: field, Message: field + " should be a name, and not the secret of a token"}
}

// Create makes a token, and returns its secret, which nobody can ask for again. A name
// that another token has, or had, is [ErrTokenExists]; an expiry that is past is
// [ErrInvalidRequest]. When the answer is lost the token may be there: revoke it, and
// make one with another name.
func (t *Tokens) Create(ctx context.Context, request TokenRequest) (secret string, token Token, err error) {
	request.ExpiresAt = canonicalTime(request.ExpiresAt)
	if err := request.validate(); err != nil {
		return "", Token{}, err
	}
	secret = newSecret()
	hash, _ := hashSecret(secret)
	token, err = t.store.AddToken(ctx, Token{
		Name: request.Name, Role: request.Role, Ledger: request.Ledger, ExpiresAt: request.ExpiresAt,
	}, hash)
	if err != nil {
		return "", Token{}, err
	}
	return secret, token, nil
}

// Find returns at most limit tokens in the order of names, the first after the one named;
// a limit of 0 is [DefaultLimit]. more says whether others follow.
func (t *Tokens) Find(ctx context.Context, after string, limit int) (tokens []Token, more bool, err error) {
	if after != "" {
		if err := validateTokenName(after); err != nil {
			return nil, false, err
		}
	}
	if limit, err = validLimit(limit); err != nil {
		return nil, false, err
	}
	if tokens, err = t.store.FindTokens(ctx, after, limit+1); err != nil {
		return nil, false, err
	}
	tokens, more = cut(tokens, limit)
	return tokens, more, nil
}

// Revoke ends a token, and returns it; one that was revoked before stays as it is. A name
// that no token has is [ErrNotFound].
func (t *Tokens) Revoke(ctx context.Context, name string) (Token, error) {
	if err := validateTokenName(name); err != nil {
		return Token{}, err
	}
	return t.store.RevokeToken(ctx, name)
}

// Authenticate returns whose secret it is. One that is not known, has expired or was
// revoked is [ErrUnauthorized]. Of callers who ask about the same token at once one asks
// the store; an expiry is felt at once, a revocation within [TokensConfig].Trust.
func (t *Tokens) Authenticate(ctx context.Context, secret string) (Principal, error) {
	hash, ok := hashSecret(secret)
	if !ok {
		return Principal{}, errUnauthorized("the token is not known")
	}
	known, err := t.cache.find(ctx, hash)
	switch token := &known.token; {
	case errors.Is(err, ErrNotFound):
		return Principal{}, errUnauthorized("the token is not known")
	case err != nil:
		return Principal{}, err
	case subtle.ConstantTimeCompare(hash[:], token.Hash[:]) != 1:
		return Principal{}, errUnauthorized("the token is not known")
	case !token.RevokedAt.IsZero():
		return Principal{}, errUnauthorized("the token was revoked")
	case token.hasExpired(token.Now):
		return Principal{}, errUnauthorized("the token has expired")
	default:
		return Principal{Name: token.Name, Role: token.Role, Ledger: token.Ledger}, nil
	}
}

func errUnauthorized(message string) error { return &Error{Code: ErrUnauthorized, Message: message} }
