package wire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

func account(change func(*wire.Account)) wire.Account {
	a := wire.Account{
		ID: "alice", Asset: "USD", Normal: "credit", MinBalance: "0.00", Status: "open", Debits: "1.00", Credits: "2.00",
		Balance: wire.Balance{Posted: "1.00", PendingIn: "0.00", PendingOut: "0.00", Available: "1.00"},
	}
	change(&a)
	return a
}

func transaction(change func(*wire.Transaction)) wire.Transaction {
	entry := func(account, side string) wire.TransactionEntry {
		return wire.TransactionEntry{Account: account, Side: side, Amount: "1.00", Asset: "USD", Seq: new(uint64(1)), Balance: "1.00", TotalDebits: "1.00"}
	}
	t := wire.Transaction{ID: "t1", Status: "posted", Entries: []wire.TransactionEntry{entry("alice", "debit"), entry("bob", "credit")}}
	change(&t)
	return t
}

// TestBadAnswers has what a server should never answer: a client says so, and takes no
// amount for another.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	ofAccount := func(change func(*wire.Account)) error {
		_, err := account(change).Domain()
		return err
	}
	ofTransaction := func(change func(*wire.Transaction)) error {
		_, err := transaction(change).Domain()
		return err
	}
	if err := errors.Join(ofAccount(func(*wire.Account) {}), ofTransaction(func(*wire.Transaction) {})); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"no number":        ofAccount(func(a *wire.Account) { a.Debits = "x" }),
		"an exponent":      ofAccount(func(a *wire.Account) { a.Debits = "1e2" }),
		"two points":       ofAccount(func(a *wire.Account) { a.Debits = "1.0.0" }),
		"a point alone":    ofAccount(func(a *wire.Account) { a.Debits = "." }),
		"another scale":    ofAccount(func(a *wire.Account) { a.Credits = "1.0" }),
		"no scale":         ofAccount(func(a *wire.Account) { a.MinBalance = "1" }),
		"too large":        ofAccount(func(a *wire.Account) { a.Debits = strings.Repeat("9", 100) + ".00" }),
		"too fine":         ofAccount(func(a *wire.Account) { a.Debits = "0." + strings.Repeat("0", 300) }),
		"pending":          ofAccount(func(a *wire.Account) { a.Balance.PendingOut = "1" }),
		"no side":          ofAccount(func(a *wire.Account) { a.Normal = "" }),
		"another side":     ofAccount(func(a *wire.Account) { a.Normal = "Credit" }),
		"no status":        ofAccount(func(a *wire.Account) { a.Status = "no status" }),
		"entry's side":     ofTransaction(func(t *wire.Transaction) { t.Entries[1].Side = "" }),
		"entry's scale":    ofTransaction(func(t *wire.Transaction) { t.Entries[1].Balance = "1.000" }),
		"entry's number":   ofTransaction(func(t *wire.Transaction) { t.Entries[1].Seq = nil }),
		"a reserved part":  ofTransaction(func(t *wire.Transaction) { t.Entries[1].Reserved = "1.00" }),
		"another status":   ofTransaction(func(t *wire.Transaction) { t.Status = "open" }),
		"an empty status":  ofTransaction(func(t *wire.Transaction) { t.Status = "" }),
		"statement":        second(wire.Statement{Account: account(func(*wire.Account) {}), Opening: wire.Totals{Debits: "1.0", Credits: "1.00"}}.Domain()),
		"trial balance":    second(wire.TrialBalance{Data: []wire.AssetBalance{{Asset: "USD", Debits: "1.00", Credits: "x"}}}.Domain()),
		"balance at":       second(wire.BalanceAt{Normal: "credit", Debits: "1.00", Credits: "1"}.Domain()),
		"account's entry":  second(wire.AccountEntry{Side: "debit", Amount: "1.00", Balance: "1"}.Domain("alice")),
		"no side of entry": second(wire.AccountEntry{Amount: "1.00", Balance: "1.00"}.Domain("alice")),
	} {
		if err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestProblemRoundTrip reads a problem as the error that it was.
func TestProblemRoundTrip(t *testing.T) {
	t.Parallel()
	want := ledger.Error{Code: ledger.ErrInsufficientFunds, Message: "no", Field: "f", Account: "a", Transaction: "t", Index: new(0)}
	got := wire.Problem{Code: "insufficient_funds", Detail: "no", Field: "f", Account: "a", Transaction: "t", Index: new(0)}.Domain()
	if *got.Index != 0 || !errors.Is(got, ledger.ErrInsufficientFunds) {
		t.Errorf("got %+v", got)
	}
	got.Index, want.Index = nil, nil
	if *got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
