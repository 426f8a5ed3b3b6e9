package wire

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// ParseAmount reads an amount of a request, which the named field has: digits, at
// most one point among them, and perhaps a minus sign before them.
func ParseAmount(asset ledger.Asset, field, text string) (ledger.Amount, error) {
	if !isDecimal(text) {
		return ledger.Amount{}, invalid(field, `should be a decimal number in a string, such as "20.00"`)
	}
	amount, err := asset.Parse(text)
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return ledger.Amount{}, &ledger.Error{
			Code: e.Code, Field: field, Message: field + strings.TrimPrefix(e.Message, "amount"),
		}
	}
	return amount, err
}

func isDecimal(text string) bool {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	return isDigits(whole) && (!pointed || isDigits(fraction))
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// readAmount reads an amount of an answer and tells its scale.
func readAmount(text string) (amount ledger.Amount, scale int, err error) {
	whole, fraction, _ := strings.Cut(text, ".")
	amount, err = ledger.ParseUnits(whole + fraction)
	return amount, len(fraction), err
}

// amounts reads amounts of one asset from an answer, and keeps the first error.
type amounts struct {
	asset ledger.Asset
	known bool
	err   error
}

func amountsOf(code string) *amounts { return &amounts{asset: ledger.Asset{Code: code}} }

// read returns an amount; nothing is zero.
func (a *amounts) read(text string) ledger.Amount {
	if a.err != nil || text == "" {
		return ledger.Amount{}
	}
	amount, scale, err := readAmount(text)
	switch {
	case err != nil:
		a.err = fmt.Errorf("amount %.80q: %w", text, err)
	case a.known && scale != int(a.asset.Scale):
		a.err = fmt.Errorf("amount %.80q has not %d decimal places, as another in %s has", text, a.asset.Scale, a.asset.Code)
	case scale > ledger.MaxScale:
		a.err = fmt.Errorf("amount %.80q has more than %d decimal places", text, ledger.MaxScale)
	}
	a.asset.Scale, a.known = uint8(scale), true
	return amount
}

// ParseAsset reads an asset of a request: a code, or CODE/SCALE. hasScale says which.
func ParseAsset(field, text string) (asset ledger.Asset, hasScale bool, err error) {
	if strings.Contains(text, "/") {
		asset, err = ledger.ParseAsset(text)
		hasScale = true
	} else {
		asset = ledger.Asset{Code: text}
		err = asset.Validate()
	}
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return ledger.Asset{}, false, &ledger.Error{Code: e.Code, Field: field, Message: e.Message}
	}
	return asset, hasScale, err
}

func invalid(field, reason string) error {
	return &ledger.Error{Code: ledger.ErrInvalidRequest, Field: field, Message: field + " " + reason}
}
