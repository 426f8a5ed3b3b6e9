package postgres

import (
	"testing"
)

// TestQueueKeepsAccountsApart takes groups from a queue: no two that are under
// way have an account in common, and nobody overtakes who waits for one.
func TestQueueKeepsAccountsApart(t *testing.T) {
	t.Parallel()
	q := newQueue(10)
	add := func(accounts ...string) *submission {
		s := &submission{ctx: t.Context(), ledger: 1, accounts: accounts, done: make(chan struct{})}
		if err := q.add(s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	expect := func(what string, group []*submission, want ...*submission) {
		t.Helper()
		if len(group) != len(want) {
			t.Fatalf("%s: %d submissions and not %d", what, len(group), len(want))
		}
		for i := range want {
			if group[i] != want[i] {
				t.Errorf("%s: %v at %d", what, group[i].accounts, i)
			}
		}
	}
	first := add("a")
	expect("the first", taken(q.take(t.Context())), first)
	waiting, behind, free := add("a", "b"), add("b"), add("c")
	expect("beside the first", taken(q.take(t.Context())), free)
	add("c")
	expect("while both are under way", taken(q.group()))
	q.release([]*submission{first})
	expect("after the first", taken(q.take(t.Context())), waiting, behind)
}

// taken is the group that a queue gave.
func taken(group []*submission, _ int) []*submission { return group }
