package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxID is the longest id of an account or a transaction, in bytes.
const MaxID = 128

const (
	worldPrefix = "world:"
	// The ids of opening transactions. The second form is for accounts whose id
	// would make the first too long; the two cannot meet, for a colon and a
	// hyphen differ.
	openingPrefix     = "opening:"
	openingHashPrefix = "opening-sha256:"
)

// WorldID returns the id of the account through which an asset enters and
// leaves the ledger: "world:USD". The ledger makes it when the first account in
// that asset is opened. It is debit-normal and has no limit, so its balance
// reads as the money that is inside.
func WorldID(assetCode string) string { return worldPrefix + assetCode }

// OpeningID returns the id of the transaction that gives an account its
// opening balance.
func OpeningID(account string) string {
	if len(openingPrefix)+len(account) <= MaxID {
		return openingPrefix + account
	}
	sum := sha256.Sum256([]byte(account))
	return openingHashPrefix + hex.EncodeToString(sum[:])
}

// IsWorldID says whether id is reserved for a world account.
func IsWorldID(id string) bool {
	return id == "world" || strings.HasPrefix(id, worldPrefix)
}

func isOpeningID(id string) bool {
	return strings.HasPrefix(id, openingPrefix) || strings.HasPrefix(id, openingHashPrefix)
}

// ValidateID says why id cannot be the id of an account or a transaction, with
// [ErrInvalidRequest], or nil. An id is 1 to [MaxID] bytes of UTF-8 without
// control characters.
func ValidateID(id string) error { return validateID("id", id) }

// validateID is ValidateID for the named field of a request.
func validateID(field, id string) error {
	switch {
	case id == "":
		return &Error{Code: ErrInvalidRequest, Field: field, Message: field + " should not be empty"}
	case len(id) > MaxID:
		return &Error{Code: ErrInvalidRequest, Field: field, Message: fmt.Sprintf("%s should be at most %d bytes long", field, MaxID)}
	}
	return validateText(field, id)
}

func validateText(field, text string) error {
	if isPrintableASCII(text) {
		return nil
	}
	switch {
	case !utf8.ValidString(text):
		return &Error{Code: ErrInvalidRequest, Field: field, Message: field + " should be valid UTF-8"}
	case strings.ContainsFunc(text, unicode.IsControl):
		return &Error{Code: ErrInvalidRequest, Field: field, Message: field + " should not contain control characters"}
	}
	return nil
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// ValidateLedgerName says why name cannot be a ledger's name, with
// [ErrInvalidRequest], or nil. A name matches
// [A-Za-z0-9][A-Za-z0-9._:@-]{0,127}.
func ValidateLedgerName(name string) error {
	ok := name != "" && len(name) <= MaxID && isAlphanumeric(name[0])
	for i := 1; ok && i < len(name); i++ {
		ok = isAlphanumeric(name[i]) || strings.IndexByte("._:@-", name[i]) >= 0
	}
	if ok {
		return nil
	}
	return &Error{
		Code:  ErrInvalidRequest,
		Field: "ledger",
		Message: fmt.Sprintf("ledger name %.64q should be a letter or digit and then letters, digits and ._:@-, at most %d in all",
			name, MaxID),
	}
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
