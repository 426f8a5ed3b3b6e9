package memory

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 10))
	var s ids
	var want []string
	for i, n := range random.Perm(500) {
		id := strconv.Itoa(n)
		s.add(id)
		want = append(want, id)
		if i%7 > 0 {
			continue
		}
		slices.Sort(want)
		if got := s.after("", 1000); !slices.Equal(got, want) {
			t.Fatalf("the ids are %v, want %v", got, want)
		}
		middle, found := slices.BinarySearch(want, "3")
		if found {
			middle++
		}
		if got := s.after("3", 2); !slices.Equal(got, want[middle:min(middle+2, len(want))]) {
			t.Fatalf("behind 3 there are %v in %v", got, want)
		}
		with := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return !strings.HasPrefix(id, "4") })
		if got := s.withPrefix("4"); !slices.Equal(got, with) {
			t.Fatalf("with a prefix there are %v, want %v", got, with)
		}
	}
}
