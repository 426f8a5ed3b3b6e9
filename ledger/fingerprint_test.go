package ledger

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

func TestTransactionFingerprintsStay(t *testing.T) {
	t.Parallel()
	most, _ := tooLargeByOne().Sub(NewAmount(1))
	large := func(e EntryRequest) EntryRequest { e.Amount = most; return e }
	eth := Asset{Code: "ETH", Scale: 18}
	for name, test := range map[string]struct {
		request TransactionRequest
		want    string
	}{
		"deposit": {
			Deposit{ID: "d1", Account: "alice", Asset: usd, Amount: NewAmount(2000)}.Request(),
			"fcf9c6a9a2faf27f4980e76b0d7646008f15d08e232b37ae4fc8e6020b95576e",
		},
		"exchange": {
			TransactionRequest{ID: "t1", Entries: []EntryRequest{
				large(debit("alice", 0)), large(credit("fx", 0)), in(jpy, debit("fx", 150)), in(jpy, credit("böb", 150)),
			}},
			"dd633fe275502c808f7605c4db0c8678d5c25992cd1af1a3b37376157b95c355",
		},
		"conditions": {
			TransactionRequest{
				ID: "t3", Entries: []EntryRequest{debit("a", 5), credit("b", 5)}, UpTo: true,
				Conditions: []Condition{{Account: "a", Sequence: new(uint64(300))}, {Account: "böb", Sequence: new(uint64(0)), MinAvailable: new(NewAmount(-5))}},
			},
			"5af86a7a64ade51b1fe4e27e3840e38a027155f7df065fbb515ce84213c68773",
		},
		"long ids": {
			TransactionRequest{ID: "t2", Entries: []EntryRequest{
				in(eth, debit(strings.Repeat("a", 128), 1)), in(eth, credit(strings.Repeat("b", 128), 1)),
			}},
			"8af701a94eee6386298c4ee3b71821a7950ccf6b813752f12f619c3069f05d57",
		},
	} {
		operation, err := newPostOperation(test.request)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := hex.EncodeToString(operation.fingerprint[:]); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestAccountFingerprintsStay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request AccountRequest
		want    string
	}{
		"plain": {
			AccountRequest{ID: "alice", Asset: usd},
			"c733aa40c73bbdfd35c5b6273650884eba75bea701bf04f844f76c1d3ae36294",
		},
		"full": {
			AccountRequest{ID: "a", Name: "Ända", Asset: usd, Normal: Debit, MinBalance: NewAmount(-5000), OpeningBalance: NewAmount(10000)},
			"bc595f861cbf25e0ee3bffce7f59a4840af385835d12b9051105bf29ae7d1cdb",
		},
		"unlimited": {
			AccountRequest{ID: "b", Asset: jpy, Unlimited: true},
			"db39b3aafdacfe04ce542792bf1b9090c1359c1011493783e5830c52d274db01",
		},
	} {
		operation, err := newOpenOperation(test.request)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := hex.EncodeToString(operation.fingerprint[:]); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// TestTransactionFingerprintsDiffer holds requests that are alike but for one
// thing, or whose fields would run together without their lengths.
func TestTransactionFingerprintsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[Fingerprint]string{}
	for name, entries := range map[string][]EntryRequest{
		"first":             {debit("a", 5), credit("b", 5)},
		"account":           {debit("c", 5), credit("b", 5)},
		"second account":    {debit("a", 5), credit("c", 5)},
		"sides":             {credit("a", 5), debit("b", 5)},
		"amount":            {debit("a", 6), credit("b", 6)},
		"asset's code":      {in(eur, debit("a", 5)), in(eur, credit("b", 5))},
		"asset's scale":     {in(Asset{"USD", 3}, debit("a", 5)), in(Asset{"USD", 3}, credit("b", 5))},
		"order":             {credit("b", 5), debit("a", 5)},
		"split":             {debit("a", 5), credit("b", 3), credit("b", 2)},
		"split otherwise":   {debit("a", 5), credit("b", 2), credit("b", 3)},
		"twice":             {debit("a", 5), credit("b", 5), debit("a", 5), credit("b", 5)},
		"shift ab c":        {debit("ab", 5), credit("c", 5)},
		"shift a bc":        {debit("a", 5), credit("bc", 5)},
		"into the side":     {debit("a\x01", 5), credit("b", 5)},
		"digits 12 and 3":   {in(Asset{"A", 1}, debit("a", 12)), in(Asset{"A", 1}, credit("3", 12))},
		"digits 1 and 23":   {in(Asset{"A", 1}, debit("a", 1)), in(Asset{"A", 1}, credit("23", 1))},
		"asset in account":  {in(Asset{"SD", 2}, debit("aU", 5)), in(Asset{"SD", 2}, credit("b", 5))},
		"ten times as much": {debit("a", 50), credit("b", 50)},
	} {
		f := TransactionRequest{ID: "t", Entries: entries}.fingerprint()
		if other, taken := seen[f]; taken {
			t.Errorf("%q and %q have one fingerprint", name, other)
		}
		seen[f] = name
	}
}

// TestConditionFingerprintsDiffer holds conditions that are alike but for one
// thing.
func TestConditionFingerprintsDiffer(t *testing.T) {
	t.Parallel()
	at := func(account string, sequence uint64) Condition {
		return Condition{Account: account, Sequence: &sequence}
	}
	with := func(account string, amount int64) Condition {
		return Condition{Account: account, MinAvailable: new(NewAmount(amount))}
	}
	both := at("a", 1)
	both.MinAvailable = new(NewAmount(1))
	seen := map[Fingerprint]string{}
	for name, request := range map[string]TransactionRequest{
		"none":      {},
		"up to":     {UpTo: true},
		"sequence":  {Conditions: []Condition{at("a", 1)}},
		"later":     {Conditions: []Condition{at("a", 2)}},
		"account":   {Conditions: []Condition{at("b", 1)}},
		"available": {Conditions: []Condition{with("a", 1)}},
		"less":      {Conditions: []Condition{with("a", -1)}},
		"both":      {Conditions: []Condition{both}},
		"two":       {Conditions: []Condition{at("a", 1), with("a", 1)}},
		"turned":    {Conditions: []Condition{with("a", 1), at("a", 1)}},
		"all":       {Conditions: []Condition{both}, UpTo: true},
	} {
		request.Entries = []EntryRequest{debit("a", 5), credit("b", 5)}
		f := request.fingerprint()
		if other, taken := seen[f]; taken {
			t.Errorf("%q and %q have one fingerprint", name, other)
		}
		seen[f] = name
	}
}

func TestAccountFingerprintsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[Fingerprint]string{}
	for name, request := range map[string]AccountRequest{
		"first":           {Asset: usd},
		"name":            {Asset: usd, Name: "n"},
		"other name":      {Asset: usd, Name: "m"},
		"asset's code":    {Asset: eur},
		"asset's scale":   {Asset: Asset{"USD", 3}},
		"normal":          {Asset: usd, Normal: Debit},
		"minimum":         {Asset: usd, MinBalance: NewAmount(1)},
		"lower minimum":   {Asset: usd, MinBalance: NewAmount(-1)},
		"unlimited":       {Asset: usd, Unlimited: true},
		"opening balance": {Asset: usd, OpeningBalance: NewAmount(1)},
		"more to open":    {Asset: usd, OpeningBalance: NewAmount(2)},
		"opened earlier":  {Asset: usd, OpeningBalance: NewAmount(1), EffectiveAt: time.Unix(1, 0)},
	} {
		request.ID = "a"
		request, _ = request.normalized()
		f := request.fingerprint()
		if other, taken := seen[f]; taken {
			t.Errorf("%q and %q have one fingerprint", name, other)
		}
		seen[f] = name
	}
}

func TestFingerprintLeavesOut(t *testing.T) {
	t.Parallel()
	plain := TransactionRequest{ID: "t1", Entries: []EntryRequest{debit("a", 5), credit("b", 5)}}
	demanding := TransactionRequest{ID: "t2", Entries: []EntryRequest{debit("a", 5), credit("b", 5)}}
	demanding.Entries[0].Normal, demanding.Entries[1].Normal = Debit, Credit
	if plain.fingerprint() != demanding.fingerprint() {
		t.Error("the id or a demanded normal side is part of a transaction's fingerprint")
	}
	if (AccountRequest{ID: "a", Asset: usd}).fingerprint() != (AccountRequest{ID: "b", Asset: usd}).fingerprint() {
		t.Error("the id is part of an account's fingerprint")
	}
}
