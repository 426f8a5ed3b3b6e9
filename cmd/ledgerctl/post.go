package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// idLong is what the help of all commands with an --id says of it.
const idLong = `

What it will do is printed first, with the id of the transaction, and then asked for,
unless --yes. The same command with the same --id takes effect once, however often it
is repeated: do so if the answer is lost.`

func (a *app) postCommand() *cobra.Command {
	flags := new(transactionFlags)
	command := &cobra.Command{
		Use:     "post (--from ACCOUNT --to ACCOUNT --amount AMOUNT | --entries FILE)",
		Short:   "Post a transaction",
		GroupID: groupMoney,
		Long: `Post a transaction: a debit of one account and a credit of another, or the entries
of a file. That has JSON: an array of entries, or a whole transaction as the API takes
it; - is standard input.` + idLong,
		Example: `  ledgerctl post --from world:USD --to alice --amount 20.00
  ledgerctl post --from alice --to bob --amount 5.00 --id payment-1 --description "Lunch" --yes
  ledgerctl post --from alice --to shop --amount 100 --up-to --condition account=alice,sequence=3
  echo '[{"account":"alice","side":"debit","amount":"5.00"},{"account":"bob","side":"credit","amount":"5.00"}]' |
    ledgerctl post --entries - --id payment-2 --yes`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error { return a.runPost(command, flags) },
	}
	flags.add(command)
	return command
}

func (a *app) holdCommand() *cobra.Command {
	flags := &transactionFlags{isHold: true}
	command := &cobra.Command{
		Use:     "hold (--from ACCOUNT --to ACCOUNT --amount AMOUNT | --entries FILE)",
		Short:   "Reserve money: make a pending transaction",
		GroupID: groupMoney,
		Long: `Reserve money by a pending transaction, which capture posts, and void releases. It
takes what post takes.

With --expires-in it ends by itself after that time. The time is worked out once and
printed: to repeat the command, give that as --expires-at.` + idLong,
		Example: `  ledgerctl hold --from alice --to shop --amount 30.00 --expires-in 24h
  ledgerctl hold --from alice --to shop --amount 30.00 --id order-7 --expires-at 2030-01-31T12:00:00Z --yes
  ledgerctl hold --entries order.json --dry-run`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error { return a.runPost(command, flags) },
	}
	flags.add(command)
	command.Flags().Var(&flags.expiresAt, "expires-at", "when it ends by itself, such as 2026-01-31T12:00:00Z")
	command.Flags().DurationVar(&flags.expiresIn, "expires-in", 0, "how long until it ends by itself, such as 24h")
	command.MarkFlagsMutuallyExclusive("expires-at", "expires-in")
	return command
}

// runPost posts what the flags say, or would.
func (a *app) runPost(command *cobra.Command, flags *transactionFlags) error {
	ctx := command.Context()
	request, err := flags.read(command)
	if err != nil {
		return err
	}
	return a.onLedger(ctx, func(books ledger.Service) error {
		domain, err := request.Domain(scalesOf(ctx, books))
		if err != nil {
			return plain(err)
		}
		if flags.dryRun {
			return a.dryRun(ctx, books, request, domain)
		}
		if err := a.confirm(ctx, planOf(domain, request)); err != nil {
			return err
		}
		outcome, err := books.Post(ctx, domain)
		if err != nil {
			return a.howToRepeat(command, nil, flags.repeat(request), request.Explain(err))
		}
		return a.printOutcome(outcome)
	})
}

func (a *app) dryRun(ctx context.Context, books ledger.Service, request wire.TransactionRequest, domain ledger.TransactionRequest) error {
	outcome, err := books.DryRun(ctx, domain)
	if err != nil {
		return request.Explain(err)
	}
	a.console.Note("dry run: this is what would be; nothing was changed")
	return a.printOutcome(outcome)
}

// printOutcome prints the transaction of a write.
func (a *app) printOutcome(outcome ledger.Outcome) error {
	if outcome.Result == ledger.Replayed {
		a.console.Note("transaction %q took effect before: nothing was changed", outcome.Transaction.ID)
	}
	return a.printTransaction(outcome.Transaction)
}

// planOf says what a transaction will do.
func planOf(domain ledger.TransactionRequest, request wire.TransactionRequest) plan {
	p := plan{id: domain.ID, repeat: "--id " + domain.ID, verb: "post"}
	if domain.Pending {
		p.verb = "hold"
	}
	for _, e := range domain.Entries {
		p.entries = append(p.entries, plannedEntry{e.Account, e.Side.String(), e.Asset.Format(e.Amount), e.Asset.Code})
	}
	if domain.UpTo {
		p.detail("up to that amount, as the limits of the accounts allow")
	}
	if !domain.ExpiresAt.IsZero() {
		p.detail("expires at %s: repeat with --expires-at %[1]s", wire.FormatTime(domain.ExpiresAt))
	}
	if !domain.EffectiveAt.IsZero() {
		p.detail("effective at %s", wire.FormatTime(domain.EffectiveAt))
	}
	for _, c := range request.Conditions {
		if c.Sequence != nil {
			p.detail("only if account %q is at number %d", c.Account, *c.Sequence)
		}
		if c.MinAvailable != "" {
			p.detail("only if account %q has %s available", c.Account, c.MinAvailable)
		}
	}
	if domain.Related != "" {
		p.detail("related to %q", domain.Related)
	}
	if domain.Description != "" {
		p.detail("description %q", domain.Description)
	}
	return p
}

func (p *plan) detail(format string, arguments ...any) {
	p.details = append(p.details, fmt.Sprintf(format, arguments...))
}

// expiry returns when a hold ends by itself.
func (f *transactionFlags) expiry(command *cobra.Command) (time.Time, error) {
	if !f.isHold || !command.Flags().Changed("expires-in") {
		return f.expiresAt.Time, nil
	}
	if f.expiresIn <= 0 {
		return time.Time{}, usageError(errors.New("--expires-in should be more than nothing, such as 24h"))
	}
	return time.Now().Add(f.expiresIn).UTC().Truncate(time.Millisecond), nil
}

// repeat returns the flags that a command that is repeated must have.
func (f *transactionFlags) repeat(request wire.TransactionRequest) []string {
	words := []string{"--id", request.ID}
	if f.isHold && !request.ExpiresAt.IsZero() {
		words = append(words, "--expires-at", wire.FormatTime(request.ExpiresAt))
	}
	return words
}
