package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
)

// importReport is what an import has done, for programs.
type importReport struct {
	Line        int64  `json:"line"`
	Applied     int64  `json:"applied"`
	Replayed    int64  `json:"replayed"`
	Rejected    int64  `json:"rejected"`
	RejectsKept int64  `json:"rejects_kept"`
	RejectsFile string `json:"rejects_file"`
	DryRun      bool   `json:"dry_run"`
	Complete    bool   `json:"complete"`
}

func newImportReport(flags importFlags, s transfer.Summary, rejects string, err error) importReport {
	report := importReport{
		Line: s.Line, Applied: s.Applied, Replayed: s.Replayed, Rejected: s.Rejected, RejectsKept: s.Kept,
		DryRun: flags.dryRun, Complete: err == nil,
	}
	if s.Kept > 0 {
		report.RejectsFile = rejects
	}
	return report
}

func importColumns() []console.Column[importReport] {
	number := func(name string, value func(importReport) int64) console.Column[importReport] {
		return console.Column[importReport]{Name: name, Value: func(r importReport) string { return strconv.FormatInt(value(r), 10) }}
	}
	return []console.Column[importReport]{
		number("line", func(r importReport) int64 { return r.Line }),
		number("applied", func(r importReport) int64 { return r.Applied }),
		number("replayed", func(r importReport) int64 { return r.Replayed }),
		number("rejected", func(r importReport) int64 { return r.Rejected }),
		number("rejects_kept", func(r importReport) int64 { return r.RejectsKept }),
		{Name: "rejects_file", Value: func(r importReport) string { return r.RejectsFile }},
		{Name: "dry_run", Value: func(r importReport) string { return strconv.FormatBool(r.DryRun) }},
		{Name: "complete", Value: func(r importReport) string { return strconv.FormatBool(r.Complete) }},
	}
}

// concludeImport says what an import has done, and returns how it ended. err is why it
// did not come to the end of the file, or that this is not whole.
func (a *app) concludeImport(ctx context.Context, r importReport, err error) error {
	if r.DryRun {
		a.console.Say("checked, and nothing sent: %d well-formed, %d rejected; whether accounts are there and have enough is told by the import itself",
			r.Applied, r.Rejected)
	} else {
		a.console.Say("imported: %d applied, %d in already, %d rejected", r.Applied, r.Replayed, r.Rejected)
	}
	switch {
	case r.RejectsKept > 0 && r.RejectsKept == r.Rejected:
		a.console.Say("the rejected lines are in %s, each with the reason; mend them and import that file", console.Quote(r.RejectsFile))
	case r.RejectsKept > 0:
		a.console.Say("%d of the rejected lines are in %s, each with the reason, and %d are in no file", r.RejectsKept, console.Quote(r.RejectsFile),
			r.Rejected-r.RejectsKept)
	case r.Rejected > 0:
		a.console.Say("the rejected lines are in no file")
	}
	if a.settings.Output != console.Table {
		if err := console.One(a.console, a.settings.Output, importColumns(), r); err != nil {
			return err
		}
	}
	_, isIncomplete := errors.AsType[*transfer.IncompleteError](err)
	switch {
	case isIncomplete && r.Rejected > 0:
		return fmt.Errorf("%d lines were rejected; %w", r.Rejected, err)
	case err != nil && ctx.Err() != nil:
		return &exitError{code: exitInterrupted, err: err}
	case err != nil:
		return err
	case r.Rejected > 0:
		return fmt.Errorf("%d lines were rejected", r.Rejected)
	}
	return nil
}
