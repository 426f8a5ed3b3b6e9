package memory

import (
	"slices"
	"sort"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// sumOf adds amounts whose sum the ledger has found in range before.
func sumOf(a, b ledger.Amount) ledger.Amount {
	sum, err := a.Add(b)
	if err != nil {
		panic("memory: an account has totals that are out of range")
	}
	return sum
}

// span is the half-open range of the numbers of some entries of an account.
type span struct{ low, high uint64 }

// span returns the numbers of all entries. Number 0 is the opening balance.
func (a *account) span() span {
	if a.hasOpening {
		return span{0, a.state.Sequence + 1}
	}
	return span{1, a.state.Sequence + 1}
}

// firstFrom returns the number of the first entry that was recorded at a time or
// later; it is one more than the last if there is none. The times of an account's
// entries never run backwards.
func (b *book) firstFrom(a *account, at time.Time) uint64 {
	all, from := a.span(), at.UnixMicro()
	return all.low + uint64(sort.Search(int(all.high-all.low), func(i int) bool {
		place := a.at(all.low + uint64(i))
		return b.shards[place.shard()].journal.recordedAt(place) >= from
	}))
}

// totalsBefore returns the posted totals before the entry with the number.
func (b *book) totalsBefore(a *account, sequence uint64) ledger.Balance {
	switch all := a.span(); sequence {
	case all.high:
		return ledger.Balance{Debits: a.state.Balance.Debits, Credits: a.state.Balance.Credits}
	case all.low:
		return ledger.Balance{}
	}
	place := a.at(sequence - 1)
	entry := b.shards[place.shard()].journal.entry(place, b.numbered)
	return entry.Totals(a.normal)
}

// totalsAt returns the posted totals as of a moment that is not now.
func (b *book) totalsAt(a *account, at ledger.Moment) ledger.Balance {
	end := a.span().high
	if a.state.LastRecordedAt.After(at.Time()) {
		end = b.firstFrom(a, at.Time().Add(time.Microsecond))
	}
	totals := b.totalsBefore(a, end)
	if at.EffectiveAt.IsZero() || a.corrections == nil {
		return totals
	}
	correction := a.corrections.sum(ledger.CorrectionsUpTo(at.EffectiveAt))
	totals.Debits = sumOf(totals.Debits, correction.debits)
	totals.Credits = sumOf(totals.Credits, correction.credits)
	return totals
}

// corrections are the nodes of an account's tree of corrections.
type corrections map[ledger.CorrectionNode]correction

// correction is two amounts that may be negative.
type correction struct{ debits, credits ledger.Amount }

func (c correction) add(other correction) correction {
	return correction{sumOf(c.debits, other.debits), sumOf(c.credits, other.credits)}
}

func (a *account) correct(c ledger.Correction) {
	if a.corrections == nil {
		a.corrections = make(corrections)
	}
	sum := a.corrections[c.CorrectionNode].add(correction{c.Debits, c.Credits})
	if sum == (correction{}) {
		delete(a.corrections, c.CorrectionNode)
		return
	}
	a.corrections[c.CorrectionNode] = sum
}

// sum adds up the nodes in the ranges. An account with a few corrections has fewer
// nodes than the ranges, and then those are the ones to walk.
func (c corrections) sum(ranges []ledger.CorrectionRange) (sum correction) {
	wanted := int64(0)
	for _, r := range ranges {
		wanted += r.To - r.From
	}
	if int64(len(c)) < wanted {
		for node, amounts := range c {
			if slices.ContainsFunc(ranges, func(r ledger.CorrectionRange) bool {
				return node.Level == r.Level && node.Span >= r.From && node.Span < r.To
			}) {
				sum = sum.add(amounts)
			}
		}
		return sum
	}
	for _, r := range ranges {
		for n := r.From; n < r.To; n++ {
			sum = sum.add(c[ledger.CorrectionNode{Level: r.Level, Span: n}])
		}
	}
	return sum
}
