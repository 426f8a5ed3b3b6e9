package postgres

import (
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
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

// TestThirdGroupIsLarge fills a queue beside two groups that are under way.
func TestThirdGroupIsLarge(t *testing.T) {
	t.Parallel()
	q := newQueue(2 * largeGroup)
	add := func(operations int) {
		s := &submission{ctx: t.Context(), ledger: 1, operations: make([]ledger.Operation, operations), done: make(chan struct{})}
		if err := q.add(s); err != nil {
			t.Fatal(err)
		}
	}
	for range eagerGroups {
		add(1)
		if group := taken(q.take(t.Context())); len(group) != 1 {
			t.Fatalf("%d submissions and not the one that waits", len(group))
		}
	}
	add(1)
	if group := taken(q.group()); len(group) != 0 || len(q.filled) != 0 {
		t.Fatalf("%d submissions in a small group beside others", len(group))
	}
	add(largeGroup - 1)
	if group := taken(q.take(t.Context())); len(group) != 2 {
		t.Fatalf("%d submissions in a large group", len(group))
	}
	add(1)
	for range eagerGroups {
		if len(q.filled) != 0 {
			t.Fatal("a committer is woken for a small group beside others")
		}
		q.release(nil)
	}
	if group := taken(q.take(t.Context())); len(group) != 1 {
		t.Fatalf("%d submissions after the others", len(group))
	}
}

// taken is the group that a queue gave.
func taken(group []*submission, _ int) []*submission { return group }
