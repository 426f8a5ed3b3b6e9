package main

import (
	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) balanceCommand() *cobra.Command {
	var moment momentFlags
	command := &cobra.Command{
		Use:     "balance ACCOUNT",
		Short:   "Show the balance of an account, now or in the past",
		GroupID: groupBooks,
		Long: `Show the balance of an account.

With --at it is that of a moment in business: with all that took effect by then,
whenever it was recorded. With --recorded-at it is what the books said then.`,
		Example: `  ledgerctl balance alice
  ledgerctl balance alice --at 2026-01-31T23:59:59Z
  ledgerctl balance world:USD -o json`,
		Args: exactArgs("the id of the ACCOUNT"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				balance, err := books.BalanceAt(command.Context(), args[0], moment.domain())
				if err != nil {
					return moment.explain(err)
				}
				isNow := moment.isNow()
				return console.One(a.console, a.settings.Output, balanceColumns(isNow), wire.NewBalanceAt(balance, isNow))
			})
		},
	}
	moment.add(command)
	return command
}

func balanceColumns(isNow bool) []console.Column[wire.BalanceAt] {
	type column = console.Column[wire.BalanceAt]
	columns := []column{
		{Name: "account", Value: func(b wire.BalanceAt) string { return b.Account }},
		{Name: "asset", Value: func(b wire.BalanceAt) string { return b.Asset }},
		{Name: "normal", Value: func(b wire.BalanceAt) string { return b.Normal }},
		{Name: "posted", Value: func(b wire.BalanceAt) string { return b.Posted }},
	}
	if isNow {
		columns = append(columns,
			column{Name: "pending_in", Value: func(b wire.BalanceAt) string { return b.PendingIn }},
			column{Name: "pending_out", Value: func(b wire.BalanceAt) string { return b.PendingOut }},
			column{Name: "available", Value: func(b wire.BalanceAt) string { return b.Available }},
		)
	}
	return append(columns,
		column{Name: "debits", Value: func(b wire.BalanceAt) string { return b.Debits }},
		column{Name: "credits", Value: func(b wire.BalanceAt) string { return b.Credits }},
		column{Name: "answered_at", Value: func(b wire.BalanceAt) string { return console.Time(b.AnsweredAt) }},
	)
}
