package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

// The exit codes of verify.
const (
	exitBroken    = 1
	exitUnchecked = 2
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	allLedgers  bool
	account     string
	since       timeFlag
	state       string
	overlap     time.Duration
	maxFindings uint64
	metrics     string
}

func (a *app) verifyCommand() *cobra.Command {
	var flags verifyFlags
	command := &cobra.Command{
		Use:     "verify",
		Short:   "Prove that the books are right",
		GroupID: groupWhole,
		Long: `Prove that the books are right: that debits equal credits, balances are the sums of
their entries, sequences have no gap, running balances chain, ids are unique, pending
totals are what is reserved, times are in order, what is named is there, and limits
hold. It reads one consistent snapshot and makes no writer wait. It needs a database, by
--dsn, of which it verifies the ledger that --ledger, its variable or the context names,
main if none does, or with --all-ledgers each one. What stands in one place alone cannot
be proved from the books themselves, such as a description, the actor of a transaction,
or that one without a link reverses another: for that, compare exports, or keep the
database's log.

With --state it verifies what was recorded since it last found the books right, and
notes in the file when that was. It can then run every minute on a big ledger: a recent
transaction costs it about three times what one of a whole ledger does, and an older one
nothing. Run it as a whole now and then too, for what is older can be broken as well.

With --metrics it also writes what came of it for Prometheus, as node_exporter's textfile
collector reads it, whether or not the books are right or could be verified.

Findings go to standard output, a summary goes to standard error. The exit code is 0 if
the books are right, 1 if something is wrong with them, 2 if they could not be verified,
and 130 after Ctrl-C.`,
		Example: `  ledgerctl verify
  ledgerctl verify --all-ledgers
  ledgerctl verify --account alice
  ledgerctl verify --since 2026-01-31T12:00:00Z -o ndjson
  ledgerctl verify --state /var/lib/ledgerctl/verified.json --quiet
  ledgerctl verify --metrics /var/lib/node_exporter/textfile/ledger.prom`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error { return a.runVerify(command, &flags) },
	}
	set := command.Flags()
	set.BoolVar(&flags.allLedgers, "all-ledgers", false, "verify each ledger of the database, whatever LEDGERCTL_LEDGER or the context says")
	set.StringVar(&flags.account, "account", "", "verify the account with this `id` alone")
	set.Var(&flags.since, "since", "verify what was recorded since then alone")
	set.StringVar(&flags.state, "state", "", "verify what was recorded since the time in this `file`, and keep the time there")
	set.DurationVar(&flags.overlap, "overlap", 5*time.Minute, "with --state, how much before that time to begin, for what was committed late")
	set.Uint64Var(&flags.maxFindings, "max-findings", 1000, "stop after so many findings; 0 is never")
	set.StringVar(&flags.metrics, "metrics", "", "write what came of it for Prometheus to this `file`, whose name should end in .prom")
	command.MarkFlagsMutuallyExclusive("since", "state")
	command.MarkFlagsMutuallyExclusive("account", "metrics")
	command.MarkFlagsMutuallyExclusive("account", "state")
	command.MarkFlagsMutuallyExclusive("all-ledgers", "account")
	command.MarkFlagsMutuallyExclusive("all-ledgers", "state")
	return command
}

func (a *app) runVerify(command *cobra.Command, flags *verifyFlags) error {
	if flags.allLedgers && command.Flags().Lookup("ledger").Changed {
		return usageError(errors.New("--ledger and --all-ledgers cannot be given together"))
	}
	results, err := a.verify(command.Context(), flags)
	result := resultOfVerify(command.Context(), err)
	if flags.metrics == "" {
		return result
	}
	failed := verifyMetrics{results, time.Now()}.write(flags.metrics)
	if failed != nil && result == nil {
		return &exitError{code: exitUnchecked, err: fmt.Errorf("the books are right, but %w", failed)}
	}
	return errors.Join(result, failed)
}

// resultOfVerify returns what a verification that ended with err has to say.
func resultOfVerify(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped before all was verified, and nothing is noted; run it again: %w", err)
	}
	if _, isExit := errors.AsType[*exitError](err); err == nil || isExit {
		return err
	}
	return &exitError{code: exitUnchecked, err: fmt.Errorf("the books could not be verified: %w", err)}
}

// errEnough ends a verification that has found as much as was asked for.
var errEnough = errors.New("enough was found")

