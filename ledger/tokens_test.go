package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// countingTokens counts how often a token is looked up, each of which takes a while.
type countingTokens struct {
	ledger.TokenStore
	asked atomic.Int64
	fails atomic.Bool
}

func (s *countingTokens) FindToken(ctx context.Context, hash ledger.TokenHash) (ledger.StoredToken, error) {
	s.asked.Add(1)
	select {
	case <-time.After(time.Millisecond):
	case <-ctx.Done():
		return ledger.StoredToken{}, ctx.Err()
	}
	if s.fails.Load() {
		return ledger.StoredToken{}, &ledger.Error{Code: ledger.ErrUnavailable}
	}
	return s.TokenStore.FindToken(ctx, hash)
}

func newCountingTokens(config ledger.TokensConfig) (*countingTokens, *ledger.Tokens) {
	store := &countingTokens{TokenStore: memory.New(memory.Config{})}
	return store, ledger.NewTokens(store, config)
}

func createToken(t *testing.T, tokens *ledger.Tokens, request ledger.TokenRequest) string {
	t.Helper()
	secret, _, err := tokens.Create(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// expectRefused expects that nobody is believed, and that the secret is not told on.
func expectRefused(t *testing.T, tokens *ledger.Tokens, secret, says string) {
	t.Helper()
	who, err := tokens.Authenticate(t.Context(), secret)
	if !errors.Is(err, ledger.ErrUnauthorized) || !strings.Contains(err.Error(), says) || who != (ledger.Principal{}) {
		t.Errorf("got %+v, %v, want %q", who, err, says)
	}
	if len(secret) > 8 && strings.Contains(fmt.Sprintf("%v %+v", err, err), secret[8:]) {
		t.Errorf("the error repeats the secret: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, tokens := newCountingTokens(ledger.TokensConfig{})
		want := ledger.Principal{Name: "shop", Role: ledger.RoleWrite, Ledger: "eu"}
		secret := createToken(t, tokens, ledger.TokenRequest{Name: want.Name, Role: want.Role, Ledger: want.Ledger})
		if !strings.HasPrefix(secret, ledger.TokenPrefix) {
			t.Errorf("the secret is %q", secret)
		}
		// A thousand at once ask the store once, and not again for a while.
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if who, err := tokens.Authenticate(t.Context(), secret); who != want || err != nil {
					t.Errorf("got %+v, %v", who, err)
				}
			})
		}
		group.Wait()
		if asked := store.asked.Load(); asked != 1 {
			t.Errorf("the store was asked %d times", asked)
		}
		// A revocation is felt once the token is looked up again.
		if _, err := tokens.Revoke(t.Context(), "shop"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		expectRefused(t, tokens, secret, "was revoked")
		expectRefused(t, tokens, secret, "was revoked")
		if asked := store.asked.Load(); asked != 2 {
			t.Errorf("the store was asked %d times", asked)
		}
		// What cannot be a token is not looked up, and what is none is not remembered.
		for _, none := range []string{"", "ledger_", secret[1:], secret + "A", strings.Repeat("x", len(secret))} {
			expectRefused(t, tokens, none, "is not known")
		}
		other := secret[:len(secret)-1] + "A"
		if other == secret {
			other = secret[:len(secret)-1] + "B"
		}
		expectRefused(t, tokens, other, "is not known")
		expectRefused(t, tokens, other, "is not known")
		if asked := store.asked.Load(); asked != 4 {
			t.Errorf("the store was asked %d times", asked)
		}
	})
}

func TestAuthenticateExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, tokens := newCountingTokens(ledger.TokensConfig{Trust: time.Hour})
		secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead, ExpiresAt: time.Now().Add(time.Minute)})
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute - 3*time.Millisecond)
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Error(err)
		}
		// By then it is trusted still, but has ended.
		time.Sleep(3 * time.Millisecond)
		expectRefused(t, tokens, secret, "has expired")
	})
}

