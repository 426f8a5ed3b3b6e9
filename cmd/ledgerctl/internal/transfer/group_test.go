package transfer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// busy is a service that has no time for one of a batch, the first times that it is asked.
type busy struct {
	ledger.Service
	calls int
}

func (b *busy) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	if b.calls--; b.calls < 0 {
		return b.Service.PostBatch(ctx, requests)
	}
	outcomes, err := b.Service.PostBatch(ctx, requests[:1])
	for range requests[1:] {
		outcomes = append(outcomes, ledger.Outcome{Err: &ledger.Error{Code: ledger.ErrOverloaded, Message: "busy"}})
	}
	return outcomes, err
}

func TestImportRepeatsWhatOneOfABatchHadToWaitFor(t *testing.T) {
	t.Parallel()
	const text = `{"type":"account","id":"a","asset":"USD"}
{"id":"t1","from":"world:USD","to":"a","amount":"1.00"}
{"id":"t2","from":"world:USD","to":"a","amount":"1.00"}
`
	summary, rejected := importInto(t, &busy{Service: newLedger(t), calls: 2}, text, transfer.Config{RetryFor: time.Minute})
	if summary.Applied != 3 || summary.Replayed != 0 || rejected != "" {
		t.Errorf("%+v, %s", summary, rejected)
	}
	_, err := transfer.Import(t.Context(), &busy{Service: newLedger(t), calls: 2}, strings.NewReader(text), transfer.Config{})
	if !errors.Is(err, ledger.ErrOverloaded) {
		t.Errorf("without time to wait the error is %v", err)
	}
}

// TestImportKeepsTheOrderOfConditions: a condition sees an account that the transaction
// has no entry on.
func TestImportKeepsTheOrderOfConditions(t *testing.T) {
	t.Parallel()
	summary, rejected := importInto(t, newLedger(t), `{"type":"account","id":"a","asset":"USD","opening_balance":"10.00"}
{"type":"account","id":"b","asset":"USD"}
{"type":"account","id":"c","asset":"USD"}
{"id":"h","from":"a","to":"b","amount":"5.00","pending":true}
{"type":"void","transaction":"h"}
{"id":"t","from":"world:USD","to":"c","amount":"1.00","conditions":[{"account":"a","min_available":"10.00"}]}
`, transfer.Config{})
	if summary.Applied != 6 || rejected != "" {
		t.Errorf("%+v, %s", summary, rejected)
	}
}

// TestImportHoldsFewLongLines: what is kept for a batch is bounded in bytes too.
func TestImportHoldsFewLongLines(t *testing.T) {
	t.Parallel()
	const lines, mebibyte = 40, 1 << 20
	text := strings.Repeat(`{"id":"x","bogus":"`+strings.Repeat("x", mebibyte)+"\"}\n", lines)
	var last, most int64
	summary, err := transfer.Import(t.Context(), newLedger(t), strings.NewReader(text), transfer.Config{
		DryRun: true,
		Progress: func(s transfer.Summary) {
			most, last = max(most, s.Line-last), s.Line
		},
	})
	if err != nil || summary.Rejected != lines {
		t.Fatalf("%+v, %v", summary, err)
	}
	if most > 16 {
		t.Errorf("%d lines of a MiB were kept at once", most)
	}
}
