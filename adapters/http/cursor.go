package http

import (
	"encoding/base64"
	"strconv"
)

// formatCursor returns the cursor of the page that holds the entries before the
// one with the sequence number.
func formatCursor(sequence uint64) string {
	return base64.StdEncoding.EncodeToString(strconv.AppendUint(nil, sequence, 10))
}

// parseCursor reads a cursor: padded standard base64 of a positive decimal
// integer of up to 18 digits.
func parseCursor(text string) (sequence uint64, ok bool) {
	digits, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !isDigits(string(digits)) {
		return 0, false
	}
	// The decoder ignores line breaks and stray bits at the end.
	if base64.StdEncoding.EncodeToString(digits) != text {
		return 0, false
	}
	sequence, err = strconv.ParseUint(string(digits), 10, 64)
	return sequence, err == nil && sequence >= 1
}
