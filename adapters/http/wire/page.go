package wire

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Page is a page of a list.
type Page[T any] struct {
	Data []T `json:"data"`
	// NextCursor opens the page that follows; nil at the end.
	NextCursor *string `json:"next_cursor"`
}

// NewPage returns the page of items, which of turns into the wire's and cursor, if more
// follow, into the cursor of the last.
func NewPage[D, T any](items []D, more bool, of func(D) T, cursor func(D) string) Page[T] {
	page := Page[T]{Data: make([]T, len(items))}
	for i, item := range items {
		page.Data[i] = of(item)
	}
	if more && len(items) > 0 {
		page.NextCursor = new(cursor(items[len(items)-1]))
	}
	return page
}

// Cursors are opaque to callers, so that what they are made of may change: the key of
// the last item shown.
func cursors() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// IDCursor is the cursor behind an item of a list in which ids tell where one is.
func IDCursor(id string) string { return cursors().EncodeToString([]byte(id)) }

// ParseIDCursor reads a cursor of [IDCursor].
func ParseIDCursor(text string) (id string, err error) {
	decoded, err := cursors().DecodeString(text)
	id = string(decoded)
	// The decoder ignores line breaks.
	if err != nil || ledger.ValidateID(id) != nil || IDCursor(id) != text {
		return "", ErrCursor()
	}
	return id, nil
}

// EntryCursor is the cursor behind an entry of an account.
func EntryCursor(key ledger.EntryKey) string {
	return cursors().EncodeToString(fmt.Appendf(nil, "%d.%d", key.Stripe, key.Sequence))
}

// ParseEntryCursor reads a cursor of [EntryCursor].
func ParseEntryCursor(text string) (key ledger.EntryKey, err error) {
	decoded, err := cursors().DecodeString(text)
	if err != nil {
		return key, ErrCursor()
	}
	stripe, sequence, _ := strings.Cut(string(decoded), ".")
	s, stripeErr := strconv.ParseUint(stripe, 10, 8)
	n, sequenceErr := strconv.ParseUint(sequence, 10, 64)
	key = ledger.EntryKey{Stripe: uint8(s), Sequence: n}
	if stripeErr != nil || sequenceErr != nil || EntryCursor(key) != text {
		return ledger.EntryKey{}, ErrCursor()
	}
	return key, nil
}

// ErrCursor returns the error of a cursor that is none.
func ErrCursor() error { return invalid("cursor", "should be the next_cursor of the page before") }
