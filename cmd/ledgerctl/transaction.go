package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) transactionCommand() *cobra.Command {
	command := group("transaction", "Show and list transactions", a.transactionShowCommand(), a.transactionListCommand())
	command.GroupID = groupBooks
	return command
}

// transactionColumns are those of a list. A transaction of a debit and a credit of the
// same amount has from, to, amount and asset; all have their entries as JSON.
func transactionColumns() []console.Column[wire.Transaction] {
	type transaction = wire.Transaction
	short := func(of func(debit, credit wire.TransactionEntry) string) func(transaction) string {
		return func(t transaction) string {
			if !isShort(t.Entries) {
				return ""
			}
			if t.Entries[0].Side == ledger.Credit.String() {
				return of(t.Entries[1], t.Entries[0])
			}
			return of(t.Entries[0], t.Entries[1])
		}
	}
	return []console.Column[transaction]{
		{Name: "id", Value: func(t transaction) string { return t.ID }},
		{Name: "status", Value: func(t transaction) string { return t.Status }},
		{Name: "recorded_at", Value: func(t transaction) string { return console.Time(t.RecordedAt) }},
		{Name: "effective_at", Wide: true, Value: func(t transaction) string { return console.Time(t.EffectiveAt) }},
		{Name: "from", Value: short(func(debit, _ wire.TransactionEntry) string { return debit.Account })},
		{Name: "to", Value: short(func(_, credit wire.TransactionEntry) string { return credit.Account })},
		{Name: "amount", Right: true, Value: short(func(debit, _ wire.TransactionEntry) string { return debit.Amount })},
		{Name: "asset", Value: short(func(debit, _ wire.TransactionEntry) string { return debit.Asset })},
		{Name: "entries", Right: true, Narrow: true, Value: func(t transaction) string { return strconv.Itoa(len(t.Entries)) }},
		{Name: "entries", Wide: true, Value: func(t transaction) string { return console.Text(t.Entries) }},
		{Name: "reverses", Wide: true, Value: func(t transaction) string { return t.Reverses }},
		{Name: "reversed_by", Wide: true, Value: func(t transaction) string { return t.ReversedBy }},
		{Name: "related", Wide: true, Value: func(t transaction) string { return t.Related }},
		{Name: "expires_at", Wide: true, Value: func(t transaction) string { return console.Time(t.ExpiresAt) }},
		{Name: "resolved_at", Wide: true, Value: func(t transaction) string { return console.Time(t.ResolvedAt) }},
		{Name: "resolved_by", Wide: true, Value: func(t transaction) string { return t.ResolvedBy }},
		{Name: "description", Value: func(t transaction) string { return t.Description }},
		{Name: "actor", Wide: true, Value: func(t transaction) string { return t.Actor }},
		{Name: "metadata", Wide: true, Value: func(t transaction) string { return console.Pairs(t.Metadata) }},
	}
}

func isShort(entries []wire.TransactionEntry) bool {
	return len(entries) == 2 && entries[0].Side != entries[1].Side && entries[0].Asset == entries[1].Asset
}

func entryColumns() []console.Column[wire.TransactionEntry] {
	type entry = wire.TransactionEntry
	return []console.Column[entry]{
		{Name: "account", Value: func(e entry) string { return e.Account }},
		{Name: "side", Value: func(e entry) string { return e.Side }},
		{Name: "amount", Right: true, Value: func(e entry) string { return e.Amount }},
		{Name: "asset", Value: func(e entry) string { return e.Asset }},
		{Name: "reserved", Right: true, Value: func(e entry) string { return e.Reserved }},
		{Name: "seq", Right: true, Value: func(e entry) string {
			if e.Seq == nil {
				return ""
			}
			return keyText(ledger.EntryKey{Stripe: e.Stripe, Sequence: *e.Seq})
		}},
		{Name: "balance", Right: true, Value: func(e entry) string { return e.Balance }},
	}
}

