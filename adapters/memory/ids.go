package memory

import (
	"slices"
	"sort"
	"strings"
)

// ids is a set of ids that is put in order when it is asked for, and not before: it
// is asked for seldom.
type ids struct {
	ordered []string
	// added are those since.
	added []string
}

func (s *ids) add(id string) { s.added = append(s.added, id) }

// order merges what was added, from behind, so that nothing moves twice.
func (s *ids) order() {
	slices.Sort(s.added)
	end := len(s.ordered)
	s.ordered = append(s.ordered, s.added...)
	for i, id := range slices.Backward(s.added) {
		at, _ := slices.BinarySearch(s.ordered[:end], id)
		copy(s.ordered[at+i+1:], s.ordered[at:end])
		s.ordered[at+i], end = id, at
	}
	s.added = nil
}

// after returns at most limit ids behind one, in order. All are behind the empty one.
func (s *ids) after(id string, limit int) []string {
	s.order()
	start, found := slices.BinarySearch(s.ordered, id)
	if found {
		start++
	}
	return s.ordered[start:min(start+limit, len(s.ordered))]
}

// withPrefix returns the ids that begin with the prefix, in order.
func (s *ids) withPrefix(prefix string) []string {
	s.order()
	start, _ := slices.BinarySearch(s.ordered, prefix)
	rest := s.ordered[start:]
	return rest[:sort.Search(len(rest), func(i int) bool { return !strings.HasPrefix(rest[i], prefix) })]
}
