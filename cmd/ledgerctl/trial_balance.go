package main

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

func (a *app) trialBalanceCommand() *cobra.Command {
	var page listFlags
	var moment momentFlags
	command := &cobra.Command{
		Use:     "trial-balance",
		Short:   "Show the totals of all accounts, and whether they balance",
		GroupID: groupWhole,
		Long: `Show what all accounts were debited and credited in each asset, which is the same if
the books balance, and then the accounts in the order of their ids. The exit code is 1
if they do not balance.

A table and CSV have a line for each; the totals are there on the first page alone. JSON
is the API's object, of which --all puts the pages together.`,
		Example: `  ledgerctl trial-balance
  ledgerctl trial-balance --at 2026-01-01 --all -o csv
  ledgerctl trial-balance --recorded-at 2026-01-31T23:59:59Z -o json`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.onLedger(command.Context(), func(books ledger.Service) error {
				reader := trialBalanceReader{page: &page, query: ledger.TrialBalanceQuery{At: moment.domain()}}
				return moment.explain(a.printTrialBalance(command.Context(), books, &reader))
			})
		},
	}
	moment.add(command)
	page.addPages(command, "the `id` of the last account of the page before")
	return command
}

// trialBalanceReader reads the pages that are asked for.
type trialBalanceReader struct {
	page  *listFlags
	query ledger.TrialBalanceQuery
	// unbalanced is the assets that were found not to balance.
	unbalanced []string
}

// isNow says whether what is read is the balance of now.
func (r *trialBalanceReader) isNow() bool { return r.query.At.Time().IsZero() }

// pages yields the pages. Those that belong together are as of the same moment: if what
// is asked for is now, and it has several, that is when the first was answered.
func (r *trialBalanceReader) pages(ctx context.Context, books ledger.Service) iter.Seq2[ledger.TrialBalance, error] {
	return func(yield func(ledger.TrialBalance, error) bool) {
		var err error
		if r.query.Limit, err = r.page.page(); err != nil {
			yield(ledger.TrialBalance{}, err)
			return
		}
		r.query.After = r.page.after
		for {
			balance, err := books.TrialBalance(ctx, r.query)
			if err == nil && r.page.all && balance.More && r.isNow() {
				r.query.At.RecordedAt = balance.Now
				balance, err = books.TrialBalance(ctx, r.query)
			}
			for _, total := range balance.Totals {
				if !total.IsBalanced() {
					r.unbalanced = append(r.unbalanced, total.Asset.Code)
				}
			}
			r.page.more = balance.More
			if len(balance.Accounts) > 0 {
				r.page.last = balance.Accounts[len(balance.Accounts)-1].Account
				r.query.After = r.page.last
			}
			if !yield(balance, err) || err != nil || !r.page.all || !balance.More {
				return
			}
		}
	}
}

func (a *app) printTrialBalance(ctx context.Context, books ledger.Service, r *trialBalanceReader) error {
	var err error
	switch a.settings.Output {
	case console.JSON, console.NDJSON:
		err = a.printWholeTrialBalance(r, r.pages(ctx, books))
	default:
		err = console.List(a.console, a.settings.Output, trialBalanceColumns(), trialBalanceLines(r.pages(ctx, books)))
	}
	if err != nil {
		return err
	}
	r.page.noteMore(a)
	if len(r.unbalanced) > 0 {
		return fmt.Errorf("the books do not balance in %s; see ledgerctl verify", strings.Join(r.unbalanced, ", "))
	}
	return nil
}

// printWholeTrialBalance prints the pages as one object.
func (a *app) printWholeTrialBalance(r *trialBalanceReader, pages iter.Seq2[ledger.TrialBalance, error]) error {
	var whole ledger.TrialBalance
	for page, err := range pages {
		if err != nil {
			return err
		}
		page.Totals = append(whole.Totals, page.Totals...)
		page.Accounts = append(whole.Accounts, page.Accounts...)
		whole = page
	}
	return console.One(a.console, a.settings.Output, nil, wire.NewTrialBalance(whole, r.isNow()))
}

// trialBalanceLine is a line of a trial balance: the total of an asset, or an account.
type trialBalanceLine struct {
	kind, asset, account, normal, debits, credits, posted, balanced string
}

func trialBalanceColumns() []console.Column[trialBalanceLine] {
	type line = trialBalanceLine
	return []console.Column[line]{
		{Name: "line", Value: func(l line) string { return l.kind }},
		{Name: "asset", Value: func(l line) string { return l.asset }},
		{Name: "account", Value: func(l line) string { return l.account }},
		{Name: "normal", Value: func(l line) string { return l.normal }},
		{Name: "debits", Right: true, Value: func(l line) string { return l.debits }},
		{Name: "credits", Right: true, Value: func(l line) string { return l.credits }},
		{Name: "posted", Right: true, Value: func(l line) string { return l.posted }},
		{Name: "balanced", Value: func(l line) string { return l.balanced }},
	}
}

// trialBalanceLines yields the lines of a trial balance's pages.
func trialBalanceLines(pages iter.Seq2[ledger.TrialBalance, error]) iter.Seq2[trialBalanceLine, error] {
	return func(yield func(trialBalanceLine, error) bool) {
		for page, err := range pages {
			if err != nil {
				yield(trialBalanceLine{}, err)
				return
			}
			for _, t := range page.Totals {
				line := trialBalanceLine{
					kind: "total", asset: t.Asset.Code, debits: t.Asset.Format(t.Debits), credits: t.Asset.Format(t.Credits),
					balanced: "no",
				}
				if t.IsBalanced() {
					line.balanced = "yes"
				}
				if !yield(line, nil) {
					return
				}
			}
			for _, b := range page.Accounts {
				if !yield(accountLine(b), nil) {
					return
				}
			}
		}
	}
}

func accountLine(b ledger.BalanceAt) trialBalanceLine {
	return trialBalanceLine{
		kind: "account", asset: b.Asset.Code, account: b.Account, normal: b.Normal.String(), posted: b.Asset.Format(b.Posted()),
		debits: b.Asset.Format(b.Balance.Debits), credits: b.Asset.Format(b.Balance.Credits),
	}
}
