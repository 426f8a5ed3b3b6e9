package ledger

import (
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCorrections compares the tree's answers with sums over all entries.
func TestCorrections(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		reach := rapid.SampledFrom([]int64{40, 5000, 1 << 40, 1 << 57}).Draw(t, "reach")
		tree := map[CorrectionNode]Balance{}
		var entries []Entry
		at := first
		for range rapid.IntRange(1, 20).Draw(t, "entries") {
			at = at.Add(time.Duration(rapid.Int64Range(0, 30).Draw(t, "step")) * time.Microsecond)
			back := rapid.Int64Range(0, reach).Draw(t, "back")
			e := Entry{
				Account: "a", Side: rapid.SampledFrom([]Side{Debit, Credit}).Draw(t, "side"), Amount: NewAmount(rapid.Int64Range(1, 9).Draw(t, "amount")),
				RecordedAt: at, EffectiveAt: time.UnixMicro(max(at.UnixMicro()-back, yearOne().UnixMicro())).UTC(),
			}
			entries = append(entries, e)
			recorded := &RecordedTransaction{Transaction: Transaction{Status: Posted, Entries: []Entry{e}}}
			for _, c := range corrections([]*RecordedTransaction{recorded}) {
				sum, err := tree[c.CorrectionNode].Add(Balance{Debits: c.Debits, Credits: c.Credits})
				if err != nil {
					t.Fatal(err)
				}
				tree[c.CorrectionNode] = sum
			}
		}
		for _, e := range entries {
			for _, moment := range []time.Time{e.EffectiveAt, e.EffectiveAt.Add(-time.Microsecond), e.RecordedAt, e.RecordedAt.Add(-time.Microsecond)} {
				want, got := new(big.Int), new(big.Int)
				for _, other := range entries {
					if !other.EffectiveAt.After(moment) && other.RecordedAt.After(moment) {
						addSigned(want, other.Side, other.Amount)
					}
				}
				for _, r := range CorrectionsUpTo(moment) {
					for node, sum := range tree {
						if node.Level == r.Level && node.Span >= r.From && node.Span < r.To {
							addSigned(got, Debit, sum.Debits)
							addSigned(got, Credit, sum.Credits)
						}
					}
				}
				if got.Cmp(want) != 0 {
					t.Fatalf("as of %s it is corrected by %s, want %s", moment, got, want)
				}
			}
		}
	})
}

func yearOne() time.Time { return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) }

func addSigned(sum *big.Int, side Side, amount Amount) {
	if side == Debit {
		amount = amount.Neg()
	}
	sum.Add(sum, bigOf(amount))
}

// TestCorrectionsAreFew bounds what one entry writes and one reading looks up.
func TestCorrectionsAreFew(t *testing.T) {
	t.Parallel()
	last := time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
	e := Entry{Account: "a", Side: Credit, Amount: NewAmount(1), RecordedAt: last, EffectiveAt: yearOne()}
	written := corrections([]*RecordedTransaction{{Transaction: Transaction{Status: Posted, Entries: []Entry{e, e}}}})
	if len(written) != 2*correctionLevels || written[0].Credits != NewAmount(2) {
		t.Errorf("the oldest entry of all writes to %d nodes: %+v", len(written), written)
	}
	for _, at := range []time.Time{yearOne(), noon, last} {
		ranges := CorrectionsUpTo(at)
		if len(ranges) > correctionLevels {
			t.Errorf("as of %s there are %d ranges", at, len(ranges))
		}
		for _, r := range ranges {
			if r.To-r.From >= 1<<correctionBits {
				t.Errorf("as of %s there is a range of %d nodes", at, r.To-r.From)
			}
		}
	}
	e.EffectiveAt = last.Add(-time.Microsecond)
	if near := corrections([]*RecordedTransaction{{Transaction: Transaction{Status: Posted, Entries: []Entry{e}}}}); len(near) > 4 {
		t.Errorf("an entry that is a microsecond late writes to %d nodes", len(near))
	}
}

// TestCorrectionsOf adds up what each entry makes, which is what all of them make.
func TestCorrectionsOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	entry := Entry{Account: "a", Side: Credit, Amount: NewAmount(5), RecordedAt: at, EffectiveAt: at}
	if got := CorrectionsOf(entry); got != nil {
		t.Errorf("an entry that took effect at once makes %v", got)
	}
	entry.EffectiveAt = at.Add(-time.Hour)
	recorded := &RecordedTransaction{Transaction: Transaction{Status: Posted, Entries: []Entry{entry}}}
	if got, want := CorrectionsOf(entry), corrections([]*RecordedTransaction{recorded}); len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