// printTransaction prints one transaction: in a table what it has, and then its
// entries.
func (a *app) printTransaction(t *ledger.Transaction) error {
	transaction := wire.NewTransaction(t)
	if a.settings.Output != console.Table {
		return console.One(a.console, a.settings.Output, transactionColumns(), transaction)
	}
	var columns []console.Column[wire.Transaction]
	for _, column := range transactionColumns() {
		column.Wide = false
		isOfEntries := slices.Contains([]string{"from", "to", "amount", "asset", "entries"}, column.Name)
		if !isOfEntries && column.Value(transaction) != "" {
			columns = append(columns, column)
		}
	}
	if err := console.One(a.console, console.Table, columns, transaction); err != nil {
		return err
	}
	fmt.Fprintf(a.console.Out, "\n")
	entries := slices.DeleteFunc(entryColumns(), func(c console.Column[wire.TransactionEntry]) bool {
		return !slices.ContainsFunc(transaction.Entries, func(e wire.TransactionEntry) bool { return c.Value(e) != "" })
	})
	return console.List(a.console, console.Table, entries, func(yield func(wire.TransactionEntry, error) bool) {
		for _, e := range transaction.Entries {
			if !yield(e, nil) {
				return
			}
		}
	})
}

func (a *app) transactionShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show TRANSACTION",
		Short: "Show a transaction",
		Example: `  ledgerctl transaction show payment-1
  ledgerctl transaction show payment-1 -o json`,
		Args: exactArgs("the id of the TRANSACTION"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				transaction, err := books.Transaction(command.Context(), args[0])
				if err != nil {
					return err
				}
				return a.printTransaction(&transaction)
			})
		},
	}
}

func (a *app) transactionListCommand() *cobra.Command {
	var page listFlags
	var query ledger.TransactionQuery
	var from, to timeFlag
	var status string
	var metadata []string
	command := &cobra.Command{
		Use:   "list",
		Short: "List transactions, those recorded last first",
		Long: `List transactions, those recorded last first: all, or those that are all that the
flags say. One that is or was pending stands where it was made.

A table and CSV have from, to, amount and asset of a transaction that is one debit and
one credit. CSV has the entries of all as JSON.`,
		Example: `  ledgerctl transaction list --account alice --from 2026-01-01 --to 2026-02-01
  ledgerctl transaction list --status pending --oldest-first
  ledgerctl transaction list --metadata order=1234 --all -o ndjson`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			var err error
			if query.Metadata, err = parsePairs("metadata", metadata); err != nil {
				return err
			}
			if command.Flags().Changed("status") {
				if query.Status, err = wire.ParseTransactionStatus("--status", status); err != nil {
					return err
				}
			}
			query.From, query.To, query.OldestFirst = from.Time, to.Time, page.oldestFirst
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				transactions := paged(&page, func(after string, limit int) ([]wire.Transaction, bool, error) {
					query.After, query.Limit = after, limit
					return findTransactions(command.Context(), books, query)
				}, func(t wire.Transaction) string { return t.ID })
				return listAll(a, &page, transactionColumns(), transactions)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&query.Account, "account", "", "those with an entry on the account with this `id`")
	flags.Var(&from, "from", "those recorded at this time or later")
	flags.Var(&to, "to", "those recorded before this time")
	flags.StringVar(&status, "status", "", "those that are posted, pending, voided or expired")
	addMetadata(command, &metadata, "those that have this")
	completeFlag(command, "status", "posted", "pending", "voided", "expired")
	page.add(command, "the `id` of the last transaction of the page before")
	return command
}

func findTransactions(ctx context.Context, books ledger.Service, query ledger.TransactionQuery) ([]wire.Transaction, bool, error) {
	page, err := books.FindTransactions(ctx, query)
	transactions := make([]wire.Transaction, len(page.Transactions))
	for i := range page.Transactions {
		transactions[i] = wire.NewTransaction(&page.Transactions[i])
	}
	return transactions, page.More, err
}
