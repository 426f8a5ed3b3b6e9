package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
	"github.com/seed-d432d95b/ledger/ledger"
)

// exportFlags are what export is told.
type exportFlags struct {
	format, output, only string
	portable             bool
}

func (a *app) exportCommand() *cobra.Command {
	var flags exportFlags
	command := &cobra.Command{
		Use:     "export",
		Short:   "Write a whole ledger as NDJSON or CSV",
		GroupID: groupWhole,
		Long: `Write a whole ledger, as of one moment and without making anybody wait: its assets,
accounts and transactions, as a line each, in an order in which ledgerctl import makes an
equal ledger of them. It works on a database (--dsn), and in constant memory.

Each line is a request, as the API has it, with a type: asset, account, transaction,
reversal, post or void of a pending transaction, or account_status. What is added to it,
such as recorded_at, or the seq and balance of an entry, is not imported. The first line
has the type export and a version; the last has the type end and, as lines, the number of
those between, by which import tells a whole export from one that was broken off.

With --portable the export has nothing that a copy of the ledger has of its own: the
lines of two equal ledgers, sorted, are the same. The times at which the ledger wrote are
left out, and what stripes of world accounts have.

A file gets its name when it is complete: until then it has a number and .partial behind
it, and it is removed if the export is broken off.`,
		Example: `  ledgerctl export --dsn postgres://ledger@localhost/ledger --file ledger.ndjson
  ledgerctl export --format csv --only accounts > accounts.csv
  ledgerctl export --portable | sort | sha256sum`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error { return a.export(command.Context(), flags) },
	}
	command.Flags().StringVar(&flags.format, "format", "", "ndjson or csv (told from the ending of --file, or else ndjson)")
	command.Flags().StringVar(&flags.output, "file", "", "the file to write; without it, standard output")
	command.Flags().BoolVar(&flags.portable, "portable", false, "leave out what a copy of the ledger has of its own")
	command.Flags().StringVar(&flags.only, "only", "", "accounts (with their assets and statuses) or transactions (with what follows them)")
	return command
}

func (a *app) export(ctx context.Context, flags exportFlags) error {
	config := transfer.WriterConfig{Format: transfer.NDJSON, IsPortable: flags.portable}
	if told, ok := transfer.FormatOf(flags.output); ok {
		config.Format = told
	}
	if flags.format == "" && flags.output == "" && (a.settings.Output == console.CSV || a.settings.Output == console.NDJSON) {
		flags.format = string(a.settings.Output)
	}
	if flags.format != "" {
		var err error
		if config.Format, err = transfer.ParseFormat(flags.format); err != nil {
			return usageError(fmt.Errorf("--format %w", err))
		}
	}
	if flags.only != "" && flags.only != "accounts" && flags.only != "transactions" {
		return usageError(errors.New("--only should be accounts or transactions"))
	}
	return a.onDatabase(ctx, func(t *target) error {
		service, err := a.books(ctx, t)
		if err != nil {
			return err
		}
		books, ok := service.(*ledger.Ledger)
		if !ok {
			return usageError(errors.New("export works on a database: give its --dsn"))
		}
		return writeWhole(a.console.Out, flags.output, func(out io.Writer) error {
			return a.exportTo(ctx, books, transfer.NewWriter(out, config), flags.only)
		})
	})
}

func (a *app) exportTo(ctx context.Context, books *ledger.Ledger, w *transfer.Writer, only string) error {
	total := int64(-1)
	if a.console.ShowsProgress() && only == "" {
		counts, err := books.Count(ctx)
		if err != nil {
			return err
		}
		total = int64(counts.Accounts + counts.Transactions)
	}
	progress := a.console.Progress("export", "lines", total)
	defer progress.End()
	written := int64(0)
	err := books.Export(ctx, func(r ledger.Request) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		isAccount := r.Asset != nil || r.Account != nil || r.Status != nil
		if only == "accounts" && !isAccount || only == "transactions" && isAccount {
			return nil
		}
		written++
		progress.Set(written)
		return w.Write(r)
	})
	if err == nil {
		err = w.End()
	}
	progress.End()
	if err != nil {
		return fmt.Errorf("broken off after %d lines, what there is of it is not to be used: %w", written, err)
	}
	a.console.Note("exported %d lines", written)
	return nil
}

// writeWhole lets write fill a file that gets its name when it is complete, or standard
// output if there is no name. What is there and no plain file, as a pipe or a device, is
// written to as it is.
func writeWhole(stdout io.Writer, name string, write func(io.Writer) error) (err error) {
	if name == "" || name == "-" {
		return write(stdout)
	}
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0) //nolint:gosec // The operator names it.
		if err != nil {
			return console.FileError(err)
		}
		return writeInto(file, write, (*os.File).Close)
	}
	// Each export has a file of its own until it is complete.
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.partial")
	if err != nil {
		return console.FileError(err)
	}
	err = writeInto(file, write, func(file *os.File) error { return console.FileError(errors.Join(file.Sync(), file.Close())) })
	if err == nil {
		err = console.FileError(os.Rename(file.Name(), name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// writeInto lets write fill a file, and ends it.
func writeInto(file *os.File, write func(io.Writer) error, end func(*os.File) error) error {
	buffered := bufio.NewWriter(file)
	err := write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	return errors.Join(err, end(file))
}