// verifyResult is what came of one ledger.
type verifyResult struct {
	ledger   string
	findings uint64
	// isClean says that all that was asked for was verified, is right, and was told.
	isClean bool
}

// verify returns what came of each ledger.
func (a *app) verify(ctx context.Context, flags *verifyFlags) ([]verifyResult, error) {
	// Until it is known which there are.
	results := []verifyResult{{ledger: cmp.Or(a.settings.Ledger, ledger.DefaultName)}}
	if flags.overlap < 0 {
		return results, usageError(errors.New("--overlap should not be negative"))
	}
	err := a.onDatabase(ctx, func(t *target) error {
		books, err := a.booksToVerify(ctx, t, flags)
		if err != nil {
			return err
		}
		results = make([]verifyResult, len(books))
		for i := range books {
			results[i].ledger = books[i].Name()
		}
		if flags.state != "" {
			return a.verifySince(ctx, t, books, results, flags)
		}
		_, err = a.verifyBooks(ctx, books, results, ledger.VerifyQuery{Scope: ledger.Scope{Account: flags.account, Since: flags.since.Time}}, flags)
		return err
	})
	if err != nil && !slices.ContainsFunc(results, func(r verifyResult) bool { return !r.isClean }) {
		// All is right, but what was asked for beside that failed.
		for i := range results {
			results[i].isClean = false
		}
	}
	return results, err
}

