package main

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) statementCommand() *cobra.Command {
	var page listFlags
	var from, to timeFlag
	command := &cobra.Command{
		Use:     "statement ACCOUNT",
		Short:   "Show what happened on an account in a period",
		GroupID: groupBooks,
		Long: `Show what happened on an account in a period, by recorded time: the balance when it
began, the entries in their order, the totals of each side, and the balance when it
ended.

A table and CSV have a line for each of these; the first is there on the first page
alone, and the last two on the last. JSON is the API's object, of which --all puts the
pages together.`,
		Example: `  ledgerctl statement alice --from 2026-01-01 --to 2026-02-01 --all
  ledgerctl statement alice --from 2026-01-01 --all -o csv
  ledgerctl statement world:USD --to 2026-01-01 -o json`,
		Args: exactArgs("the id of the ACCOUNT"),
		RunE: func(command *cobra.Command, args []string) error {
			if _, err := parseKey(page.after); err != nil {
				return err
			}
			query := ledger.StatementQuery{Account: args[0], From: from.Time, To: to.Time, OldestFirst: true}
			if query.To.After(time.Now()) {
				a.console.Note("the period has not ended: this is up to now")
				query.To = time.Time{}
			}
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				pages := statementPages(command.Context(), books, &page, query)
				return a.printStatement(&page, pages)
			})
		},
	}
	command.Flags().Var(&from, "from", "the first moment of the period; without it, it begins with the account")
	command.Flags().Var(&to, "to", "the first moment after the period; without it, it ends now")
	page.addPages(command, "the `number` of the last entry of the page before")
	return command
}

// statementPages yields the pages of a statement that are asked for. Those after the
// first are up to the same moment as it is.
func statementPages(ctx context.Context, books ledger.Service, page *listFlags, query ledger.StatementQuery) iter.Seq2[ledger.Statement, error] {
	return func(yield func(ledger.Statement, error) bool) {
		var err error
		if query.Limit, err = page.page(); err == nil {
			query.After, err = parseKey(page.after)
		}
		if err != nil {
			yield(ledger.Statement{}, err)
			return
		}
		to := query.To
		for {
			statement, err := books.Statement(ctx, query)
			if err == nil && query.To.IsZero() && page.all {
				query.To = statement.Now
			}
			statement.To = to
			page.more = statement.More
			if len(statement.Entries) > 0 {
				key := statement.Entries[len(statement.Entries)-1].Key()
				page.last, query.After = keyText(key), &key
			}
			if !yield(statement, err) || err != nil || !page.all || !statement.More {
				return
			}
		}
	}
}

func (a *app) printStatement(page *listFlags, pages iter.Seq2[ledger.Statement, error]) error {
	var err error
	switch a.settings.Output {
	case console.JSON, console.NDJSON:
		err = a.printWholeStatement(pages)
	default:
		err = console.List(a.console, a.settings.Output, statementColumns(), statementLines(pages, page.after == ""))
	}
	if err == nil {
		page.noteMore(a)
	}
	return err
}

// printWholeStatement prints the pages as one object.
func (a *app) printWholeStatement(pages iter.Seq2[ledger.Statement, error]) error {
	var whole ledger.Statement
	for page, err := range pages {
		if err != nil {
			return err
		}
		page.Entries = append(whole.Entries, page.Entries...)
		whole = page
	}
	statement, err := wire.NewStatement(whole)
	if err != nil {
		return err
	}
	return console.One(a.console, a.settings.Output, nil, statement)
}

// statementLine is a line of a statement: an entry, or what is said around them.
type statementLine struct {
	kind, seq, stripe, transaction string
	recordedAt, effectiveAt        time.Time
	debit, credit, balance, asset  string
}

func statementColumns() []console.Column[statementLine] {
	type line = statementLine
	return []console.Column[line]{
		{Name: "line", Value: func(l line) string { return l.kind }},
		{Name: "seq", Right: true, Narrow: true, Value: func(l line) string {
			if l.stripe != "" && l.stripe != "0" {
				return l.stripe + "." + l.seq
			}
			return l.seq
		}},
		{Name: "seq", Wide: true, Value: func(l line) string { return l.seq }},
		{Name: "stripe", Wide: true, Value: func(l line) string { return l.stripe }},
		{Name: "recorded_at", Value: func(l line) string { return console.Time(l.recordedAt) }},
		{Name: "effective_at", Wide: true, Value: func(l line) string { return console.Time(l.effectiveAt) }},
		{Name: "transaction_id", Value: func(l line) string { return l.transaction }},
		{Name: "debit", Right: true, Value: func(l line) string { return l.debit }},
		{Name: "credit", Right: true, Value: func(l line) string { return l.credit }},
		{Name: "balance", Right: true, Value: func(l line) string { return l.balance }},
		{Name: "asset", Value: func(l line) string { return l.asset }},
	}
}

// statementLines yields the lines of a statement's pages.
func statementLines(pages iter.Seq2[ledger.Statement, error], isFirst bool) iter.Seq2[statementLine, error] {
	return func(yield func(statementLine, error) bool) {
		for page, err := range pages {
			var s wire.Statement
			if err == nil {
				s, err = wire.NewStatement(page)
			}
			if err != nil {
				yield(statementLine{}, err)
				return
			}
			asset := s.Account.Asset
			if isFirst && !yield(statementLine{kind: "opening", recordedAt: s.From, balance: s.OpeningBalance, asset: asset}, nil) {
				return
			}
			isFirst = false
			for _, e := range s.Entries {
				if !yield(entryLine(e), nil) {
					return
				}
			}
			if page.More {
				continue
			}
			if !yield(statementLine{kind: "totals", debit: s.Debits, credit: s.Credits, asset: asset}, nil) ||
				!yield(statementLine{kind: "closing", recordedAt: s.To, balance: s.ClosingBalance, asset: asset}, nil) {
				return
			}
		}
	}
}

func entryLine(e wire.AccountEntry) statementLine {
	line := statementLine{
		kind: "entry", seq: strconv.FormatUint(e.Seq, 10), stripe: strconv.Itoa(int(e.Stripe)), transaction: e.TransactionID,
		recordedAt: e.RecordedAt, effectiveAt: e.EffectiveAt, balance: e.Balance, asset: e.Asset,
	}
	if e.Side == ledger.Debit.String() {
		line.debit = e.Amount
	} else {
		line.credit = e.Amount
	}
	return line
}
