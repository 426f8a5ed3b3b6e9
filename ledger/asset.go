package ledger

import (
	"fmt"
	"strconv"
	"strings"
)

//go:generate go run ./internal/iso4217gen

// MaxScale is the largest scale of an asset: the whole of an amount's digits.
const MaxScale = MaxDigits

// maxAssetCode is the longest asset code, in bytes.
const maxAssetCode = 32

// Asset is what an account holds: a currency, a token, a kind of point. Its
// scale is the number of decimal places of its smallest unit: 2 for US dollars
// in cents, 0 for yen, 18 for ether. The currencies of ISO 4217 are known with
// their scales; every other asset is registered in a ledger before an account can
// hold it, and its scale never changes there.
type Asset struct {
	// Code starts with a capital letter and goes on with capital letters,
	// digits and underscores, 32 bytes at most.
	Code string
	// Scale is between 0 and [MaxScale].
	Scale uint8
}

// ParseAsset reads an asset in the form CODE/SCALE, as "USD/2".
func ParseAsset(text string) (Asset, error) {
	code, scaleText, ok := strings.Cut(text, "/")
	scale, err := strconv.ParseUint(scaleText, 10, 8)
	if !ok || err != nil || strconv.FormatUint(scale, 10) != scaleText {
		return Asset{}, &Error{
			Code:    ErrInvalidRequest,
			Field:   "asset",
			Message: fmt.Sprintf("asset %.64q should be a code and a scale, such as USD/2", text),
		}
	}
	a := Asset{Code: code, Scale: uint8(scale)}
	return a, a.Validate()
}

// String prints the asset as [ParseAsset] reads it.
func (a Asset) String() string { return a.Code + "/" + strconv.Itoa(int(a.Scale)) }

// Validate says why a is no asset, with [ErrInvalidRequest], or nil.
func (a Asset) Validate() error {
	if !validAssetCode(a.Code) {
		return &Error{
			Code:  ErrInvalidRequest,
			Field: "asset",
			Message: fmt.Sprintf("asset code %.64q should be a capital letter and then capital letters, digits and underscores, at most %d in all",
				a.Code, maxAssetCode),
		}
	}
	if a.Scale > MaxScale {
		return &Error{
			Code:    ErrInvalidRequest,
			Field:   "asset",
			Message: fmt.Sprintf("the scale of asset %s should be at most %d", a, MaxScale),
		}
	}
	return nil
}

func validAssetCode(code string) bool {
	if code == "" || len(code) > maxAssetCode || code[0] < 'A' || code[0] > 'Z' {
		return false
	}
	for i := 1; i < len(code); i++ {
		c := code[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// checkISO says that the asset is not a currency of ISO 4217, or has another scale
// there.
func (a Asset) checkISO() error {
	scale, known := isoScale(a.Code)
	if !known {
		return &Error{
			Code: ErrUnknownAsset, Field: "asset",
			Message: fmt.Sprintf("asset %s is no currency of ISO 4217; register it before you open an account in it", a),
		}
	}
	return Asset{Code: a.Code, Scale: scale}.checkSame(a)
}

// checkSame refuses an asset of the same code with another scale.
func (a Asset) checkSame(other Asset) error {
	if a == other {
		return nil
	}
	return &Error{
		Code: ErrAssetExists, Field: "asset",
		Message: fmt.Sprintf("asset %s has a scale of %d, which never changes; %s contradicts it", a.Code, a.Scale, other),
	}
}
