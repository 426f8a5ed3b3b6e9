package memory

import (
	"math"
	"slices"
	"sort"
)

// timeline has the records of a shard's transactions that never were pending, in the
// order of their times. Those of one time are in the order in which they were written.
type timeline struct {
	records places
	// last is the time of the last of the records.
	last int64
	// late are those that were recorded at an earlier time than one before them, as
	// when the clock is set back.
	late []item
}

func (t *timeline) add(added item, at place) {
	if added.at < t.last {
		i, _ := slices.BinarySearchFunc(t.late, added, item.compare)
		t.late = slices.Insert(t.late, i, added)
		return
	}
	t.records.append(at)
	t.last = added.at
}

// period is the time from one moment to another, without that, in microseconds.
type period struct{ from, to int64 }

func allTime() period { return period{math.MinInt64, math.MaxInt64} }

// candidate is a transaction that may be among those that are asked for.
type candidate struct {
	item
	// record is the place of its record, if it is known that it has one and never was
	// pending.
	record   place
	isPosted bool
}

// line is a list that is walked in the order of time, one way or the other.
type line interface {
	// next returns the time of the next candidates, or false at the end.
	next() (at int64, ok bool)
	// take goes past the next time, and appends the candidates of it that count: there
	// may be none.
	take(candidates []candidate) []candidate
}

// itemLine walks items that are in the order of time, and takes those that have all
// the pairs.
type itemLine struct {
	items       []item
	index       *index
	pairs       []pair
	oldestFirst bool
}

var _ line = (*itemLine)(nil)

// within leaves out what is not in the period.
func (l *itemLine) within(p period) *itemLine {
	from := sort.Search(len(l.items), func(i int) bool { return l.items[i].at >= p.from })
	l.items = l.items[from:]
	l.items = l.items[:sort.Search(len(l.items), func(i int) bool { return l.items[i].at >= p.to })]
	return l
}

func (l *itemLine) next() (at int64, ok bool) {
	if len(l.items) == 0 {
		return 0, false
	}
	if l.oldestFirst {
		return l.items[0].at, true
	}
	return l.items[len(l.items)-1].at, true
}

func (l *itemLine) take(candidates []candidate) []candidate {
	now, _ := l.next()
	for at, ok := now, true; ok && at == now; at, ok = l.next() {
		taken := l.items[0]
		if l.oldestFirst {
			l.items = l.items[1:]
		} else {
			taken = l.items[len(l.items)-1]
			l.items = l.items[:len(l.items)-1]
		}
		if l.index.hasAll(taken, l.pairs) {
			candidates = append(candidates, candidate{item: taken})
		}
	}
	return candidates
}

// recordLine walks records that are in the order of time, and takes those of
// transactions that never were pending. What was pending stands elsewhere: in the
// order of the times at which it was made.
type recordLine struct {
	book *book
	// at returns the place of the record with a number. Those that are one record, as
	// of several entries, are beside each other.
	at          func(number uint64) place
	left        span
	oldestFirst bool
}

var _ line = (*recordLine)(nil)

// within leaves out what is not in the period.
func (l *recordLine) within(p period) *recordLine {
	if p.from > math.MinInt64 {
		l.left.low = l.first(p.from)
	}
	if p.to < math.MaxInt64 {
		l.left.high = l.first(p.to)
	}
	return l
}

// first returns the number of the first record at a time or later.
func (l *recordLine) first(from int64) uint64 {
	return l.left.low + uint64(sort.Search(int(l.left.high-l.left.low), func(i int) bool {
		at := l.at(l.left.low + uint64(i))
		return l.book.shards[at.shard()].journal.writtenAt(at) >= from
	}))
}

// record returns the place of the next record.
func (l *recordLine) record() place {
	if l.oldestFirst {
		return l.at(l.left.low)
	}
	return l.at(l.left.high - 1)
}

func (l *recordLine) next() (at int64, ok bool) {
	if l.left.low >= l.left.high {
		return 0, false
	}
	record := l.record()
	return l.book.shards[record.shard()].journal.writtenAt(record), true
}

func (l *recordLine) take(candidates []candidate) []candidate {
	now, _ := l.next()
	last, isFirst := place(0), true
	for at, ok := now, true; ok && at == now; at, ok = l.next() {
		record := l.record()
		if l.oldestFirst {
			l.left.low++
		} else {
			l.left.high--
		}
		if record == last && !isFirst {
			continue
		}
		last, isFirst = record, false
		c := l.book.shards[record.shard()].journal.cursor(record)
		if h := c.header(); h.flags&wasPending == 0 {
			candidates = append(candidates, candidate{item{now, string(h.id)}, record, true})
		}
	}
	return candidates
}
