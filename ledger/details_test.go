package ledger

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func detailed(change func(*TransactionRequest)) TransactionRequest {
	r := TransactionRequest{ID: "t", Entries: []EntryRequest{debit("a", 5), credit("b", 5)}}
	change(&r)
	return r
}

func TestDetailsThatCannotBe(t *testing.T) {
	t.Parallel()
	many := Metadata{}
	for i := range MaxMetadata + 1 {
		many[fmt.Sprint(i)] = ""
	}
	for name, test := range map[string]struct {
		field  string
		change func(*TransactionRequest)
	}{
		"expiry of nothing":   {"expires_at", func(r *TransactionRequest) { r.ExpiresAt = noon }},
		"late expiry":         {"expires_at", func(r *TransactionRequest) { r.Pending, r.ExpiresAt = true, noon.AddDate(8000, 0, 0) }},
		"late time":           {"effective_at", func(r *TransactionRequest) { r.EffectiveAt = noon.AddDate(8000, 0, 0) }},
		"long description":    {"description", func(r *TransactionRequest) { r.Description = strings.Repeat("a", MaxDescription+1) }},
		"control description": {"description", func(r *TransactionRequest) { r.Description = "a\nb" }},
		"long actor":          {"actor", func(r *TransactionRequest) { r.Actor = strings.Repeat("a", MaxActor+1) }},
		"invalid actor":       {"actor", func(r *TransactionRequest) { r.Actor = "\xff" }},
		"itself":              {"related", func(r *TransactionRequest) { r.Related = "t" }},
		"long related":        {"related", func(r *TransactionRequest) { r.Related = strings.Repeat("a", MaxID+1) }},
		"much metadata":       {"metadata", func(r *TransactionRequest) { r.Metadata = many }},
		"no key":              {"metadata", func(r *TransactionRequest) { r.Metadata = Metadata{"": "v"} }},
		"long key":            {"metadata", func(r *TransactionRequest) { r.Metadata = Metadata{strings.Repeat("k", MaxMetadataKey+1): "v"} }},
		"long value":          {"metadata", func(r *TransactionRequest) { r.Metadata = Metadata{"k": strings.Repeat("v", MaxMetadataValue+1)} }},
		"control key":         {"metadata", func(r *TransactionRequest) { r.Metadata = Metadata{"k\x00": "v"} }},
		"control value":       {"metadata.k", func(r *TransactionRequest) { r.Metadata = Metadata{"k": "\x00"} }},
	} {
		_, err := newPostOperation(detailed(test.change))
		problem, ok := err.(*Error)
		if !ok || problem.Code != ErrInvalidRequest || problem.Field != test.field {
			t.Errorf("%s: %v, want that %s is invalid", name, err, test.field)
		}
	}
	for name, change := range map[string]func(*TransactionRequest){
		"all at their longest": func(r *TransactionRequest) {
			r.Description, r.Actor, r.Related = strings.Repeat("a", MaxDescription), strings.Repeat("b", MaxActor), strings.Repeat("c", MaxID)
			r.Metadata = Metadata{strings.Repeat("k", MaxMetadataKey): strings.Repeat("v", MaxMetadataValue), "k": ""}
		},
		"the oldest and the latest time": func(r *TransactionRequest) {
			r.Pending, r.EffectiveAt = true, time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)
			r.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		},
	} {
		if _, err := newPostOperation(detailed(change)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDetailFingerprintsDiffer holds requests that are alike but for one detail.
func TestDetailFingerprintsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[Fingerprint]string{}
	for name, change := range map[string]func(*TransactionRequest){
		"none":             func(*TransactionRequest) {},
		"pending":          func(r *TransactionRequest) { r.Pending = true },
		"expires":          func(r *TransactionRequest) { r.Pending, r.ExpiresAt = true, noon },
		"expires later":    func(r *TransactionRequest) { r.Pending, r.ExpiresAt = true, noon.Add(time.Microsecond) },
		"effective":        func(r *TransactionRequest) { r.EffectiveAt = noon },
		"effective before": func(r *TransactionRequest) { r.EffectiveAt = noon.Add(-time.Microsecond) },
		"description":      func(r *TransactionRequest) { r.Description = "x" },
		"related":          func(r *TransactionRequest) { r.Related = "x" },
		"metadata":         func(r *TransactionRequest) { r.Metadata = Metadata{"k": "v", "l": ""} },
		"shifted metadata": func(r *TransactionRequest) { r.Metadata = Metadata{"kv": "", "l": ""} },
		"other metadata":   func(r *TransactionRequest) { r.Metadata = Metadata{"k": "", "l": "v"} },
	} {
		f := detailed(change).fingerprint()
		if other, taken := seen[f]; taken {
			t.Errorf("%q and %q have one fingerprint", name, other)
		}
		seen[f] = name
	}
	reversal := ReversalRequest{ID: "r", Transaction: "x"}.fingerprint()
	if other, taken := seen[reversal]; taken {
		t.Errorf("a reversal and %q have one fingerprint", other)
	}
	if (ReversalRequest{ID: "r", Transaction: "y"}).fingerprint() == reversal {
		t.Error("reversals of two transactions have one fingerprint")
	}
}

// TestFingerprintsIgnore what does not decide what the transaction does, or is the
// same instant.
func TestFingerprintsIgnore(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	for name, pair := range map[string][2]func(*TransactionRequest){
		"actor":          {func(*TransactionRequest) {}, func(r *TransactionRequest) { r.Actor = "x" }},
		"empty metadata": {func(*TransactionRequest) {}, func(r *TransactionRequest) { r.Metadata = Metadata{} }},
		"zone": {
			func(r *TransactionRequest) { r.EffectiveAt = noon },
			func(r *TransactionRequest) { r.EffectiveAt = noon.Add(999).In(zone) },
		},
	} {
		if detailed(pair[0]).fingerprint() != detailed(pair[1]).fingerprint() {
			t.Errorf("%s: the fingerprints differ", name)
		}
	}
}

func TestDetailsAreRecorded(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, OpeningBalance: NewAmount(25)}, AccountRequest{ID: "b", Asset: usd})
	wantApplied(t, b.apply(t, moving(t, "sale", "a", "b", 5)))
	b.now = noon.Add(time.Hour)
	metadata := Metadata{"order": "7"}
	request := detailed(func(r *TransactionRequest) {
		r.Description, r.Actor, r.Related, r.Metadata, r.EffectiveAt = "fee", "clerk", "sale", metadata, noon.Add(-time.Hour)
	})
	operation, err := newPostOperation(request.clone())
	if err != nil {
		t.Fatal(err)
	}
	metadata["order"] = "8"
	wantApplied(t, b.apply(t, operation))
	got := b.transactions["t"]
	if got.Description != "fee" || got.Actor != "clerk" || got.Related != "sale" || got.Metadata["order"] != "7" ||
		!got.EffectiveAt.Equal(noon.Add(-time.Hour)) || !got.RecordedAt.Equal(b.now) || !got.Entries[1].EffectiveAt.Equal(got.EffectiveAt) {
		t.Errorf("got %+v", got)
	}
	if len(b.corrections) == 0 {
		t.Error("nothing was corrected")
	}
	for field, change := range map[string]func(*TransactionRequest){
		"related":      func(r *TransactionRequest) { r.Related = "nothing" },
		"effective_at": func(r *TransactionRequest) { r.EffectiveAt = b.now.Add(time.Microsecond) },
	} {
		r := detailed(change)
		r.ID = field
		operation, err := newPostOperation(r)
		if err != nil {
			t.Fatal(err)
		}
		outcome := b.apply(t, operation)[0]
		if problem, ok := outcome.Err.(*Error); !ok || problem.Field != field {
			t.Errorf("%s: %+v", field, outcome)
		}
	}
}

