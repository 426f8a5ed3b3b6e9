package http

import (
	"strings"
	"testing"
)

func TestBrief(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "short", strings.Repeat("x", 20)} {
		if got := brief(text, 20); got != text {
			t.Errorf("%q is cut to %q", text, got)
		}
	}
	for _, text := range []string{strings.Repeat("x", 21), strings.Repeat("é", 11), strings.Repeat("😀", 6)} {
		got := brief(text, 20)
		if len(got) > 20 || !strings.HasSuffix(got, "…") || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) || len(got) < 15 {
			t.Errorf("%q is cut to %q", text, got)
		}
	}
}
