package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) ledgerCommand() *cobra.Command {
	command := group("ledger", "Open and list ledgers", a.ledgerOpenCommand(), a.ledgerListCommand())
	command.GroupID = groupBooks
	return command
}

func ledgerColumns() []console.Column[wire.Ledger] {
	return []console.Column[wire.Ledger]{{Name: "name", Value: func(l wire.Ledger) string { return l.Name }}}
}

func (a *app) ledgerOpenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "open NAME",
		Short: "Make a ledger, unless it is there",
		Example: `  ledgerctl ledger open eu
  ledgerctl ledger open eu -o json`,
		Args: exactArgs("the NAME of the ledger"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onTarget(command.Context(), func(t *target) error {
				result, err := t.catalog.OpenLedger(command.Context(), args[0])
				if err != nil {
					return err
				}
				if result == ledger.Replayed {
					a.console.Note("ledger %q was there already", args[0])
				}
				return console.One(a.console, a.settings.Output, ledgerColumns(), wire.Ledger{Name: args[0]})
			})
		},
	}
}

func (a *app) ledgerListCommand() *cobra.Command {
	var page listFlags
	command := &cobra.Command{
		Use:   "list",
		Short: "List ledgers, newest first",
		Example: `  ledgerctl ledger list
  ledgerctl ledger list --all -o csv`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onTarget(command.Context(), func(t *target) error {
				ledgers := paged(&page, func(after string, limit int) ([]wire.Ledger, bool, error) {
					return findLedgers(command.Context(), t.catalog, ledger.LedgerQuery{OldestFirst: page.oldestFirst, After: after, Limit: limit})
				}, func(l wire.Ledger) string { return l.Name })
				return listAll(a, &page, ledgerColumns(), ledgers)
			})
		},
	}
	page.add(command, "the name of the last ledger of the page before")
	return command
}

func findLedgers(ctx context.Context, catalog ledger.Catalog, query ledger.LedgerQuery) ([]wire.Ledger, bool, error) {
	page, err := catalog.FindLedgers(ctx, query)
	ledgers := make([]wire.Ledger, len(page.Names))
	for i, name := range page.Names {
		ledgers[i] = wire.Ledger{Name: name}
	}
	return ledgers, page.More, err
}
