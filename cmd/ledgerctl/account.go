package main

import (
	"cmp"
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) accountCommand() *cobra.Command {
	command := group("account", "Open, list, show and change accounts",
		a.accountOpenCommand(), a.accountListCommand(), a.accountShowCommand(), a.accountSetCommand(),
		a.accountStatusCommand("freeze", ledger.StatusFrozen), a.accountStatusCommand("unfreeze", ledger.StatusOpen),
		a.accountStatusCommand("close", ledger.StatusClosed))
	command.GroupID = groupBooks
	return command
}

func accountColumns() []console.Column[wire.Account] {
	type account = wire.Account
	return []console.Column[account]{
		{Name: "id", Value: func(a account) string { return a.ID }},
		{Name: "name", Value: func(a account) string { return a.Name }},
		{Name: "asset", Value: func(a account) string { return a.Asset }},
		{Name: "normal", Value: func(a account) string { return a.Normal }},
		{Name: "status", Value: func(a account) string { return a.Status }},
		{Name: "posted", Right: true, Value: func(a account) string { return a.Balance.Posted }},
		{Name: "pending_in", Right: true, Value: func(a account) string { return a.Balance.PendingIn }},
		{Name: "pending_out", Right: true, Value: func(a account) string { return a.Balance.PendingOut }},
		{Name: "available", Right: true, Value: func(a account) string { return a.Balance.Available }},
		{Name: "min_balance", Right: true, Value: func(a account) string { return a.MinBalance }},
		{Name: "debits", Wide: true, Value: func(a account) string { return a.Debits }},
		{Name: "credits", Wide: true, Value: func(a account) string { return a.Credits }},
		{Name: "sequence", Right: true, Value: func(a account) string { return strconv.FormatUint(a.Sequence, 10) }},
		{Name: "opened_at", Value: func(a account) string { return console.Time(a.OpenedAt) }},
		{Name: "metadata", Wide: true, Value: func(a account) string { return console.Pairs(a.Metadata) }},
	}
}

// printAccount prints one account, with all that a list has no room for.
func (a *app) printAccount(account ledger.Account) error {
	columns := accountColumns()
	for i := range columns {
		columns[i].Wide = false
	}
	return console.One(a.console, a.settings.Output, columns, wire.NewAccount(account))
}

func (a *app) accountShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ACCOUNT",
		Short: "Show an account",
		Example: `  ledgerctl account show alice
  ledgerctl account show alice -o json`,
		Args: exactArgs("the id of the ACCOUNT"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				account, err := books.Account(command.Context(), args[0])
				if err != nil {
					return err
				}
				return a.printAccount(account)
			})
		},
	}
}

func (a *app) accountListCommand() *cobra.Command {
	var page listFlags
	var query ledger.AccountQuery
	var status string
	var metadata []string
	command := &cobra.Command{
		Use:   "list",
		Short: "List accounts, those opened last first",
		Long: `List accounts, those opened last first: all, or those that are all that the flags
say. The accounts of the world are among them.`,
		Example: `  ledgerctl account list --prefix customer: --status frozen
  ledgerctl account list --metadata branch=7 --metadata kind=savings
  ledgerctl account list --all -o csv`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			var err error
			if query.Metadata, err = parsePairs("metadata", metadata); err != nil {
				return err
			}
			if command.Flags().Changed("status") {
				if query.Status, err = wire.ParseStatus("--status", status); err != nil {
					return err
				}
			}
			query.OldestFirst = page.oldestFirst
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				accounts := paged(&page, func(after string, limit int) ([]wire.Account, bool, error) {
					query.After, query.Limit = after, limit
					return findAccounts(command.Context(), books, query)
				}, func(account wire.Account) string { return account.ID })
				return listAll(a, &page, accountColumns(), accounts)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&query.Prefix, "prefix", "", "those whose id begins with this `text`")
	flags.StringVar(&query.Asset, "asset", "", "those in the asset with this `code`")
	flags.StringVar(&status, "status", "", "those that are open, frozen or closed")
	addMetadata(command, &metadata, "those that have this")
	completeFlag(command, "status", "open", "frozen", "closed")
	page.add(command, "the `id` of the last account of the page before")
	return command
}