// booksToVerify returns the ledgers that are asked for.
func (a *app) booksToVerify(ctx context.Context, t *target, flags *verifyFlags) (all []*ledger.Ledger, err error) {
	add := func(service ledger.Service, err error) error {
		books, ok := service.(*ledger.Ledger)
		if err == nil && !ok {
			err = errors.New("only a ledger on a database can be verified")
		}
		all = append(all, books)
		return err
	}
	if !flags.allLedgers {
		err := add(a.books(ctx, t))
		return all, err
	}
	a.place = t.name
	for query := (ledger.LedgerQuery{OldestFirst: true, Limit: ledger.MaxLimit}); ; {
		page, err := t.catalog.FindLedgers(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, name := range page.Names {
			if err := add(t.catalog.Ledger(ctx, name)); err != nil {
				return nil, err
			}
			query.After = name
		}
		if !page.More {
			if len(all) == 0 {
				a.console.Note("there is no ledger in the database")
			}
			return all, nil
		}
	}
}

// verifySince verifies what was recorded since the time in the file, and notes the new
// one there.
func (a *app) verifySince(ctx context.Context, t *target, books []*ledger.Ledger, results []verifyResult, flags *verifyFlags) error {
	name := books[0].Name()
	database, err := t.store.Identity(ctx)
	if err != nil {
		return err
	}
	before, err := readVerified(flags.state, name, database)
	if err == nil {
		err = checkVerified(flags.state)
	}
	if err != nil {
		return err
	}
	var query ledger.VerifyQuery
	if !before.VerifiedAt.IsZero() {
		query.Since = before.VerifiedAt.Add(-flags.overlap)
	}
	now, err := a.verifyBooks(ctx, books, results, query, flags)
	if err != nil {
		return err
	}
	if now.Before(before.VerifiedAt) {
		return fmt.Errorf("%q says that the books were verified at %s, and the database's clock is at %s; set it right, or delete the file to verify all of them",
			flags.state, console.Time(before.VerifiedAt), console.Time(now))
	}
	return writeVerified(flags.state, verified{Ledger: name, Database: database, VerifiedAt: now})
}

// verifyBooks verifies ledgers, prints what is wrong, sums up, and notes what came of
// each. It fails if anything is wrong. It returns the time as of which the last is.
func (a *app) verifyBooks(ctx context.Context, books []*ledger.Ledger, results []verifyResult, query ledger.VerifyQuery, flags *verifyFlags) (now time.Time, err error) {
	found := uint64(0)
	var summaries []string
	err = console.List(a.console, a.settings.Output, findingColumns(flags.allLedgers), func(yield func(findingRecord, error) bool) {
		for i, b := range books {
			began := time.Now()
			done, err := a.verifyLedger(ctx, b, query, func(f ledger.Finding) error {
				found++
				results[i].findings++
				record := newFindingRecord(f)
				if flags.allLedgers {
					record.Ledger = b.Name()
				}
				if !yield(record, nil) || found == flags.maxFindings {
					return errEnough
				}
				return nil
			})
			if err != nil && !errors.Is(err, errEnough) {
				yield(findingRecord{}, err)
				return
			}
			now = done.Now
			results[i].isClean = err == nil && results[i].findings == 0
			summaries = append(summaries, summaryOf(b.Name(), done, query, results[i].findings, time.Since(began), err != nil))
			if err != nil {
				return
			}
		}
	})
	if err != nil {
		if found > 0 {
			err = fmt.Errorf("%s so far, and not all was verified: %w", counted(found, "finding"), err)
		}
		return now, explainDatabase(err)
	}
	for _, summary := range summaries {
		a.console.Note("%s", summary)
	}
	if found > 0 {
		return now, &exitError{code: exitBroken, err: fmt.Errorf("the books are broken: %s in %s; keep the database as it is until the cause is known",
			counted(found, "finding"), a.place)}
	}
	return now, nil
}

// verifyLedger verifies one ledger, with a bar.
func (a *app) verifyLedger(ctx context.Context, books *ledger.Ledger, query ledger.VerifyQuery, found func(ledger.Finding) error) (done ledger.Verification, err error) {
	total := int64(-1)
	if query.IsWhole() {
		if total, err = a.countRows(ctx, books); err != nil {
			return done, err
		}
	}
	progress := a.console.Progress("Verifying", "rows", total)
	// The rest of a table is printed after this.
	defer progress.End()
	query.Progress = func(p ledger.Counts) { progress.Set(int64(p.Accounts + p.Entries + p.Transactions)) }
	query.Found = func(f ledger.Finding) error {
		progress.Hide()
		return found(f)
	}
	return books.Verify(ctx, query)
}

// summaryOf says what was verified of a ledger, and with what result.
func summaryOf(name string, done ledger.Verification, query ledger.VerifyQuery, findings uint64, took time.Duration, isEnough bool) string {
	what := "verified"
	if isEnough {
		what = "stopped after"
	}
	result := "clean"
	if findings > 0 {
		result = counted(findings, "finding")
	}
	return fmt.Sprintf("%s %s, %s, %s of ledger %s%s as of %s in %.1f s: %s", what,
		counted(done.Accounts, "account"), counted(done.Entries, "entry"), counted(done.Transactions, "transaction"),
		name, sinceText(query.Since), console.Time(done.Now), took.Seconds(), result)
}

func sinceText(since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return " recorded since " + console.Time(since)
}

// findingRecord is a finding as it is printed.
type findingRecord struct {
	// Ledger is empty where one alone is verified.
	Ledger      string  `json:"ledger,omitempty"`
	Check       string  `json:"check"`
	Account     string  `json:"account,omitempty"`
	Stripe      *uint8  `json:"stripe,omitempty"`
	Sequence    *uint64 `json:"seq,omitempty"`
	Transaction string  `json:"transaction,omitempty"`
	Message     string  `json:"message"`
}

func newFindingRecord(f ledger.Finding) findingRecord {
	r := findingRecord{Check: string(f.Check), Account: f.Account, Sequence: f.Sequence, Transaction: f.Transaction, Message: f.Message}
	if ledger.IsWorldID(f.Account) {
		r.Stripe = &f.Stripe
	}
	return r
}

func findingColumns(allLedgers bool) []console.Column[findingRecord] {
	columns := []console.Column[findingRecord]{
		{Name: "check", Value: func(f findingRecord) string { return f.Check }},
		{Name: "account", Value: func(f findingRecord) string { return f.Account }},
		{Name: "stripe", Right: true, Value: func(f findingRecord) string {
			if f.Stripe == nil {
				return ""
			}
			return strconv.Itoa(int(*f.Stripe))
		}},
		{Name: "seq", Right: true, Value: func(f findingRecord) string {
			if f.Sequence == nil {
				return ""
			}
			return strconv.FormatUint(*f.Sequence, 10)
		}},
		{Name: "transaction", Value: func(f findingRecord) string { return f.Transaction }},
		{Name: "message", Value: func(f findingRecord) string { return f.Message }},
	}
	if allLedgers {
		columns = append([]console.Column[findingRecord]{{Name: "ledger", Value: func(f findingRecord) string { return f.Ledger }}}, columns...)
	}
	return columns
}

// countRows counts the accounts, entries and transactions of a ledger for a bar, if one
// is shown; it is less than zero if that is not known.
func (a *app) countRows(ctx context.Context, books *ledger.Ledger) (int64, error) {
	if !a.console.ShowsProgress() {
		return -1, nil
	}
	counts, err := books.Count(ctx)
	return int64(counts.Accounts + counts.Entries + counts.Transactions), err
}
