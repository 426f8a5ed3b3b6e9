package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// Token is what a program proves by that it is a [Principal]. Its secret is known to
// whoever it was made for alone.
type Token struct {
	// Name is unique in the store for ever, so that an actor is never somebody else; at
	// most [MaxActor] bytes.
	Name string
	Role Role
	// Ledger is the one ledger that it is for; empty is all of them.
	Ledger string
	// CreatedAt is when it was made, ExpiresAt when it ends by itself, zero being never,
	// and RevokedAt when somebody ended it, zero being not yet.
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time
}

// hasExpired says whether the token has ended by itself at a time.
func (t *Token) hasExpired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now)
}

// TokenHash is the SHA-256 of a token's secret, which is all that a store has of it. A
// secret has 128 random bits and more, so that nothing slower is needed.
type TokenHash [sha256.Size]byte

// StoredToken is a token as a store has it.
type StoredToken struct {
	Token
	Hash TokenHash
	// Now is the store's time.
	Now time.Time
}

// TokenStore keeps tokens. It is a port beside [Store], which adapters implement. It is
// safe for any number of goroutines, and fails as a [Book] does.
type TokenStore interface {
	// AddToken keeps a token, and returns it with the store's time as CreatedAt. A name
	// that another has, or had, is [TokenTaken]; or else an expiry that is not ahead of that
	// time is [TokenEnded].
	AddToken(ctx context.Context, token Token, hash TokenHash) (Token, error)
	// FindToken returns the token with the hash, whether or not it has ended;
	// [ErrNotFound] if there is none.
	FindToken(ctx context.Context, hash TokenHash) (StoredToken, error)
	// FindTokens returns at most limit tokens in the order of names, bytewise, the first
	// after the one named, whether or not that is there.
	FindTokens(ctx context.Context, after string, limit int) ([]Token, error)
	// RevokeToken ends the token at the store's time, unless it was revoked before, and
	// returns it. A name that no token has is [ErrNotFound].
	RevokeToken(ctx context.Context, name string) (Token, error)
}

// TokenTaken returns the [ErrTokenExists] that says that the name is taken.
func TokenTaken(name string) error {
	return &Error{Code: ErrTokenExists, Field: "name", Message: fmt.Sprintf("there is, or was, a token %q; a name is never given again", name)}
}

// TokenEnded returns the [ErrInvalidRequest] that says that a token would have expired
// when it is made.
func TokenEnded(token Token) error {
	return &Error{Code: ErrInvalidRequest, Field: "expires_at", Message: fmt.Sprintf(
		"the token would have expired at %s; it is %s", formatTime(token.ExpiresAt), formatTime(token.CreatedAt))}
}

// NoToken returns the [ErrNotFound] that says that there is no token with the name.
func NoToken(name string) error {
	return &Error{Code: ErrNotFound, Field: "token", Message: fmt.Sprintf("token %q does not exist", name)}
}
