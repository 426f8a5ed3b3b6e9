// Package seed makes demo data: the books of a small marketplace, of any size. Customers
// pay money in, buy from merchants, and are charged fees; some purchases are held first,
// some are refunded, and merchants are paid out.
//
// The data is told by a [Config] alone, without a clock or a random number of its own.
// So the same request twice is a replay, and to seed again changes nothing.
package seed

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// DefaultTransactions is how many transactions there are if a [Config] leaves it out.
const DefaultTransactions = 1000

// MaxTransactions is the most: more would count with other than whole numbers.
const MaxTransactions = math.MaxInt64 / 1_000_000

// Config says what data to make. Use [Config.Validate] to know whether it can be.
type Config struct {
	// Transactions is how many there are, reversals among them. The customers and
	// merchants grow with it, up to some thousands.
	Transactions int64
	// Seed chooses among the data of this size. A ledger takes one kind of data: the
	// accounts of another seed or size have the same ids and other content.
	Seed uint64
	// Epoch is when the business ends that is dated back; zero is the first of
	// January 2025. It must be past for the ledger. The business takes a year.
	Epoch time.Time
}

// Validate says why the config is none, or nil.
func (c Config) Validate() error {
	switch {
	case c.Transactions < 1 || c.Transactions > MaxTransactions:
		return fmt.Errorf("transactions should be from 1 to %d, not %d", int64(MaxTransactions), c.Transactions)
	case c.epoch().After(holdsExpire()):
		return errors.New("the epoch should be before 2100")
	}
	return nil
}

// epoch returns the end of the business, to the second.
func (c Config) epoch() time.Time {
	if c.Epoch.IsZero() {
		return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return c.Epoch.UTC().Truncate(time.Second)
}

// holdsExpire is when every hold does. It is fixed, since a request that is repeated
// must repeat it, and far ahead, so that it can be.
func holdsExpire() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }

// customers and merchants return how many there are.
func (c Config) customers() int { return int(min(max(c.Transactions/20, 1), 10_000)) }
func (c Config) merchants() int { return int(min(max(c.Transactions/200, 3), 500)) }
