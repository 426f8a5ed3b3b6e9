package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// slowTokens finds a token at once, and tells of it later.
type slowTokens struct {
	ledger.TokenStore
	mu    sync.Mutex
	asked int
	// late is how long the next answers take, and broken that they are panics.
	late   time.Duration
	broken bool
}

func (s *slowTokens) set(late time.Duration, broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late, s.broken = late, broken
}

func (s *slowTokens) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *slowTokens) FindToken(ctx context.Context, hash ledger.TokenHash) (ledger.StoredToken, error) {
	s.mu.Lock()
	s.asked++
	late, broken := s.late, s.broken
	s.mu.Unlock()
	found, err := s.TokenStore.FindToken(ctx, hash)
	time.Sleep(late)
	if broken {
		panic("broken")
	}
	return found, err
}

func newSlowTokens(config ledger.TokensConfig) (*slowTokens, *ledger.Tokens) {
	store := &slowTokens{TokenStore: memory.New(memory.Config{})}
	return store, ledger.NewTokens(store, config)
}

// TestRevocationPassesSlowAnswer revokes a token while the store is telling of it. Who
// comes later than the token is trusted does not take part in that answer.
func TestRevocationPassesSlowAnswer(t *testing.T) {
	t.Parallel()
	for _, trust := range []time.Duration{5 * time.Second, -1} {
		synctest.Test(t, func(t *testing.T) {
			store, tokens := newSlowTokens(ledger.TokensConfig{Trust: trust})
			secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead})
			store.set(time.Minute, false)
			var group sync.WaitGroup
			group.Go(func() {
				if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
					t.Errorf("who came before: %v", err)
				}
			})
			synctest.Wait()
			if _, err := tokens.Revoke(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(max(trust, 0))
			store.set(0, false)
			expectRefused(t, tokens, secret, "was revoked")
			// The late answer does not take the place of the newer one.
			group.Wait()
			expectRefused(t, tokens, secret, "was revoked")
		})
	}
}

// TestSlowAnswerAboutExpiry has a token with some time left, which the store tells of
// after it had waited: it is good until the store's time says otherwise.
func TestSlowAnswerAboutExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &laterTokens{slowTokens{TokenStore: memory.New(memory.Config{})}}
		tokens := ledger.NewTokens(store, ledger.TokensConfig{Trust: time.Hour})
		ends := time.Now().Add(time.Minute)
		secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead, ExpiresAt: ends})
		store.set(20*time.Second, false)
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("at first: %v", err)
		}
		// For all that is known, it may have ended by then: the store is asked.
		store.set(0, false)
		time.Sleep(25 * time.Second)
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("%s before the end: %v", time.Until(ends), err)
		}
		time.Sleep(time.Until(ends) - time.Microsecond)
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("just before the end: %v", err)
		}
		time.Sleep(time.Microsecond)
		expectRefused(t, tokens, secret, "has expired")
		// That is remembered.
		asked := store.count()
		expectRefused(t, tokens, secret, "has expired")
		if now := store.count(); now != asked {
			t.Errorf("an expired token was asked about %d times more", now-asked)
		}
	})
}

// laterTokens waits before it finds a token, as for a connection.
type laterTokens struct{ slowTokens }

func (s *laterTokens) FindToken(ctx context.Context, hash ledger.TokenHash) (ledger.StoredToken, error) {
	s.mu.Lock()
	late := s.late
	s.asked++
	s.mu.Unlock()
	time.Sleep(late)
	return s.TokenStore.FindToken(ctx, hash)
}

// TestStorePanics has the store panic under the one who asks, as servers survive: nobody
// else, then or later, is refused for it.
func TestStorePanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, tokens := newSlowTokens(ledger.TokensConfig{})
		secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead})
		store.set(time.Second, true)
		var group sync.WaitGroup
		group.Go(func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was hidden")
				}
			}()
			_, _ = tokens.Authenticate(t.Context(), secret)
		})
		synctest.Wait()
		for range 10 {
			group.Go(func() {
				if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
					t.Errorf("who waited: %v", err)
				}
			})
		}
		synctest.Wait()
		store.set(0, false)
		group.Wait()
		if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("who came later: %v", err)
		}
		if asked := store.count(); asked != 2 {
			t.Errorf("the store was asked %d times", asked)
		}
	})
}

