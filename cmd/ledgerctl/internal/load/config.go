package load

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Spread is how operations are spread over the accounts.
type Spread string

// The spreads. Uniform takes every account as often as any other. Zipf takes a few
// far more often than the rest, as the merchants of a marketplace are. Hot has one
// account in every operation; what a transfer has on the other side is uniform.
const (
	Uniform Spread = "spread"
	Zipf    Spread = "zipf"
	Hot     Spread = "hot"
)

// Limits of a run, and what is taken for what a [Config] leaves out.
const (
	MaxAccounts = 1_000_000
	MaxCallers  = 4096
	MaxRate     = 1_000_000

	DefaultAccounts = 10_000
	DefaultCallers  = 256
	// DefaultOutstanding is the callers of a run at a fixed rate. They are many, so
	// that they are busy at once only if the service is far behind.
	DefaultOutstanding = 1024
	DefaultDuration    = 10 * time.Second
)

// Config says what a run does. Its zero value works once it has a service.
type Config struct {
	// Target is the name of what is measured, for the report.
	Target string
	// Services reach one ledger, such as several servers of one database. The callers
	// are spread over them.
	Services []ledger.Service
	// Mix is which operations there are; zero is deposits alone.
	Mix Mix
	// Accounts is how many accounts there are; 0 is [DefaultAccounts]. They are called
	// bench-0, bench-1 …, are opened if they are not there, and stay.
	Accounts int
	// Spread is how operations are spread over them; empty is [Uniform].
	Spread Spread
	// Seed decides what the operations are: the n-th of a run is of the same kind, on
	// the same accounts and of the same amount as the n-th of any other with that seed.
	Seed uint64
	// Callers is the most operations that are under way at once; 0 is
	// [DefaultCallers], or [DefaultOutstanding] at a fixed rate.
	Callers int
	// Rate is how many operations arrive in a second; 0 is a closed loop.
	Rate float64
	// Duration and Count end a run, whichever is first. Without either it takes
	// [DefaultDuration].
	Duration time.Duration
	Count    int64
	// WarmUp comes before that. What starts in it is not measured, but is in the check
	// of the books as everything else is.
	WarmUp time.Duration
	// Progress, if set, is told some times a second how far the run is. It is called by
	// one goroutine at a time, and not any more when Run has returned.
	Progress func(Progress)
}

// Progress is how far a run is.
type Progress struct {
	// Done counts what was acknowledged, warm-up included.
	Done int64
	// Elapsed is since the run began, warm-up included.
	Elapsed time.Duration
	// Fraction is how much of the run is over, from 0 to 1.
	Fraction float64
	// RatePerSecond is how many were acknowledged in a second since it was told last.
	RatePerSecond float64
}

// withDefaults returns the config with what it leaves out, or why it is none.
func (c Config) withDefaults() (Config, error) {
	if c.Mix == (Mix{}) {
		c.Mix[Deposit] = 1
	}
	if c.Accounts == 0 {
		c.Accounts = DefaultAccounts
	}
	if c.Spread == "" {
		c.Spread = Uniform
	}
	switch {
	case c.Callers != 0:
	case c.Rate > 0:
		c.Callers = DefaultOutstanding
	default:
		c.Callers = DefaultCallers
	}
	if c.Duration == 0 && c.Count == 0 {
		c.Duration = DefaultDuration
	}
	return c, c.validate()
}

// Validate says why a run cannot be as the config says, or nil. What is left out
// counts as its default. It does not ask for services.
func (c Config) Validate() error {
	_, err := c.withDefaults()
	return err
}

func (c Config) validate() error {
	if err := c.Mix.validate(); err != nil {
		return err
	}
	moves := c.Mix[Transfer]+c.Mix[Hold] > 0
	switch {
	case c.Accounts < 1 || c.Accounts > MaxAccounts:
		return fmt.Errorf("accounts should be from 1 to %d, not %d", MaxAccounts, c.Accounts)
	case c.Accounts < 2 && moves:
		return errors.New("transfers and holds need two accounts; give more accounts")
	case c.Spread != Uniform && c.Spread != Zipf && c.Spread != Hot:
		return fmt.Errorf("accounts are taken by %s, %s or %s, not %.40q", Uniform, Zipf, Hot, c.Spread)
	case c.Callers < 1 || c.Callers > MaxCallers:
		return fmt.Errorf("callers should be from 1 to %d, not %d", MaxCallers, c.Callers)
	case math.IsNaN(c.Rate) || c.Rate < 0 || c.Rate > MaxRate:
		return fmt.Errorf("rate should be from 0 to %d a second, not %v", MaxRate, c.Rate)
	case c.Duration < 0 || c.WarmUp < 0:
		return errors.New("a run and its warm-up should not take less than no time")
	case c.Count < 0:
		return fmt.Errorf("count should not be negative, as %d is", c.Count)
	}
	return nil
}
