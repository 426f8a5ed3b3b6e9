package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// debit and credit make entries of dollars' cents.
func debit(account string, units int64) EntryRequest {
	return EntryRequest{Account: account, Side: Debit, Asset: usd, Amount: NewAmount(units)}
}

func credit(account string, units int64) EntryRequest {
	return EntryRequest{Account: account, Side: Credit, Asset: usd, Amount: NewAmount(units)}
}

func in(asset Asset, e EntryRequest) EntryRequest {
	e.Asset = asset
	return e
}

func TestTransactionRequestRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil       func(*TransactionRequest)
		code        Code
		field, text string
	}{
		"no id":                   {func(r *TransactionRequest) { r.ID = "" }, ErrInvalidRequest, "id", "not be empty"},
		"long id":                 {func(r *TransactionRequest) { r.ID = strings.Repeat("t", MaxID+1) }, ErrInvalidRequest, "id", "128 bytes"},
		"id in another encoding":  {func(r *TransactionRequest) { r.ID = "\xff" }, ErrInvalidRequest, "id", "UTF-8"},
		"opening id":              {func(r *TransactionRequest) { r.ID = OpeningID("a") }, ErrInvalidRequest, "id", "reserved"},
		"opening id of long":      {func(r *TransactionRequest) { r.ID = OpeningID(strings.Repeat("a", MaxID)) }, ErrInvalidRequest, "id", "reserved"},
		"no entries":              {func(r *TransactionRequest) { r.Entries = nil }, ErrInvalidRequest, "entries", "2 to 1000 entries, not 0"},
		"one entry":               {func(r *TransactionRequest) { r.Entries = r.Entries[:1] }, ErrInvalidRequest, "entries", "not 1"},
		"no account":              {func(r *TransactionRequest) { r.Entries[1].Account = "" }, ErrInvalidRequest, "entries[1].account", "not be empty"},
		"long account":            {func(r *TransactionRequest) { r.Entries[0].Account = strings.Repeat("a", MaxID+1) }, ErrInvalidRequest, "entries[0].account", "128 bytes"},
		"no side":                 {func(r *TransactionRequest) { r.Entries[0].Side = 0 }, ErrInvalidRequest, "entries[0].side", "debit or credit"},
		"third side":              {func(r *TransactionRequest) { r.Entries[1].Side = 3 }, ErrInvalidRequest, "entries[1].side", "debit or credit"},
		"third normal side":       {func(r *TransactionRequest) { r.Entries[1].Normal = 3 }, ErrInvalidRequest, "entries[1].normal", "debit, credit or not given"},
		"no asset":                {func(r *TransactionRequest) { r.Entries[1].Asset = Asset{} }, ErrInvalidRequest, "entries[1].asset", "entries[1].asset: asset code"},
		"asset's scale":           {func(r *TransactionRequest) { r.Entries[0].Asset.Scale = 39 }, ErrInvalidRequest, "entries[0].asset", "at most 38"},
		"zero":                    {func(r *TransactionRequest) { r.Entries[0].Amount = Amount{} }, ErrInvalidRequest, "entries[0].amount", "positive"},
		"negative":                {func(r *TransactionRequest) { r.Entries[1].Amount = NewAmount(-5) }, ErrInvalidRequest, "entries[1].amount", "positive"},
		"39 digits":               {func(r *TransactionRequest) { r.Entries[1].Amount = tooLargeByOne() }, ErrAmountOutOfRange, "entries[1].amount", "38 digits"},
		"largest of all":          {func(r *TransactionRequest) { r.Entries[0].Amount = amountOf(limit) }, ErrAmountOutOfRange, "entries[0].amount", "38 digits"},
		"more debits":             {func(r *TransactionRequest) { r.Entries[0].Amount = NewAmount(701) }, ErrUnbalanced, "entries", "USD/2 differ by 2.01"},
		"more credits":            {func(r *TransactionRequest) { r.Entries[1].Amount = NewAmount(501) }, ErrUnbalanced, "entries", "USD/2 differ by 0.01"},
		"two debits":              {func(r *TransactionRequest) { r.Entries[1].Side = Debit }, ErrUnbalanced, "entries", "differ by 10.00"},
		"two assets":              {func(r *TransactionRequest) { r.Entries[1].Asset = eur }, ErrUnbalanced, "entries", "differ by 5.00"},
		"one code and two scales": {func(r *TransactionRequest) { r.Entries[1].Asset.Scale = 3 }, ErrUnbalanced, "entries", "differ by 5.00"},
		"balanced only in sum": {func(r *TransactionRequest) {
			r.Entries = []EntryRequest{debit("a", 2), credit("b", 1), in(eur, debit("a", 1)), in(eur, credit("b", 2))}
		}, ErrUnbalanced, "entries", "differ by 0.01"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := TransactionRequest{ID: "t1", Entries: []EntryRequest{debit("a", 500), credit("b", 500)}}
			test.spoil(&request)
			_, err := newPostOperation(request)
			wantProblem(t, err, test.code, test.field, test.text)
		})
	}
}

