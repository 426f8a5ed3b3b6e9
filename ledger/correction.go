package ledger

import (
	"slices"
	"time"
)

// A balance as of an effective time T is the one that was recorded up to T, and
// beside that what was recorded later with an effective time up to T. The latter
// is the sum of all entries with an earlier effective time at or before T, less the
// sum of those among them that were recorded at or before T. So such an entry, and
// no other, adds its amount at its effective time and takes it off again at its
// recorded time, and the balance is corrected by the sum of all that stands at or
// before T.
//
// So that neither writing nor reading costs more the more such entries an account
// has, the sums are kept in a tree of time spans: each level has spans of 32 times
// the length of those below. Writing adds to one node of each level; the times up
// to T are made up of at most 31 nodes of each.
const (
	correctionLevels = 12
	correctionBits   = 5
)

// Correction is what is to be added to a node of the tree of an account, or of a
// stripe of a world account. Its amounts may be negative.
type Correction struct {
	Account string
	Stripe  uint8
	CorrectionNode
	Debits  Amount
	Credits Amount
}

// CorrectionNode is a span of time: the one with the number Span of those that the
// level cuts all time into.
type CorrectionNode struct {
	Level uint8
	Span  int64
}

// CorrectionRange is the nodes of a level whose numbers are at least From and less
// than To.
type CorrectionRange struct {
	Level    uint8
	From, To int64
}

// CorrectionsUpTo returns the nodes that make up all time up to and with at. What
// they sum up to corrects the totals that were recorded up to then.
func CorrectionsUpTo(at time.Time) []CorrectionRange {
	end := correctionTick(at) + 1
	ranges := make([]CorrectionRange, 0, correctionLevels)
	for level := range uint8(correctionLevels) {
		to := end >> (correctionBits * level)
		from := to >> correctionBits << correctionBits
		if from < to {
			ranges = append(ranges, CorrectionRange{Level: level, From: from, To: to})
		}
	}
	return ranges
}

// correctionTick is the number of microseconds since the year 1 began. In the year
// 9999 it has 59 bits, one less than the levels cover.
func correctionTick(at time.Time) int64 {
	const yearOne = -62135596800 // in seconds since 1970
	return (at.Unix()-yearOne)*1_000_000 + int64(at.Nanosecond())/1000
}

// corrections returns what the entries with an earlier effective time add to their
// accounts' trees, each node once.
func corrections(written ...[]*RecordedTransaction) []Correction {
	var found []Correction
	for _, transactions := range written {
		for _, t := range transactions {
			if t.Status != Posted || !t.Entries[0].EffectiveAt.Before(t.Entries[0].RecordedAt) {
				continue
			}
			for i := range t.Entries {
				found = appendCorrections(found, &t.Entries[i])
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return merged(found)
}

// CorrectionsOf returns what an entry adds to its account's tree: nothing, unless it has
// an earlier effective time. A node may be there twice.
func CorrectionsOf(e Entry) []Correction {
	if !e.EffectiveAt.Before(e.RecordedAt) {
		return nil
	}
	return appendCorrections(nil, &e)
}

func appendCorrections(found []Correction, e *Entry) []Correction {
	moved := Correction{Account: e.Account, Stripe: e.Stripe, Credits: e.Amount}
	if e.Side == Debit {
		moved.Debits, moved.Credits = e.Amount, Amount{}
	}
	effective, recorded := correctionTick(e.EffectiveAt), correctionTick(e.RecordedAt)
	for level := range uint8(correctionLevels) {
		from, to := effective>>(correctionBits*level), recorded>>(correctionBits*level)
		if from == to {
			break // Both are in this span and in those around it, and cancel out.
		}
		moved.CorrectionNode = CorrectionNode{Level: level, Span: from}
		found = append(found, moved)
		back := moved
		back.Span, back.Debits, back.Credits = to, moved.Debits.Neg(), moved.Credits.Neg()
		found = append(found, back)
	}
	return found
}

// merged adds up the corrections of each node. No sum can overflow that the account's
// totals do not.
func merged(found []Correction) []Correction {
	type key struct {
		account string
		stripe  uint8
		node    CorrectionNode
	}
	places := make(map[key]int, len(found))
	sums := found[:0]
	for _, c := range found {
		k := key{c.Account, c.Stripe, c.CorrectionNode}
		if i, ok := places[k]; ok {
			sums[i].Debits = sums[i].Debits.wrappingAdd(c.Debits)
			sums[i].Credits = sums[i].Credits.wrappingAdd(c.Credits)
			continue
		}
		places[k] = len(sums)
		sums = append(sums, c)
	}
	return slices.DeleteFunc(sums, func(c Correction) bool { return c.Debits == Amount{} && c.Credits == Amount{} })
}
