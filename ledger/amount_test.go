package ledger

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// limit is the largest magnitude of an Amount.
var limit = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(1))

// amountOf returns n as an Amount; n is in range.
func amountOf(n *big.Int) Amount {
	magnitude := new(big.Int).Abs(n)
	var limbs [4]uint64
	for i := range limbs {
		limbs[i] = new(big.Int).Rsh(magnitude, uint(64*i)).Uint64()
	}
	a := Amount{limbs[0], limbs[1], limbs[2], limbs[3]}
	if n.Sign() < 0 {
		a = Amount{^a.w0, ^a.w1, ^a.w2, ^a.w3}.wrappingAdd(NewAmount(1))
	}
	return a
}

// bigOf returns a as a big.Int.
func bigOf(a Amount) *big.Int {
	n := new(big.Int)
	for _, limb := range []uint64{a.w3, a.w2, a.w1, a.w0} {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(limb))
	}
	if a.w3>>63 == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	return n
}

func power10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// bigInts generates numbers in an Amount's range, many of them at the edge of
// some power of two.
func bigInts() *rapid.Generator[*big.Int] {
	return rapid.Custom(func(t *rapid.T) *big.Int {
		n := new(big.Int)
		size := rapid.IntRange(0, 255).Draw(t, "bits")
		if rapid.Bool().Draw(t, "edge") {
			n.Lsh(big.NewInt(1), uint(size)).Add(n, big.NewInt(rapid.Int64Range(-2, 2).Draw(t, "beside")))
		} else {
			n.SetBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "bytes")).Rsh(n, uint(256-size))
		}
		if n.Cmp(limit) > 0 {
			n.Set(limit)
		}
		if rapid.Bool().Draw(t, "negative") {
			n.Neg(n)
		}
		return n
	})
}

// wantAmount checks a result of arithmetic against the exact one.
func wantAmount(t *rapid.T, what string, got Amount, err error, want *big.Int) {
	t.Helper()
	if want.CmpAbs(limit) > 0 {
		if !errors.Is(err, ErrAmountOutOfRange) || got != (Amount{}) {
			t.Fatalf("%s = %s, %v; want ErrAmountOutOfRange for %s", what, got, err, want)
		}
		return
	}
	if err != nil || bigOf(got).Cmp(want) != 0 {
		t.Fatalf("%s = %s, %v; want %s", what, got, err, want)
	}
}

func TestAmountArithmetic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := bigInts().Draw(t, "x"), bigInts().Draw(t, "y")
		a, b := amountOf(x), amountOf(y)
		sum, err := a.Add(b)
		wantAmount(t, "x + y", sum, err, new(big.Int).Add(x, y))
		difference, err := a.Sub(b)
		wantAmount(t, "x - y", difference, err, new(big.Int).Sub(x, y))
		wantAmount(t, "-x", a.Neg(), nil, new(big.Int).Neg(x))
		wantAmount(t, "|x|", a.abs(), nil, new(big.Int).Abs(x))
		if got, want := a.Cmp(b), x.Cmp(y); got != want {
			t.Fatalf("Cmp = %d, want %d", got, want)
		}
		if got, want := a.Sign(), x.Sign(); got != want {
			t.Fatalf("Sign = %d, want %d", got, want)
		}
		if got, want := a == b, x.Cmp(y) == 0; got != want {
			t.Fatalf("== is %t, want %t", got, want)
		}
		if got, want := a.fits(), new(big.Int).Abs(x).Cmp(power10(MaxDigits)) < 0; got != want {
			t.Fatalf("fits = %t, want %t", got, want)
		}
		n, ok := a.Int64()
		if ok != x.IsInt64() || ok && n != x.Int64() {
			t.Fatalf("Int64 = %d, %t; want %s", n, ok, x)
		}
	})
}

