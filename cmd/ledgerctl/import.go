package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// importFlags are what import is told.
type importFlags struct {
	file, format, kind, rejects string
	from                        int64
	dryRun, create              bool
	retryFor                    time.Duration
}

func (a *app) importCommand() *cobra.Command {
	var flags importFlags
	command := &cobra.Command{
		Use:     "import [FILE|-]",
		Short:   "Make accounts and transactions of a file, as NDJSON or CSV",
		GroupID: groupWhole,
		Long: `Make accounts and transactions of the lines of a file, or of standard input, in order.
The lines are those that ledgerctl export writes. A line without a type is of the one that
--type names, so that a plain list of transactions needs none. CSV has a header with the
names of the fields, in any order; what is nested is JSON in a cell, and each record is
on one line.

An import can be repeated, for every line has an id: what is in already is left as it is.
So after one that was broken off, by whatever, run the same again to go on. Only the
status of an account has no id: a line of account_status is done again each time.

A line that is refused goes into the file of rejects with its number and the reason, and
the import goes on. Once mended, that file can be imported itself. Of a line longer than
8 MiB it has the place and the beginning alone.

An export says in its last line how many there are. Where that line is missing, or lines
before it, the export was broken off or cut: what there is of it is imported, and then
the import fails. So it does in a pipe whose export fails. A file without the lines of
type export and end, as by hand, is not checked, and those that are put together are
each.

The exit code is 0 if all lines are in, 1 if some were refused, the file is not the whole
of an export or the import was broken off, 2 if there is no line of --from-line, and 130
after Ctrl-C, which stops at once: what was under way may be in or not.

With -o json, ndjson or csv it prints what it has done: line (the last up to which all are
decided), applied, replayed (in already), rejected, rejects_kept and rejects_file (how many
of these are in which file), dry_run, and complete (whether it came to the end of the file,
and that is whole).`,
		Example: `  ledgerctl import ledger.ndjson --dsn postgres://ledger@localhost/copy --create
  ledgerctl import payments.csv --dry-run
  ledgerctl export --dsn "$OLD" | ledgerctl import - --dsn "$NEW" --yes`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError(errors.New("import takes one file"))
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			flags.file = stdin
			if len(args) == 1 {
				flags.file = args[0]
			}
			return a.importFile(command.Context(), flags)
		},
	}
	command.Flags().StringVar(&flags.format, "format", "", "ndjson or csv (told from the ending of the file's name, or else ndjson)")
	command.Flags().StringVar(&flags.kind, "type", wire.RecordTransaction, "what lines without a type are: account or transaction")
	command.Flags().StringVar(&flags.rejects, "rejects", "", "the file for lines that are refused (FILE.rejects.ndjson, or .csv)")
	command.Flags().Int64Var(&flags.from, "from-line", 1, "leave out the lines before this one")
	command.Flags().BoolVar(&flags.dryRun, "dry-run", false, "check all lines, and send nothing")
	command.Flags().BoolVar(&flags.create, "create", false, "make the ledger, unless it is there")
	command.Flags().DurationVar(&flags.retryFor, "wait", time.Minute, "how long to go on trying when the ledger is away")
	return command
}

func (a *app) importFile(ctx context.Context, flags importFlags) error {
	config, err := flags.config()
	if err != nil {
		return err
	}
	in, size, err := a.openInput(ctx, flags.file)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // It was only read.
	rejects := newRejectsFile(flags, config.Format)
	if isSameFile(flags.rejects, flags.file) {
		return usageError(errors.New("--rejects should not be the file that is imported"))
	}
	return a.onTarget(ctx, func(t *target) error {
		if !flags.dryRun {
			if err := a.confirmImport(ctx, t, flags); err != nil {
				return err
			}
		}
		books, err := a.importTarget(ctx, t, flags)
		if err != nil {
			return err
		}
		config.Rejects = rejects
		summary, err := a.runImport(ctx, books, in, size, config)
		err = errors.Join(err, rejects.Close())
		if flags.from > 1 && err == nil && flags.from > summary.Last {
			err = usageError(fmt.Errorf("--from-line %d is beyond the end: the last line is %d", flags.from, summary.Last))
		}
		return a.concludeImport(ctx, newImportReport(flags, summary, rejects.name, err), err)
	})
}

func (f *importFlags) config() (transfer.Config, error) {
	config := transfer.Config{Format: transfer.NDJSON, Type: f.kind, FirstLine: f.from, DryRun: f.dryRun, RetryFor: f.retryFor}
	if told, ok := transfer.FormatOf(f.file); ok {
		config.Format = told
	}
	if f.format != "" {
		var err error
		if config.Format, err = transfer.ParseFormat(f.format); err != nil {
			return config, usageError(fmt.Errorf("--format %w", err))
		}
	}
	if f.from < 1 {
		return config, usageError(fmt.Errorf("--from-line should be 1 or more, not %d", f.from))
	}
	if f.kind != wire.RecordAccount && f.kind != wire.RecordTransaction {
		return config, usageError(errors.New("--type should be account or transaction"))
	}
	return config, nil
}

// openInput opens what is imported. size is less than zero if it is not known.
func (a *app) openInput(ctx context.Context, name string) (in io.ReadCloser, size int64, err error) {
	if name == stdin {
		return io.NopCloser(a.console.Input(ctx)), -1, nil
	}
	file, err := os.Open(name) //nolint:gosec // The operator names it.
	if err != nil {
		return nil, 0, usageError(console.FileError(err))
	}
	size = -1
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return file, size, nil
}

// isSameFile says whether two names are of one file, by whatever path.
func isSameFile(a, b string) bool {
	if a == b {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

func (a *app) confirmImport(ctx context.Context, t *target, flags importFlags) error {
	from := console.Quote(flags.file)
	if flags.file == stdin {
		if from = "standard input"; !a.settings.Yes {
			// The answer would be taken for a line.
			return usageError(console.ErrNobodyToAsk)
		}
	}
	into := "the default ledger"
	if t.client == nil || a.settings.Ledger != "" {
		into = "ledger " + cmp.Or(a.settings.Ledger, ledger.DefaultName)
	}
	return a.confirmBulk(ctx, fmt.Sprintf("import %s into %s of %s", from, into, t.name))
}

func (a *app) importTarget(ctx context.Context, t *target, flags importFlags) (ledger.Service, error) {
	if flags.create && flags.dryRun {
		books, err := a.books(ctx, t)
		if errors.Is(err, ledger.ErrNotFound) {
			// It is to be made, and is empty until then.
			return ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{})
		}
		return books, err
	}
	if flags.create {
		if _, err := t.catalog.OpenLedger(ctx, cmp.Or(a.settings.Ledger, ledger.DefaultName)); err != nil {
			return nil, err
		}
	}
	return a.books(ctx, t)
}

func (a *app) runImport(ctx context.Context, books ledger.Service, in io.Reader, size int64, config transfer.Config) (transfer.Summary, error) {
	unit := "bytes"
	if size < 0 {
		unit = "lines"
	}
	progress := a.console.Progress("import", unit, size)
	defer progress.End()
	config.Progress = func(s transfer.Summary) {
		if size < 0 {
			progress.Set(s.Line)
		} else {
			progress.Set(s.Bytes)
		}
	}
	return transfer.Import(ctx, books, in, config)
}