func TestAccountMetadata(t *testing.T) {
	t.Parallel()
	b := newBooks(t, AccountRequest{ID: "a", Asset: usd, Metadata: Metadata{"k": "v"}})
	for _, step := range []struct {
		change Metadata
		result Result
		want   Metadata
	}{
		{nil, Replayed, Metadata{"k": "v"}},
		{Metadata{"k": "v"}, Replayed, Metadata{"k": "v"}},
		{Metadata{"l": "w"}, Applied, Metadata{"l": "w"}},
		{Metadata{}, Applied, nil},
		{Metadata{}, Replayed, nil},
	} {
		outcome := b.apply(t, changing(t, "a", AccountChange{Metadata: step.change}))[0]
		if outcome.Result != step.result || !same(b.accounts["a"].Metadata, step.want) {
			t.Errorf("%v is %s and gives %v, want %v", step.change, outcome.Result, b.accounts["a"].Metadata, step.want)
		}
	}
	if _, err := newChangeOperation("a", AccountChange{Metadata: Metadata{"": ""}}); err == nil {
		t.Error("metadata without a key is valid")
	}
}

func TestMetadataContains(t *testing.T) {
	t.Parallel()
	has := Metadata{"k": "v", "e": ""}
	for _, test := range []struct {
		other Metadata
		want  bool
	}{
		{nil, true},
		{Metadata{"k": "v"}, true},
		{Metadata{"k": "v", "e": ""}, true},
		{Metadata{"k": "w"}, false},
		{Metadata{"k": "v", "l": ""}, false},
	} {
		if got := has.Contains(test.other); got != test.want {
			t.Errorf("%v contains %v: %t", has, test.other, got)
		}
	}
}
