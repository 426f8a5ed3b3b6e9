package http

import (
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// isPositive tells from the text of a JSON number whether it is more than zero,
// however large, small or finely it is written.
func isPositive(number string) bool {
	if number[0] == '-' {
		return false
	}
	mantissa := number
	if exponent := strings.IndexAny(number, "eE"); exponent >= 0 {
		mantissa = number[:exponent]
	}
	return strings.ContainsAny(mantissa, "123456789")
}

// appendAmount appends an amount of the asset as a JSON number, without
// exponent or trailing zeros: 160, 100.1.
func appendAmount(b []byte, asset ledger.Asset, amount ledger.Amount) []byte {
	text := asset.Format(amount)
	if asset.Scale > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return append(b, text...)
}
