package load

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Report is what a run measured. Its JSON is stable.
type Report struct {
	// Target is the name of what was measured, and Run what the ids of the run's
	// transactions begin with.
	Target   string   `json:"target"`
	Run      string   `json:"run"`
	Workload Workload `json:"workload"`
	// Callers is the most operations that were under way at once. A RatePerSecond of
	// zero is a closed loop.
	Callers       int     `json:"callers"`
	RatePerSecond float64 `json:"rate_per_second"`
	// StartedAt is when the run began; its warm-up is not measured.
	StartedAt     time.Time `json:"started_at"`
	WarmUpSeconds float64   `json:"warm_up_seconds"`
	// DurationSeconds is from the end of the warm-up to the last answer.
	DurationSeconds float64 `json:"duration_seconds"`
	// Operations counts what was acknowledged, and ThroughputPerSecond is that over the
	// duration.
	Operations          int64   `json:"operations"`
	ThroughputPerSecond float64 `json:"throughput_per_second"`
	// Refused is what the ledger would not do, Overloaded what it had no time for, and
	// Failed what had no answer, or none that makes sense. Errors are all of them by
	// code. None is in the operations and latencies.
	Refused    int64            `json:"refused"`
	Overloaded int64            `json:"overloaded"`
	Failed     int64            `json:"failed"`
	Errors     map[string]int64 `json:"errors"`
	// LateStarts counts operations that began more than a millisecond after the start
	// that was planned for them, because all callers were busy. NotStarted are those
	// that had not begun half a minute after the end: their waiting is in no latency.
	LateStarts int64 `json:"late_starts"`
	NotStarted int64 `json:"not_started"`
	// Latencies has an element for all operations together, and one for each kind.
	Latencies []Latency `json:"latencies"`
	Books     Books     `json:"books"`
	// Interrupted says that the run was broken off.
	Interrupted bool `json:"interrupted"`
}

// Workload is what a run asked for.
type Workload struct {
	Mix      string `json:"mix"`
	Accounts int    `json:"accounts"`
	Spread   Spread `json:"spread"`
	Seed     uint64 `json:"seed"`
	Services int    `json:"services"`
}

// Latency is how long the operations of a kind took, in milliseconds, within 1 %. In a
// closed loop it counts from when the service was asked, at a fixed rate from when it
// was to be asked.
type Latency struct {
	// Kind is a kind of operation, or "all".
	Kind  string  `json:"kind"`
	Count int64   `json:"count"`
	P50   float64 `json:"latency_ms_p50"`
	P90   float64 `json:"latency_ms_p90"`
	P99   float64 `json:"latency_ms_p99"`
	P999  float64 `json:"latency_ms_p99_9"`
	Max   float64 `json:"latency_ms_max"`
	Mean  float64 `json:"latency_ms_mean"`
	// Curve is the latency by percentile, as far as the count tells them apart.
	Curve []Point `json:"curve"`
}

// Point says that so many per cent of the operations took no longer.
type Point struct {
	Percentile float64 `json:"percentile"`
	LatencyMS  float64 `json:"latency_ms"`
}

// Books is what the check of the books found.
type Books struct {
	// Checked says that the books could be read.
	Checked bool `json:"checked"`
	// AskedAgain counts operations that were asked for again after the run because it
	// was not known whether they had been done, and Unknown those of which it still is
	// not. What they may have done is allowed for.
	AskedAgain int64 `json:"asked_again"`
	Unknown    int64 `json:"unknown"`
	// ProblemCount is how much is wrong; Problems spells out the first.
	ProblemCount int64    `json:"problem_count"`
	Problems     []string `json:"problems"`
}

func (b *Books) add(problem string) {
	b.ProblemCount++
	if len(b.Problems) < maxProblems {
		b.Problems = append(b.Problems, problem)
	}
}

// Err says what is wrong with the books, or nil.
func (r *Report) Err() error {
	switch {
	case r.Books.ProblemCount == 1:
		return errors.New("the books are wrong: " + r.Books.Problems[0])
	case r.Books.ProblemCount > 1:
		return fmt.Errorf("the books are wrong in %d places; the first: %s", r.Books.ProblemCount, r.Books.Problems[0])
	}
	return nil
}

// report makes the report of what the callers noted.
func (r *run) report(notes *recorder) Report {
	c := r.config
	report := Report{
		Target: c.Target, Run: r.id,
		Workload: Workload{Mix: c.Mix.String(), Accounts: c.Accounts, Spread: c.Spread, Seed: c.Seed, Services: len(c.Services)},
		Callers:  c.Callers, RatePerSecond: c.Rate,
		StartedAt: r.started.UTC(), WarmUpSeconds: c.WarmUp.Seconds(),
		Refused: notes.refused, Overloaded: notes.overloaded, Failed: notes.failed, Errors: notes.errors,
		LateStarts: notes.late,
	}
	if notes.last.After(r.measured) {
		report.DurationSeconds = notes.last.Sub(r.measured).Seconds()
	}
	all := newSeries()
	var each []Latency
	for kind, s := range notes.series {
		if s != nil {
			all.merge(s)
			each = append(each, s.latency(Kind(kind).String()))
		}
	}
	report.Operations = all.count
	if report.DurationSeconds > 0 {
		report.ThroughputPerSecond = float64(all.count) / report.DurationSeconds
	}
	report.Latencies = append([]Latency{all.latency("all")}, each...)
	return report
}

func (s *series) latency(kind string) Latency {
	l := Latency{Kind: kind, Count: s.count, Max: ms(s.max)}
	if s.count == 0 {
		return l
	}
	at := s.histogram.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9})
	l.P50, l.P90, l.P99, l.P999 = s.ms(at[0]), s.ms(at[1]), s.ms(at[2]), s.ms(at[3])
	l.Mean = ms(s.sum / time.Duration(s.count))
	l.Curve = s.curve()
	return l
}

// curve takes ten percentiles for each time that those beyond become ten times fewer,
// down to a single one.
func (s *series) curve() []Point {
	const perDecade = 10
	percentiles := []float64{0}
	for i := 1; ; i++ {
		beyond := math.Pow(10, -float64(i)/perDecade)
		if beyond*float64(s.count) < 1 {
			break
		}
		percentiles = append(percentiles, 100*(1-beyond))
	}
	points := make([]Point, len(percentiles))
	for i, value := range s.histogram.ValueAtPercentilesSlice(percentiles) {
		points[i] = Point{Percentile: round(percentiles[i], 9), LatencyMS: s.ms(value)}
	}
	return points
}

// ms returns what a histogram tells in milliseconds. It rounds up, but nothing took
// longer than the longest.
func (s *series) ms(value int64) float64 { return ms(min(time.Duration(value), s.max)) }

// ms returns a time in milliseconds, to the tenth of a microsecond.
func ms(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 4) }

func round(x float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(x*unit) / unit
}
