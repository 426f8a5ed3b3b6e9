package ledger

import (
	"context"
	"slices"
	"testing"
)

// keepingBook keeps the operations that it is asked to write.
type keepingBook struct {
	Book
	operations []Operation
}

func (b *keepingBook) Write(_ context.Context, operations []Operation) ([]Outcome, error) {
	b.operations = append(b.operations, operations...)
	return make([]Outcome, len(operations)), nil
}

// TestOperationsAreTheStores changes requests after the calls that made them,
// as a caller may whose call ended before the store had decided.
func TestOperationsAreTheStores(t *testing.T) {
	t.Parallel()
	usd := Asset{Code: "USD", Scale: 2}
	book := &keepingBook{}
	l := &Ledger{book: book}
	request := Deposit{ID: "one", Account: "a", Asset: usd, Amount: NewAmount(1)}.Request()
	if _, err := l.Post(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if _, err := l.PostBatch(t.Context(), []TransactionRequest{request}); err != nil {
		t.Fatal(err)
	}
	request.Entries[1].Account = "b"
	for i, operation := range book.operations {
		if got := operation.AppendAccounts(nil); !slices.Equal(got, []string{"world:USD", "a"}) {
			t.Errorf("operation %d is now on %q", i, got)
		}
	}

	name := "before"
	change, err := newChangeOperation("a", AccountChange{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	name = "after"
	if *change.change.Name != "before" {
		t.Errorf("the name is now %q", *change.change.Name)
	}
}
