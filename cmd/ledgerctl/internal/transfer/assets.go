package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// assets tells the scales of assets: those that earlier lines have, and else those of the
// ledger, of which it remembers the last that were asked for. It is for one goroutine.
type assets struct {
	ctx     context.Context
	service ledger.Service
	retry   func(context.Context, func() error) error
	codes   map[string]ledger.Asset
	loaded  bool
	// young and old are what accounts hold.
	young, old map[string]ledger.Asset
	// failed is why something could not be looked up, which is not a line's fault.
	failed error
}

// maxYoung bounds what assets remembers, to some ten MiB.
const maxYoung = 1 << 15

func newAssets(ctx context.Context, service ledger.Service, retry func(context.Context, func() error) error) *assets {
	return &assets{ctx: ctx, service: service, retry: retry, codes: make(map[string]ledger.Asset), young: make(map[string]ledger.Asset)}
}

// ByCode implements [wire.Assets].
func (a *assets) ByCode(code string) (ledger.Asset, error) {
	asset, found := a.codes[code]
	if !found && !a.loaded {
		var known []ledger.Asset
		err := a.retry(a.ctx, func() (err error) { known, err = a.service.Assets(a.ctx); return err })
		if err != nil {
			a.failed = err
			return asset, err
		}
		a.loaded = true
		for _, each := range known {
			if _, registered := a.codes[each.Code]; !registered {
				a.codes[each.Code] = each
			}
		}
		asset, found = a.codes[code]
	}
	if !found {
		return asset, &ledger.Error{
			Code: ledger.ErrUnknownAsset, Field: "asset",
			Message: fmt.Sprintf("asset %s is not known; register it before, with a line of type asset, or give it with its scale", code),
		}
	}
	return asset, nil
}

// register notes an asset that a line registers, unless its code is known: then the line
// changes nothing, or is to be refused.
func (a *assets) register(asset ledger.Asset) error {
	_, err := a.ByCode(asset.Code)
	if errors.Is(err, ledger.ErrUnknownAsset) {
		a.codes[asset.Code], err = asset, nil
	}
	return err
}

// ByAccount implements [wire.Assets].
func (a *assets) ByAccount(id string) (ledger.Asset, error) {
	if code, isWorld := strings.CutPrefix(id, ledger.WorldID("")); isWorld {
		return a.ByCode(code)
	}
	if asset, found := a.young[id]; found {
		return asset, nil
	}
	asset, found := a.old[id]
	if !found {
		var account ledger.Account
		err := a.retry(a.ctx, func() (err error) { account, err = a.service.Account(a.ctx, id); return err })
		if errors.Is(err, ledger.ErrNotFound) {
			return asset, err
		}
		if err != nil {
			a.failed = err
			return asset, err
		}
		asset = account.Asset
	}
	a.keep(id, asset)
	return asset, nil
}

// unregister forgets an asset, for the line that registers it was refused.
func (a *assets) unregister(code string) {
	delete(a.codes, code)
	a.loaded = false
}

// learn notes what an account holds that a line opens, unless it is there already and the
// line is to be refused.
func (a *assets) learn(id string, asset ledger.Asset) {
	_, young := a.young[id]
	_, old := a.old[id]
	if !young && !old {
		a.keep(id, asset)
	}
}

// forget forgets what an account holds, for the line that said so was refused.
func (a *assets) forget(id string) {
	delete(a.young, id)
	delete(a.old, id)
}

func (a *assets) keep(id string, asset ledger.Asset) {
	if len(a.young) >= maxYoung {
		a.young, a.old = make(map[string]ledger.Asset), a.young
	}
	a.young[id] = asset
}
