package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) reverseCommand() *cobra.Command {
	var request wire.ReversalRequest
	var effectiveAt timeFlag
	var metadata []string
	command := &cobra.Command{
		Use:     "reverse TRANSACTION",
		Short:   "Undo a transaction by another on the other sides",
		GroupID: groupMoney,
		Long: `Undo all that a transaction posted, by another one with the same entries on the other
sides. A transaction is reversed once at most, and a reversal never.` + idLong,
		Example: `  ledgerctl reverse payment-1
  ledgerctl reverse payment-1 --id refund-1 --description "Wrong account" --yes`,
		Args: exactArgs("the id of the TRANSACTION"),
		RunE: func(command *cobra.Command, args []string) error {
			var err error
			if err := notEmpty(command, "id"); err != nil {
				return err
			}
			if request.Metadata, err = parsePairs("metadata", metadata); err != nil {
				return err
			}
			request.EffectiveAt = effectiveAt.Time
			if request.ID == "" {
				request.ID = newID()
			}
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				return a.reverse(command, books, args[0], request)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&request.ID, "id", "", "the `id` of the reversal, which makes repeating it safe; without one it gets a random one")
	flags.Var(&effectiveAt, "effective-at", "when it happened in business, if that was earlier")
	flags.StringVar(&request.Description, "description", "", "a `text` for people")
	addMetadata(command, &metadata, "what to find it by")
	flags.StringVar(&request.Actor, "actor", "", "who asks for it (`name`)")
	return command
}

func (a *app) reverse(command *cobra.Command, books ledger.Service, id string, request wire.ReversalRequest) error {
	ctx := command.Context()
	domain, err := request.Domain(id)
	if err != nil {
		return plain(err)
	}
	original, err := books.Transaction(ctx, id)
	if err != nil {
		return err
	}
	if err := a.confirm(ctx, reversalPlan(&original, domain)); err != nil {
		return err
	}
	outcome, err := books.Reverse(ctx, domain)
	if err != nil {
		return a.howToRepeat(command, []string{id}, []string{"--id", request.ID}, err)
	}
	return a.printOutcome(outcome)
}

func reversalPlan(original *ledger.Transaction, reversal ledger.ReversalRequest) plan {
	p := plan{id: reversal.ID, repeat: "--id " + reversal.ID, verb: "reverse transaction " + strconv.Quote(original.ID)}
	for _, e := range original.Entries {
		side := ledger.Debit
		if e.Side == ledger.Debit {
			side = ledger.Credit
		}
		p.entries = append(p.entries, plannedEntry{e.Account, side.String(), e.Asset.Format(e.Amount), e.Asset.Code})
	}
	if original.Status != ledger.Posted {
		p.detail("the transaction is %s, and has posted nothing", original.Status)
	}
	if original.ReversedBy != "" {
		p.detail("it was reversed by %q", original.ReversedBy)
	}
	if !reversal.EffectiveAt.IsZero() {
		p.detail("effective at %s", wire.FormatTime(reversal.EffectiveAt))
	}
	if reversal.Description != "" {
		p.detail("description %q", reversal.Description)
	}
	return p
}
