package ledgertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Assets is the suite about what accounts can hold.
func Assets(t *testing.T, newService NewService) {
	t.Helper()
	gold := ledger.Asset{Code: "GOLD", Scale: 4}
	runScenarios(t, newService, []scenario{
		{"the currencies of ISO 4217 are known with their scales", func(b *books) {
			for code, scale := range map[string]uint8{"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3, "CLF": 4, "KRW": 0, "CHF": 2} {
				asset := ledger.Asset{Code: code, Scale: scale}
				b.wantRegistered(ledger.Replayed, asset)
				b.contradicted(ledger.Asset{Code: code, Scale: scale + 1})
				b.open(ledger.AccountRequest{ID: "in-" + code, Asset: asset})
				b.contradicted(ledger.Asset{Code: code, Scale: scale + 1})
				if world := b.account(ledger.WorldID(code)); world.Asset != asset {
					b.Errorf("the world account holds %s, want %s", world.Asset, asset)
				}
			}
		}},
		{"to ask whether a currency is known makes no account", func(b *books) {
			b.wantRegistered(ledger.Replayed, usd)
			_, err := b.service.Account(b.Context(), ledger.WorldID("USD"))
			b.failed(ledger.ErrNotFound, err)
		}},
		{"an asset that is unknown can't be held", func(b *books) {
			for _, asset := range []ledger.Asset{gold, {Code: "US", Scale: 2}, {Code: "XAU", Scale: 0}, {Code: "BTC", Scale: 8}} {
				outcome, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "a", Asset: asset})
				if e := b.failed(ledger.ErrUnknownAsset, err); e.Field != "asset" || outcome.Result != ledger.Rejected {
					b.Errorf("%s: the account was %s for the field %q", asset, outcome.Result, e.Field)
				}
				_, err = b.service.Account(b.Context(), ledger.WorldID(asset.Code))
				b.failed(ledger.ErrNotFound, err)
			}
			_, err := b.service.Account(b.Context(), "a")
			b.failed(ledger.ErrNotFound, err)
			b.openAll("a")
		}},
		{"an asset is registered once, its scale for good", func(b *books) {
			b.wantRegistered(ledger.Applied, gold)
			b.wantRegistered(ledger.Replayed, gold)
			b.contradicted(ledger.Asset{Code: "GOLD", Scale: 5})
			world := b.account(ledger.WorldID("GOLD"))
			if world.Asset != gold || world.Normal != ledger.Debit || !world.Unlimited || world.Sequence != 0 {
				b.Errorf("the world account is %+v", world)
			}
			b.open(ledger.AccountRequest{ID: "a", Asset: gold, OpeningBalance: units(7)})
			b.contradicted(ledger.Asset{Code: "GOLD", Scale: 5})
			for i := range 20 {
				b.post(moveAsset(fmt.Sprint("tx", i), ledger.WorldID("GOLD"), "a", gold, 1))
			}
			b.wantRegistered(ledger.Replayed, gold)
			b.wantPosted(ledger.WorldID("GOLD"), 27)
			b.check("a")
		}},
		{"what is no asset can't be registered", func(b *books) {
			for _, asset := range []ledger.Asset{{}, {Code: "gold"}, {Code: "1A"}, {Code: "G OLD"}, {Code: "GOLD", Scale: ledger.MaxScale + 1}} {
				outcome, err := b.service.RegisterAsset(b.Context(), asset)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != "asset" || outcome.Result != ledger.Rejected {
					b.Errorf("%s was %s for the field %q", asset, outcome.Result, e.Field)
				}
			}
		}},
		{"all assets are listed in the order of codes, each once", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", Asset: usd}, ledger.AccountRequest{ID: "b", Asset: jpy})
			before := b.assets()
			if len(before) < 100 || slices.Contains(before, gold) {
				b.Errorf("%d assets are known, gold among them: %t", len(before), slices.Contains(before, gold))
			}
			tiny := ledger.Asset{Code: "A", Scale: ledger.MaxScale}
			b.register(gold)
			b.register(tiny)
			after := b.assets()
			for _, asset := range []ledger.Asset{usd, eur, jpy, gold, tiny} {
				if !slices.Contains(after, asset) {
					b.Errorf("%s is not listed", asset)
				}
			}
			if len(after) != len(before)+2 {
				b.Errorf("%d assets are listed, want %d", len(after), len(before)+2)
			}
		}},
	})
}

// assets lists the assets, and demands that their codes rise.
func (b *books) assets() []ledger.Asset {
	b.Helper()
	assets, err := b.service.Assets(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for i := 1; i < len(assets); i++ {
		if assets[i-1].Code >= assets[i].Code {
			b.Errorf("%s is listed before %s", assets[i-1], assets[i])
		}
	}
	return assets
}

func (b *books) wantRegistered(want ledger.Result, asset ledger.Asset) {
	b.Helper()
	outcome, err := b.service.RegisterAsset(b.Context(), asset)
	if err != nil || outcome.Result != want {
		b.Errorf("registering %s was %s, %v; want %s", asset, outcome.Result, err, want)
	}
	if outcome.Account != nil || outcome.Transaction != nil {
		b.Errorf("registering %s answered with %+v", asset, outcome)
	}
}

// contradicted demands that an asset is known with another scale.
func (b *books) contradicted(asset ledger.Asset) {
	b.Helper()
	outcome, err := b.service.RegisterAsset(b.Context(), asset)
	b.failed(ledger.ErrAssetExists, err)
	if outcome.Result != ledger.Rejected {
		b.Errorf("registering %s was %s", asset, outcome.Result)
	}
	_, err = b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "contrary", Asset: asset})
	b.failed(ledger.ErrAssetExists, err)
	_, err = b.service.Account(b.Context(), "contrary")
	b.failed(ledger.ErrNotFound, err)
}
