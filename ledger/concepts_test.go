package ledger_test

import (
	"os"
	"strings"
	"testing"
)

// TestConcepts finds the code of docs/concepts.md in the example that runs it.
func TestConcepts(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/concepts.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_marketplace_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(document), "```go\n")[1:]
	if len(blocks) < 5 {
		t.Fatalf("the document has %d blocks of code; is this test still reading it right?", len(blocks))
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		indented := "\t" + strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n\t")
		if !strings.Contains(string(example), indented) {
			t.Errorf("the example does not have\n%s", code)
		}
	}
}
