package postgres

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The rows of corrections, and the entries that made them, chain by chain.
const (
	inspectCorrections = `
SELECT c.account, c.stripe, c.level, c.span, c.debits, c.credits FROM ledger.corrections AS c
WHERE c.ledger = $1 AND ($2::text = '' OR c.account = $2) ORDER BY c.account, c.stripe`

	inspectBackdated = `
SELECT ` + inspectedColumns + ` FROM ledger.entries AS e
WHERE e.ledger = $1 AND e.effective_at < e.recorded_at ORDER BY e.account, e.stripe`

	inspectBackdatedOfAccount = `
SELECT ` + inspectedColumns + ` FROM ledger.entries AS e
WHERE e.ledger = $1 AND e.account = $2 AND e.effective_at < e.recorded_at ORDER BY e.account, e.stripe`
)

// storedCorrection is a row of corrections as far as it can be read.
type storedCorrection struct {
	ledger.Correction
	faults []string
}

func readStoredCorrection(r *row) storedCorrection {
	var c storedCorrection
	c.Account = r.key("account")
	c.Stripe = uint8(r.number("stripe", 0, stripes-1))
	c.Level = uint8(r.number("level", 0, math.MaxUint8))
	c.Span = r.number("span", 0, math.MaxInt64)
	c.Debits, c.Credits = r.amount("debits"), r.amount("credits")
	c.faults = r.faults
	return c
}

// chainOfEntries is an account, or a stripe of a world account.
type chainOfEntries struct {
	account string
	stripe  uint8
}

func (c chainOfEntries) before(other chainOfEntries) bool {
	return c.account < other.account || c.account == other.account && c.stripe < other.stripe
}

// correctionFlaws compares the corrections of each chain with what its entries make of
// them, which may be more than fits in memory. So it adds up both, each node times a
// random number of its own: sums of different corrections are equal by the chance of one
// in 2^60.
func (i *inspection) correctionFlaws(ctx context.Context, scope ledger.Scope, yield func(ledger.Finding, error) bool) {
	statement := inspectBackdated
	if scope.Account != "" {
		statement = inspectBackdatedOfAccount
	}
	stored := newCursor(i, scope, inspectCorrections, readStoredCorrection)
	defer stored.stop(ctx)
	entries := newCursor(i, scope, statement, readInspectedEntry)
	defer entries.stop(ctx)
	sum := correctionSum{seed: maphash.MakeSeed()}
	for {
		chain, err := firstChain(ctx, stored, entries)
		if err != nil {
			yield(ledger.Finding{}, err)
			return
		}
		if chain == nil {
			return
		}
		found, err := sum.compare(ctx, *chain, stored, entries)
		if err != nil {
			yield(ledger.Finding{}, err)
			return
		}
		for _, finding := range found {
			if !yield(finding, nil) {
				return
			}
		}
	}
}

// firstChain returns the first of the chains that are next, or nil at the end.
func firstChain(ctx context.Context, stored *cursor[storedCorrection], entries *cursor[inspectedEntry]) (*chainOfEntries, error) {
	c, err := stored.peek(ctx)
	if err != nil {
		return nil, err
	}
	e, err := entries.peek(ctx)
	if err != nil {
		return nil, err
	}
	var first *chainOfEntries
	if c != nil {
		first = &chainOfEntries{c.Account, c.Stripe}
	}
	if e != nil {
		if chain := (chainOfEntries{e.Account, e.Stripe}); first == nil || chain.before(*first) {
			first = &chain
		}
	}
	return first, nil
}

// correctionSum is the difference between corrections, as a number modulo a prime.
type correctionSum struct {
	seed       maphash.Seed
	difference uint64
	// unreadable says that it is not known.
	unreadable bool
}

// compare compares what is stored of a chain with what its entries make, and passes
// over both.
func (s *correctionSum) compare(
	ctx context.Context, chain chainOfEntries, stored *cursor[storedCorrection], entries *cursor[inspectedEntry],
) (found []ledger.Finding, err error) {
	s.difference, s.unreadable = 0, false
	report := func(format string, arguments ...any) {
		found = append(found, ledger.Finding{
			Check: ledger.CheckStored, Account: chain.account, Stripe: chain.stripe, Message: fmt.Sprintf(format, arguments...),
		})
	}
	for {
		c, err := stored.peek(ctx)
		if err != nil {
			return nil, err
		}
		if c == nil || c.Account != chain.account || c.Stripe != chain.stripe {
			break
		}
		if err := unreadable(c.faults, "", "", "the correction of account %q at level %d and span %d", c.Account, c.Level, c.Span); err != nil {
			s.unreadable = true
			if len(found) < maxFaults {
				report("%v", err)
			}
		}
		s.add(&c.Correction, 1)
		stored.at++
	}
	for {
		e, err := entries.peek(ctx)
		if err != nil {
			return nil, err
		}
		if e == nil || e.Account != chain.account || e.Stripe != chain.stripe {
			break
		}
		// What cannot be read is told with the entries.
		s.unreadable = s.unreadable || len(e.faults) > 0
		for _, c := range ledger.CorrectionsOf(e.Entry) {
			s.add(&c, prime-1)
		}
		entries.at++
	}
	if s.difference != 0 && !s.unreadable {
		report("the corrections of stripe %d of account %q should be what its entries with an earlier effective time make of them, and are not",
			chain.stripe, chain.account)
	}
	return found, nil
}

// prime is what the sums are modulo of: 2^61 - 1.
const prime = 1<<61 - 1

// correctionPart is one of the two sums of a node.
type correctionPart struct {
	node ledger.CorrectionNode
	side int
}

// add adds a correction, times a number.
func (s *correctionSum) add(c *ledger.Correction, times uint64) {
	for n, amount := range [...]ledger.Amount{c.Debits, c.Credits} {
		if amount == (ledger.Amount{}) {
			continue
		}
		random := maphash.Comparable(s.seed, correctionPart{c.CorrectionNode, n}) % prime
		s.difference = (s.difference + product(product(remainder(amount), random), times)) % prime
	}
}

func product(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return bits.Rem64(high, low, prime)
}

// remainder returns what is left of an amount modulo the prime.
func remainder(amount ledger.Amount) uint64 {
	if n, ok := amount.Int64(); ok && n >= 0 {
		return uint64(n) % prime
	}
	if amount.Sign() < 0 {
		return (prime - remainder(amount.Neg())) % prime
	}
	var digits [32]byte
	binary, _ := amount.AppendBinary(digits[:0]) // It never fails.
	var left uint64
	for _, digit := range binary {
		left = (product(left, 1<<8) + uint64(digit)) % prime
	}
	return left
}
