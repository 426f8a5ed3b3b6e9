package ledger

import "math/bits"

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
	// Two's complement, w0 the least significant. Four fields, and not an array,
	// for the compiler keeps a struct of four in registers.
	w0, w1, w2, w3 uint64
}

// MaxDigits is the most decimal digits that an amount in a request may have,
// counted in the asset's smallest unit.
const MaxDigits = 38

// NewAmount returns the amount of n smallest units.
func NewAmount(n int64) Amount {
	extension := uint64(n >> 63)
	return Amount{uint64(n), extension, extension, extension}
}

// Int64 returns the count of units, and whether it fits an int64.
func (a Amount) Int64() (n int64, ok bool) {
	n = int64(a.w0)
	return n, NewAmount(n) == a
}

// Sign returns -1, 0 or +1 as a is negative, zero or positive.
func (a Amount) Sign() int {
	switch {
	case a.negative():
		return -1
	case a == Amount{}:
		return 0
	default:
		return 1
	}
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or greater than b.
func (a Amount) Cmp(b Amount) int {
	switch {
	case a == b:
		return 0
	case a.less(b):
		return -1
	default:
		return 1
	}
}

func (a Amount) less(b Amount) bool {
	// Flipping the sign bits turns two's complement order into that of unsigned
	// numbers, in which a < b exactly if a - b borrows.
	const signBit = 1 << 63
	_, borrow := bits.Sub64(a.w0, b.w0, 0)
	_, borrow = bits.Sub64(a.w1, b.w1, borrow)
	_, borrow = bits.Sub64(a.w2, b.w2, borrow)
	_, borrow = bits.Sub64(a.w3^signBit, b.w3^signBit, borrow)
	return borrow == 1
}

func (a Amount) negative() bool { return a.w3>>63 == 1 }

// Add returns a + b, or [ErrAmountOutOfRange].
func (a Amount) Add(b Amount) (Amount, error) {
	sum := a.wrappingAdd(b)
	if a.negative() == b.negative() && sum.negative() != a.negative() || sum.outOfRange() {
		return Amount{}, errTotalOutOfRange()
	}
	return sum, nil
}

// Sub returns a - b, or [ErrAmountOutOfRange].
func (a Amount) Sub(b Amount) (Amount, error) {
	return a.Add(b.Neg())
}

// Neg returns -a. Every amount has a negation, since the range is symmetric.
func (a Amount) Neg() Amount { return Amount{}.wrappingSub(a) }

// outOfRange says whether a is -2^255, the one bit pattern whose negation is not
// an amount.
func (a Amount) outOfRange() bool { return a == Amount{w3: 1 << 63} }

func (a Amount) wrappingAdd(b Amount) (sum Amount) {
	var carry uint64
	sum.w0, carry = bits.Add64(a.w0, b.w0, 0)
	sum.w1, carry = bits.Add64(a.w1, b.w1, carry)
	sum.w2, carry = bits.Add64(a.w2, b.w2, carry)
	sum.w3, _ = bits.Add64(a.w3, b.w3, carry)
	return sum
}

func (a Amount) wrappingSub(b Amount) (difference Amount) {
	var borrow uint64
	difference.w0, borrow = bits.Sub64(a.w0, b.w0, 0)
	difference.w1, borrow = bits.Sub64(a.w1, b.w1, borrow)
	difference.w2, borrow = bits.Sub64(a.w2, b.w2, borrow)
	difference.w3, _ = bits.Sub64(a.w3, b.w3, borrow)
	return difference
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
	return !maxRequestAmount().less(a.abs())
}

// maxRequestAmount is 10^MaxDigits - 1.
func maxRequestAmount() Amount { return Amount{w0: 0x098a223fffffffff, w1: 0x4b3b4ca85a86c47a} }

// mulAdd returns a*m + c for a non-negative a whose result fits the range.
func (a Amount) mulAdd(m, c uint64) Amount {
	for _, limb := range [...]*uint64{&a.w0, &a.w1, &a.w2, &a.w3} {
		high, low := bits.Mul64(*limb, m)
		var carry uint64
		*limb, carry = bits.Add64(low, c, 0)
		c = high + carry
	}
	return a
}

// divMod returns the quotient and remainder of a non-negative a by d.
func (a Amount) divMod(d uint64) (quotient Amount, remainder uint64) {
	quotient.w3, remainder = bits.Div64(0, a.w3, d)
	quotient.w2, remainder = bits.Div64(remainder, a.w2, d)
	quotient.w1, remainder = bits.Div64(remainder, a.w1, d)
	quotient.w0, remainder = bits.Div64(remainder, a.w0, d)
	return quotient, remainder
}

func errTotalOutOfRange() error {
	return &Error{Code: ErrAmountOutOfRange, Message: "the total would be larger than the ledger can count"}
}
