package ledgertest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Tokens checks what a store keeps of tokens. It takes stores without any.
func Tokens(t *testing.T, newStore func(testing.TB) ledger.TokenStore) {
	for name, test := range map[string]func(*testing.T, ledger.TokenStore){
		"life":     tokenLife,
		"expiry":   tokenExpiry,
		"names":    tokenNames,
		"pages":    tokenPages,
		"at once":  tokensAtOnce,
		"contexts": tokenContexts,
		"secrets":  tokenSecrets,
		"expires":  tokenExpires,
		"taken":    tokenTaken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStore(t))
		})
	}
}

func tokenHash(name string) ledger.TokenHash { return sha256.Sum256([]byte(name)) }

func addToken(t *testing.T, store ledger.TokenStore, token ledger.Token) ledger.Token {
	t.Helper()
	added, err := store.AddToken(t.Context(), token, tokenHash(token.Name))
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func tokenLife(t *testing.T, store ledger.TokenStore) {
	if found, err := store.FindToken(t.Context(), tokenHash("a")); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("before it is made there is %+v, %v", found, err)
	}
	want := ledger.Token{Name: "a", Role: ledger.RoleWrite, Ledger: "eu"}
	added := addToken(t, store, want)
	if added.CreatedAt.IsZero() || added.CreatedAt.Location() != time.UTC {
		t.Errorf("it was made at %v", added.CreatedAt)
	}
	want.CreatedAt = added.CreatedAt
	if added != want {
		t.Errorf("made %+v, want %+v", added, want)
	}
	found, err := store.FindToken(t.Context(), tokenHash("a"))
	if err != nil || found.Token != want || found.Hash != tokenHash("a") || found.Now.Before(want.CreatedAt) {
		t.Errorf("found %+v, %v, want %+v", found, err, want)
	}
	revoked, err := store.RevokeToken(t.Context(), "a")
	if err != nil || revoked.RevokedAt.Before(want.CreatedAt) {
		t.Fatalf("revoked %+v, %v", revoked, err)
	}
	want.RevokedAt = revoked.RevokedAt
	again, err := store.RevokeToken(t.Context(), "a")
	if err != nil || revoked != want || again != want {
		t.Errorf("revoked %+v, then %+v, %v, want %+v", revoked, again, err, want)
	}
	if found, err := store.FindToken(t.Context(), tokenHash("a")); err != nil || found.Token != want {
		t.Errorf("found %+v, %v, want %+v", found, err, want)
	}
	if found, err := store.RevokeToken(t.Context(), "nobody"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("revoked %+v, %v", found, err)
	}
}

func tokenExpiry(t *testing.T, store ledger.TokenStore) {
	now := addToken(t, store, ledger.Token{Name: "clock", Role: ledger.RoleRead}).CreatedAt
	want := now.Add(time.Hour)
	added := addToken(t, store, ledger.Token{Name: "a", Role: ledger.RoleRead, ExpiresAt: want})
	found, err := store.FindToken(t.Context(), tokenHash("a"))
	if err != nil || !added.ExpiresAt.Equal(want) || !found.ExpiresAt.Equal(want) || found.ExpiresAt.Location() != time.UTC {
		t.Errorf("it expires at %v and %v, want %v, %v", added.ExpiresAt, found.ExpiresAt, want, err)
	}
	for _, past := range []time.Time{now, now.Add(-time.Hour)} {
		token := ledger.Token{Name: "b", Role: ledger.RoleRead, ExpiresAt: past}
		if added, err := store.AddToken(t.Context(), token, tokenHash("b")); !errors.Is(err, ledger.ErrInvalidRequest) {
			t.Errorf("made %+v, %v", added, err)
		}
	}
	addToken(t, store, ledger.Token{Name: "b", Role: ledger.RoleRead})
}

func tokenNames(t *testing.T, store ledger.TokenStore) {
	odd := []string{"a", "A", "é", "e\u0301", `'"\%_`, "日本", strings.Repeat("x", ledger.MaxActor), " "}
	for _, name := range odd {
		addToken(t, store, ledger.Token{Name: name, Role: ledger.RoleAdmin})
	}
	takenAgain := func(name string) error {
		_, err := store.AddToken(t.Context(), ledger.Token{Name: name, Role: ledger.RoleRead}, tokenHash("other"+name))
		return err
	}
	for _, name := range odd {
		if err := takenAgain(name); !errors.Is(err, ledger.ErrTokenExists) {
			t.Errorf("%q twice: %v", name, err)
		}
		if _, err := store.RevokeToken(t.Context(), name); err != nil {
			t.Error(err)
		}
		if err := takenAgain(name); !errors.Is(err, ledger.ErrTokenExists) {
			t.Errorf("%q once it was revoked: %v", name, err)
		}
	}
}

func tokenPages(t *testing.T, store ledger.TokenStore) {
	var want []ledger.Token
	for i := range 7 {
		want = append(want, addToken(t, store, ledger.Token{Name: fmt.Sprint("token-", (i*3)%7), Role: ledger.RoleRead}))
	}
	slices.SortFunc(want, func(a, b ledger.Token) int { return strings.Compare(a.Name, b.Name) })
	for _, limit := range []int{1, 2, 7, 8} {
		var got []ledger.Token
		for after := ""; ; after = got[len(got)-1].Name {
			page, err := store.FindTokens(t.Context(), after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("got %d, %v", len(page), err)
			}
			got = append(got, page...)
			if len(page) < limit {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: got %+v, want %+v", limit, got, want)
		}
	}
	if page, err := store.FindTokens(t.Context(), "token-2a", 2); err != nil || len(page) != 2 || page[0].Name != "token-3" {
		t.Errorf("after one that is not there: %+v, %v", page, err)
	}
}

// tokensAtOnce has many make and revoke the same token.
func tokensAtOnce(t *testing.T, store ledger.TokenStore) {
	const callers = 16
	var group sync.WaitGroup
	var added [callers]error
	for i := range callers {
		group.Go(func() {
			_, added[i] = store.AddToken(t.Context(), ledger.Token{Name: "a", Role: ledger.RoleRead}, tokenHash(fmt.Sprint(i)))
		})
	}
	group.Wait()
	winner := -1
	for i, err := range added {
		switch {
		case err == nil && winner < 0:
			winner = i
		case !errors.Is(err, ledger.ErrTokenExists):
			t.Errorf("caller %d got %v", i, err)
		}
	}
	if winner < 0 {
		t.Fatal("nobody made it")
	}
	for i := range callers {
		if _, err := store.FindToken(t.Context(), tokenHash(fmt.Sprint(i))); (err == nil) != (i == winner) {
			t.Errorf("the secret of caller %d: %v; that of %d counts", i, err, winner)
		}
	}
	var revoked [callers]ledger.Token
	for i := range callers {
		group.Go(func() {
			var err error
			if revoked[i], err = store.RevokeToken(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range callers {
		if revoked[i] != revoked[0] {
			t.Errorf("revoked %+v and %+v", revoked[i], revoked[0])
		}
	}
}

func tokenContexts(t *testing.T, store ledger.TokenStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, add := store.AddToken(ctx, ledger.Token{Name: "a", Role: ledger.RoleRead}, tokenHash("a"))
	_, find := store.FindToken(ctx, tokenHash("a"))
	_, list := store.FindTokens(ctx, "", 1)
	_, revoke := store.RevokeToken(ctx, "a")
	for i, err := range []error{add, find, list, revoke} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d after the end of its context: %v", i, err)
		}
	}
}
