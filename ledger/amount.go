package ledger

import (
	"math/bits"
)

// Amount is an exact signed count of an asset's smallest unit: cents for
// USD/2, satoshi for BTC/8. The zero value is zero. Amounts are plain values:
// compare them with == or [Amount.Cmp], copy them freely, use them as map keys.
//
// An amount that enters a transaction has at most [MaxDigits] digits. Totals
// are kept in the same type, which holds every integer between -(2^255-1) and
// 2^255-1, so that no sequence of deposits that fits a disk can fill one up.
// Arithmetic that would leave that range fails with [ErrAmountOutOfRange]; it
// never wraps around.
//
// It is a fixed-width integer of its own, and not [math/big.Int], because the
// deciding functions copy and compare amounts on every entry, and big.Int
// allocates and cannot be compared with ==.
type Amount struct {
	// Two's complement, least significant limb first.
	limbs [4]uint64
}

// MaxDigits is the most decimal digits that an amount in a request may have,
// counted in the asset's smallest unit.
const MaxDigits = 38

// NewAmount returns the amount of n smallest units.
func NewAmount(n int64) Amount {
	extension := uint64(n >> 63)
	return Amount{limbs: [4]uint64{uint64(n), extension, extension, extension}}
}

// Int64 returns the count of units, and whether it fits an int64.
func (a Amount) Int64() (n int64, ok bool) {
	n = int64(a.limbs[0])
	return n, NewAmount(n) == a
}

// Sign returns -1, 0 or +1 as a is negative, zero or positive.
func (a Amount) Sign() int {
	switch {
	case a.limbs[3]>>63 == 1:
		return -1
	case a == Amount{}:
		return 0
	default:
		return 1
	}
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or greater than b.
func (a Amount) Cmp(b Amount) int {
	const signBit = 1 << 63
	for i := 3; i >= 0; i-- {
		x, y := a.limbs[i], b.limbs[i]
		if i == 3 {
			x, y = x^signBit, y^signBit
		}
		if x < y {
			return -1
		}
		if x > y {
			return 1
		}
	}
	return 0
}

// Add returns a + b, or [ErrAmountOutOfRange].
func (a Amount) Add(b Amount) (Amount, error) {
	sum := a.wrappingAdd(b)
	negative := sum.limbs[3] >> 63
	if a.limbs[3]>>63 == b.limbs[3]>>63 && negative != a.limbs[3]>>63 || sum == minInt256 {
		return Amount{}, errTotalOutOfRange()
	}
	return sum, nil
}

// Sub returns a - b, or [ErrAmountOutOfRange].
func (a Amount) Sub(b Amount) (Amount, error) {
	return a.Add(b.Neg())
}

// Neg returns -a. Every amount has a negation, since the range is symmetric.
func (a Amount) Neg() Amount {
	for i := range a.limbs {
		a.limbs[i] = ^a.limbs[i]
	}
	return a.wrappingAdd(Amount{limbs: [4]uint64{1}})
}

// minInt256 is the one bit pattern outside the symmetric range.
var minInt256 = Amount{limbs: [4]uint64{3: 1 << 63}}

func (a Amount) wrappingAdd(b Amount) (sum Amount) {
	var carry uint64
	sum.limbs[0], carry = bits.Add64(a.limbs[0], b.limbs[0], 0)
	sum.limbs[1], carry = bits.Add64(a.limbs[1], b.limbs[1], carry)
	sum.limbs[2], carry = bits.Add64(a.limbs[2], b.limbs[2], carry)
	sum.limbs[3], _ = bits.Add64(a.limbs[3], b.limbs[3], carry)
	return sum
}

// abs returns the magnitude of a.
func (a Amount) abs() Amount {
	if a.Sign() < 0 {
		return a.Neg()
	}
	return a
}

// fits says whether a has at most [MaxDigits] digits.
func (a Amount) fits() bool {
	return a.abs().Cmp(maxRequestAmount) <= 0
}

// maxRequestAmount is 10^MaxDigits - 1.
var maxRequestAmount = func() Amount {
	a := Amount{}
	for range MaxDigits {
		a = a.mulAdd(10, 9)
	}
	return a
}()

// mulAdd returns a*m + c for a non-negative a whose result fits the range.
func (a Amount) mulAdd(m, c uint64) Amount {
	for i := range a.limbs {
		hi, lo := bits.Mul64(a.limbs[i], m)
		var carry uint64
		a.limbs[i], carry = bits.Add64(lo, c, 0)
		c = hi + carry
	}
	return a
}

// divMod returns the quotient and remainder of a non-negative a by d.
func (a Amount) divMod(d uint64) (quotient Amount, remainder uint64) {
	for i := 3; i >= 0; i-- {
		quotient.limbs[i], remainder = bits.Div64(remainder, a.limbs[i], d)
	}
	return quotient, remainder
}

func errTotalOutOfRange() error {
	return &Error{Code: ErrAmountOutOfRange, Message: "the total would be larger than the ledger can count"}
}
