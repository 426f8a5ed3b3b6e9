package main

import (
	"fmt"
	"io"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

const stepLong = `

What it will do is printed first, and then asked for, unless --yes. To repeat the
command is safe: it takes effect once.`

func (a *app) captureCommand() *cobra.Command {
	var request wire.PostPendingRequest
	var file string
	command := &cobra.Command{
		Use:     "capture TRANSACTION",
		Short:   "Post a pending transaction, in full or in part",
		GroupID: groupMoney,
		Long: `Post a pending transaction: in full, or a part of it, and the rest is released.

The part is an amount if it has two entries. Otherwise it is the entries of a file: JSON
with one for each of the transaction's, in its order; - is standard input.` + stepLong,
		Example: `  ledgerctl capture order-7
  ledgerctl capture order-7 --amount 12.50 --yes
  ledgerctl capture order-7 --entries shipped.json`,
		Args: exactArgs("the id of the TRANSACTION"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := notEmpty(command, "amount", "entries"); err != nil {
				return err
			}
			if file != "" {
				var err error
				if request.Entries, err = readEntries(command.InOrStdin(), file); err != nil {
					return err
				}
			}
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				return a.capture(command, books, args[0], request)
			})
		},
	}
	command.Flags().StringVar(&request.Amount, "amount", "", "the `amount` to post of it")
	command.Flags().StringVar(&file, "entries", "", "the `file` with what to post of each entry")
	command.Flags().StringVar(&request.Actor, "actor", "", "who asks for it (`name`)")
	command.MarkFlagsMutuallyExclusive("amount", "entries")
	return command
}

// readEntries reads a file that has entries and nothing else.
func readEntries(in io.Reader, file string) ([]wire.EntryRequest, error) {
	request, err := readTransaction(in, file)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(request, wire.TransactionRequest{Entries: request.Entries}) || request.Entries == nil {
		return nil, usageError(fmt.Errorf("%q should have entries and nothing else", file))
	}
	return request.Entries, nil
}

func (a *app) capture(command *cobra.Command, books ledger.Service, id string, request wire.PostPendingRequest) error {
	ctx := command.Context()
	pending, err := books.Transaction(ctx, id)
	if err != nil {
		return err
	}
	first := func() (ledger.Asset, error) { return pending.Entries[0].Asset, nil }
	domain, err := request.Domain(id, first, scalesOf(ctx, books))
	if err != nil {
		return plain(err)
	}
	p := stepPlan(&pending, "capture")
	switch {
	case domain.Entries != nil:
		p.entries = nil
		for _, e := range domain.Entries {
			p.entries = append(p.entries, plannedEntry{e.Account, e.Side.String(), e.Asset.Format(e.Amount), e.Asset.Code})
		}
	case domain.Amount != nil:
		for i := range p.entries {
			p.entries[i].amount = pending.Entries[i].Asset.Format(*domain.Amount)
		}
	}
	if err := a.confirm(ctx, p); err != nil {
		return err
	}
	outcome, err := books.PostPending(ctx, domain)
	if err != nil {
		return a.howToRepeat(command, []string{id}, nil, err)
	}
	return a.printOutcome(outcome)
}

func (a *app) voidCommand() *cobra.Command {
	var actor string
	command := &cobra.Command{
		Use:     "void TRANSACTION",
		Short:   "Release what a pending transaction reserves",
		GroupID: groupMoney,
		Long:    `Release all that a pending transaction reserves. It is then voided, for good.` + stepLong,
		Example: `  ledgerctl void order-7
  ledgerctl void order-7 --actor alice@example.com --yes`,
		Args: exactArgs("the id of the TRANSACTION"),
		RunE: func(command *cobra.Command, args []string) error {
			ctx := command.Context()
			return a.onLedger(ctx, func(books ledger.Service) error {
				pending, err := books.Transaction(ctx, args[0])
				if err != nil {
					return err
				}
				if err := a.confirm(ctx, stepPlan(&pending, "void, which releases,")); err != nil {
					return err
				}
				outcome, err := books.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: args[0], Actor: actor})
				if err != nil {
					return a.howToRepeat(command, args, nil, err)
				}
				return a.printOutcome(outcome)
			})
		},
	}
	command.Flags().StringVar(&actor, "actor", "", "who asks for it (`name`)")
	return command
}

// stepPlan says what a step does to all that a transaction reserves, or reserved.
func stepPlan(t *ledger.Transaction, verb string) plan {
	p := plan{id: t.ID, repeat: "the same command", verb: verb}
	for i, e := range t.Entries {
		amount := e.Amount
		if t.Reserved != nil {
			amount = t.Reserved[i]
		}
		p.entries = append(p.entries, plannedEntry{e.Account, e.Side.String(), e.Asset.Format(amount), e.Asset.Code})
	}
	if t.Status != ledger.Pending {
		p.detail("the transaction is %s now", t.Status)
	}
	return p
}
