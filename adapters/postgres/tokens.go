package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

var _ ledger.TokenStore = (*Store)(nil)

// The statements about tokens. Of those who insert a name at once one does. Whether a token
// was revoked is looked up in a subquery of its own: joined, a plan that was made while the
// tables were empty reads the whole of them later.
const (
	insertOne = `
INSERT INTO ledger.tokens (name, hash, role, ledger, created_at, expires_at)
SELECT $1, $2, $3, $4, now, $5 FROM clock_timestamp() AS now WHERE $5::timestamptz IS NULL OR $5 > now
ON CONFLICT (name) DO NOTHING RETURNING created_at`
	selectTokenTime = `SELECT clock_timestamp(), EXISTS (SELECT FROM ledger.tokens WHERE name = $1)`

	selectAny = `
SELECT t.name, t.hash, t.role, t.ledger, t.created_at, t.expires_at, r.revoked_at, clock_timestamp()
FROM ledger.tokens AS t LEFT JOIN LATERAL (
	SELECT revoked_at FROM ledger.revocations WHERE token = t.name OFFSET 0
) AS r ON true`
	findToken     = selectAny + ` WHERE t.hash = $1`
	findTokenName = selectAny + ` WHERE t.name = $1`
	findTokens    = selectAny + ` WHERE t.name > $1 ORDER BY t.name LIMIT $2`

	insertRevocation = `
INSERT INTO ledger.revocations (token) SELECT name FROM ledger.tokens WHERE name = $1 ON CONFLICT DO NOTHING`
)

// AddToken implements [ledger.TokenStore].
func (s *Store) AddToken(ctx context.Context, token ledger.Token, hash ledger.TokenHash) (ledger.Token, error) {
	var isTaken, isAdded bool
	err := s.ask(ctx, func(ctx context.Context) error {
		expiry := sql.NullTime{Time: token.ExpiresAt, Valid: !token.ExpiresAt.IsZero()}
		arguments := []any{token.Name, hash[:], int16(token.Role), token.Ledger, expiry}
		err := s.askOnce(ctx, insertOne, arguments, []any{&token.CreatedAt}, func() { isAdded = true })
		if err != nil || isAdded {
			return err
		}
		return s.askOnce(ctx, selectTokenTime, []any{token.Name}, []any{&token.CreatedAt, &isTaken}, func() {})
	})
	token.CreatedAt = token.CreatedAt.UTC()
	switch {
	case err != nil:
		return ledger.Token{}, fmt.Errorf("add the token: %w", tokenError(err))
	case isAdded:
		return token, nil
	case isTaken:
		return ledger.Token{}, ledger.TokenTaken(token.Name)
	default:
		return ledger.Token{}, ledger.TokenEnded(token)
	}
}

// tokenError says what to do where only another role may change who enters.
func tokenError(err error) error {
	if stateOf(err) == stateNoRight {
		return fmt.Errorf("this role may not make or revoke tokens; do it as the one that owns the schema: %w", err)
	}
	return err
}

// askOnce asks what may write, so that it is not asked again on another connection.
func (s *Store) askOnce(ctx context.Context, statement string, arguments, fields []any, each func()) (err error) {
	arguments = append([]any{pgx.QueryExecModeCacheStatement}, arguments...)
	rows, err := s.db.DB.QueryContext(ctx, statement, arguments...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		each()
	}
	return rows.Err()
}

// FindToken implements [ledger.TokenStore].
func (s *Store) FindToken(ctx context.Context, hash ledger.TokenHash) (ledger.StoredToken, error) {
	found, err := s.findTokens(ctx, findToken, hash[:])
	switch {
	case err != nil:
		return ledger.StoredToken{}, err
	case len(found) == 0:
		return ledger.StoredToken{}, ledger.NoToken("")
	default:
		return found[0], nil
	}
}

// FindTokens implements [ledger.TokenStore].
func (s *Store) FindTokens(ctx context.Context, after string, limit int) (tokens []ledger.Token, err error) {
	found, err := s.findTokens(ctx, findTokens, after, limit)
	for i := range found {
		tokens = append(tokens, found[i].Token)
	}
	return tokens, err
}

// RevokeToken implements [ledger.TokenStore].
func (s *Store) RevokeToken(ctx context.Context, name string) (ledger.Token, error) {
	err := s.ask(ctx, func(ctx context.Context) error {
		return s.askOnce(ctx, insertRevocation, []any{name}, nil, func() {})
	})
	if err != nil {
		return ledger.Token{}, fmt.Errorf("revoke the token: %w", tokenError(err))
	}
	found, err := s.findTokens(ctx, findTokenName, name)
	switch {
	case err != nil:
		return ledger.Token{}, err
	case len(found) == 0:
		return ledger.Token{}, ledger.NoToken(name)
	default:
		return found[0].Token, nil
	}
}

// findTokens returns what a statement finds.
func (s *Store) findTokens(ctx context.Context, statement string, arguments ...any) (found []ledger.StoredToken, err error) {
	err = s.ask(ctx, func(ctx context.Context) error {
		found = nil
		var t ledger.StoredToken
		var hash []byte
		var role int16
		var expires, revoked sql.NullTime
		fields := []any{&t.Name, &hash, &role, &t.Ledger, &t.CreatedAt, &expires, &revoked, &t.Now}
		return poolQuerier{s.db.DB}.query(ctx, statement, arguments, fields, func() error {
			copy(t.Hash[:], hash)
			t.Role = ledger.Role(role)
			t.CreatedAt, t.Now = t.CreatedAt.UTC(), t.Now.UTC()
			t.ExpiresAt, t.RevokedAt = timeOrZero(expires), timeOrZero(revoked)
			found = append(found, t)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("find tokens: %w", err)
	}
	return found, nil
}

func timeOrZero(t sql.NullTime) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}
