package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/ledger"
)

// metadataFlags are the flags that change metadata.
type metadataFlags struct {
	set   []string
	clear bool
	unset []string
}

func (a *app) accountSetCommand() *cobra.Command {
	var metadata metadataFlags
	var name string
	command := &cobra.Command{
		Use:   "set ACCOUNT",
		Short: "Change the name or the metadata of an account",
		Long: `Change the name or the metadata of an account. What limits it never changes.

The ledger takes metadata as a whole: with --metadata or --unset the command reads all
of it, and writes all of it with the change. What others change in between is lost.`,
		Example: `  ledgerctl account set alice --name "Alice Doe"
  ledgerctl account set alice --metadata branch=7 --unset campaign
  ledgerctl account set alice --clear-metadata`,
		Args: exactArgs("the id of the ACCOUNT"),
		RunE: func(command *cobra.Command, args []string) error {
			var change ledger.AccountChange
			if command.Flags().Changed("name") {
				change.Name = &name
			}
			pairs, err := parsePairs("metadata", metadata.set)
			if err != nil {
				return err
			}
			if change.Name == nil && pairs == nil && !metadata.clear && metadata.unset == nil {
				return usageError(errors.New("say what to change, with --name, --metadata, --unset or --clear-metadata"))
			}
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				var err error
				if change.Metadata, err = a.changedMetadata(command.Context(), books, args[0], pairs, metadata); err != nil {
					return err
				}
				return a.changeAccount(command.Context(), books, args[0], change)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&name, "name", "", "the new `name`; empty takes it away")
	addMetadata(command, &metadata.set, "what to find it by, new or anew")
	flags.StringArrayVar(&metadata.unset, "unset", nil, "the `key` of metadata to take away; may be given several times")
	flags.BoolVar(&metadata.clear, "clear-metadata", false, "take away all metadata that is not set anew")
	command.MarkFlagsMutuallyExclusive("unset", "clear-metadata")
	return command
}

// changedMetadata returns all that the account's metadata is to be; nil leaves it.
func (a *app) changedMetadata(
	ctx context.Context, books ledger.Service, id string, set map[string]string, flags metadataFlags,
) (ledger.Metadata, error) {
	changed := make(ledger.Metadata)
	switch {
	case flags.clear:
	case set == nil && flags.unset == nil:
		return nil, nil //nolint:nilnil // Nil is the change's word for no change.
	default:
		account, err := books.Account(ctx, id)
		if err != nil {
			return nil, err
		}
		maps.Copy(changed, account.Metadata)
	}
	for _, key := range flags.unset {
		if _, isSet := set[key]; isSet {
			return nil, usageError(fmt.Errorf("%q is both in --metadata and in --unset", key))
		}
		if _, isThere := changed[key]; !isThere {
			a.console.Note("account %q has no metadata %q", id, key)
		}
		delete(changed, key)
	}
	maps.Copy(changed, set)
	return changed, nil
}

func (a *app) changeAccount(ctx context.Context, books ledger.Service, id string, change ledger.AccountChange) error {
	account, err := books.ChangeAccount(ctx, id, change)
	if err != nil {
		return err
	}
	return a.printAccount(account)
}

// accountStatusCommand returns the command that gives an account a status.
func (a *app) accountStatusCommand(verb string, status ledger.Status) *cobra.Command {
	command := &cobra.Command{
		Use:  verb + " ACCOUNT",
		Args: exactArgs("the id of the ACCOUNT"),
		Example: fmt.Sprintf(`  ledgerctl account %s alice
  ledgerctl account %[1]s alice -o json`, verb),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				if status == ledger.StatusClosed {
					if err := a.confirmClosing(command.Context(), books, args[0]); err != nil {
						return err
					}
				}
				return a.changeAccount(command.Context(), books, args[0], ledger.AccountChange{Status: status})
			})
		},
	}
	switch status {
	case ledger.StatusFrozen:
		command.Short = "Let an account take no transactions for now"
		command.Long = `Let an account take no transactions until it is unfrozen. What is pending on it cannot be
captured then either, but voided.`
	case ledger.StatusOpen:
		command.Short = "Let a frozen account take transactions again"
	case ledger.StatusClosed:
		command.Short = "Let an account take no transactions any more, for good"
		command.Long = `Close an account, for good. It must have a balance of zero, and nothing pending. It is
asked for, unless --yes.`
		command.Example = `  ledgerctl account close alice
  ledgerctl account close alice --yes`
	}
	return command
}

func (a *app) confirmClosing(ctx context.Context, books ledger.Service, id string) error {
	account, err := books.Account(ctx, id)
	if err != nil {
		return err
	}
	a.console.Say("close account %s on %s, for good: it has %s %s, and is %s",
		strconv.Quote(id), a.place, account.Asset.Format(account.Posted()), account.Asset.Code, account.Status)
	return a.ask(ctx)
}
