package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

// TokenPrefix begins every secret, so that it is known for one where it should not be.
const TokenPrefix = "ledger_"

// secretLetters is how many letters and digits stand behind the prefix: two texts of
// [rand.Text], each of 128 random bits and more.
const secretLetters = 2 * 26

func newSecret() string { return TokenPrefix + rand.Text() + rand.Text() }

// hashSecret returns the hash of what may be a secret, and whether it may be one.
func hashSecret(text string) (hash TokenHash, ok bool) {
	letters, found := strings.CutPrefix(text, TokenPrefix)
	if !found || len(letters) != secretLetters || countLetters(letters) != secretLetters {
		return TokenHash{}, false
	}
	return sha256.Sum256([]byte(text)), true
}

// hasSecret says whether a secret, or half of one, stands in a text.
func hasSecret(text string) bool {
	for {
		_, rest, found := strings.Cut(text, TokenPrefix)
		if !found {
			return false
		}
		if countLetters(rest) >= secretLetters/2 {
			return true
		}
		text = rest
	}
}

// countLetters returns how many letters of a secret the text begins with.
func countLetters(text string) int {
	for i := range len(text) {
		if c := text[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return i
		}
	}
	return len(text)
}
