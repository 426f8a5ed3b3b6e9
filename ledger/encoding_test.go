package ledger_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestAmountSurvivesEncoders encodes what a program may well put into JSON
// without a thought.
func TestAmountSurvivesEncoders(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "-1", "2000", "99999999999999999999999999999999999999", "-57896044618658097711785492504343953926634992332820282019728792003956564819967"} {
		want, err := ledger.ParseUnits(text)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(map[ledger.Amount]ledger.Balance{want: {Debits: want}})
		if err != nil || string(encoded) != `{"`+text+`":{"Debits":"`+text+`","Credits":"0","PendingDebits":"0","PendingCredits":"0"}}` {
			t.Errorf("%s is encoded as %s, %v", text, encoded, err)
		}
		var decoded ledger.Balance
		if err := json.Unmarshal([]byte(`{"Debits":"`+text+`"}`), &decoded); err != nil || decoded.Debits != want {
			t.Errorf("%s is decoded as %s, %v", text, decoded.Debits, err)
		}
		if appended, err := want.AppendText([]byte("x")); err != nil || string(appended) != "x"+text {
			t.Errorf("%s is appended as %s, %v", text, appended, err)
		}
	}
	decoded := ledger.NewAmount(7)
	if err := json.Unmarshal([]byte(`"1.5"`), &decoded); err == nil || decoded != ledger.NewAmount(7) {
		t.Errorf("1.5 is decoded as %s, %v", decoded, err)
	}
}

func TestDepositErrorsNameItsFields(t *testing.T) {
	t.Parallel()
	usd := ledger.Asset{Code: "USD", Scale: 2}
	huge, err := usd.Parse("999999999999999999999999999999999999.99")
	if err != nil {
		t.Fatal(err)
	}
	if huge, err = huge.Add(ledger.NewAmount(1)); err != nil {
		t.Fatal(err)
	}
	for field, deposit := range map[string]ledger.Deposit{
		"id":      {ID: "\x00", Account: "a", Asset: usd, Amount: ledger.NewAmount(1)},
		"account": {ID: "one", Account: "", Asset: usd, Amount: ledger.NewAmount(1)},
		"asset":   {ID: "one", Account: "a", Amount: ledger.NewAmount(1)},
		"amount":  {ID: "one", Account: "a", Asset: usd, Amount: huge},
	} {
		outcome, err := (&ledger.Ledger{}).Deposit(t.Context(), deposit)
		if e, ok := errors.AsType[*ledger.Error](err); !ok || e.Field != field || outcome.Result != ledger.Rejected {
			t.Errorf("%s: %s, %v", field, outcome.Result, err)
		}
	}
	outcome, err := (&ledger.Ledger{}).Deposit(t.Context(), ledger.Deposit{ID: "one", Account: "a", Asset: usd})
	if e, ok := errors.AsType[*ledger.Error](err); !ok || e.Code != ledger.ErrInvalidRequest || e.Field != "amount" || outcome.Result != ledger.Rejected {
		t.Errorf("no amount: %s, %v", outcome.Result, err)
	}
}
