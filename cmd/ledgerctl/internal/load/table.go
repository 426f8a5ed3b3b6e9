package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	how := fmt.Sprintf("%d callers in a closed loop", r.Callers)
	if r.RatePerSecond > 0 {
		how = fmt.Sprintf("%g arrivals a second, at most %d at once", r.RatePerSecond, r.Callers)
	}
	fmt.Fprintf(&b, "target      %s\n", r.Target)
	fmt.Fprintf(&b, "workload    %s; %d accounts by %s, seed %d\n", r.Workload.Mix, r.Workload.Accounts, r.Workload.Spread, r.Workload.Seed)
	fmt.Fprintf(&b, "load        %s\n", how)
	fmt.Fprintf(&b, "measured    %d operations in %.2f s\n", r.Operations, r.DurationSeconds)
	fmt.Fprintf(&b, "throughput  %.0f operations/s\n", r.ThroughputPerSecond)
	r.writeErrors(&b)
	b.WriteByte('\n')

	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "LATENCY, MS\tCOUNT\tP50\tP90\tP99\tP99.9\tMAX\tMEAN\t\n")
	for _, l := range r.Latencies {
		fmt.Fprintf(table, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t\n", l.Kind, l.Count, l.P50, l.P90, l.P99, l.P999, l.Max, l.Mean)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	b.WriteByte('\n')
	r.writeBooks(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) writeErrors(b *strings.Builder) {
	if len(r.Errors) > 0 {
		codes := make([]string, 0, len(r.Errors))
		for _, code := range slices.Sorted(maps.Keys(r.Errors)) {
			codes = append(codes, fmt.Sprintf("%s %d", code, r.Errors[code]))
		}
		fmt.Fprintf(b, "errors      %d refused, %d overloaded, %d failed (%s)\n", r.Refused, r.Overloaded, r.Failed, strings.Join(codes, ", "))
	}
	if r.LateStarts > 0 {
		fmt.Fprintf(b, "late        %d operations began late, for all callers were busy; their latency counts from when they were due\n", r.LateStarts)
	}
	if r.NotStarted > 0 {
		fmt.Fprintf(b, "not begun   %d operations were due and never began: the rate is more than the target can do\n", r.NotStarted)
	}
	if r.Interrupted {
		fmt.Fprintln(b, "broken off  this is what was done until then")
	}
}

func (r *Report) writeBooks(b *strings.Builder) {
	switch {
	case r.Books.ProblemCount > 0:
		fmt.Fprintf(b, "books       wrong in %d places\n", r.Books.ProblemCount)
		for _, problem := range r.Books.Problems {
			fmt.Fprintf(b, "  %s\n", problem)
		}
		if more := r.Books.ProblemCount - int64(len(r.Books.Problems)); more > 0 {
			fmt.Fprintf(b, "  and %d more\n", more)
		}
	case r.Books.Checked:
		fmt.Fprintln(b, "books       right: every acknowledged operation is there once, and debits equal credits")
	default:
		fmt.Fprintln(b, "books       not checked")
	}
	if r.Books.AskedAgain > 0 {
		fmt.Fprintf(b, "            %d operations had no clear answer and were asked for again; of %d it is still not known whether they are done\n",
			r.Books.AskedAgain, r.Books.Unknown)
	}
}
