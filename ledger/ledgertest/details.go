package ledgertest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Details is the suite about what accounts and transactions say beside amounts.
func Details(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, slices.Concat(accountDetailScenarios(), transactionDetailScenarios()))
}

// largeMetadata is as large as metadata can be.
func largeMetadata() ledger.Metadata {
	metadata := make(ledger.Metadata)
	for i := range ledger.MaxMetadata {
		key := fmt.Sprintf("%02d", i) + strings.Repeat("k", ledger.MaxMetadataKey-2)
		metadata[key] = strings.Repeat("v", ledger.MaxMetadataValue)
	}
	return metadata
}

// invalidMetadata is metadata of every kind that can't be.
func invalidMetadata() map[string]ledger.Metadata {
	many := largeMetadata()
	many["one more"] = ""
	return map[string]ledger.Metadata{
		"too many":                   many,
		"no key":                     {"": "v"},
		"a long key":                 {strings.Repeat("k", ledger.MaxMetadataKey+1): "v"},
		"a long value":               {"k": strings.Repeat("v", ledger.MaxMetadataValue+1)},
		"a control character":        {"k": "a\nb"},
		"a control character in key": {"k\x00": "v"},
		"no UTF-8":                   {"k": "\xff"},
	}
}

func accountDetailScenarios() []scenario {
	return []scenario{
		{"an account keeps the metadata that it was opened with", func(b *books) {
			for i, metadata := range []ledger.Metadata{nil, {}, {"k": "v"}, {"k": "", "ключ": "Ωé %_\"'\\"}, largeMetadata()} {
				request := ledger.AccountRequest{ID: fmt.Sprint("a", i), Asset: usd, Metadata: metadata}
				outcome, err := b.service.OpenAccount(b.Context(), request)
				if err != nil || !maps.Equal(outcome.Account.Metadata, metadata) {
					b.Fatalf("opened with %v, %v; want %v", outcome.Account, err, metadata)
				}
				b.deposit(fmt.Sprint("to", i), request.ID, 1)
				b.wantMetadata(request.ID, metadata)
				again, err := b.service.OpenAccount(b.Context(), request)
				if err != nil || again.Result != ledger.Replayed || !maps.Equal(again.Account.Metadata, metadata) {
					b.Errorf("opening again was %s with %v, %v", again.Result, again.Account, err)
				}
			}
		}},
		{"other metadata is another account", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Metadata: ledger.Metadata{"k": "v"}})
			for _, other := range []ledger.Metadata{nil, {}, {"k": "w"}, {"l": "v"}, {"k": "v", "l": ""}} {
				_, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "a", Asset: usd, Metadata: other})
				b.failed(ledger.ErrAccountExists, err)
			}
			b.wantMetadata("a", ledger.Metadata{"k": "v"})
		}},
		{"a change takes the place of all metadata; an empty one clears, nil keeps", func(b *books) {
			request := ledger.AccountRequest{ID: "a", Asset: usd, Metadata: ledger.Metadata{"k": "v", "l": "w"}}
			b.open(request)
			b.changeMetadata(ledger.Metadata{"l": "x"}, ledger.Metadata{"l": "x"})
			b.changeMetadata(nil, ledger.Metadata{"l": "x"})
			b.changeMetadata(largeMetadata(), largeMetadata())
			b.changeMetadata(ledger.Metadata{}, nil)
			b.changeMetadata(nil, nil)
			b.changeMetadata(ledger.Metadata{"m": ""}, ledger.Metadata{"m": ""})
			account, err := b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Name: new("Ann"), Status: ledger.StatusFrozen, Metadata: ledger.Metadata{"n": "1"}})
			if err != nil || account.Name != "Ann" || account.Status != ledger.StatusFrozen || account.Metadata["n"] != "1" || !sameAccount(account, b.account("a")) {
				b.Errorf("changed to %+v, %v", account, err)
			}
			again, err := b.service.OpenAccount(b.Context(), request)
			if err != nil || again.Result != ledger.Replayed || !sameAccount(*again.Account, account) {
				b.Errorf("opening again was %s with %+v, %v", again.Result, again.Account, err)
			}
		}},
		{"a closed account can still be described", func(b *books) {
			b.openAll("a")
			b.setStatus("a", ledger.StatusClosed)
			b.changeMetadata(ledger.Metadata{"k": "v"}, ledger.Metadata{"k": "v"})
		}},
		{"what can't be metadata is refused, and changes nothing", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Metadata: ledger.Metadata{"k": "v"}})
			for name, metadata := range invalidMetadata() {
				_, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "b", Asset: usd, Metadata: metadata})
				if e := b.failed(ledger.ErrInvalidRequest, err); !strings.HasPrefix(e.Field, "metadata") {
					b.Errorf("%s: the error names the field %q", name, e.Field)
				}
				b.unchanged([]string{"a"}, func() {
					_, err = b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Name: new("Ann"), Metadata: metadata})
					b.failed(ledger.ErrInvalidRequest, err)
				})
			}
			_, err := b.service.Account(b.Context(), "b")
			b.failed(ledger.ErrNotFound, err)
		}},
		{"a caller's map stays the caller's", func(b *books) {
			metadata := ledger.Metadata{"k": "v"}
			b.open(ledger.AccountRequest{ID: "a", Metadata: metadata})
			b.open(ledger.AccountRequest{ID: "b"})
			if _, err := b.service.ChangeAccount(b.Context(), "b", ledger.AccountChange{Metadata: metadata}); err != nil {
				b.Fatal(err)
			}
			request := move("one", ledger.WorldID("USD"), "a", 1)
			request.Metadata = metadata
			b.post(request)
			metadata["k"] = "spoilt"
			want := ledger.Metadata{"k": "v"}
			b.wantMetadata("a", want)
			b.wantMetadata("b", want)
			if got := b.transaction("one").Metadata; !maps.Equal(got, want) {
				b.Errorf("the transaction has %v", got)
			}
		}},
	}
}

