package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// held is a [wire.Assets] of accounts that hold one asset.
type held struct {
	asset   ledger.Asset
	missing string
}

func (h held) ByCode(code string) (ledger.Asset, error) {
	if code != h.asset.Code {
		return ledger.Asset{}, &ledger.Error{Code: ledger.ErrUnknownAsset}
	}
	return h.asset, nil
}

func (h held) ByAccount(id string) (ledger.Asset, error) {
	if id == h.missing {
		return ledger.Asset{}, ledger.NoAccount(id)
	}
	return h.asset, nil
}

func newIDs() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._:@-]{0,20}`)
}

func optionalTimes() *rapid.Generator[time.Time] {
	return rapid.OneOf(rapid.Just(time.Time{}), moments())
}

// parts are entries that need not balance, in the asset and in others.
func parts(asset ledger.Asset) *rapid.Generator[[]ledger.EntryRequest] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ledger.EntryRequest {
		e := ledger.EntryRequest{
			Account: newIDs().Draw(t, "account"), Side: sides().Draw(t, "side"), Asset: asset,
			Amount: amounts(ledger.MaxDigits).Draw(t, "amount"), Normal: rapid.SampledFrom([]ledger.Side{0, ledger.Debit, ledger.Credit}).Draw(t, "normal"),
		}
		if rapid.Bool().Draw(t, "in another asset") {
			e.Asset = assets().Draw(t, "asset")
		}
		return e
	}), 1, 4)
}

// asked sends a request as a body, and returns what a server reads.
func asked[T any](t *rapid.T, request any, decode func([]byte) (T, error)) T {
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return got
}

// What follows demands that a server reads what a client was asked for.

func TestTransactionRequestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asset := assets().Draw(t, "asset")
		want := ledger.TransactionRequest{
			ID: newIDs().Draw(t, "id"), Entries: parts(asset).Draw(t, "entries"), UpTo: rapid.Bool().Draw(t, "up to"),
			Pending: rapid.Bool().Draw(t, "pending"), ExpiresAt: optionalTimes().Draw(t, "expires"), EffectiveAt: optionalTimes().Draw(t, "effective"),
			Description: optionalTexts().Draw(t, "description"), Metadata: metadata().Draw(t, "metadata"),
			Related: rapid.OneOf(rapid.Just(""), texts()).Draw(t, "related"), Actor: optionalTexts().Draw(t, "actor"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "conditions") {
			condition := ledger.Condition{Account: newIDs().Draw(t, "account"), Sequence: new(sequences().Draw(t, "sequence"))}
			if rapid.Bool().Draw(t, "available?") {
				condition.MinAvailable = new(amounts(ledger.MaxDigits).Draw(t, "available"))
			}
			want.Conditions = append(want.Conditions, condition)
		}
		request, err := wire.NewTransactionRequest(want, func(string) ledger.Asset { return asset })
		if err != nil {
			t.Fatal(err)
		}
		got, err := asked(t, request, wire.DecodeTransactionRequest).Domain(held{asset: asset})
		expectSame(t, got, err, want)
	})
}

func TestAccountRequestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := ledger.AccountRequest{
			ID: newIDs().Draw(t, "id"), Name: optionalTexts().Draw(t, "name"), Asset: assets().Draw(t, "asset"), Normal: sides().Draw(t, "normal"),
			Unlimited: rapid.Bool().Draw(t, "unlimited"), OpeningBalance: amounts(ledger.MaxDigits).Draw(t, "opening"), Metadata: metadata().Draw(t, "metadata"),
		}
		if !want.Unlimited {
			want.MinBalance = amounts(ledger.MaxDigits).Draw(t, "minimum").Neg()
		}
		if want.OpeningBalance.Sign() > 0 {
			want.EffectiveAt = optionalTimes().Draw(t, "effective")
		}
		request, err := wire.NewAccountRequest(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := asked(t, request, wire.DecodeAccountRequest).Domain(held{})
		expectSame(t, got, err, want)
	})
}

func TestPostPendingRequestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		asset := assets().Draw(t, "asset")
		want := ledger.PostPendingRequest{Transaction: "tx", Actor: optionalTexts().Draw(t, "actor")}
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			want.Amount = new(amounts(ledger.MaxDigits).Draw(t, "amount"))
		case 1:
			want.Entries = parts(asset).Draw(t, "entries")
		case 2:
			// No parts at all are not the same as none given.
			want.Entries = []ledger.EntryRequest{}
		}
		request, err := wire.NewPostPendingRequest(want, asset)
		if err != nil {
			t.Fatal(err)
		}
		got, err := asked(t, request, wire.DecodePostPendingRequest).Domain("tx", func() (ledger.Asset, error) { return asset, nil }, held{asset: asset})
		expectSame(t, got, err, want)
	})
}

func TestReversalRequestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := ledger.ReversalRequest{
			ID: newIDs().Draw(t, "id"), Transaction: "tx", EffectiveAt: optionalTimes().Draw(t, "effective"),
			Description: optionalTexts().Draw(t, "description"), Metadata: metadata().Draw(t, "metadata"), Actor: optionalTexts().Draw(t, "actor"),
		}
		request, err := wire.NewReversalRequest(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := asked(t, request, wire.DecodeReversalRequest).Domain("tx")
		expectSame(t, got, err, want)
	})
}

// TestTimesOfRequests has times that the domain counts to the microsecond, of which it
// then may have none left.
func TestTimesOfRequests(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 1999, time.FixedZone("", 7200))
	for _, test := range []struct{ at, want time.Time }{
		{time.Time{}, time.Time{}},
		{time.Time{}.Add(999), time.Time{}},
		{time.Time{}.Add(time.Microsecond), time.Time{}.Add(time.Microsecond)},
		{noon, time.Date(2026, 3, 1, 10, 0, 0, 1000, time.UTC)},
		{time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
	} {
		if got, err := wire.NewTime("at", test.at); err != nil || got != test.want {
			t.Errorf("%s is sent as %s, %v; want %s", test.at, got, err, test.want)
		}
	}
	for _, at := range []time.Time{time.Time{}.Add(-1), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<60, 0)} {
		if _, err := wire.NewTime("at", at); !errors.Is(err, ledger.ErrInvalidRequest) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// TestAssetsOfConditions reads conditions with and without an asset.
func TestAssetsOfConditions(t *testing.T) {
	t.Parallel()
	usd := ledger.Asset{Code: "USD", Scale: 2}
	for body, want := range map[string]string{
		`{"account":"a","min_available":"1.5"}`:                       "150",
		`{"account":"a","min_available":"1.5","asset":"USD"}`:         "150",
		`{"account":"a","min_available":"1.5","asset":"USD/2"}`:       "150",
		`{"account":"a","min_available":"1.5","asset":"USD/3"}`:       "asset_mismatch conditions[0].asset",
		`{"account":"a","min_available":"1.5","asset":"EUR/2"}`:       "asset_mismatch conditions[0].asset",
		`{"account":"a","min_available":"1.5","asset":"EUR"}`:         "unknown_asset ",
		`{"account":"a","min_available":"1.5","asset":"usd/2"}`:       "invalid_request conditions[0].asset",
		`{"account":"a","min_available":"1.555","asset":"USD/2"}`:     "invalid_request conditions[0].min_available",
		`{"account":"none","min_available":"1.5"}`:                    "not_found ",
		`{"account":"none","min_available":"1.5","asset":"EUR/3"}`:    "1500",
		`{"account":"world:USD","min_available":"1.5","asset":"X/1"}`: "15",
		`{"account":"a","min_available":"1.5","asset":""}`:            "invalid_request conditions[0].asset",
	} {
		got := ""
		request, err := wire.DecodeTransactionRequest([]byte(`{"id":"tx","from":"a","to":"b","amount":"1","conditions":[` + body + `]}`))
		if err == nil {
			var domain ledger.TransactionRequest
			if domain, err = request.Domain(held{asset: usd, missing: "none"}); err == nil {
				got = domain.Conditions[0].MinAvailable.String()
			}
		}
		if e, ok := errors.AsType[*ledger.Error](err); ok {
			got = fmt.Sprint(e.Code, " ", e.Field)
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s gave %s (%v), want %s", body, got, err, want)
		}
	}
}
