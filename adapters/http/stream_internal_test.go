package http

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestLineReaderMemory skips a line that is far too long, and keeps little of it.
func TestLineReaderMemory(t *testing.T) {
	t.Parallel()
	lines := newLineReader(io.MultiReader(strings.NewReader(strings.Repeat("x", 64*maxOne)), strings.NewReader("\nshort")))
	if _, err := lines.next(); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a line that is too long: %v", err)
	}
	if kept := cap(lines.long); kept > 4*maxOne {
		t.Errorf("%d bytes are kept", kept)
	}
	if line, err := lines.next(); string(line) != "short" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	if line, err := lines.next(); !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", line, err)
	}
}