func TestAmountEndsOfRange(t *testing.T) {
	t.Parallel()
	largest, one := amountOf(limit), NewAmount(1)
	smallest := largest.Neg()
	if got := bigOf(smallest); got.Cmp(new(big.Int).Neg(limit)) != 0 {
		t.Fatalf("the smallest amount is %s", got)
	}
	tests := map[string]struct {
		compute func() (Amount, error)
		ok      bool
	}{
		"one above":                 {func() (Amount, error) { return largest.Add(one) }, false},
		"one below":                 {func() (Amount, error) { return smallest.Sub(one) }, false},
		"one below, by adding":      {func() (Amount, error) { return smallest.Add(one.Neg()) }, false},
		"twice the largest":         {func() (Amount, error) { return largest.Add(largest) }, false},
		"twice the smallest":        {func() (Amount, error) { return smallest.Add(smallest) }, false},
		"smallest less the largest": {func() (Amount, error) { return smallest.Sub(largest) }, false},
		"largest and smallest":      {func() (Amount, error) { return largest.Add(smallest) }, true},
		"largest less itself":       {func() (Amount, error) { return largest.Sub(largest) }, true},
		"largest and zero":          {func() (Amount, error) { return largest.Add(Amount{}) }, true},
		"zero less the largest":     {func() (Amount, error) { return Amount{}.Sub(largest) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := test.compute(); (err == nil) != test.ok {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestAmountOfInt64(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{0, 1, -1, 42, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
		a := NewAmount(n)
		if got, ok := a.Int64(); !ok || got != n {
			t.Errorf("NewAmount(%d).Int64() = %d, %t", n, got, ok)
		}
		if got := bigOf(a); got.Cmp(big.NewInt(n)) != 0 {
			t.Errorf("NewAmount(%d) is %s", n, got)
		}
		if got, want := a.String(), fmt.Sprint(n); got != want {
			t.Errorf("NewAmount(%d) prints %s", n, got)
		}
	}
}

func TestAmountText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := bigInts().Draw(t, "n")
		a := amountOf(n)
		if got := a.String(); got != n.String() {
			t.Fatalf("String = %s, want %s", got, n)
		}
		if got := string(a.appendDigits([]byte("total "))); got != "total "+n.String() {
			t.Fatalf("AppendText = %q", got)
		}
		got, err := ParseUnits(n.String())
		wantAmount(t, "ParseUnits", got, err, n)
	})
}

// TestAmountTextChunks holds the numbers at which printing goes on to another
// word of digits.
func TestAmountTextChunks(t *testing.T) {
	t.Parallel()
	for digits := range 77 {
		for _, beside := range []int64{-1, 0, 1} {
			n := new(big.Int).Add(power10(digits), big.NewInt(beside))
			if got := amountOf(n).String(); got != n.String() {
				t.Errorf("got %s, want %s", got, n)
			}
		}
	}
}

func TestParseUnits(t *testing.T) {
	t.Parallel()
	nines := strings.Repeat("9", 76)
	tests := map[string]struct {
		text string
		want string
		code Code
	}{
		"zero":               {"0", "0", ""},
		"minus zero":         {"-0", "0", ""},
		"leading zeros":      {"000123", "123", ""},
		"many leading zeros": {strings.Repeat("0", 60_000) + "7", "7", ""},
		"76 digits":          {nines, nines, ""},
		"minus 76 digits":    {"-" + nines, "-" + nines, ""},
		"the largest":        {limit.String(), limit.String(), ""},
		"the least":          {"-" + limit.String(), "-" + limit.String(), ""},
		"beyond the largest": {new(big.Int).Add(limit, big.NewInt(1)).String(), "", ErrAmountOutOfRange},
		"beyond the least":   {"-" + new(big.Int).Add(limit, big.NewInt(1)).String(), "", ErrAmountOutOfRange},
		"78 digits":          {"11" + nines, "", ErrAmountOutOfRange},
		"60,000 digits":      {strings.Repeat("9", 60_000), "", ErrAmountOutOfRange},
		"empty":              {"", "", ErrInvalidRequest},
		"minus":              {"-", "", ErrInvalidRequest},
		"plus":               {"+1", "", ErrInvalidRequest},
		"two minuses":        {"--1", "", ErrInvalidRequest},
		"point":              {"1.0", "", ErrInvalidRequest},
		"exponent":           {"1e2", "", ErrInvalidRequest},
		"space":              {" 1", "", ErrInvalidRequest},
		"slash, below 0":     {"1/", "", ErrInvalidRequest},
		"colon, above 9":     {"1:", "", ErrInvalidRequest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseUnits(test.text)
			if test.code != "" {
				if !errors.Is(err, test.code) || got != (Amount{}) {
					t.Errorf("got %s, %v; want %s", got, err, test.code)
				}
				return
			}
			if err != nil || got.String() != test.want {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
}
