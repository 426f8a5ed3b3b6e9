package memory

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// pair is a pair of metadata. One with an empty key, which metadata never has, is
// something else to find accounts by.
type pair struct{ key, value string }

func pairsOf(metadata ledger.Metadata) []pair {
	pairs := make([]pair, 0, len(metadata))
	for key, value := range metadata {
		pairs = append(pairs, pair{key, value})
	}
	return pairs
}

// item is an account or a transaction in the order of a list: that of the times at
// which they were written, in microseconds, and then of the ids.
type item struct {
	at int64
	id string
}

func newItem(at time.Time, id string) item { return item{at: at.UnixMicro(), id: id} }

func (i item) compare(other item) int {
	return cmp.Or(cmp.Compare(i.at, other.at), cmp.Compare(i.id, other.id))
}

// index lists what has a pair. It is changed by who holds the lock of any shard,
// and read by who holds them all.
type index struct {
	// mu keeps those apart who change it.
	mu    sync.Mutex
	lists map[pair][]item
}

func newIndex() *index { return &index{lists: make(map[pair][]item)} }

// add puts the item into the lists of the pairs. Nearly always it is the latest.
func (x *index) add(added item, pairs []pair) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range pairs {
		list := x.lists[p]
		i, _ := slices.BinarySearchFunc(list, added, item.compare)
		x.lists[p] = slices.Insert(list, i, added)
	}
}

func (x *index) remove(removed item, pairs []pair) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range pairs {
		list := x.lists[p]
		if i, found := slices.BinarySearchFunc(list, removed, item.compare); found {
			x.lists[p] = slices.Delete(list, i, i+1)
		}
		if len(x.lists[p]) == 0 {
			delete(x.lists, p)
		}
	}
}

// search returns the items that have all the pairs, one at least, in the order that
// is asked for, behind after if it is not nil. It walks the shortest of the lists.
func (x *index) search(pairs []pair, after *item, oldestFirst bool) iter.Seq[item] {
	walked := x.rarest(pairs)
	others := slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return p == walked })
	return x.filter(x.lists[walked], others, after, oldestFirst)
}

// rarest returns the one of the pairs that has the shortest list.
func (x *index) rarest(pairs []pair) pair {
	return slices.MinFunc(pairs, func(a, b pair) int { return cmp.Compare(len(x.lists[a]), len(x.lists[b])) })
}

// shortest returns the length of the shortest list of the pairs.
func (x *index) shortest(pairs []pair) int { return len(x.lists[x.rarest(pairs)]) }

// filter returns those items of a list that have all the pairs.
func (x *index) filter(list []item, pairs []pair, after *item, oldestFirst bool) iter.Seq[item] {
	return func(yield func(item) bool) {
		for _, found := range behind(list, after, oldestFirst) {
			if x.hasAll(found, pairs) && !yield(found) {
				return
			}
		}
	}
}

// behind walks the part of a list behind an item.
func behind(list []item, after *item, oldestFirst bool) iter.Seq2[int, item] {
	at, found := 0, false
	if after != nil {
		at, found = slices.BinarySearchFunc(list, *after, item.compare)
	}
	switch {
	case !oldestFirst && after != nil:
		return slices.Backward(list[:at])
	case !oldestFirst:
		return slices.Backward(list)
	case found:
		at++
	}
	return slices.All(list[at:])
}

func (x *index) hasAll(found item, pairs []pair) bool {
	for _, p := range pairs {
		if _, has := slices.BinarySearchFunc(x.lists[p], found, item.compare); !has {
			return false
		}
	}
	return true
}
