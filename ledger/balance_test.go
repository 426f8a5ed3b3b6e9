package ledger

import (
	"errors"
	"testing"
)

func TestBalancePosted(t *testing.T) {
	t.Parallel()
	largest := amountOf(limit)
	tests := map[string]struct {
		balance       Balance
		debit, credit Amount
	}{
		"empty":       {Balance{}, Amount{}, Amount{}},
		"debits more": {Balance{Debits: NewAmount(30), Credits: NewAmount(10)}, NewAmount(20), NewAmount(-20)},
		"all debits":  {Balance{Debits: largest}, largest, largest.Neg()},
		"all credits": {Balance{Credits: largest}, largest.Neg(), largest},
		"both full":   {Balance{Debits: largest, Credits: largest}, Amount{}, Amount{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.balance.Posted(Debit); got != test.debit {
				t.Errorf("read by debit it is %s, want %s", got, test.debit)
			}
			if got := test.balance.Posted(Credit); got != test.credit {
				t.Errorf("read by credit it is %s, want %s", got, test.credit)
			}
		})
	}
	account := Account{Normal: Debit, Balance: Balance{Debits: NewAmount(3), Credits: NewAmount(5)}}
	if got := account.Posted(); got != NewAmount(-2) {
		t.Errorf("the account's balance is %s, want -2", got)
	}
}

func TestBalanceAdd(t *testing.T) {
	t.Parallel()
	largest, one := amountOf(limit), NewAmount(1)
	sum, err := Balance{NewAmount(1), NewAmount(20), NewAmount(5), NewAmount(6)}.Add(Balance{NewAmount(300), NewAmount(4000), NewAmount(70), NewAmount(80)})
	if want := (Balance{NewAmount(301), NewAmount(4020), NewAmount(75), NewAmount(86)}); err != nil || sum != want {
		t.Errorf("got %v, %v; want %v", sum, err, want)
	}
	for name, balances := range map[string][2]Balance{
		"debits":  {{Debits: largest}, {Debits: one}},
		"credits": {{Credits: largest}, {Credits: one}},
	} {
		if _, err := balances[0].Add(balances[1]); !errors.Is(err, ErrAmountOutOfRange) {
			t.Errorf("too many %s: %v", name, err)
		}
	}
}

func TestNamesOfConstants(t *testing.T) {
	t.Parallel()
	for _, name := range [][2]string{
		{Side(0).String(), "no side"},
		{Debit.String(), "debit"},
		{Credit.String(), "credit"},
		{Side(3).String(), "no side"},
		{Status(0).String(), "no status"},
		{StatusOpen.String(), "open"},
		{StatusFrozen.String(), "frozen"},
		{StatusClosed.String(), "closed"},
		{Result(0).String(), "no result"},
		{Applied.String(), "applied"},
		{Replayed.String(), "replayed"},
		{Rejected.String(), "rejected"},
		{ErrNotFound.Error(), "not_found"},
	} {
		if name[0] != name[1] {
			t.Errorf("got %q, want %q", name[0], name[1])
		}
	}
}
