// Package doctor judges facts about a database or a server: what is as it should be, what
// is not, and what to do about it.
package doctor

import (
	"fmt"
	"time"
)

// Status is how a check went.
type Status string

// The statuses.
const (
	// OK needs nothing to be done.
	OK Status = "ok"
	// Warn should be looked into; the ledger works.
	Warn Status = "warn"
	// Fail is what the ledger does not work with, or may lose money by.
	Fail Status = "fail"
	// Unknown is what could not be seen.
	Unknown Status = "unknown"
)

// Check is one thing that was looked at. Its name is stable.
type Check struct {
	Name   string `json:"check"`
	Status Status `json:"status"`
	// Found is what there is, and Advice what to do about it, if anything.
	Found  string `json:"found"`
	Advice string `json:"advice"`
}

// The limits beyond which there is a warning.
const (
	maxClockOffset = time.Second
	// maxRoundTrip is more than within one data centre: each commit takes two.
	maxRoundTrip = 10 * time.Millisecond
	// minFree is how many connections one ledgerd needs.
	minFree        = 9
	maxTransaction = time.Minute
)

// ok returns a check that needs nothing to be done.
func ok(name, format string, arguments ...any) Check {
	return Check{Name: name, Status: OK, Found: fmt.Sprintf(format, arguments...)}
}

// but returns the check with another status if it is so, and the advice.
func (c Check) but(status Status, isSo bool, advice string) Check {
	if isSo && c.Status == OK {
		c.Status, c.Advice = status, advice
	}
	return c
}

// Unseen returns a check of what could not be seen.
func Unseen(name, advice string) Check {
	return Check{Name: name, Status: Unknown, Found: "unknown", Advice: advice}
}

// Failed returns a check that failed with an error.
func Failed(name string, err error, advice string) Check {
	return Check{Name: name, Status: Fail, Found: err.Error(), Advice: advice}
}

// HasFailed says whether any of the checks failed.
func HasFailed(checks []Check) bool {
	for _, c := range checks {
		if c.Status == Fail {
			return true
		}
	}
	return false
}

// clock judges how far another clock is ahead, to within so much.
func clock(offset, within time.Duration) Check {
	direction := "ahead of"
	if offset < 0 {
		direction = "behind"
	}
	return ok("clock", "%s %s this machine's, to within %s", rounded(offset.Abs()), direction, rounded(within)).
		but(Warn, offset.Abs()-within > maxClockOffset, "have both machines keep time with NTP: times in the books are the other's")
}

func roundTrip(took time.Duration) Check {
	return ok("round_trip", "%s", rounded(took)).
		but(Warn, took > maxRoundTrip, "run ledgerd near its database: each commit takes two round trips")
}

// rounded returns a duration with about three digits.
func rounded(d time.Duration) string {
	unit := time.Microsecond
	for d.Abs() >= 1000*unit && unit < 100*time.Millisecond {
		unit *= 10
	}
	return d.Round(unit).String()
}
