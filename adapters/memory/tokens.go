package memory

import (
	"context"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

var _ ledger.TokenStore = (*Store)(nil)

// tokens are those of a store, guarded by its lock.
type tokens struct {
	byHash map[ledger.TokenHash]*ledger.Token
	byName map[string]*ledger.Token
}

// time returns the store's time as it is recorded.
func (s *Store) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// AddToken implements [ledger.TokenStore].
func (s *Store) AddToken(ctx context.Context, token ledger.Token, hash ledger.TokenHash) (ledger.Token, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens.byName[token.Name] != nil {
		return ledger.Token{}, ledger.TokenTaken(token.Name)
	}
	token.CreatedAt = s.time()
	if !token.ExpiresAt.IsZero() && !token.CreatedAt.Before(token.ExpiresAt) {
		return ledger.Token{}, ledger.TokenEnded(token)
	}
	if s.tokens.byName == nil {
		s.tokens.byName, s.tokens.byHash = make(map[string]*ledger.Token), make(map[ledger.TokenHash]*ledger.Token)
	}
	s.tokens.byName[token.Name], s.tokens.byHash[hash] = &token, &token
	return token, nil
}

// FindToken implements [ledger.TokenStore].
func (s *Store) FindToken(ctx context.Context, hash ledger.TokenHash) (ledger.StoredToken, error) {
	if err := ctx.Err(); err != nil {
		return ledger.StoredToken{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	token := s.tokens.byHash[hash]
	if token == nil {
		return ledger.StoredToken{}, ledger.NoToken("")
	}
	return ledger.StoredToken{Token: *token, Hash: hash, Now: s.time()}, nil
}

// FindTokens implements [ledger.TokenStore].
func (s *Store) FindTokens(ctx context.Context, after string, limit int) ([]ledger.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var names []string
	for name := range s.tokens.byName {
		if name > after {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var found []ledger.Token
	for _, name := range names[:min(limit, len(names))] {
		found = append(found, *s.tokens.byName[name])
	}
	return found, nil
}

// RevokeToken implements [ledger.TokenStore].
func (s *Store) RevokeToken(ctx context.Context, name string) (ledger.Token, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := s.tokens.byName[name]
	if token == nil {
		return ledger.Token{}, ledger.NoToken(name)
	}
	if token.RevokedAt.IsZero() {
		token.RevokedAt = s.time()
	}
	return *token, nil
}
