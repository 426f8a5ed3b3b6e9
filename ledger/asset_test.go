package ledger

import (
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var decimalGrammar = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?(?:[eE]([+-]?[0-9]+))?$`)

// What the oracle of parsing computes with; beyond that it reasons.
const (
	oracleText     = 5_000
	oracleExponent = 20_000
)

// parseOracle is what a text of at most oracleText bytes should be read as.
func parseOracle(text string, scale int) (*big.Int, Code) {
	match := decimalGrammar.FindStringSubmatch(text)
	if match == nil {
		return nil, ErrInvalidRequest
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	if !strings.ContainsAny(mantissa, "123456789") {
		return new(big.Int), ""
	}
	if match[2] != "" {
		exponent, err := strconv.Atoi(match[2])
		switch {
		case err != nil && match[2][0] != '-' || exponent > oracleExponent:
			return nil, ErrAmountOutOfRange
		case err != nil || exponent < -oracleExponent:
			return nil, ErrInvalidRequest
		}
	}
	value, _ := new(big.Rat).SetString(text)
	value.Mul(value, new(big.Rat).SetInt(power10(scale)))
	switch {
	case new(big.Rat).Abs(value).Cmp(new(big.Rat).SetInt(power10(MaxDigits))) >= 0:
		return nil, ErrAmountOutOfRange
	case !value.IsInt():
		return nil, ErrInvalidRequest
	}
	return value.Num(), ""
}

type fatal interface {
	Helper()
	Fatalf(format string, arguments ...any)
}

// checkParse parses, compares with the oracle, and prints and parses again.
func checkParse(t fatal, text string, scale uint8) {
	t.Helper()
	asset := Asset{Code: "X", Scale: scale}
	got, err := asset.Parse(text)
	want, code := parseOracle(text, int(scale))
	if code != "" {
		if !errors.Is(err, code) || got != (Amount{}) {
			t.Fatalf("%s Parse(%q) = %s, %v; want %s", asset, text, got, err, code)
		}
		return
	}
	if err != nil || bigOf(got).Cmp(want) != 0 {
		t.Fatalf("%s Parse(%q) = %s, %v; want %s", asset, text, got, err, want)
	}
	if back, err := asset.Parse(asset.Format(got)); err != nil || back != got {
		t.Fatalf("%s Parse(%q) = %s, %v; want %s", asset, asset.Format(got), back, err, got)
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, text := range []string{
		"0", "-0", "20", "0.5", "-0.5", "1e2", "1E+2", "100e-2", "1e400", "1e-400", "0e99999999999999999999",
		"1e99999999999999999999", "1e-99999999999999999999", "90071992547409.93", "00.10", "1.", ".1", "+1", "NaN",
		"1e", "1e+", "1e5.0", "--1", "0x10", "1_000", "1,5", "1/2", "", "-", "\x00", "١", "9e36", "0.0000000001e10",
	} {
		f.Add(text, uint8(2))
		f.Add(text, uint8(0))
	}
	f.Add(strings.Repeat("9", MaxDigits), uint8(0))
	f.Add("0."+strings.Repeat("9", MaxDigits), uint8(MaxScale))
	f.Add(strings.Repeat("9", MaxDigits+1), uint8(0))
	f.Fuzz(func(t *testing.T, text string, scale uint8) {
		if len(text) > oracleText {
			text = text[:oracleText]
		}
		checkParse(t, text, scale%(MaxScale+1))
	})
}

func TestParseAmount(t *testing.T) {
	t.Parallel()
	number := rapid.StringMatching(`-?0{0,3}[0-9]{1,40}(\.[0-9]{1,42}0{0,3})?([eE][+-]?0?[0-9]{1,2})?`)
	broken := rapid.StringMatching(`[-+ ]?[0-9]{0,3}[.,]?[0-9]{0,3}[eE]?[-+]?[0-9.]{0,3}[ x]?`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(number, broken).Draw(t, "text")
		checkParse(t, text, rapid.Uint8Range(0, MaxScale).Draw(t, "scale"))
	})
}

func TestParseAmountTable(t *testing.T) {
	t.Parallel()
	nines := strings.Repeat("9", MaxDigits)
	zeros := strings.Repeat("0", 60_000)
	tests := map[string]struct {
		text  string
		scale uint8
		want  string
		code  Code
	}{
		"whole":                        {"20", 2, "2000", ""},
		"negative":                     {"-0.5", 2, "-50", ""},
		"minus zero":                   {"-0", 2, "0", ""},
		"minus zero with places":       {"-0.000", 2, "0", ""},
		"exponent":                     {"1e2", 2, "10000", ""},
		"exponent that makes it whole": {"1.50e1", 0, "15", ""},
		"negative exponent":            {"150e-2", 2, "150", ""},
		"trailing zeros past scale":    {"1.230000", 2, "123", ""},
		"finer than the scale":         {"1.234", 2, "", ErrInvalidRequest},
		"finer by its exponent":        {"1e-3", 2, "", ErrInvalidRequest},
		"one smallest unit, scale 38":  {"0." + strings.Repeat("0", 37) + "1", 38, "1", ""},
		"one whole, scale 38":          {"1", 38, "", ErrAmountOutOfRange},
		"all digits, scale 38":         {"0." + nines, 38, nines, ""},
		"38 digits":                    {nines, 0, nines, ""},
		"38 digits, negative":          {"-" + nines, 0, "-" + nines, ""},
		"39 digits":                    {"1" + strings.Repeat("0", 38), 0, "", ErrAmountOutOfRange},
		"39 digits by scale":           {strings.Repeat("9", 37), 2, "", ErrAmountOutOfRange},
		"38 digits and too fine":       {nines + ".5", 0, "", ErrInvalidRequest},
		"39 digits and too fine":       {"1" + nines + ".5", 0, "", ErrAmountOutOfRange},
		"1,000 digits":                 {strings.Repeat("7", 1_000), 2, "", ErrAmountOutOfRange},
		"60,000 digits":                {strings.Repeat("7", 60_000), 2, "", ErrAmountOutOfRange},
		"60,000 decimal places":        {"0." + strings.Repeat("7", 60_000), 2, "", ErrInvalidRequest},
		"60,000 leading zeros":         {zeros + "1", 2, "100", ""},
		"60,000 trailing zeros":        {"1." + zeros, 2, "100", ""},
		"60,000 zeros, taken back":     {"1" + zeros + "e-60000", 2, "100", ""},
		"60,000 places, brought back":  {"0." + zeros + "1e60001", 2, "100", ""},
		"60,000 places, out of range":  {"0." + zeros + "1e165536", 2, "", ErrAmountOutOfRange},
		"60,000 zeros, far too fine":   {"1" + zeros + "e-600000", 2, "", ErrInvalidRequest},
		"longer than 64 KiB":           {strings.Repeat("0", maxAmountText) + "1", 2, "", ErrAmountOutOfRange},
		"just 64 KiB":                  {strings.Repeat("0", maxAmountText-1) + "1", 2, "100", ""},
		"huge exponent":                {"1e999999999999999999999999", 2, "", ErrAmountOutOfRange},
		"exponent of 60,000 digits":    {"1e" + strings.Repeat("9", 60_000), 2, "", ErrAmountOutOfRange},
		"exponent of 60,000 zeros":     {"1e" + zeros + "1", 2, "1000", ""},
		"hugely negative exponent":     {"1e-999999999999999999999999", 2, "", ErrInvalidRequest},
		"2^32 as an exponent":          {"1e4294967296", 2, "", ErrAmountOutOfRange},
		"2^64 as an exponent":          {"1e18446744073709551616", 2, "", ErrAmountOutOfRange},
		"zero with a huge exponent":    {"0e999999999999999999999999", 2, "0", ""},
		"exponent of minus zero":       {"1e-0", 2, "100", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Asset{Code: "X", Scale: test.scale}.Parse(test.text)
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

func TestParseMalformedAmount(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "-", "+", "+1", "--1", "-+1", ".", ".5", "5.", "-.5", "1.2.3", "1..2", "1.-2", "e", "e5", "1e", "1e+", "1e-",
		"1e--2", "1e+-2", "1e1.5", "1e1e1", "1.e2", " 1", "1 ", "1\n", "1\x00", "\x001", "1,000", "1_000", "0x10", "0b1",
		"1/2", "NaN", "nan", "Inf", "-Infinity", "infinity", "½", "１", "٣", "1\xff", "true", "null", `"1"`, "$1", "1p2", "/", ":",
	} {
		got, err := Asset{Code: "USD", Scale: 2}.Parse(text)
		problem, ok := errors.AsType[*Error](err)
		if !ok || problem.Code != ErrInvalidRequest || problem.Field != "amount" || got != (Amount{}) {
			t.Errorf("Parse(%q) = %s, %v; want ErrInvalidRequest of the amount", text, got, err)
		}
	}
}

func TestParseAmountTellsTheScale(t *testing.T) {
	t.Parallel()
	for scale, want := range []string{"no decimal places", "at most 1 decimal place", "at most 2 decimal places"} {
		_, err := Asset{Code: "USD", Scale: uint8(scale)}.Parse("0.001")
		if err == nil || err.Error() != "amount should have "+want {
			t.Errorf("at scale %d: %v", scale, err)
		}
	}
	_, err := Asset{Code: "USD", Scale: 2}.Parse("1e40")
	if err == nil || !strings.Contains(err.Error(), "at most 38 digits") {
		t.Errorf("got %v", err)
	}
}

func TestFormatAmount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := bigInts().Draw(t, "n")
		scale := rapid.IntRange(0, MaxScale).Draw(t, "scale")
		want := new(big.Rat).SetFrac(n, power10(scale)).FloatString(scale)
		if got := (Asset{Code: "X", Scale: uint8(scale)}).Format(amountOf(n)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestFormatAmountTable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		units int64
		scale uint8
		want  string
	}{
		{2000, 2, "20.00"},
		{0, 2, "0.00"},
		{-1, 2, "-0.01"},
		{99, 2, "0.99"},
		{100, 2, "1.00"},
		{-12345, 0, "-12345"},
		{0, 0, "0"},
		{7, 1, "0.7"},
		{1, 38, "0." + strings.Repeat("0", 37) + "1"},
	} {
		if got := (Asset{Code: "X", Scale: test.scale}).Format(NewAmount(test.units)); got != test.want {
			t.Errorf("%d at scale %d is %s, want %s", test.units, test.scale, got, test.want)
		}
	}
}

func TestParseAsset(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"USD/2", "JPY/0", "ETH/18", "X/38", "A1_B2/10", strings.Repeat("Z", 32) + "/2"} {
		asset, err := ParseAsset(text)
		if err != nil || asset.String() != text {
			t.Errorf("ParseAsset(%q) = %s, %v", text, asset, err)
		}
	}
	for _, text := range []string{
		"", "/", "USD", "USD/", "/2", "USD/02", "USD/+2", "USD/-1", "USD/2 ", "USD/ 2", "USD/39", "USD/255", "USD/256", "USD/258",
		"USD/2/2", "USD/x", "USD/1e1", "usd/2", "Usd/2", "1USD/2", "_USD/2", "US-D/2", "US D/2", "ÜSD/2", "USD\x00/2",
		"USD[/2", "USD@/2", "[USD/2", "@USD/2", "USD:/2", strings.Repeat("Z", 33) + "/2",
	} {
		_, err := ParseAsset(text)
		problem, ok := errors.AsType[*Error](err)
		if !ok || problem.Code != ErrInvalidRequest || problem.Field != "asset" {
			t.Errorf("ParseAsset(%q): %v; want ErrInvalidRequest of the asset", text, err)
		}
	}
}

func TestAssetErrorsHelp(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"USD": "such as USD/2", "usd/2": "capital letter", "USD/39": "at most 38"} {
		if _, err := ParseAsset(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseAsset(%q): %v; want %q in it", text, err, want)
		}
	}
}
