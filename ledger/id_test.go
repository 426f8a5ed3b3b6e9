package ledger

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wantProblem checks an error's code, field and text.
func wantProblem(t *testing.T, err error, code Code, field, text string) {
	t.Helper()
	problem, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v, which is no *Error; want %s", err, code)
	}
	if problem.Code != code || problem.Field != field || !strings.Contains(problem.Message, text) {
		t.Fatalf("got %s of field %q, saying %q; want %s of %q, saying %q",
			problem.Code, problem.Field, problem.Message, code, field, text)
	}
}

// malformedTexts are neither ids nor names, with what the error should say.
var malformedTexts = map[string]string{
	"a\x00b":          "control characters",
	"a\tb":            "control characters",
	"a\nb":            "control characters",
	"\x1f":            "control characters",
	"a\x7f":           "control characters",
	"a\u0080":         "control characters",
	"\u009fb":         "control characters",
	"a\xffb":          "UTF-8",
	"\xc3":            "UTF-8",
	"\xed\xa0\x80":    "UTF-8",
	"\xc0\x80":        "UTF-8",
	"\xff\x00":        "UTF-8",
	"fine so far\x80": "UTF-8",
}

func TestValidateID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"a", "~", " ", "two words", "a/b", "a%2Fb", "user@example.com", "böb", "用户", "👩‍👩‍👧", "\u00a0", "\u2028",
		strings.Repeat("a", MaxID), strings.Repeat("é", MaxID/2), "opening:a", "world:USD",
	} {
		if err := ValidateID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	wantProblem(t, ValidateID(""), ErrInvalidRequest, "id", "id should not be empty")
	for _, id := range []string{strings.Repeat("a", MaxID+1), strings.Repeat("é", MaxID/2) + "a", strings.Repeat("\x00", MaxID+1)} {
		wantProblem(t, ValidateID(id), ErrInvalidRequest, "id", "at most 128 bytes")
	}
	for id, text := range malformedTexts {
		wantProblem(t, ValidateID(id), ErrInvalidRequest, "id", text)
	}
}

func TestValidateLedgerName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"main", "a", "Z", "0", "9z", "a.b_c:d@e-f", "A-", strings.Repeat("a", MaxID)} {
		if err := ValidateLedgerName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", ".", "_a", ":a", "@a", "-a", " a", "a b", "a/b", "a\x00", "a\n", "ä", "aä", "a%", "a{", "a`", "a[", "`", "{", "[", "a;",
		strings.Repeat("a", MaxID+1),
	} {
		wantProblem(t, ValidateLedgerName(name), ErrInvalidRequest, "ledger", "letter or digit")
	}
}

func TestWorldID(t *testing.T) {
	t.Parallel()
	if got := WorldID("USD"); got != "world:USD" {
		t.Errorf("WorldID(USD) = %q", got)
	}
	for id, want := range map[string]bool{
		"world": true, "world:": true, "world:USD": true, "world:no asset": true,
		"World:USD": false, "worlds": false, "world-USD": false, "a world:USD": false, "": false,
	} {
		if got := IsWorldID(id); got != want {
			t.Errorf("IsWorldID(%q) = %t", id, got)
		}
	}
}

func TestOpeningID(t *testing.T) {
	t.Parallel()
	short, long := strings.Repeat("a", 120), strings.Repeat("a", 121)
	for account, want := range map[string]string{
		"alice": "opening:alice",
		"":      "opening:",
		short:   "opening:" + short,
		long:    "opening-sha256:" + "e9615320128cc7a3d6078e9af0560318" + "8e5ccbf0d07d8b735d3df5e8e0c1281f",
	} {
		if got := OpeningID(account); got != want {
			t.Errorf("OpeningID(%q) = %q, want %q", account, got, want)
		}
	}
}

func TestOpeningIDsDiffer(t *testing.T) {
	t.Parallel()
	account := rapid.OneOf(
		rapid.StringMatching(`[ab:-]{1,5}`),
		rapid.StringMatching(`[ab]{118,128}`),
		rapid.StringMatching(`-?sha256:[0-9a-f]{64}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := account.Draw(t, "a"), account.Draw(t, "b")
		id := OpeningID(a)
		if err := ValidateID(id); err != nil {
			t.Fatalf("OpeningID(%q) = %q: %v", a, id, err)
		}
		if !isOpeningID(id) {
			t.Fatalf("%q is not kept for openings", id)
		}
		if a != b && id == OpeningID(b) {
			t.Fatalf("%q and %q have the same opening id", a, b)
		}
	})
}
