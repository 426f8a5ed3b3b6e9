package postgres

import (
	"slices"
	"testing"
)

// TestTokenPlans explains what is asked of tokens, on tables that are empty, analyzed then,
// and large: each is found by a key, and whether it was revoked by another, however many
// there are.
func TestTokenPlans(t *testing.T) {
	t.Parallel()
	_, connection := newPlanner(t)
	statements := []struct {
		hotStatement
		index string
	}{
		{hotStatement{name: "by hash", sql: findToken, literals: "sha256('token-7')"}, "tokens_hash_key"},
		{hotStatement{name: "by name", sql: findTokenName, literals: "'token-7'"}, "tokens_pkey"},
		{hotStatement{name: "a page", sql: findTokens, literals: "'token-7', 10"}, "tokens_pkey"},
	}
	check := func(when string) {
		t.Helper()
		for _, s := range statements {
			plan := explainPrepared(t, connection, s.hotStatement)
			if used := plan.indexes(); !slices.Equal(used, []string{s.index, "revocations_pkey"}) {
				t.Errorf("%s, %s: found by %q: %+v", when, s.name, used, plan)
			}
		}
	}
	check("empty")
	execute(t, connection, "ANALYZE ledger.tokens, ledger.revocations")
	check("empty and analyzed")
	execute(t, connection, `
INSERT INTO ledger.tokens (name, hash, role, ledger, created_at)
SELECT 'token-' || n, sha256(('token-' || n)::bytea), 1, '', now() FROM generate_series(1, 20000) AS n`)
	execute(t, connection, "INSERT INTO ledger.revocations (token) SELECT name FROM ledger.tokens WHERE name LIKE '%1'")
	check("large")
	execute(t, connection, "ANALYZE ledger.tokens, ledger.revocations")
	check("large and analyzed")
}

// indexes returns the indexes that are looked up by a condition, and "" for any other way
// to read a table, in the order of the plan.
func (p plan) indexes() (used []string) {
	switch {
	case p.Relation != "" && p.Condition != "" && p.Filter == "":
		used = append(used, p.Index)
	case p.Relation != "":
		used = append(used, "")
	}
	for _, child := range p.Plans {
		used = append(used, child.indexes()...)
	}
	return used
}
