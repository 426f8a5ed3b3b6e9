package ledger

import (
	"cmp"
	"encoding/xml"
	"os"
	"slices"
	"strconv"
	"testing"
)

// listOne reads the list that iso4217.go is generated from: the scale of each
// code with a minor unit, and the codes without one.
func listOne(t *testing.T) (scales map[string]uint8, without []string) {
	t.Helper()
	text, err := os.ReadFile("internal/iso4217gen/list-one.xml")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Entries []struct {
			Code      string `xml:"Ccy"`
			MinorUnit string `xml:"CcyMnrUnts"`
		} `xml:"CcyTbl>CcyNtry"`
	}
	if err := xml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	scales = map[string]uint8{}
	for _, entry := range list.Entries {
		switch scale, err := strconv.ParseUint(entry.MinorUnit, 10, 8); {
		case entry.Code == "":
		case err == nil:
			scales[entry.Code] = uint8(scale)
		default:
			without = append(without, entry.Code)
		}
	}
	return scales, without
}

func TestISOAssetsAreTheListed(t *testing.T) {
	t.Parallel()
	listed, without := listOne(t)
	assets := map[string]uint8{}
	for _, asset := range isoAssets() {
		if err := asset.Validate(); err != nil {
			t.Error(err)
		}
		assets[asset.Code] = asset.Scale
	}
	for code, scale := range listed {
		if got, ok := assets[code]; !ok || got != scale {
			t.Errorf("isoAssets has %s/%d, %t; the list has scale %d: run go generate", code, got, ok, scale)
		}
	}
	for code := range assets {
		if _, ok := listed[code]; !ok {
			t.Errorf("isoAssets has %s, the list has not: run go generate", code)
		}
	}
	for _, code := range without {
		if scale, known := isoScale(code); known {
			t.Errorf("isoScale(%s) = %d, the list has no minor unit", code, scale)
		}
	}
	if !slices.IsSortedFunc(isoAssets(), func(a, b Asset) int { return cmp.Compare(a.Code, b.Code) }) {
		t.Error("isoAssets is not in the order of codes")
	}
	if len(isoAssets()) != len(assets) {
		t.Error("isoAssets has a code twice")
	}
}

// TestISOScaleOfEveryCode tries every code that ISO 4217 could ever assign.
func TestISOScaleOfEveryCode(t *testing.T) {
	t.Parallel()
	listed, _ := listOne(t)
	for i := range 26 * 26 * 26 {
		code := string([]byte{'A' + byte(i/26/26), 'A' + byte(i/26%26), 'A' + byte(i%26)})
		want, ok := listed[code]
		if got, known := isoScale(code); got != want || known != ok {
			t.Errorf("isoScale(%s) = %d, %t; the list has %d, %t", code, got, known, want, ok)
		}
	}
}

func TestISOScale(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]uint8{
		"JPY": 0, "KRW": 0, "ISK": 0, "UGX": 0, "VND": 0, "XOF": 0, "UYI": 0,
		"USD": 2, "EUR": 2, "GBP": 2, "CHE": 2,
		// Whose smallest unit is out of use, but not out of the standard.
		"AFN": 2, "LBP": 2, "IRR": 2, "HUF": 2, "IDR": 2, "TWD": 2,
		// With a fifth of the whole as its smallest unit.
		"MGA": 2, "MRU": 2,
		"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
		"CLF": 4, "UYW": 4,
	} {
		if got, known := isoScale(code); got != want || !known {
			t.Errorf("isoScale(%s) = %d, %t; want %d", code, got, known, want)
		}
	}
	for _, code := range []string{
		"", "US", "USDX", "usd", "USD/2", "840", "ABC", "BTC",
		// Without a minor unit.
		"XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XBA", "XTS", "XXX",
		// Of the past.
		"DEM", "HRK", "ZWL",
	} {
		if scale, known := isoScale(code); known || scale != 0 {
			t.Errorf("isoScale(%q) = %d, %t; want it unknown", code, scale, known)
		}
	}
}
