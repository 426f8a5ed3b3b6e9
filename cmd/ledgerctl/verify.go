package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
--dsn. What stands in one place alone cannot be proved from the books themselves, such as
a description, the actor of a transaction, or that one without a link reverses another:
for that, compare exports, or keep the database's log.

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
  ledgerctl verify --account alice
  ledgerctl verify --since 2026-01-31T12:00:00Z -o ndjson
  ledgerctl verify --state /var/lib/ledgerctl/verified.json --quiet
  ledgerctl verify --metrics /var/lib/node_exporter/textfile/ledger.prom`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			found, err := a.verify(command.Context(), &flags)
			result := resultOfVerify(command.Context(), err)
			if flags.metrics == "" {
				return result
			}
			m := verifyMetrics{ledger: cmp.Or(a.settings.Ledger, ledger.DefaultName), findings: found, success: err == nil, at: time.Now()}
			failed := m.write(flags.metrics)
			if failed != nil && result == nil {
				return &exitError{code: exitUnchecked, err: fmt.Errorf("the books are right, but %w", failed)}
			}
			return errors.Join(result, failed)
		},
	}
	set := command.Flags()
	set.StringVar(&flags.account, "account", "", "verify the account with this `id` alone")
	set.Var(&flags.since, "since", "verify what was recorded since then alone")
	set.StringVar(&flags.state, "state", "", "verify what was recorded since the time in this `file`, and keep the time there")
	set.DurationVar(&flags.overlap, "overlap", 5*time.Minute, "with --state, how much before that time to begin, for what was committed late")
	set.Uint64Var(&flags.maxFindings, "max-findings", 1000, "stop after so many findings; 0 is never")
	set.StringVar(&flags.metrics, "metrics", "", "write what came of it for Prometheus to this `file`, whose name should end in .prom")
	command.MarkFlagsMutuallyExclusive("since", "state")
	command.MarkFlagsMutuallyExclusive("account", "metrics")
	command.MarkFlagsMutuallyExclusive("account", "state")
	return command
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

// verify returns how much was found wrong with the books.
func (a *app) verify(ctx context.Context, flags *verifyFlags) (found uint64, err error) {
	if flags.overlap < 0 {
		return 0, usageError(errors.New("--overlap should not be negative"))
	}
	err = a.onDatabase(ctx, func(t *target) error {
		service, err := a.books(ctx, t)
		if err != nil {
			return err
		}
		books, ok := service.(*ledger.Ledger)
		if !ok {
			return errors.New("only a ledger on a database can be verified")
		}
		query := ledger.VerifyQuery{Scope: ledger.Scope{Account: flags.account, Since: flags.since.Time}}
		if flags.state == "" {
			done, err := a.verifyBooks(ctx, books, query, flags.maxFindings)
			found = done.Findings
			return err
		}
		found, err = a.verifySince(ctx, t, books, flags)
		return err
	})
	return found, err
}

// verifySince verifies what was recorded since the time in the file, and notes the new
// one there.
func (a *app) verifySince(ctx context.Context, t *target, books *ledger.Ledger, flags *verifyFlags) (findings uint64, err error) {
	database, err := t.store.Identity(ctx)
	if err != nil {
		return 0, err
	}
	before, err := readVerified(flags.state, books.Name(), database)
	if err == nil {
		err = checkVerified(flags.state)
	}
	if err != nil {
		return 0, err
	}
	var query ledger.VerifyQuery
	if !before.VerifiedAt.IsZero() {
		query.Since = before.VerifiedAt.Add(-flags.overlap)
	}
	done, err := a.verifyBooks(ctx, books, query, flags.maxFindings)
	if err != nil {
		return done.Findings, err
	}
	if done.Now.Before(before.VerifiedAt) {
		return done.Findings, fmt.Errorf("%q says that the books were verified at %s, and the database's clock is at %s; set it right, or delete the file to verify all of them",
			flags.state, console.Time(before.VerifiedAt), console.Time(done.Now))
	}
	return done.Findings, writeVerified(flags.state, verified{Ledger: books.Name(), Database: database, VerifiedAt: done.Now})
}

// verifyBooks verifies, prints what is wrong, and sums up. It fails if anything is.
func (a *app) verifyBooks(ctx context.Context, books *ledger.Ledger, query ledger.VerifyQuery, most uint64) (done ledger.Verification, err error) {
	began := time.Now()
	total := int64(-1)
	if query.IsWhole() {
		if total, err = a.countRows(ctx, books); err != nil {
			return done, err
		}
	}
	progress := a.console.Progress("Verifying", "rows", total)
	defer progress.End()
	query.Progress = func(p ledger.Counts) { progress.Set(int64(p.Accounts + p.Entries + p.Transactions)) }
	isEnough := false
	err = console.List(a.console, a.settings.Output, findingColumns(), func(yield func(findingRecord, error) bool) {
		found, printed := uint64(0), true
		query.Found = func(f ledger.Finding) error {
			progress.Hide()
			found++
			if printed = yield(newFindingRecord(f), nil); !printed {
				return errEnough
			}
			if isEnough = found == most; isEnough {
				return errEnough
			}
			return nil
		}
		var failed error
		done, failed = books.Verify(ctx, query)
		done.Findings = found
		// The rest of a table is printed when this returns.
		progress.End()
		if failed != nil && printed && !isEnough {
			yield(findingRecord{}, failed)
		}
	})
	if err != nil {
		if done.Findings > 0 {
			err = fmt.Errorf("%s so far, and not all was verified: %w", counted(done.Findings, "finding"), err)
		}
		return done, explainDatabase(err)
	}
	what := "verified"
	if isEnough {
		what = "stopped after"
	}
	result := "clean"
	if done.Findings > 0 {
		result = counted(done.Findings, "finding")
	}
	a.console.Note("%s %s, %s, %s%s as of %s in %.1f s: %s", what,
		counted(done.Accounts, "account"), counted(done.Entries, "entry"), counted(done.Transactions, "transaction"),
		sinceText(query.Since), console.Time(done.Now), time.Since(began).Seconds(), result)
	if done.Findings > 0 {
		return done, &exitError{code: exitBroken, err: fmt.Errorf("the books are broken: %s in %s; keep the database as it is until the cause is known",
			counted(done.Findings, "finding"), a.place)}
	}
	return done, nil
}

func sinceText(since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return " recorded since " + console.Time(since)
}

// findingRecord is a finding as it is printed.
type findingRecord struct {
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

func findingColumns() []console.Column[findingRecord] {
	return []console.Column[findingRecord]{
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
