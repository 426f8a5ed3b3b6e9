package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
)

// maxReport is the largest report that is read, in bytes.
const maxReport = 16 << 20

func (a *app) benchCompareCommand() *cobra.Command {
	var plot string
	command := &cobra.Command{
		Use:   "compare REPORT...",
		Short: "Set reports of bench side by side, and plot them together",
		Long: `Set reports side by side that bench printed with -o json: a line for each kind of
operation in each. With --plot, their latencies are drawn into one plot.`,
		Example: `  ledgerctl bench compare memory.json database.json server.json
  ledgerctl bench compare before.json after.json --plot both.svg`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(errors.New("ledgerctl bench compare needs the REPORTs, files that bench printed with -o json"))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkPlotFile(plot); err != nil {
				return usageError(err)
			}
			reports := make([]load.Report, len(args))
			for i, path := range args {
				var err error
				if reports[i], err = readReport(path); err != nil {
					return err
				}
			}
			rows := func(yield func(benchRow, error) bool) {
				for _, report := range reports {
					for _, latency := range report.Latencies {
						if !yield(newBenchRow(&report, latency), nil) {
							return
						}
					}
				}
			}
			if err := console.List(a.console, a.settings.Output, benchColumns(), rows); err != nil {
				return err
			}
			if plot == "" {
				return nil
			}
			return writePlot(plot, reports...)
		},
	}
	command.Flags().StringVar(&plot, "plot", "", "the SVG `file` to plot the latencies into")
	return command
}

// benchRow is a kind of operation of a report, without what does not fit a line.
type benchRow struct {
	Target              string  `json:"target"`
	Mix                 string  `json:"mix"`
	Spread              string  `json:"spread"`
	Callers             int     `json:"callers"`
	RatePerSecond       float64 `json:"rate_per_second"`
	Kind                string  `json:"kind"`
	Count               int64   `json:"count"`
	ThroughputPerSecond float64 `json:"throughput_per_second"`
	P50                 float64 `json:"latency_ms_p50"`
	P90                 float64 `json:"latency_ms_p90"`
	P99                 float64 `json:"latency_ms_p99"`
	P999                float64 `json:"latency_ms_p99_9"`
	Max                 float64 `json:"latency_ms_max"`
	Mean                float64 `json:"latency_ms_mean"`
}

func newBenchRow(report *load.Report, l load.Latency) benchRow {
	row := benchRow{
		Target: report.Target, Mix: report.Workload.Mix, Spread: string(report.Workload.Spread),
		Callers: report.Callers, RatePerSecond: report.RatePerSecond, Kind: l.Kind, Count: l.Count,
		P50: l.P50, P90: l.P90, P99: l.P99, P999: l.P999, Max: l.Max, Mean: l.Mean,
	}
	if report.DurationSeconds > 0 {
		row.ThroughputPerSecond = float64(l.Count) / report.DurationSeconds
	}
	return row
}

func benchColumns() []console.Column[benchRow] {
	type column = console.Column[benchRow]
	number := func(name string, digits int, value func(benchRow) float64) column {
		return column{Name: name, Right: true, Value: func(r benchRow) string { return strconv.FormatFloat(value(r), 'f', digits, 64) }}
	}
	return []column{
		{Name: "target", Value: func(r benchRow) string { return r.Target }},
		{Name: "mix", Wide: true, Value: func(r benchRow) string { return r.Mix }},
		{Name: "spread", Wide: true, Value: func(r benchRow) string { return r.Spread }},
		{Name: "callers", Right: true, Value: func(r benchRow) string { return strconv.Itoa(r.Callers) }},
		number("rate_per_second", -1, func(r benchRow) float64 { return r.RatePerSecond }),
		{Name: "kind", Value: func(r benchRow) string { return r.Kind }},
		{Name: "count", Right: true, Value: func(r benchRow) string { return strconv.FormatInt(r.Count, 10) }},
		number("throughput_per_second", 0, func(r benchRow) float64 { return r.ThroughputPerSecond }),
		number("latency_ms_p50", 3, func(r benchRow) float64 { return r.P50 }),
		number("latency_ms_p90", 3, func(r benchRow) float64 { return r.P90 }),
		number("latency_ms_p99", 3, func(r benchRow) float64 { return r.P99 }),
		number("latency_ms_p99_9", 3, func(r benchRow) float64 { return r.P999 }),
		number("latency_ms_max", 3, func(r benchRow) float64 { return r.Max }),
		number("latency_ms_mean", 3, func(r benchRow) float64 { return r.Mean }),
	}
}

// printReport prints a report: whole for people and as JSON, and as CSV a line for each
// kind of operation.
func (a *app) printReport(report *load.Report) error {
	switch a.settings.Output {
	case console.Table:
		return report.WriteText(a.console.Out)
	case console.CSV:
		return console.List(a.console, console.CSV, benchColumns(), func(yield func(benchRow, error) bool) {
			for _, latency := range report.Latencies {
				if !yield(newBenchRow(report, latency), nil) {
					return
				}
			}
		})
	default:
		return console.One(a.console, a.settings.Output, nil, report)
	}
}

// readReport reads a report that bench printed.
func readReport(path string) (report load.Report, err error) {
	file, err := os.Open(path) //nolint:gosec // The file that was asked for.
	if err != nil {
		return load.Report{}, console.FileError(err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	decoder := json.NewDecoder(io.LimitReader(file, maxReport))
	if err := decoder.Decode(&report); err != nil || len(report.Latencies) == 0 {
		return load.Report{}, errors.Join(fmt.Errorf("%q is no report that bench printed with -o json", path), err)
	}
	return report, nil
}

// checkPlotFile says beforehand why a plot could not be written.
func checkPlotFile(path string) error {
	if path == "" {
		return nil
	}
	if ext := filepath.Ext(path); ext != ".svg" {
		return fmt.Errorf("invalid value %q of --plot: a plot is an SVG, so the file should end in .svg", path)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%q is no directory", filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("invalid value %q of --plot: %w", path, console.FileError(err))
	}
	return nil
}

// writePlot draws the reports into a file.
func writePlot(path string, reports ...load.Report) error {
	var svg bytes.Buffer
	if err := load.WritePlot(&svg, reports...); err != nil {
		return err
	}
	const readable = 0o644 // a picture for others to see
	return console.FileError(os.WriteFile(path, svg.Bytes(), readable))
}