func findAccounts(ctx context.Context, books ledger.Service, query ledger.AccountQuery) ([]wire.Account, bool, error) {
	page, err := books.FindAccounts(ctx, query)
	accounts := make([]wire.Account, len(page.Accounts))
	for i, account := range page.Accounts {
		accounts[i] = wire.NewAccount(account)
	}
	return accounts, page.More, err
}

func (a *app) accountOpenCommand() *cobra.Command {
	var request wire.AccountRequest
	var metadata []string
	var effectiveAt timeFlag
	command := &cobra.Command{
		Use:   "open ACCOUNT --asset ASSET",
		Short: "Open an account",
		Long: `Open an account. To ask again for the same is safe: it is opened once.

An opening balance is money that comes from the world account of the asset. With one
the command says what it will do and asks, unless --yes.`,
		Example: `  ledgerctl account open alice --asset USD --name "Alice Doe" --metadata branch=7
  ledgerctl account open costs --asset EUR --normal debit --min-balance none
  ledgerctl account open bob --asset USD --min-balance -50.00 --opening-balance 20.00 --yes`,
		Args: exactArgs("the id of the ACCOUNT"),
		RunE: func(command *cobra.Command, args []string) error {
			ctx := command.Context()
			var err error
			if request.Metadata, err = parsePairs("metadata", metadata); err != nil {
				return err
			}
			request.ID, request.EffectiveAt = args[0], effectiveAt.Time
			return a.onLedger(ctx, func(books ledger.Service) error {
				domain, err := request.Domain(scalesOf(ctx, books))
				if err != nil {
					return plain(err)
				}
				if domain.OpeningBalance.Sign() != 0 {
					if err := a.confirmOpening(ctx, domain); err != nil {
						return err
					}
				}
				outcome, err := books.OpenAccount(ctx, domain)
				if err != nil {
					return a.howToRepeat(command, args, nil, request.Explain(err))
				}
				if outcome.Result == ledger.Replayed {
					a.console.Note("account %q was open already", domain.ID)
				}
				return a.printAccount(*outcome.Account)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&request.Asset, "asset", "", "what it holds, such as USD, or with its scale USD/2 (`code`)")
	flags.StringVar(&request.Name, "name", "", "a `name` for people")
	flags.StringVar(&request.Normal, "normal", ledger.Credit.String(), "the `side` on which it grows: credit, as customers' money, or debit")
	flags.StringVar(&request.MinBalance, "min-balance", "0", "the least `amount` that may be available, such as -50.00, or none for no limit")
	flags.StringVar(&request.OpeningBalance, "opening-balance", "", "the `amount` that it begins with")
	flags.Var(&effectiveAt, "effective-at", "when it began with that in business; without it, now")
	addMetadata(command, &metadata, "what to find it by")
	completeFlag(command, "normal", "credit", "debit")
	_ = command.MarkFlagRequired("asset") // It fails for a flag that is not there.
	return command
}

// confirmOpening says what an opening balance moves, and asks.
func (a *app) confirmOpening(ctx context.Context, request ledger.AccountRequest) error {
	normal := cmp.Or(request.Normal, ledger.Credit)
	other := ledger.Debit
	if normal == ledger.Debit {
		other = ledger.Credit
	}
	amount := request.Asset.Format(request.OpeningBalance)
	p := plan{
		id: request.ID, repeat: "the same command", verb: "open account " + strconv.Quote(request.ID),
		entries: []plannedEntry{
			{ledger.WorldID(request.Asset.Code), other.String(), amount, request.Asset.Code},
			{request.ID, normal.String(), amount, request.Asset.Code},
		},
	}
	if !request.EffectiveAt.IsZero() {
		p.detail("effective at %s", wire.FormatTime(request.EffectiveAt))
	}
	return a.confirm(ctx, p)
}
