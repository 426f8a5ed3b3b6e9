package transfer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
)

// full takes so many lines, and then none.
type full struct{ lines int }

func (f *full) Write(p []byte) (int, error) {
	if f.lines--; f.lines < 0 {
		return 0, errors.New("full")
	}
	return len(p), nil
}

// TestCountsAreRightWhateverIsKept imports where not all rejected lines can be kept.
func TestCountsAreRightWhateverIsKept(t *testing.T) {
	t.Parallel()
	const text = `{"type":"account","id":"a","asset":"USD"}
oops
{"id":"t1","from":"world:USD","to":"a","amount":"1.00"}
again
{"id":"t2","from":"world:USD","to":"a","amount":"1.00"}
`
	summary, err := transfer.Import(t.Context(), newLedger(t), strings.NewReader(text), transfer.Config{Rejects: &full{lines: 1}})
	broken, ok := errors.AsType[*transfer.BrokenError](err)
	if !ok || broken.Line != 3 || summary.Applied != 3 || summary.Rejected != 2 || summary.Kept != 1 {
		t.Errorf("got %+v, %v", summary, err)
	}
}

// TestLongLineIsFoundAgain looks for a line that is too long by what is said of it.
func TestLongLineIsFoundAgain(t *testing.T) {
	t.Parallel()
	before := "\ufeff" + `{"type":"account","id":"a","asset":"USD"}` + "\n"
	long := `{"id":"much` + strings.Repeat("x", 9<<20) + `"}` + "\n"
	_, rejected := importInto(t, newLedger(t), before+long, transfer.Config{})
	place := fmt.Sprintf("it is %d bytes long, after the first %d of the file, and begins with", len(long), len(before))
	if !strings.Contains(rejected, place) || !strings.Contains(rejected, "much") || len(rejected) > 1000 || strings.Contains(rejected, `"record"`) {
		t.Errorf("rejected: %.1000s", rejected)
	}
	// Nobody has mended it.
	if summary, _ := importInto(t, newLedger(t), rejected, transfer.Config{}); summary.Rejected != 1 {
		t.Errorf("got %+v", summary)
	}
	header := "id,from,to,amount\n"
	_, rejected = importInto(t, newLedger(t), header+long, transfer.Config{Format: transfer.CSV})
	if !strings.Contains(rejected, fmt.Sprintf("%d bytes long, after the first %d of", len(long), len(header))) {
		t.Errorf("rejected: %.1000s", rejected)
	}
	if summary, _ := importInto(t, newLedger(t), rejected, transfer.Config{Format: transfer.CSV}); summary.Rejected != 1 {
		t.Errorf("got %+v", summary)
	}
}
