package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) assetCommand() *cobra.Command {
	command := group("asset", "List and add assets", a.assetListCommand(), a.assetAddCommand())
	command.GroupID = groupBooks
	return command
}

func assetColumns() []console.Column[wire.Asset] {
	return []console.Column[wire.Asset]{
		{Name: "code", Value: func(a wire.Asset) string { return a.Code }},
		{Name: "scale", Right: true, Value: func(a wire.Asset) string { return strconv.Itoa(int(a.Scale)) }},
	}
}

func (a *app) assetListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all assets that the ledger knows, in the order of codes",
		Long: `List all assets that the ledger knows, in the order of codes: the currencies of
ISO 4217, and those that were added. The scale is the number of decimal places.`,
		Example: `  ledgerctl asset list
  ledgerctl asset list -o csv`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				assets, err := books.Assets(command.Context())
				if err != nil {
					return err
				}
				return console.List(a.console, a.settings.Output, assetColumns(), func(yield func(wire.Asset, error) bool) {
					for _, asset := range assets {
						if !yield(wire.NewAsset(asset), nil) {
							return
						}
					}
				})
			})
		},
	}
}

func (a *app) assetAddCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "add CODE/SCALE",
		Short: "Make an asset known to the ledger",
		Long: `Make an asset known to the ledger, with its scale, which is the number of decimal
places and never changes. The currencies of ISO 4217 are known already.`,
		Example: `  ledgerctl asset add ETH/18
  ledgerctl asset add POINTS/0 -o json`,
		Args: exactArgs("the asset as CODE/SCALE"),
		RunE: func(command *cobra.Command, args []string) error {
			asset, err := ledger.ParseAsset(args[0])
			if err != nil {
				return usageError(err)
			}
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				outcome, err := books.RegisterAsset(command.Context(), asset)
				if err != nil {
					return err
				}
				if outcome.Result == ledger.Replayed {
					a.console.Note("asset %s was known already", asset)
				}
				return console.One(a.console, a.settings.Output, assetColumns(), wire.NewAsset(asset))
			})
		},
	}
}

// scales tells what the assets of a request are, by asking the ledger. It implements
// [wire.Assets].
type scales struct {
	ctx   context.Context
	books ledger.Service
	// byCode is the ledger's assets once they were read, and byAccount those of the
	// accounts that were.
	byCode    map[string]ledger.Asset
	byAccount map[string]ledger.Asset
}

func scalesOf(ctx context.Context, books ledger.Service) *scales {
	return &scales{ctx: ctx, books: books, byAccount: make(map[string]ledger.Asset)}
}

// ByCode implements [wire.Assets].
func (s *scales) ByCode(code string) (ledger.Asset, error) {
	if s.byCode == nil {
		assets, err := s.books.Assets(s.ctx)
		if err != nil {
			return ledger.Asset{}, err
		}
		s.byCode = make(map[string]ledger.Asset, len(assets))
		for _, asset := range assets {
			s.byCode[asset.Code] = asset
		}
	}
	asset, isKnown := s.byCode[code]
	if !isKnown {
		return asset, &ledger.Error{
			Code: ledger.ErrUnknownAsset, Field: "asset",
			Message: fmt.Sprintf("asset %.40q is not known; add it with its scale by ledgerctl asset add %[1]s/SCALE", code),
		}
	}
	return asset, nil
}

// ByAccount implements [wire.Assets]. The world account of an asset that is known need
// not be there yet.
func (s *scales) ByAccount(id string) (ledger.Asset, error) {
	if code, isWorld := strings.CutPrefix(id, ledger.WorldID("")); isWorld {
		return s.ByCode(code)
	}
	if asset, isKnown := s.byAccount[id]; isKnown {
		return asset, nil
	}
	account, err := s.books.Account(s.ctx, id)
	if err != nil {
		return ledger.Asset{}, err
	}
	s.byAccount[id] = account.Asset
	return account.Asset, nil
}
