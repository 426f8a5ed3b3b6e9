package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// What a histogram takes: from the shortest that it tells apart to the longest, in
// nanoseconds, with values within 1 %. That is some 30 KB, and each caller has one for
// each kind of operation.
const (
	shortestLatency = int64(64)
	longestLatency  = int64(time.Hour)
	latencyDigits   = 2
)

// series is the latencies of one kind of operation. The largest and the sum are exact.
type series struct {
	histogram *hdrhistogram.Histogram
	count     int64
	max, sum  time.Duration
}

func newSeries() *series {
	return &series{histogram: hdrhistogram.New(shortestLatency, longestLatency, latencyDigits)}
}

func (s *series) record(latency time.Duration) {
	s.count++
	s.sum += latency
	s.max = max(s.max, latency)
	// In range, it cannot fail.
	_ = s.histogram.RecordValue(min(max(int64(latency), 0), longestLatency))
}

func (s *series) merge(other *series) {
	s.count += other.count
	s.sum += other.sum
	s.max = max(s.max, other.max)
	s.histogram.Merge(other.histogram)
}

// recorder is what one caller notes. Nobody else touches it until the run is over, so
// it takes no lock.
type recorder struct {
	series [kinds]*series
	errors map[string]int64
	// refused, overloaded and failed count the errors by what they say.
	refused, overloaded, failed int64
	// late counts operations that began after the start that was planned for them
	// because nobody was free.
	late int64
	// last is when the last measured operation was answered.
	last time.Time
	// unsettled are those of which it is not known whether they are done.
	unsettled []operation
	// faults are what the service answered that cannot be.
	faults []string
}

func newRecorder() *recorder { return &recorder{errors: make(map[string]int64)} }

// success notes a measured operation that was acknowledged.
func (r *recorder) success(kind Kind, latency time.Duration) {
	if r.series[kind] == nil {
		r.series[kind] = newSeries()
	}
	r.series[kind].record(latency)
}

// failure notes a measured operation that was not acknowledged.
func (r *recorder) failure(known answer, code string) {
	r.errors[code]++
	switch known {
	case refused:
		r.refused++
	case overloaded:
		r.overloaded++
	default:
		r.failed++
	}
}

// merge adds what another caller noted, once both are done.
func (r *recorder) merge(other *recorder) {
	for kind, s := range other.series {
		switch {
		case s == nil:
		case r.series[kind] == nil:
			r.series[kind] = s
		default:
			r.series[kind].merge(s)
		}
	}
	for code, n := range other.errors {
		r.errors[code] += n
	}
	r.refused += other.refused
	r.overloaded += other.overloaded
	r.failed += other.failed
	r.late += other.late
	if other.last.After(r.last) {
		r.last = other.last
	}
	r.unsettled = append(r.unsettled, other.unsettled...)
	r.faults = append(r.faults, other.faults...)
}