func TestTransactionErrorsNameTheTransaction(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]EntryRequest{
		"entries": nil, "amount": {debit("a", 0), credit("b", 0)}, "balance": {debit("a", 1), credit("b", 2)},
		"digits": {{Account: "a", Side: Debit, Asset: usd, Amount: tooLargeByOne()}, credit("b", 2)},
	} {
		_, err := newPostOperation(TransactionRequest{ID: "t1", Entries: entries})
		if problem, ok := errors.AsType[*Error](err); !ok || problem.Transaction != "t1" {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func TestTransactionRequestAtItsLimits(t *testing.T) {
	t.Parallel()
	largest, _ := tooLargeByOne().Sub(NewAmount(1))
	many := func(n int) []EntryRequest {
		entries := make([]EntryRequest, n)
		for i := range entries {
			entries[i] = EntryRequest{Account: fmt.Sprint("a", i), Side: Debit + Side(i%2), Asset: usd, Amount: largest}
		}
		return entries
	}
	sixAssets := func() (entries []EntryRequest) {
		for i := range 6 {
			asset := Asset{Code: fmt.Sprint("X", i), Scale: uint8(i)}
			entries = append(entries, in(asset, debit("a", int64(i+1))))
			entries = slices.Insert(entries, 0, in(asset, credit("b", int64(i+1))))
		}
		return entries
	}
	for name, request := range map[string]TransactionRequest{
		"longest id":      {ID: strings.Repeat("t", MaxID), Entries: []EntryRequest{debit("a", 1), credit("b", 1)}},
		"1,000 entries":   {ID: "t", Entries: many(MaxEntries)},
		"six assets":      {ID: "t", Entries: sixAssets()},
		"one account":     {ID: "t", Entries: []EntryRequest{debit("a", 1), credit("a", 1)}},
		"one against two": {ID: "t", Entries: []EntryRequest{debit("a", 3), credit("b", 1), credit("c", 2)}},
		"nearly reserved": {ID: "opening", Entries: []EntryRequest{debit("a", 1), credit("b", 1)}},
	} {
		if _, err := newPostOperation(request); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := newPostOperation(TransactionRequest{ID: "t", Entries: many(MaxEntries + 2)})
	wantProblem(t, err, ErrInvalidRequest, "entries", "not 1002")
	_, err = newPostOperation(TransactionRequest{ID: "t", Entries: many(MaxEntries + 1)})
	wantProblem(t, err, ErrInvalidRequest, "entries", "not 1001")
}

// TestBalanceOfUncheckedAmounts holds the sum that no valid request can reach.
func TestBalanceOfUncheckedAmounts(t *testing.T) {
	t.Parallel()
	huge := EntryRequest{Account: "a", Side: Debit, Asset: usd, Amount: amountOf(limit)}
	err := TransactionRequest{ID: "t", Entries: []EntryRequest{huge, huge}}.validateBalanced()
	if !errors.Is(err, ErrAmountOutOfRange) {
		t.Errorf("got %v, want ErrAmountOutOfRange", err)
	}
}

func TestDepositRequest(t *testing.T) {
	t.Parallel()
	got := Deposit{ID: "d1", Account: "alice", Asset: usd, Amount: NewAmount(2000)}.Request()
	to := credit("alice", 2000)
	to.Normal = Credit
	if got.ID != "d1" || !slices.Equal(got.Entries, []EntryRequest{debit("world:USD", 2000), to}) {
		t.Errorf("got %+v", got)
	}
}

func TestOperationsSayWhatTheyTouch(t *testing.T) {
	t.Parallel()
	post, _ := newPostOperation(TransactionRequest{ID: "t1", Entries: []EntryRequest{debit("a", 2), credit("b", 1), credit("a", 1)}})
	open, _ := newOpenOperation(AccountRequest{ID: "alice", Asset: usd})
	opening, _ := newOpenOperation(AccountRequest{ID: "alice", Asset: usd, OpeningBalance: NewAmount(1)})
	change, _ := newChangeOperation("alice", AccountChange{Status: StatusFrozen})
	for name, test := range map[string]struct {
		operation              Operation
		accounts, transactions []string
	}{
		"post":    {post, []string{"a", "b", "a"}, []string{"t1"}},
		"open":    {open, []string{"alice", "world:USD"}, nil},
		"opening": {opening, []string{"alice", "world:USD"}, []string{"opening:alice"}},
		"change":  {change, []string{"alice"}, nil},
	} {
		before := []string{"before"}
		if got := test.operation.AppendAccounts(before)[1:]; !slices.Equal(got, test.accounts) {
			t.Errorf("%s touches accounts %q, want %q", name, got, test.accounts)
		}
		if got := test.operation.AppendTransactions(before)[1:]; !slices.Equal(got, test.transactions) {
			t.Errorf("%s touches transactions %q, want %q", name, got, test.transactions)
		}
	}
}

// TestDepositsAreValidTransactions holds what a deposit's own checks let through
// against those of the transaction that it is.
func TestDepositsAreValidTransactions(t *testing.T) {
	t.Parallel()
	most, _ := tooLargeByOne().Sub(NewAmount(1))
	for _, id := range []string{"", "d", OpeningID("a"), strings.Repeat("x", MaxID), strings.Repeat("x", MaxID+1), "a\x00", "\xff"} {
		for _, account := range []string{"", "a", WorldID("USD"), WorldID("EUR"), strings.Repeat("x", MaxID+1)} {
			for _, asset := range []Asset{usd, {}, {Code: "USD", Scale: 39}} {
				for _, amount := range []Amount{{}, NewAmount(-1), NewAmount(1), most, tooLargeByOne()} {
					d := Deposit{ID: id, Account: account, Asset: asset, Amount: amount}
					if deposit, transaction := d.validate(), d.Request().validate(); (deposit == nil) != (transaction == nil) {
						t.Errorf("%+v: %v, and the transaction: %v", d, deposit, transaction)
					}
				}
			}
		}
	}
}
