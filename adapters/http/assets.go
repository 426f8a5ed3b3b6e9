package http

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// registerAsset answers POST /v1/assets.
func registerAsset(r *http.Request, b *book) reply {
	ctx := r.Context()
	request, err := readBody(r, maxOne, wire.DecodeAsset)
	if err != nil {
		return refuse(ctx, err)
	}
	outcome, err := b.service.RegisterAsset(ctx, request.Domain())
	if errors.Is(err, ledger.ErrAssetExists) {
		return refuse(ctx, renamed(err, "asset", "scale"))
	}
	if err != nil {
		return refuse(ctx, renamed(err, "asset", "code"))
	}
	return written(outcome.Result, http.StatusCreated, request)
}

// listAssets answers GET /v1/assets.
func listAssets(r *http.Request, b *book) reply {
	ctx := r.Context()
	p := parametersOf(r)
	after, limit := p.after(), p.limit()
	if err := p.end(); err != nil {
		return refuse(ctx, err)
	}
	assets, err := b.service.Assets(ctx)
	if err != nil {
		return refuse(ctx, err)
	}
	// They are in the order of their codes, of which there are a few hundred.
	first, found := slices.BinarySearchFunc(assets, after, func(a ledger.Asset, code string) int { return strings.Compare(a.Code, code) })
	if found {
		first++
	}
	if limit == 0 {
		limit = ledger.DefaultLimit
	}
	last := min(first+limit, len(assets))
	codeCursor := func(a ledger.Asset) string { return wire.IDCursor(a.Code) }
	return ok(wire.NewPage(assets[first:last], last < len(assets), wire.NewAsset, codeCursor))
}