// TestAuthenticateGivesUp has the one who asks for all others give up, and the store fail.
func TestAuthenticateGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, tokens := newCountingTokens(ledger.TokensConfig{Trust: time.Second})
		secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead})
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := tokens.Authenticate(ctx, secret); !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			group.Go(func() {
				if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
					t.Errorf("who waited got %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		group.Wait()
		if asked := store.asked.Load(); asked != 2 {
			t.Errorf("the store was asked %d times", asked)
		}
		time.Sleep(time.Second)
		store.fails.Store(true)
		if who, err := tokens.Authenticate(t.Context(), secret); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("from a store that is away: %+v, %v", who, err)
		}
		store.fails.Store(false)
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("from one that is back: %v", err)
		}
	})
}

func TestCreateToken(t *testing.T) {
	t.Parallel()
	_, tokens := newCountingTokens(ledger.TokensConfig{})
	for field, request := range map[string]ledger.TokenRequest{
		"name":       {Role: ledger.RoleRead},
		"role":       {Name: "a"},
		"ledger":     {Name: "a", Role: ledger.RoleRead, Ledger: "a/b"},
		"expires_at": {Name: "a", Role: ledger.RoleRead, ExpiresAt: time.Unix(0, 0)},
	} {
		_, _, err := tokens.Create(t.Context(), request)
		if e, ok := errors.AsType[*ledger.Error](err); !ok || e.Code != ledger.ErrInvalidRequest || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, name := range []string{"a\n", "\xff", strings.Repeat("x", ledger.MaxActor+1)} {
		if _, _, err := tokens.Create(t.Context(), ledger.TokenRequest{Name: name, Role: ledger.RoleRead}); !errors.Is(err, ledger.ErrInvalidRequest) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for i := range 3 {
		createToken(t, tokens, ledger.TokenRequest{Name: fmt.Sprint(i), Role: ledger.RoleRead})
	}
	if page, more, err := tokens.Find(t.Context(), "0", 1); err != nil || !more || len(page) != 1 || page[0].Name != "1" {
		t.Errorf("got %+v, %t, %v", page, more, err)
	}
	if page, more, err := tokens.Find(t.Context(), "1", 1); err != nil || more || len(page) != 1 {
		t.Errorf("got %+v, %t, %v", page, more, err)
	}
	if _, _, err := tokens.Find(t.Context(), "", -1); !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Error(err)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	roles := []ledger.Role{ledger.RoleRead, ledger.RoleWrite, ledger.RoleAdmin}
	for i, role := range roles {
		if parsed, err := ledger.ParseRole(role.String()); err != nil || parsed != role {
			t.Errorf("%s is %s, %v", role, parsed, err)
		}
		for j, needed := range roles {
			if role.Allows(needed) != (i >= j) {
				t.Errorf("%s allows %s: %t", role, needed, role.Allows(needed))
			}
		}
		for _, none := range []ledger.Role{0, 4, 255} {
			if none.Allows(role) || role.Allows(none) || none.Allows(none) {
				t.Errorf("%s allows what is none", none)
			}
		}
	}
	if role, err := ledger.ParseRole("owner"); !errors.Is(err, ledger.ErrInvalidRequest) || role != 0 {
		t.Errorf("got %s, %v", role, err)
	}
}

func ExampleTokens() {
	ctx := context.Background()
	tokens := ledger.NewTokens(memory.New(memory.Config{}), ledger.TokensConfig{})
	secret, _, err := tokens.Create(ctx, ledger.TokenRequest{Name: "shop", Role: ledger.RoleWrite})
	if err != nil {
		panic(err)
	}
	who, err := tokens.Authenticate(ctx, secret)
	fmt.Println(who.Name, who.Role, err)
	_, err = tokens.Authenticate(ctx, "ledger_guessed")
	fmt.Println(err)
	// Output:
	// shop write <nil>
	// the token is not known
}
