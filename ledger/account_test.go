package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	usd = Asset{Code: "USD", Scale: 2}
	eur = Asset{Code: "EUR", Scale: 2}
	jpy = Asset{Code: "JPY", Scale: 0}
)

func TestAccountRequestRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil       func(*AccountRequest)
		field, text string
	}{
		"no id":                     {func(r *AccountRequest) { r.ID = "" }, "id", "not be empty"},
		"long id":                   {func(r *AccountRequest) { r.ID = strings.Repeat("a", MaxID+1) }, "id", "128 bytes"},
		"control character in id":   {func(r *AccountRequest) { r.ID = "a\x00" }, "id", "control"},
		"world":                     {func(r *AccountRequest) { r.ID = "world" }, "id", "reserved"},
		"world account":             {func(r *AccountRequest) { r.ID = "world:USD" }, "id", "reserved"},
		"long name":                 {func(r *AccountRequest) { r.Name = strings.Repeat("n", MaxName+1) }, "name", "256 bytes"},
		"control character in name": {func(r *AccountRequest) { r.Name = "n\n" }, "name", "control"},
		"name in another encoding":  {func(r *AccountRequest) { r.Name = "\xff" }, "name", "UTF-8"},
		"no asset":                  {func(r *AccountRequest) { r.Asset = Asset{} }, "asset", "capital letter"},
		"asset's scale":             {func(r *AccountRequest) { r.Asset.Scale = MaxScale + 1 }, "asset", "at most 38"},
		"normal side":               {func(r *AccountRequest) { r.Normal = 3 }, "normal", "debit or credit"},
		"unlimited with a minimum":  {func(r *AccountRequest) { r.Unlimited, r.MinBalance = true, NewAmount(-1) }, "min_balance", "unlimited"},
		"minimum of 39 digits":      {func(r *AccountRequest) { r.MinBalance = tooLargeByOne() }, "min_balance", "38 digits"},
		"minimum of -39 digits":     {func(r *AccountRequest) { r.MinBalance = tooLargeByOne().Neg() }, "min_balance", "38 digits"},
		"negative opening balance":  {func(r *AccountRequest) { r.OpeningBalance = NewAmount(-1) }, "opening_balance", "negative"},
		"opening balance too large": {func(r *AccountRequest) { r.OpeningBalance = tooLargeByOne() }, "opening_balance", "38 digits"},
		"time of no opening":        {func(r *AccountRequest) { r.EffectiveAt = noon }, "effective_at", "for an opening balance"},
		"opening in the year 0": {func(r *AccountRequest) {
			r.OpeningBalance, r.EffectiveAt = NewAmount(1), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
		}, "effective_at", "years 1 to 9999"},
		"opening in the year 10000": {func(r *AccountRequest) {
			r.OpeningBalance, r.EffectiveAt = NewAmount(1), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
		}, "effective_at", "years 1 to 9999"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := AccountRequest{ID: "alice", Asset: usd}
			test.spoil(&request)
			_, err := newOpenOperation(request)
			code := ErrInvalidRequest
			if test.text == "38 digits" {
				code = ErrAmountOutOfRange
			}
			wantProblem(t, err, code, test.field, test.text)
		})
	}
}

func TestAccountRequestAtItsLimits(t *testing.T) {
	t.Parallel()
	most, _ := tooLargeByOne().Sub(NewAmount(1))
	for name, request := range map[string]AccountRequest{
		"least":           {ID: "a", Asset: usd},
		"longest":         {ID: strings.Repeat("a", MaxID), Name: strings.Repeat("n", MaxName), Asset: Asset{Code: "X", Scale: MaxScale}},
		"largest amounts": {ID: "a", Asset: usd, MinBalance: most.Neg(), OpeningBalance: most},
		"unlimited":       {ID: "a", Asset: usd, Unlimited: true, Normal: Debit},
		"high minimum":    {ID: "a", Asset: usd, MinBalance: most},
		"words":           {ID: "worldly", Name: "Ämne – 名前", Asset: usd, Normal: Credit},
	} {
		if _, err := newOpenOperation(request); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tooLargeByOne is the least amount that a request may not have.
func tooLargeByOne() Amount { return amountOf(power10(MaxDigits)) }

func TestAccountRequestDefaults(t *testing.T) {
	t.Parallel()
	short, err := newOpenOperation(AccountRequest{ID: "alice", Asset: usd})
	if err != nil || short.request.Normal != Credit {
		t.Fatalf("got %+v, %v; want a credit-normal account", short, err)
	}
	long, err := newOpenOperation(AccountRequest{ID: "alice", Asset: usd, Normal: Credit})
	if err != nil || short.fingerprint != long.fingerprint {
		t.Errorf("a default that is given makes another request (%v)", err)
	}
	opened := AccountRequest{ID: "alice", Asset: usd, OpeningBalance: NewAmount(1), EffectiveAt: noon}
	exact, err := newOpenOperation(opened)
	if err != nil {
		t.Fatal(err)
	}
	opened.EffectiveAt = noon.Add(999).In(time.FixedZone("", -7200))
	fine, err := newOpenOperation(opened)
	if err != nil || fine.fingerprint != exact.fingerprint || fine.request.EffectiveAt != noon {
		t.Errorf("a time that is the same to the microsecond makes another request, as of %s (%v)", fine.request.EffectiveAt, err)
	}
}

func TestMalformedNames(t *testing.T) {
	t.Parallel()
	for name, text := range malformedTexts {
		_, err := newOpenOperation(AccountRequest{ID: "a", Name: name, Asset: usd})
		wantProblem(t, err, ErrInvalidRequest, "name", text)
		_, err = newChangeOperation("a", AccountChange{Name: &name})
		wantProblem(t, err, ErrInvalidRequest, "name", text)
	}
}

func TestAccountChangeRules(t *testing.T) {
	t.Parallel()
	name := func(s string) *string { return &s }
	for _, change := range []AccountChange{
		{}, {Status: StatusOpen}, {Status: StatusFrozen}, {Status: StatusClosed}, {Name: name("")}, {Name: name(strings.Repeat("n", MaxName))},
	} {
		if _, err := newChangeOperation("alice", change); err != nil {
			t.Errorf("%+v: %v", change, err)
		}
	}
	_, err := newChangeOperation("alice", AccountChange{Name: name(strings.Repeat("n", MaxName+1))})
	wantProblem(t, err, ErrInvalidRequest, "name", "256 bytes")
	_, err = newChangeOperation("alice", AccountChange{Status: StatusClosed + 1, Name: name("fine")})
	wantProblem(t, err, ErrInvalidRequest, "status", "open, frozen or closed")
	for _, id := range []string{"world", WorldID("USD")} {
		_, err = newChangeOperation(id, AccountChange{Name: name("fine")})
		wantProblem(t, err, ErrInvalidRequest, "id", "cannot be changed")
		if problem, _ := errors.AsType[*Error](err); problem.Account != id {
			t.Errorf("the error names account %q, not %q", problem.Account, id)
		}
	}
}
