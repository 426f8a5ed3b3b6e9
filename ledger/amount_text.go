package ledger

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"
)

// maxAmountText bounds the text that the parser reads, in bytes.
const maxAmountText = 64 << 10

var (
	_ encoding.TextAppender    = Amount{}
	_ encoding.TextMarshaler   = Amount{}
	_ encoding.TextUnmarshaler = (*Amount)(nil)
)

// String prints the count of units in decimal, as "-1050".
func (a Amount) String() string { return string(a.appendDigits(nil)) }

// AppendText appends what [Amount.String] returns. It never fails.
func (a Amount) AppendText(b []byte) ([]byte, error) { return a.appendDigits(b), nil }

// MarshalText returns what [Amount.String] returns, so that encoders write an
// amount as a text of its units and never as a float. It never fails.
func (a Amount) MarshalText() ([]byte, error) { return a.appendDigits(nil), nil }

// UnmarshalText reads what [ParseUnits] reads.
func (a *Amount) UnmarshalText(text []byte) error {
	parsed, err := ParseUnits(string(text))
	if err == nil {
		*a = parsed
	}
	return err
}

func (a Amount) appendDigits(b []byte) []byte {
	if n, ok := a.Int64(); ok {
		return strconv.AppendInt(b, n, 10)
	}
	if a.Sign() < 0 {
		b = append(b, '-')
	}
	return a.abs().appendMagnitude(b)
}

// appendMagnitude appends the digits of a non-negative a, 19 at a time: the most
// that one limb holds.
func (a Amount) appendMagnitude(b []byte) []byte {
	const chunk, zeros = 1e19, "0000000000000000000"
	high, low := a.divMod(chunk)
	digits := strconv.FormatUint(low, 10)
	if high == (Amount{}) {
		return append(b, digits...)
	}
	b = high.appendMagnitude(b)
	b = append(b, zeros[len(digits):]...)
	return append(b, digits...)
}

// ParseUnits reads a count of smallest units as [Amount.String] prints it. It
// is meant for what a store kept, so it takes any amount. A text that is no
// number fails with [ErrInvalidRequest], a number out of range with
// [ErrAmountOutOfRange].
func ParseUnits(text string) (Amount, error) {
	digits, negative := strings.CutPrefix(text, "-")
	if !allDigits(digits) {
		return Amount{}, errAmountMalformed()
	}
	digits = strings.TrimLeft(digits, "0")
	const largest = "57896044618658097711785492504343953926634992332820282019728792003956564819967" // 2^255 - 1
	if len(digits) > len(largest) || len(digits) == len(largest) && digits > largest {
		return Amount{}, errTotalOutOfRange()
	}
	a := parseDigits(digits)
	if negative {
		a = a.Neg()
	}
	return a, nil
}

// Parse reads a decimal number of whole assets, as "20", "-0.5" or "1e2", and
// returns it in the asset's smallest unit: "20" of USD/2 is 2,000. It is exact:
// a number that is finer than the asset's scale fails with
// [ErrInvalidRequest], one of more than [MaxDigits] digits with
// [ErrAmountOutOfRange]. The cost is one pass over the text, whatever the
// number of digits or the exponent.
func (a Asset) Parse(text string) (Amount, error) {
	number, err := scanDecimal(text)
	if err != nil {
		return Amount{}, err
	}
	if number.digits == "" {
		return Amount{}, nil
	}
	shift := number.exponent + int(a.Scale)
	if len(number.digits)+shift > MaxDigits {
		return Amount{}, errTooManyDigits()
	}
	if shift < 0 {
		return Amount{}, a.errTooFine()
	}
	units := parseDigits(number.digits)
	for range shift {
		units = units.mulAdd(10, 0)
	}
	if number.negative {
		units = units.Neg()
	}
	return units, nil
}

// Format prints an amount of the asset as a decimal number with all its
// decimal places: 2,000 of USD/2 is "20.00".
func (a Asset) Format(amount Amount) string {
	text := amount.abs().String()
	scale := int(a.Scale)
	if scale > 0 {
		if missing := scale + 1 - len(text); missing > 0 {
			text = strings.Repeat("0", missing) + text
		}
		point := len(text) - scale
		text = text[:point] + "." + text[point:]
	}
	if amount.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// decimal is digits × 10^exponent, with neither leading nor trailing zeros
// among the digits; zero has none.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

func scanDecimal(text string) (decimal, error) {
	if len(text) > maxAmountText {
		return decimal{}, errTooManyDigits()
	}
	rest, negative := strings.CutPrefix(text, "-")
	mantissa, exponentText, hasExponent := cutAny(rest, "eE")
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if !allDigits(whole) || hasPoint && !allDigits(fraction) {
		return decimal{}, errAmountMalformed()
	}
	exponent := 0
	if hasExponent {
		sign := 1
		if trimmed, ok := strings.CutPrefix(exponentText, "-"); ok {
			sign, exponentText = -1, trimmed
		} else {
			exponentText = strings.TrimPrefix(exponentText, "+")
		}
		if !allDigits(exponentText) {
			return decimal{}, errAmountMalformed()
		}
		exponent = sign * saturatingAtoi(exponentText)
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return decimal{}, nil
	}
	return decimal{
		negative: negative,
		digits:   significant,
		exponent: exponent - len(fraction) + len(digits) - len(significant),
	}, nil
}

// saturatingAtoi reads digits as a number, stopping far above anything that a
// mantissa of maxAmountText digits could bring back into range.
func saturatingAtoi(digits string) int {
	const enough = 100_000_000
	n := 0
	for i := 0; i < len(digits) && n < enough; i++ {
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// parseDigits reads decimal digits of a number in range.
func parseDigits(digits string) Amount {
	var a Amount
	for i := range len(digits) {
		a = a.mulAdd(10, uint64(digits[i]-'0'))
	}
	return a
}

func cutAny(s, chars string) (before, after string, found bool) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// allDigits says whether s is one or more ASCII digits.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func errAmountMalformed() error {
	return &Error{Code: ErrInvalidRequest, Field: "amount", Message: "amount should be a decimal number, such as 20 or 0.5"}
}

func (a Asset) errTooFine() error {
	places := fmt.Sprintf("at most %d decimal places", a.Scale)
	switch a.Scale {
	case 0:
		places = "no decimal places"
	case 1:
		places = "at most 1 decimal place"
	}
	return &Error{Code: ErrInvalidRequest, Field: "amount", Message: "amount should have " + places}
}

func errTooManyDigits() error {
	return &Error{
		Code:    ErrAmountOutOfRange,
		Field:   "amount",
		Message: fmt.Sprintf("amount should have at most %d digits", MaxDigits),
	}
}
