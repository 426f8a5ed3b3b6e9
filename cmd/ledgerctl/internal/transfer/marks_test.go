package transfer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
)

// TestImportTellsAWholeExport imports exports of which something is missing: what there is
// of them is in.
func TestImportTellsAWholeExport(t *testing.T) {
	t.Parallel()
	const (
		begin = `{"type":"export","version":1}` + "\n"
		a     = `{"type":"account","id":"a","asset":"USD"}` + "\n"
		b     = `{"type":"account","id":"b","asset":"USD"}` + "\n"
		end2  = `{"type":"end","lines":2}` + "\n"
		csv   = "type,version,lines,id,asset\n"
	)
	for name, test := range map[string]struct {
		text    string
		format  transfer.Format
		first   int64
		applied int64
		line    int64
		reason  string
	}{
		"whole":                       {text: begin + a + b + end2, applied: 2},
		"of nothing":                  {text: begin + `{"type":"end","lines":0}`},
		"no export":                   {text: a + "\n" + b, applied: 2},
		"two of them, and more":       {text: begin + a + b + end2 + a + begin + a + b + end2, applied: 2},
		"whole, but for what is left": {text: begin + a + b + end2, first: 3, applied: 1},
		"a refused line is a line":    {text: begin + a + "oops\n" + end2, applied: 1},
		"without its end":             {text: begin + a, applied: 1, line: 1, reason: "has no end"},
		"cut within a line":           {text: begin + a + b[:10], applied: 1, line: 1, reason: "has no end"},
		"cut within its end":          {text: begin + a + b + end2[:10], applied: 2, line: 1, reason: "has no end"},
		"cut, and left out":           {text: begin + a + b, first: 3, applied: 1, line: 1, reason: "has no end"},
		"without a line":              {text: begin + b + end2, applied: 1, line: 3, reason: "should have 2 lines between its first and its last, and has 1"},
		"with one too many":           {text: begin + a + b + a + end2, applied: 2, line: 5, reason: "has 3"},
		"without its beginning":       {text: b + end2, applied: 1, line: 2, reason: "whose beginning is missing"},
		"the first of two is cut":     {text: begin + a + begin + a + b + end2, applied: 2, line: 1, reason: "has no end"},
		"CSV":                         {text: csv + "export,1,,,\naccount,,,a,USD\nend,,1,,\n", format: transfer.CSV, applied: 1},
		"CSV of two":                  {text: strings.Repeat(csv+"export,1,,,\naccount,,,a,USD\nend,,1,,\n", 2), format: transfer.CSV, applied: 1},
		"CSV without its end":         {text: csv + "export,1,,,\naccount,,,a,USD\n", format: transfer.CSV, applied: 1, line: 2, reason: "has no end"},
		"CSV of no export":            {text: csv + "account,,,a,USD\n", format: transfer.CSV, applied: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := transfer.Config{Format: test.format, FirstLine: test.first}
			summary, err := transfer.Import(t.Context(), newLedger(t), strings.NewReader(test.text), config)
			if summary.Applied != test.applied {
				t.Errorf("%d are in, not %d", summary.Applied, test.applied)
			}
			incomplete, isIncomplete := errors.AsType[*transfer.IncompleteError](err)
			switch {
			case test.reason == "" && err != nil:
				t.Errorf("it fails: %v", err)
			case test.reason != "" && (!isIncomplete || incomplete.Line != test.line || !strings.Contains(incomplete.Reason, test.reason)):
				t.Errorf("it fails with %v", err)
			}
		})
	}
}

// TestImportRefusesAnotherVersion imports nothing of an export that it may misread.
func TestImportRefusesAnotherVersion(t *testing.T) {
	t.Parallel()
	const text = `{"type":"export","version":2}
{"type":"account","id":"a","asset":"USD"}
`
	summary, err := transfer.Import(t.Context(), newLedger(t), strings.NewReader(text), transfer.Config{})
	if err == nil || !strings.Contains(err.Error(), "line 1 begins an export of version 2") || summary.Applied != 0 {
		t.Errorf("got %+v, %v", summary, err)
	}
	if _, err := transfer.Import(t.Context(), newLedger(t), strings.NewReader("\n"), transfer.Config{}); err == nil {
		t.Error("an empty file is an import")
	}
}
