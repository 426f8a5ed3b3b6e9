package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/seed"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) seedCommand() *cobra.Command {
	var config seed.Config
	var epoch timeFlag
	var create bool
	command := &cobra.Command{
		Use:     "seed",
		Short:   "Fill a ledger with demo data",
		GroupID: groupWhole,
		Long: `Fill a ledger with the books of a marketplace: customers and merchants in US dollars,
euro and yen, with deposits, purchases and their fees, holds that are posted, voided or
open, refunds, payouts and points; an account that is frozen and one that is closed.

The same --transactions, --seed and --epoch make the same data, so a run that was broken
off goes on when it is repeated, and one that was done changes nothing. Other data needs
another ledger: its accounts have the same ids. The data is for an empty ledger.`,
		Example: `  ledgerctl seed --create --ledger demo
  ledgerctl seed --create --ledger demo --transactions 1000000 --seed 7 --yes`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			config.Epoch = epoch.Time
			if err := config.Validate(); err != nil {
				return usageError(err)
			}
			return a.onTarget(command.Context(), func(t *target) error { return a.seed(command, t, config, create) })
		},
	}
	flags := command.Flags()
	flags.Int64Var(&config.Transactions, "transactions", seed.DefaultTransactions, "how many transactions to make")
	flags.Uint64Var(&config.Seed, "seed", 1, "what chooses the data: the same seed, the same data")
	flags.Var(&epoch, "epoch", "when the year ends that some transactions are dated back to; 2025-01-01")
	flags.BoolVar(&create, "create", false, "make the ledger that --ledger names, unless it is there")
	return command
}

// seed fills a ledger of a target.
func (a *app) seed(command *cobra.Command, t *target, config seed.Config, create bool) error {
	ctx := command.Context()
	name := a.settings.Ledger
	if create && name == "" && t.client != nil {
		return usageError(errors.New("--create needs the --ledger to make: the server's default one is there"))
	}
	into := "the default ledger"
	if name == "" && t.client == nil {
		name = ledger.DefaultName
	}
	if name != "" {
		into = "ledger " + strconv.Quote(name)
	}
	if err := a.confirmBulk(ctx, fmt.Sprintf("seed writes %d transactions of demo data into %s of the %s, where they stay.", config.Transactions, into, place(t))); err != nil {
		return err
	}
	if create {
		if _, err := t.catalog.OpenLedger(ctx, name); err != nil {
			return err
		}
	}
	books, err := a.books(ctx, t)
	if err != nil {
		return err
	}
	if err := seed.CheckLedger(ctx, books); err != nil {
		return err
	}
	progress := a.console.Progress("seed", "transactions", config.Transactions)
	summary, err := seed.Run(ctx, books, config, func(s seed.Summary) { progress.Set(s.Transactions) })
	progress.End()
	if err != nil {
		if summary.Applied+summary.Replayed > 0 {
			a.console.Say("%d accounts and %d of %d transactions are in the ledger; repeat the command to go on", summary.Accounts, summary.Transactions, config.Transactions)
		}
		return err
	}
	return console.One(a.console, a.settings.Output, seedColumns(), summary)
}

func seedColumns() []console.Column[seed.Summary] {
	column := func(name string, value func(seed.Summary) int64) console.Column[seed.Summary] {
		return console.Column[seed.Summary]{Name: name, Value: func(s seed.Summary) string { return strconv.FormatInt(value(s), 10) }}
	}
	return []console.Column[seed.Summary]{
		column("accounts", func(s seed.Summary) int64 { return s.Accounts }),
		column("transactions", func(s seed.Summary) int64 { return s.Transactions }),
		column("steps", func(s seed.Summary) int64 { return s.Steps }),
		column("applied", func(s seed.Summary) int64 { return s.Applied }),
		column("replayed", func(s seed.Summary) int64 { return s.Replayed }),
		{Name: "complete", Value: func(s seed.Summary) string { return strconv.FormatBool(s.Complete) }},
	}
}
