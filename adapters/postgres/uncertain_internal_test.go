package postgres

import (
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestClaimsOfAtomicBatch finds an atomic batch there, of which an uncertain
// attempt wrote one member and somebody else, before it, another.
func TestClaimsOfAtomicBatch(t *testing.T) {
	t.Parallel()
	const own, others = 5, 9
	replayed := func(id string) ledger.Outcome {
		return ledger.Outcome{Result: ledger.Replayed, Transaction: &ledger.Transaction{ID: id}}
	}
	b := &batch{transactions: map[string]*storedTransaction{"own": {attempt: own}, "other's": {attempt: others}}}
	for name, test := range map[string]struct {
		claims  []int64
		whole   ledger.Result
		members [2]ledger.Result
	}{
		"own":       {[]int64{own}, ledger.Applied, [2]ledger.Result{ledger.Replayed, ledger.Applied}},
		"of two":    {[]int64{3, own}, ledger.Applied, [2]ledger.Result{ledger.Replayed, ledger.Applied}},
		"not there": {[]int64{3}, ledger.Replayed, [2]ledger.Result{ledger.Replayed, ledger.Replayed}},
	} {
		outcomes := []ledger.Outcome{{Result: ledger.Replayed, Members: []ledger.Outcome{replayed("other's"), replayed("own")}}}
		s := &submission{claims: [][]int64{test.claims}}
		s.settle(b, outcomes)
		got := [2]ledger.Result{outcomes[0].Members[0].Result, outcomes[0].Members[1].Result}
		if outcomes[0].Result != test.whole || got != test.members {
			t.Errorf("%s: %s of %v, want %s of %v", name, outcomes[0].Result, got, test.whole, test.members)
		}
	}
}

// TestClaimsOfRepeatedMember finds an atomic batch there that has the same transaction
// twice: the first was applied and the second a replay, as they would have been told.
func TestClaimsOfRepeatedMember(t *testing.T) {
	t.Parallel()
	const own = 5
	replayed := ledger.Outcome{Result: ledger.Replayed, Transaction: &ledger.Transaction{ID: "own"}}
	b := &batch{transactions: map[string]*storedTransaction{"own": {attempt: own}}}
	outcomes := []ledger.Outcome{{Result: ledger.Replayed, Members: []ledger.Outcome{replayed, replayed}}}
	s := &submission{claims: [][]int64{{own}}}
	s.settle(b, outcomes)
	got := [2]ledger.Result{outcomes[0].Members[0].Result, outcomes[0].Members[1].Result}
	if want := [2]ledger.Result{ledger.Applied, ledger.Replayed}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}
