package transfer_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// watched is a service that looks at which reversals are made at once.
type watched struct {
	ledger.Service
	mu    sync.Mutex
	order []string
	// under are the accounts of the reversals that are being made, by ledger.Transaction.
	under map[string]bool
	wrong []string
	// together, if not nil, lets nobody go on until so many are being made.
	together *sync.WaitGroup
}

func (w *watched) Reverse(ctx context.Context, request ledger.ReversalRequest) (ledger.Outcome, error) {
	made, err := w.Transaction(ctx, request.Transaction)
	if err != nil {
		return ledger.Outcome{}, err
	}
	w.mu.Lock()
	w.order = append(w.order, request.ID)
	for _, e := range made.Entries {
		if !ledger.IsWorldID(e.Account) && w.under[e.Account] {
			w.wrong = append(w.wrong, request.ID)
		}
		w.under[e.Account] = true
	}
	w.mu.Unlock()
	if w.together != nil {
		w.together.Done()
		w.together.Wait()
	}
	outcome, err := w.Service.Reverse(ctx, request)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range made.Entries {
		delete(w.under, e.Account)
	}
	return outcome, err
}

// reversals returns a file of transactions of some accounts with the world, in turns, and
// one that reverses them.
func reversals(transactions, accounts int) (made, reversed string) {
	var first, then strings.Builder
	for i := range accounts {
		fmt.Fprintf(&first, `{"type":"account","id":"a%d","asset":"USD"}`+"\n", i)
	}
	for i := range transactions {
		fmt.Fprintf(&first, `{"id":"t%d","from":"world:USD","to":"a%d","amount":"1.00"}`+"\n", i, i%accounts)
		fmt.Fprintf(&then, `{"type":"reversal","id":"r%d","transaction":"t%d"}`+"\n", i, i)
	}
	return first.String(), then.String()
}

// TestReversalsOfOtherAccountsAreMadeAtOnce: each waits for the other.
func TestReversalsOfOtherAccountsAreMadeAtOnce(t *testing.T) {
	t.Parallel()
	made, reversed := reversals(2, 2)
	for name, texts := range map[string][]string{"after what they reverse": {made + reversed}, "alone": {made, reversed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := &watched{Service: newLedger(t), under: make(map[string]bool), together: new(sync.WaitGroup)}
			service.together.Add(2)
			for _, text := range texts {
				if summary, rejected := importInto(t, service, text, transfer.Config{}); summary.Rejected > 0 {
					t.Errorf("%+v, %s", summary, rejected)
				}
			}
		})
	}
}

// TestReversalsKeepTheirOrder: those of an account are made one after the other, whether
// their accounts are known or have to be asked for.
func TestReversalsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	made, reversed := reversals(300, 3)
	for name, texts := range map[string][]string{"after what they reverse": {made + reversed}, "alone": {made, reversed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := newLedger(t)
			service := &watched{Service: books, under: make(map[string]bool)}
			for _, text := range texts {
				if summary, rejected := importInto(t, service, text, transfer.Config{}); summary.Rejected > 0 {
					t.Fatalf("%+v, %s", summary, rejected)
				}
			}
			if len(service.order) != 300 || len(service.wrong) > 0 {
				t.Errorf("of %d reversals %v were made beside another of their account", len(service.order), service.wrong)
			}
			for i := range 300 {
				r, err := books.Transaction(t.Context(), fmt.Sprintf("r%d", i))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range r.Entries {
					if want := uint64(100 + 1 + i/3); !ledger.IsWorldID(e.Account) && e.Sequence != want {
						t.Errorf("r%d has the number %d, not %d", i, e.Sequence, want)
					}
				}
			}
		})
	}
}

// TestStepsAboutOneTransactionKeepTheirOrder: of two reversals the first is made, and one
// of a reversal finds that.
func TestStepsAboutOneTransactionKeepTheirOrder(t *testing.T) {
	t.Parallel()
	text := `{"type":"account","id":"a","asset":"USD"}
{"id":"h","from":"world:USD","to":"a","amount":"1.00","pending":true}
{"type":"post","transaction":"h"}
{"type":"reversal","id":"r","transaction":"h"}
{"type":"reversal","id":"other","transaction":"h"}
{"type":"reversal","id":"back","transaction":"r"}
{"id":"t","from":"world:USD","to":"a","amount":"1.00","related":"r"}
`
	for range 20 {
		summary, rejected := importInto(t, newLedger(t), text, transfer.Config{})
		if summary.Applied != 5 || !strings.HasPrefix(rejected, `{"line":5,"error_code":"already_reversed"`) || !strings.Contains(rejected, `{"line":6,"error_code":"not_reversible"`) {
			t.Fatalf("%+v, %s", summary, rejected)
		}
	}
}

// TestTransactionsComeAfterTheStepsBefore imports a transaction that cannot be made before
// the step on the line before it, or without it.
func TestTransactionsComeAfterTheStepsBefore(t *testing.T) {
	t.Parallel()
	const before = `{"type":"account","id":"a","asset":"USD"}
{"type":"account","id":"b","asset":"USD"}
{"id":"t1","from":"world:USD","to":"a","amount":"1.00"}
`
	for name, after := range map[string]string{
		"of accounts that are not known": `{"type":"reversal","id":"r1","transaction":"t1"}
{"id":"t2","from":"world:USD","to":"a","amount":"1.00","conditions":[{"account":"a","sequence":2}]}
`,
		"of the same id": `{"type":"reversal","id":"r1","transaction":"t1","wrote":[{"account":"a","side":"debit","amount":"1.00"}]}
{"id":"r1","from":"world:USD","to":"b","amount":"1.00"}
{"id":"t2","from":"world:USD","to":"b","amount":"1.00"}
`,
		"of which it tells": `{"type":"reversal","id":"r1","transaction":"t1","wrote":[{"account":"a","side":"debit","amount":"1.00"}]}
{"id":"t2","from":"world:USD","to":"b","amount":"1.00","related":"r1"}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := newLedger(t)
			importInto(t, books, before, transfer.Config{})
			importInto(t, books, after, transfer.Config{})
			for _, id := range []string{"r1", "t2"} {
				if _, err := books.Transaction(t.Context(), id); err != nil {
					t.Error(err)
				}
			}
			if r, err := books.Transaction(t.Context(), "r1"); err != nil || r.Reverses != "t1" {
				t.Errorf("r1 is %+v, %v", r, err)
			}
		})
	}
}

// incurious is a service that tells of no transaction.
type incurious struct{ ledger.Service }

func (incurious) Transaction(context.Context, string) (ledger.Transaction, error) {
	return ledger.Transaction{}, &ledger.Error{Code: ledger.ErrUnavailable, Message: "away"}
}

// TestAccountsThatAnExportTellsAreNotAskedFor imports reversals of an export into a ledger
// that has what they reverse.
func TestAccountsThatAnExportTellsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	made, reversed := reversals(4, 2)
	original, copied := newLedger(t), newLedger(t)
	importInto(t, original, made+reversed, transfer.Config{})
	importInto(t, copied, made, transfer.Config{})
	var text strings.Builder
	for line := range strings.Lines(export(t, original, transfer.WriterConfig{})) {
		if strings.Contains(line, `"reversal"`) {
			text.WriteString(line)
		}
	}
	if summary, rejected := importInto(t, incurious{copied}, text.String(), transfer.Config{}); summary.Applied != 4 {
		t.Errorf("%+v, %s", summary, rejected)
	}
}
