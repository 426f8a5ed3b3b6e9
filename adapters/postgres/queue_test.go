package postgres

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestQueueKeepsAccountsApart takes groups from a queue: no two that are under
// way have an account in common, and nobody overtakes who waits for one.
func TestQueueKeepsAccountsApart(t *testing.T) {
	t.Parallel()
	q := newQueue(10)
	add := func(accounts ...string) *submission {
		s := &submission{ctx: t.Context(), ledger: 1, size: 1, accounts: accounts, done: make(chan struct{})}
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

// TestQueueKeepsOrderOfWhatDoesNotFit has a call too large for the group, and a
// small one behind it on the same account.
func TestQueueKeepsOrderOfWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	q := newQueue(10)
	for _, each := range []struct {
		account string
		size    int
	}{{"a", maxGroup / 2}, {"b", maxGroup}, {"b", 1}, {"c", 1}} {
		s := &submission{
			ctx: t.Context(), ledger: 1, size: each.size, accounts: []string{each.account}, done: make(chan struct{}),
		}
		if err := q.add(s); err != nil {
			t.Fatal(err)
		}
	}
	if group := taken(q.take(t.Context())); len(group) != 2 || group[1].accounts[0] != "c" {
		t.Errorf("%d submissions, want those on a and c", len(group))
	}
}

// TestGroupsBesideOthersAreLarge fills a queue while groups are under way.
func TestGroupsBesideOthersAreLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testGroupsBesideOthers)
}

func testGroupsBesideOthers(t *testing.T) {
	q := newQueue(2 * thirdGroup)
	add := func(size int) {
		s := &submission{ctx: t.Context(), ledger: 1, size: size, done: make(chan struct{})}
		if err := q.add(s); err != nil {
			t.Fatal(err)
		}
	}
	var groups [][]*submission
	for _, each := range []struct{ few, more int }{{0, 40}, {29, 1}, {thirdGroup - 1, 1}} {
		if each.few > 0 {
			add(each.few)
			if len(q.filled) != 0 {
				t.Fatalf("beside %d groups a committer is woken for %d", len(groups), each.few)
			}
			if group := taken(q.group()); len(group) != 0 {
				t.Fatalf("beside %d groups there is one of %d", len(groups), each.few)
			}
		}
		add(each.more)
		groups = append(groups, taken(q.take(t.Context())))
	}
	add(1)
	for i, group := range groups {
		if len(q.filled) != 0 {
			t.Fatalf("a committer is woken for one operation after %d groups", i)
		}
		q.release(group)
	}
	last := taken(q.take(t.Context()))
	if len(last) != 1 {
		t.Fatalf("%d submissions after the others", len(last))
	}
	if q.groups != 1 || q.size != 1 {
		t.Errorf("%d groups of %d are under way", q.groups, q.size)
	}
	q.release(last)
}

// TestStandstill has two groups stand still: a small one is begun beside them, and
// they count once when they are released at last.
func TestStandstill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(10)
		var groups [][]*submission
		for range 3 {
			s := &submission{ctx: t.Context(), ledger: 1, size: 3, done: make(chan struct{})}
			if err := q.add(s); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			groups = append(groups, taken(q.take(t.Context())))
			if waited := time.Since(start); len(groups) == 3 && waited != standstill {
				t.Errorf("the third is handed out after %v", waited)
			}
		}
		for _, group := range groups {
			q.release(group)
		}
		if q.groups != 0 || q.size != 0 || len(q.underWay) != 0 {
			t.Errorf("%d groups of %d are under way, %d handed out", q.groups, q.size, len(q.underWay))
		}
	})
}

// taken is the group that a queue gave.
func taken(group []*submission, _ int) []*submission { return group }
