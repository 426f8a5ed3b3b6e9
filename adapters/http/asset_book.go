package http

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// accountAssets remembers which assets accounts hold, which never changes. It keeps
// those that were asked for last: when the young are many they become the old, and
// the old are forgotten.
type accountAssets struct {
	mu         sync.RWMutex
	young, old map[accountKey]ledger.Asset
}

type accountKey struct {
	book    *assetBook
	account string
}

// maxYoung bounds what accountAssets remembers, to some ten MiB.
const maxYoung = 1 << 15

func newAccountAssets() *accountAssets {
	return &accountAssets{young: make(map[accountKey]ledger.Asset)}
}

func (a *accountAssets) find(key accountKey) (ledger.Asset, bool) {
	a.mu.RLock()
	asset, young := a.young[key]
	found := young
	if !young {
		asset, found = a.old[key]
	}
	a.mu.RUnlock()
	if found && !young {
		a.keep(key, asset)
	}
	return asset, found
}

func (a *accountAssets) keep(key accountKey, asset ledger.Asset) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.young) >= maxYoung {
		a.young, a.old = make(map[accountKey]ledger.Asset), a.young
	}
	a.young[key] = asset
}

// assetBook tells the scales of a ledger's assets.
type assetBook struct {
	service  ledger.Service
	accounts *accountAssets

	mu     sync.RWMutex
	scales map[string]ledger.Asset
}

func (b *assetBook) byCode(code string) (ledger.Asset, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	asset, found := b.scales[code]
	return asset, found
}

// resolve returns what tells the assets of a request, or of a batch. ask asks it for
// all of them; what is not known is then looked up at once. What it is told before
// that means nothing.
func resolve(ctx context.Context, b *assetBook, ask func(wire.Assets)) (wire.Assets, error) {
	q := &assetQuestion{book: b}
	ask(q)
	r := &resolution{ctx: ctx, book: b}
	if q.codes {
		if err := b.loadScales(ctx); err != nil {
			return nil, err
		}
	}
	slices.Sort(q.accounts)
	for ids := range slices.Chunk(slices.Compact(q.accounts), ledger.MaxBatch) {
		if err := r.load(ids); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// assetQuestion is a [wire.Assets] that notes what is not known.
type assetQuestion struct {
	book     *assetBook
	codes    bool
	accounts []string
}

// ByCode implements [wire.Assets].
func (q *assetQuestion) ByCode(code string) (ledger.Asset, error) {
	asset, found := q.book.byCode(code)
	q.codes = q.codes || !found
	return asset, nil
}

// ByAccount implements [wire.Assets].
func (q *assetQuestion) ByAccount(id string) (ledger.Asset, error) {
	if code, isWorld := worldCode(id); isWorld {
		return q.ByCode(code)
	}
	asset, found := q.book.accounts.find(accountKey{q.book, id})
	if !found && ledger.ValidateID(id) == nil {
		q.accounts = append(q.accounts, id)
	}
	return asset, nil
}

func worldCode(id string) (code string, isWorld bool) {
	return strings.CutPrefix(id, ledger.WorldID(""))
}

// resolution is a [wire.Assets] that knows the answers.
type resolution struct {
	ctx  context.Context
	book *assetBook
	// found is what was looked up, for the memory of the book may forget it. An
	// account that is not there has no asset in it.
	found map[string]ledger.Asset
}

// ByCode implements [wire.Assets].
func (r *resolution) ByCode(code string) (ledger.Asset, error) {
	if asset, found := r.book.byCode(code); found {
		return asset, nil
	}
	return ledger.Asset{}, &ledger.Error{
		Code: ledger.ErrUnknownAsset, Field: "asset",
		Message: fmt.Sprintf("asset %.40q is not known; register it with its scale by POST /v1/assets", code),
	}
}

// ByAccount implements [wire.Assets].
func (r *resolution) ByAccount(id string) (ledger.Asset, error) {
	if code, isWorld := worldCode(id); isWorld {
		if asset, found := r.book.byCode(code); found {
			return asset, nil
		}
		return ledger.Asset{}, ledger.NoAccount(id)
	}
	asset, found := r.found[id]
	if !found {
		asset, found = r.book.accounts.find(accountKey{r.book, id})
	}
	if !found {
		// It was known when it was asked for, and forgotten since.
		if err := r.load([]string{id}); err != nil {
			return ledger.Asset{}, err
		}
		asset = r.found[id]
	}
	if asset == (ledger.Asset{}) {
		return asset, ledger.NoAccount(id)
	}
	return asset, nil
}

// load looks up accounts, of which some may not be there.
func (r *resolution) load(ids []string) error {
	if r.found == nil {
		r.found = make(map[string]ledger.Asset, len(ids))
	}
	for _, id := range ids {
		r.found[id] = ledger.Asset{}
	}
	return readAssets(r.ctx, r.book.service, ids, func(id string, asset ledger.Asset) {
		r.found[id] = asset
		r.book.accounts.keep(accountKey{r.book, id}, asset)
	})
}

// readAssets calls found with the asset of each account that is there.
func readAssets(ctx context.Context, service ledger.Service, ids []string, found func(id string, asset ledger.Asset)) error {
	accounts, err := service.Accounts(ctx, ids)
	switch {
	case errors.Is(err, ledger.ErrNotFound) && len(ids) == 1:
		return nil
	case errors.Is(err, ledger.ErrNotFound):
		half := len(ids) / 2
		if err := readAssets(ctx, service, ids[:half], found); err != nil {
			return err
		}
		return readAssets(ctx, service, ids[half:], found)
	case err != nil:
		return err
	}
	for i := range accounts {
		found(accounts[i].ID, accounts[i].Asset)
	}
	return nil
}

func (b *assetBook) loadScales(ctx context.Context) error {
	assets, err := b.service.Assets(ctx)
	if err != nil {
		return err
	}
	scales := make(map[string]ledger.Asset, len(assets))
	for _, asset := range assets {
		scales[asset.Code] = asset
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.Copy(scales, b.scales)
	b.scales = scales
	return nil
}
