package ledger

import "testing"

func TestRegisterAsset(t *testing.T) {
	t.Parallel()
	btc := Asset{Code: "BTC", Scale: 8}
	b := newBooks(t)
	wantRejected(t, b.apply(t, opening(t, AccountRequest{ID: "a", Asset: btc}))[0], ErrUnknownAsset)
	if len(b.accounts) > 0 {
		t.Error("a refused request opened an account")
	}
	outcomes := b.apply(t,
		registerOperation{btc}, registerOperation{btc}, registerOperation{Asset{Code: "BTC", Scale: 9}},
		registerOperation{usd}, registerOperation{Asset{Code: "USD", Scale: 3}}, opening(t, AccountRequest{ID: "a", Asset: btc}))
	wantApplied(t, []Outcome{outcomes[0], outcomes[5]})
	if outcomes[1].Result != Replayed || outcomes[3].Result != Replayed || outcomes[0].Account.ID != "world:BTC" || !same(outcomes[0].Account, outcomes[1].Account) {
		t.Errorf("what is known is %+v and %+v", outcomes[1], outcomes[3])
	}
	wantRejected(t, outcomes[2], ErrAssetExists)
	wantRejected(t, outcomes[4], ErrAssetExists)
	if world := b.accounts["world:BTC"]; world.Asset != btc || world.Normal != Debit || !world.Unlimited {
		t.Errorf("the world account is %+v", world)
	}
	if _, found := b.accounts["world:USD"]; found {
		t.Error("a currency that nobody holds has a world account")
	}
}

func TestCurrencyKeepsItsScale(t *testing.T) {
	t.Parallel()
	b := newBooks(t)
	wantRejected(t, b.apply(t, opening(t, AccountRequest{ID: "a", Asset: Asset{Code: "JPY", Scale: 2}}))[0], ErrAssetExists)
	wantApplied(t, b.apply(t, opening(t, AccountRequest{ID: "a", Asset: jpy})))
}