func (b *books) wantMetadata(account string, want ledger.Metadata) {
	b.Helper()
	if got := b.account(account).Metadata; !maps.Equal(got, want) {
		b.Errorf("account %q has the metadata %v, want %v", account, got, want)
	}
}

// changeMetadata changes the metadata of account "a", and demands what it then is.
func (b *books) changeMetadata(change, want ledger.Metadata) {
	b.Helper()
	got, err := b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Metadata: change})
	if err != nil || !maps.Equal(got.Metadata, want) {
		b.Fatalf("changing the metadata to %v gave %v, %v; want %v", change, got.Metadata, err, want)
	}
	b.wantMetadata("a", want)
}

// described is a request that has everything.
func (b *books) described() ledger.TransactionRequest {
	request := hold("one", "a", "b", 4)
	request.ExpiresAt, request.EffectiveAt = b.now().Add(time.Hour), b.now()
	request.Description, request.Metadata = "Ωé, a sale", ledger.Metadata{"order": "7", "leer": ""}
	request.Related, request.Actor = "funds", "ann"
	return request
}

func transactionDetailScenarios() []scenario {
	return []scenario{
		{"a transaction keeps what it was asked with, from hold to reversal", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			request := b.described()
			check := func(got ledger.Transaction) {
				b.Helper()
				if got.Description != request.Description || !maps.Equal(got.Metadata, request.Metadata) || got.Related != "funds" ||
					got.Actor != "ann" || !got.ExpiresAt.Equal(request.ExpiresAt) || !got.EffectiveAt.Equal(request.EffectiveAt) {
					b.Errorf("the transaction is %+v, asked for with %+v", got, request)
				}
			}
			check(b.post(request))
			check(b.transaction("one"))
			check(b.replay(request))
			check(b.settle(ledger.PostPendingRequest{Transaction: "one", Actor: "bob"}))
			b.reverse("undo", "one")
			check(b.transaction("one"))
			if got := b.transaction("funds"); got.Related != "" || got.Actor != "" || got.Description != "" || len(got.Metadata) != 0 {
				b.Errorf("a deposit is %+v", got)
			}
		}},
		{"who asks is not part of the content, and the first one stays", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			request := b.described()
			b.post(request)
			request.Actor = "bob"
			if got := b.replay(request); got.Actor != "ann" {
				b.Errorf("the actor is %q", got.Actor)
			}
			request.Actor = ""
			b.replay(request)
			deposit := move("funds", ledger.WorldID("USD"), "a", 10)
			deposit.Actor = "bob"
			if got := b.replay(deposit); got.Actor != "" {
				b.Errorf("the actor is %q", got.Actor)
			}
		}},
		{"a deposit has an actor too", func(b *books) {
			b.openAll("a")
			deposit := ledger.Deposit{ID: "funds", Account: "a", Asset: usd, Amount: units(10), Actor: "ann"}
			for _, actor := range []string{"ann", "bob", ""} {
				deposit.Actor = actor
				outcome, err := b.service.Deposit(b.Context(), deposit)
				if err != nil || outcome.Transaction.Actor != "ann" {
					b.Errorf("a deposit by %q gave %+v, %v", actor, outcome.Transaction, err)
				}
			}
			if got := b.replay(move("funds", ledger.WorldID("USD"), "a", 10)); got.Actor != "ann" {
				b.Errorf("the actor is %q", got.Actor)
			}
			deposit.ID, deposit.Actor = "more", strings.Repeat("a", ledger.MaxActor+1)
			if _, err := b.service.Deposit(b.Context(), deposit); !errors.Is(err, ledger.ErrInvalidRequest) {
				b.Errorf("an actor that is too long gave %v", err)
			}
		}},
		{"all else is, and makes a conflict where it differs", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			first := b.described()
			b.post(first)
			for field, change := range map[string]func(*ledger.TransactionRequest){
				"pending":          func(r *ledger.TransactionRequest) { r.Pending, r.ExpiresAt = false, time.Time{} },
				"expires":          func(r *ledger.TransactionRequest) { r.ExpiresAt = r.ExpiresAt.Add(time.Microsecond) },
				"no expiry":        func(r *ledger.TransactionRequest) { r.ExpiresAt = time.Time{} },
				"effective":        func(r *ledger.TransactionRequest) { r.EffectiveAt = r.EffectiveAt.Add(-time.Microsecond) },
				"no effective":     func(r *ledger.TransactionRequest) { r.EffectiveAt = time.Time{} },
				"description":      func(r *ledger.TransactionRequest) { r.Description += "." },
				"no description":   func(r *ledger.TransactionRequest) { r.Description = "" },
				"a value":          func(r *ledger.TransactionRequest) { r.Metadata = ledger.Metadata{"order": "8", "leer": ""} },
				"a key":            func(r *ledger.TransactionRequest) { r.Metadata = ledger.Metadata{"order": "7", "l": ""} },
				"a pair less":      func(r *ledger.TransactionRequest) { r.Metadata = ledger.Metadata{"order": "7"} },
				"a pair otherwise": func(r *ledger.TransactionRequest) { r.Metadata = ledger.Metadata{"order": "7leer"} },
				"no metadata":      func(r *ledger.TransactionRequest) { r.Metadata = nil },
				"related":          func(r *ledger.TransactionRequest) { r.Related = "other" },
				"no related":       func(r *ledger.TransactionRequest) { r.Related = "" },
				"up to":            func(r *ledger.TransactionRequest) { r.UpTo = true },
				"conditions":       func(r *ledger.TransactionRequest) { r.Conditions = []ledger.Condition{withAvailable("a", 0)} },
				"amount": func(r *ledger.TransactionRequest) {
					r.Entries = move("one", "a", "b", 5).Entries
				},
			} {
				other := first
				change(&other)
				b.unchanged([]string{"a", "b"}, func() {
					outcome, err := b.service.Post(b.Context(), other)
					if outcome.Result != ledger.Rejected {
						b.Errorf("%s: it was %s", field, outcome.Result)
					}
					b.failed(ledger.ErrTransactionConflict, err)
				})
			}
			b.replay(first)
			b.check("a", "b")
		}},
		{"one pair of metadata is not two that look like it", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			// The key is as long as the number of the character that stands for it.
			key := strings.Repeat("k", '!')
			request := move("one", "a", "b", 1)
			request.Metadata = ledger.Metadata{"a": "v", key: "w"}
			b.post(request)
			for _, value := range []string{"v!" + key + "w", "v!" + key + "\"w", "v" + key + "w"} {
				request.Metadata = ledger.Metadata{"a": value}
				b.refused(ledger.ErrTransactionConflict, request)
			}
			request.Metadata = ledger.Metadata{"a": "v" + key, key: "w"}
			b.refused(ledger.ErrTransactionConflict, request)
		}},
		{"what it is related to is there, and another one", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			related := func(id, to string) ledger.TransactionRequest {
				request := move(id, "a", "b", 1)
				request.Related = to
				return request
			}
			b.unchanged([]string{"a", "b"}, func() {
				if e := b.refused(ledger.ErrNotFound, related("one", "nothing")); e.Field != "related" || e.Transaction != "nothing" {
					b.Errorf("the error names the field %q and %q", e.Field, e.Transaction)
				}
				for _, to := range []string{"one", "\x00", strings.Repeat("x", ledger.MaxID+1)} {
					if e := b.refused(ledger.ErrInvalidRequest, related("one", to)); e.Field != "related" {
						b.Errorf("the error names the field %q", e.Field)
					}
				}
			})
			b.post(related("one", "funds"))
			b.post(hold("held", "a", "b", 1))
			b.post(related("two", "held"))
			outcomes, err := b.service.PostBatch(b.Context(), []ledger.TransactionRequest{
				related("3", "4"), related("4", "one"), related("5", "4"), related("5", "4"),
			})
			if err != nil {
				b.Fatal(err)
			}
			b.wantOutcomes(outcomes, "not_found", "applied", "applied", "replayed")
			b.refusedAtomic(ledger.ErrNotFound, 0, related("6", "7"), move("7", "a", "b", 1))
			b.postAtomic(move("7", "a", "b", 1), related("6", "7"))
			if got := b.transaction("6"); got.Related != "7" {
				b.Errorf("the transaction is %+v", got)
			}
			b.check("a", "b")
		}},
		{"what can't be said is refused", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			refuse := func(field string, change func(*ledger.TransactionRequest)) {
				b.Helper()
				request := move("one", "a", "b", 1)
				change(&request)
				b.unchanged([]string{"a", "b"}, func() {
					if e := b.refused(ledger.ErrInvalidRequest, request); !strings.HasPrefix(e.Field, field) {
						b.Errorf("the error names the field %q, want %q", e.Field, field)
					}
				})
			}
			for _, metadata := range invalidMetadata() {
				refuse("metadata", func(r *ledger.TransactionRequest) { r.Metadata = metadata })
			}
			for _, text := range []string{"a\x00", "a\nb", "\xff", strings.Repeat("x", ledger.MaxDescription+1)} {
				refuse("description", func(r *ledger.TransactionRequest) { r.Description = text })
				refuse("actor", func(r *ledger.TransactionRequest) { r.Actor = text })
			}
			refuse("actor", func(r *ledger.TransactionRequest) { r.Actor = strings.Repeat("x", ledger.MaxActor+1) })
			request := move("one", "a", "b", 1)
			request.Metadata, request.Description, request.Actor = largeMetadata(), strings.Repeat("é", ledger.MaxDescription/2), strings.Repeat("x", ledger.MaxActor)
			want := b.post(request)
			if got := b.transaction("one"); !sameTransaction(got, want) || got.Description != request.Description || !maps.Equal(got.Metadata, request.Metadata) {
				b.Errorf("it reads as %+v, want %+v", got, want)
			}
		}},
	}
}
