package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) historyCommand() *cobra.Command {
	var page listFlags
	command := &cobra.Command{
		Use:     "history ACCOUNT",
		Short:   "List the entries of an account, newest first",
		GroupID: groupBooks,
		Long: `List the entries of an account, newest first, each with the balance right after it.

Entries are numbered 1, 2, 3 …; an opening balance is number 0. Those of a world
account come stripe by stripe, and are numbered STRIPE.SEQ.`,
		Example: `  ledgerctl history alice
  ledgerctl history alice --limit 20 --after 480
  ledgerctl history world:USD --all -o csv`,
		Args: exactArgs("the id of the ACCOUNT"),
		RunE: func(command *cobra.Command, args []string) error {
			if _, err := parseKey(page.after); err != nil {
				return err
			}
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				entries := paged(&page, func(after string, limit int) ([]wire.AccountEntry, bool, error) {
					key, err := parseKey(after)
					if err != nil {
						return nil, false, err
					}
					found, err := books.Entries(command.Context(), ledger.EntryQuery{
						Account: args[0], OldestFirst: page.oldestFirst, After: key, Limit: limit,
					})
					return wireEntries(found.Entries), found.More, err
				}, entryKeyText)
				return listAll(a, &page, accountEntryColumns(), entries)
			})
		},
	}
	page.add(command, "the `number` of the last entry of the page before")
	return command
}

func wireEntries(entries []ledger.Entry) []wire.AccountEntry {
	found := make([]wire.AccountEntry, len(entries))
	for i, e := range entries {
		found[i] = wire.NewAccountEntry(e)
	}
	return found
}

func accountEntryColumns() []console.Column[wire.AccountEntry] {
	type entry = wire.AccountEntry
	return []console.Column[entry]{
		{Name: "seq", Right: true, Narrow: true, Value: entryKeyText},
		{Name: "seq", Wide: true, Value: func(e entry) string { return strconv.FormatUint(e.Seq, 10) }},
		{Name: "stripe", Wide: true, Value: func(e entry) string { return strconv.Itoa(int(e.Stripe)) }},
		{Name: "recorded_at", Value: func(e entry) string { return console.Time(e.RecordedAt) }},
		{Name: "effective_at", Value: func(e entry) string { return console.Time(e.EffectiveAt) }},
		{Name: "transaction_id", Value: func(e entry) string { return e.TransactionID }},
		{Name: "side", Value: func(e entry) string { return e.Side }},
		{Name: "amount", Right: true, Value: func(e entry) string { return e.Amount }},
		{Name: "balance", Right: true, Value: func(e entry) string { return e.Balance }},
		{Name: "asset", Value: func(e entry) string { return e.Asset }},
		{Name: "total_debits", Wide: true, Value: func(e entry) string { return e.TotalDebits }},
	}
}

func entryKeyText(e wire.AccountEntry) string {
	return keyText(ledger.EntryKey{Stripe: e.Stripe, Sequence: e.Seq})
}

// keyText prints an entry's place among its account's as parseKey reads it.
func keyText(key ledger.EntryKey) string {
	text := strconv.FormatUint(key.Sequence, 10)
	if key.Stripe > 0 {
		text = strconv.Itoa(int(key.Stripe)) + "." + text
	}
	return text
}

// parseKey reads an entry's place, SEQ or STRIPE.SEQ; empty is none.
func parseKey(text string) (*ledger.EntryKey, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // Nil is the query's word for the first page.
	}
	stripeText, sequenceText, hasStripe := strings.Cut(text, ".")
	if !hasStripe {
		stripeText, sequenceText = "0", text
	}
	stripe, stripeErr := strconv.ParseUint(stripeText, 10, 8)
	sequence, sequenceErr := strconv.ParseUint(sequenceText, 10, 63)
	if stripeErr != nil || sequenceErr != nil {
		return nil, usageError(errors.New("--after " + strconv.Quote(text) + " should be the number of an entry, such as 480, or of a world account's 3.480"))
	}
	return &ledger.EntryKey{Stripe: uint8(stripe), Sequence: sequence}, nil
}
