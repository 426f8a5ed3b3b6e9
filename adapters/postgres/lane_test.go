package postgres

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// accountsOperation is an operation of which only the accounts matter.
type accountsOperation struct {
	ledger.Operation
	accounts []string
}

func (o accountsOperation) AppendAccounts(ids []string) []string { return append(ids, o.accounts...) }

// TestSlowLaneTurns sends submissions to the lane: those of one account stay in
// their order, accounts take turns, and a world account holds nobody back.
func TestSlowLaneTurns(t *testing.T) {
	t.Parallel()
	l := newSlowLane(10, time.Hour)
	add := func(accounts ...string) *submission {
		return &submission{ctx: t.Context(), ledger: 1, operations: []ledger.Operation{accountsOperation{accounts: accounts}}, done: make(chan struct{})}
	}
	locked := func(accounts ...string) busy {
		b := make(busy)
		for _, account := range accounts {
			b[busyKey{1, account}] = struct{}{}
		}
		return b
	}
	expect := func(what string, got []*submission, want ...*submission) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d submissions, or in another order than the %d", what, len(got), len(want))
		}
	}
	a1, b1, a2, a3, other := add("w", "a"), add("w", "b"), add("w", "a"), add("w", "a"), add("w", "c")
	expect("beside locked accounts", l.divert([]*submission{a1, b1, a2, other}, locked("a", "b")), other)
	expect("while others wait", l.divert([]*submission{a3, other}, nil), other)
	expect("the first turn", l.turn(), a1, a2, a3)
	expect("the second", l.turn(), b1)
	expect("the third", l.turn(), a1, a2, a3)

	id := add("w", "d")
	l.divertOne(id)
	expect("who waits for an id", l.turn(), id)
	expect("after him", l.turn(), b1)
	behind := add("w", "d")
	expect("on his account", l.divert([]*submission{behind}, nil), behind)

	expect("one of two accounts", l.divert([]*submission{a1, b1}, locked("b")), a1)
	a1.finish(nil, nil)
	expect("once one is answered", l.sweep(), a2, a3, id, b1)

	world := add("world:USD", "e")
	expect("while the world is locked", l.divert([]*submission{world}, locked("world:USD")))
	later := add("world:USD", "f")
	expect("later", l.divert([]*submission{later}, nil), later)

	l.refuse()
	late := add("w", "a")
	expect("after the end", l.divert([]*submission{late}, nil))
	for _, s := range []*submission{a2, a3, id, b1, world, late} {
		if !s.isAnswered() || !errors.Is(s.err, ledger.ErrUnavailable) {
			t.Errorf("%v is answered %v", s.operations, s.err)
		}
	}
}