// TestEndedContextIsNotAnswered asks with a context that has ended, about what is known.
func TestEndedContextIsNotAnswered(t *testing.T) {
	t.Parallel()
	_, tokens := newSlowTokens(ledger.TokensConfig{})
	secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead})
	if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := tokens.Authenticate(ctx, secret); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
}

// TestMadeUpSecrets asks with secrets that nobody has, any number of which can be made up:
// those that cannot be one are not asked about, and none is remembered or drives out what
// is.
func TestMadeUpSecrets(t *testing.T) {
	t.Parallel()
	store, tokens := newSlowTokens(ledger.TokensConfig{})
	secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead})
	if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	const many = 10_050
	for i := range many {
		digits := strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D").Replace(fmt.Sprintf("%052d", i))
		expectRefused(t, tokens, ledger.TokenPrefix+digits, "is not known")
	}
	if asked := store.count(); asked != 1+many {
		t.Errorf("asked %d times about %d", asked, 1+many)
	}
	for _, none := range []string{"\x00", "é", "1", "a", " ", "="} {
		none += secret[len(ledger.TokenPrefix)+len(none):]
		expectRefused(t, tokens, ledger.TokenPrefix+none, "is not known")
	}
	if _, err := tokens.Authenticate(t.Context(), secret); err != nil {
		t.Error(err)
	}
	if asked := store.count(); asked != 1+many {
		t.Errorf("asked %d times, %d of them about what is known or cannot be", asked, asked-1-many)
	}
}

// TestManyTokens uses one token more than are remembered: some are asked about again, and
// not nearly all of them.
func TestManyTokens(t *testing.T) {
	t.Parallel()
	store, tokens := newSlowTokens(ledger.TokensConfig{Trust: time.Hour})
	const many = 10_001
	secrets := make([]string, many)
	for i := range secrets {
		secrets[i] = createToken(t, tokens, ledger.TokenRequest{Name: fmt.Sprint(i), Role: ledger.RoleRead})
	}
	for range 2 {
		for i, secret := range secrets {
			if who, err := tokens.Authenticate(t.Context(), secret); err != nil || who.Name != fmt.Sprint(i) {
				t.Fatalf("token %d is %+v, %v", i, who, err)
			}
		}
	}
	if again := store.count() - many; again < 1 || again > many/2 {
		t.Errorf("of %d tokens %d were asked about again", many, again)
	}
}

// TestSecretIsNoName gives secrets where names should be, as a slip of the hand does.
func TestSecretIsNoName(t *testing.T) {
	t.Parallel()
	_, tokens := newSlowTokens(ledger.TokensConfig{})
	secret := createToken(t, tokens, ledger.TokenRequest{Name: "a", Role: ledger.RoleRead})
	half := secret[:len(ledger.TokenPrefix)+26]
	for _, name := range []string{secret, "TOKEN=" + secret, half, "ledger_a " + half} {
		_, _, created := tokens.Create(t.Context(), ledger.TokenRequest{Name: name, Role: ledger.RoleRead})
		_, _, scoped := tokens.Create(t.Context(), ledger.TokenRequest{Name: "b", Role: ledger.RoleRead, Ledger: name})
		_, revoked := tokens.Revoke(t.Context(), name)
		_, _, listed := tokens.Find(t.Context(), name, 1)
		for call, err := range map[string]error{"Create": created, "Create for a ledger": scoped, "Revoke": revoked, "Find": listed} {
			if !errors.Is(err, ledger.ErrInvalidRequest) || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), half) {
				t.Errorf("%s says %v", call, err)
			}
		}
	}
	// What only begins like one is a name.
	createToken(t, tokens, ledger.TokenRequest{Name: "ledger_EXPORT", Role: ledger.RoleRead, Ledger: "ledger_EU"})
}

// TestNamesThatCannotBe asks about tokens with names that none has, without a store that
// could choke on them.
func TestNamesThatCannotBe(t *testing.T) {
	t.Parallel()
	tokens := ledger.NewTokens(nil, ledger.TokensConfig{})
	for _, name := range []string{"a\x00", "\xff", "a\n", strings.Repeat("x", ledger.MaxActor+1)} {
		_, revoked := tokens.Revoke(t.Context(), name)
		_, _, listed := tokens.Find(t.Context(), name, 1)
		for _, err := range []error{revoked, listed} {
			if !errors.Is(err, ledger.ErrInvalidRequest) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	if _, err := tokens.Revoke(t.Context(), ""); !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Error(err)
	}
}
