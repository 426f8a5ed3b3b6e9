package load_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
	"github.com/seed-d432d95b/ledger/ledger"
)

func open(t *testing.T) *ledger.Ledger {
	t.Helper()
	books, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return books
}

func run(t *testing.T, config load.Config) load.Report {
	t.Helper()
	report, err := load.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func mix(t *testing.T, text string) load.Mix {
	t.Helper()
	m, err := load.ParseMix(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// entriesOf returns how many entries each account has.
func entriesOf(t *testing.T, service ledger.Service) map[string]uint64 {
	t.Helper()
	page, err := service.FindAccounts(t.Context(), ledger.AccountQuery{Prefix: "bench-", Limit: ledger.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	entries := make(map[string]uint64)
	for _, account := range page.Accounts {
		entries[account.ID] = account.Sequence
	}
	return entries
}

func TestRunCountsExactly(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 20_000} {
		books := open(t)
		config := load.Config{
			Target: "memory", Services: []ledger.Service{books, books}, Accounts: 100, Callers: 8, Count: 2000, Rate: rate,
			Mix: mix(t, "deposit=40,transfer=30,hold=20,read=10"), Seed: 7,
		}
		for range 2 { // a second run shares the accounts
			report := run(t, config)
			if err := report.Err(); err != nil {
				t.Fatal(err)
			}
			if report.Operations != 2000 || len(report.Errors) != 0 || !report.Books.Checked || report.NotStarted != 0 {
				t.Fatalf("%+v", report)
			}
			var sum int64
			for _, l := range report.Latencies[1:] {
				sum += l.Count
			}
			if len(report.Latencies) != 5 || report.Latencies[0].Kind != "all" || sum != 2000 || report.Latencies[0].Count != 2000 {
				t.Errorf("latencies of %d kinds, of %d operations in all", len(report.Latencies), sum)
			}
		}
	}
}

func TestRunRepeatsItsChoices(t *testing.T) {
	t.Parallel()
	balances := func(seed uint64, callers int) map[string]uint64 {
		books := open(t)
		run(t, load.Config{
			Services: []ledger.Service{books}, Accounts: 50, Callers: callers, Count: 500, Seed: seed, Mix: mix(t, "deposit=1,transfer=1,hold=1"),
		})
		return entriesOf(t, books)
	}
	one, other, seeded := balances(1, 1), balances(1, 16), balances(2, 1)
	same := 0
	for id, n := range one {
		if other[id] != n {
			t.Errorf("account %s has %d entries from one caller, and %d from sixteen", id, n, other[id])
		}
		if seeded[id] == n {
			same++
		}
	}
	if same == len(one) {
		t.Error("another seed makes the same choices")
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	const count, accounts = 5000, 100
	entries := func(spread load.Spread) map[string]uint64 {
		books := open(t)
		run(t, load.Config{Services: []ledger.Service{books}, Accounts: accounts, Callers: 4, Count: count, Spread: spread})
		return entriesOf(t, books)
	}
	if hot := entries(load.Hot); hot["bench-0"] != count {
		t.Errorf("hot: the one account has %d of %d", hot["bench-0"], count)
	}
	uniform := entries(load.Uniform)
	for id, n := range uniform {
		if n < 20 || n > 100 {
			t.Errorf("spread: %s has %d of %d", id, n, count)
		}
	}
	zipf := entries(load.Zipf)
	if first, tenth := float64(zipf["bench-0"]), float64(zipf["bench-9"]); first < 0.2*count || math.Abs(first/tenth-math.Pow(10, 1.1)) > 6 {
		t.Errorf("zipf: the first has %v, the tenth %v of %d", first, tenth, count)
	}
}

// decorated is a service whose deposits a function sees, and may change or fail.
type decorated struct {
	ledger.Service
	deposit func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error)
}

func (s decorated) Deposit(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
	return s.deposit(ctx, d)
}

// stalls is a service that answers nothing for a while.
func stalls(books ledger.Service, from, to time.Time) decorated {
	return decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
		now := time.Now()
		if !now.Before(from) && now.Before(to) {
			time.Sleep(to.Sub(now))
		}
		return books.Deposit(ctx, d)
	}}
}

func TestFixedRateCountsFromTheIntendedStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := open(t)
		begin := time.Now()
		config := load.Config{
			Services: []ledger.Service{stalls(books, begin.Add(5*time.Second), begin.Add(7*time.Second))},
			Accounts: 10, Callers: 4, Rate: 100, Duration: 10 * time.Second,
		}
		report := run(t, config)
		if err := report.Err(); err != nil {
			t.Fatal(err)
		}
		all := report.Latencies[0]
		// Of 1,000 arrivals, 200 came in the two seconds of the stall, evenly: only four
		// could be asked for, and all of them waited.
		if all.Count != 1000 || all.Max < 1990 || all.Max > 2000 {
			t.Errorf("%d operations, the longest %v ms", all.Count, all.Max)
		}
		if all.P50 > 0.1 || math.Abs(all.P90-1000) > 20 || math.Abs(all.P99-1900) > 30 || math.Abs(all.Mean-200) > 5 {
			t.Errorf("p50 %v, p90 %v, p99 %v, mean %v ms", all.P50, all.P90, all.P99, all.Mean)
		}
		if report.LateStarts < 190 || report.LateStarts > 200 {
			t.Errorf("%d began late", report.LateStarts)
		}

		// A closed loop sees the same stall four times, and 98 % of its answers at once.
		begin = time.Now()
		config.Services = []ledger.Service{decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			time.Sleep(10 * time.Millisecond)
			return stalls(books, begin.Add(5*time.Second), begin.Add(7*time.Second)).Deposit(ctx, d)
		}}}
		config.Rate = 0
		closed := run(t, config).Latencies[0]
		if closed.P99 > 11 || closed.Max < 1990 {
			t.Errorf("closed loop: p99 %v, max %v ms", closed.P99, closed.Max)
		}
	})
}

func TestArrivalsThatNeverBegin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := open(t)
		slow := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			time.Sleep(time.Second)
			return books.Deposit(ctx, d)
		}}
		report := run(t, load.Config{Services: []ledger.Service{slow}, Accounts: 10, Callers: 1, Rate: 10, Duration: 10 * time.Second})
		// One a second for ten seconds, and for half a minute after.
		if report.Operations < 39 || report.Operations > 41 || report.Operations+report.Failed+report.NotStarted != 100 {
			t.Errorf("%d done, %d never begun", report.Operations, report.NotStarted)
		}
	})
}

func TestWarmUpIsNotMeasured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := open(t)
		slow := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			time.Sleep(10 * time.Millisecond)
			return books.Deposit(ctx, d)
		}}
		for _, config := range []load.Config{
			{Duration: time.Second, Callers: 1},
			{Count: 100, Callers: 1},
			{Duration: time.Second, Rate: 100},
			{Count: 100, Rate: 100},
		} {
			var last load.Progress
			config.Services, config.Accounts, config.WarmUp = []ledger.Service{slow}, 10, time.Second
			config.Progress = func(p load.Progress) {
				if p.Done < last.Done || p.Elapsed <= last.Elapsed || p.Fraction < last.Fraction || p.Fraction > 1 {
					t.Errorf("progress went from %+v to %+v", last, p)
				}
				last = p
			}
			report := run(t, config)
			if err := report.Err(); err != nil {
				t.Fatal(err)
			}
			if report.Operations != 100 || math.Abs(report.DurationSeconds-1) > 0.02 || math.Abs(report.ThroughputPerSecond-100) > 2 {
				t.Errorf("%+v: %d operations in %v s", config, report.Operations, report.DurationSeconds)
			}
			if last.Done < 150 || last.Fraction < 0.8 || math.Abs(last.RatePerSecond-100) > 10 {
				t.Errorf("last progress %+v", last)
			}
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, rate := range map[string]float64{"closed loop": 0, "fixed rate": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				books := open(t)
				slow := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
					time.Sleep(100 * time.Millisecond)
					return books.Deposit(ctx, d)
				}}
				ctx, cancel := context.WithTimeout(t.Context(), 1050*time.Millisecond)
				defer cancel()
				begin := time.Now()
				report, err := load.Run(ctx, load.Config{Services: []ledger.Service{slow}, Accounts: 10, Callers: 5, Rate: rate, Duration: time.Hour})
				if err != nil || report.Err() != nil {
					t.Fatal(err, report.Err())
				}
				// What was under way was let finish, and is in the report.
				if !report.Interrupted || report.Failed != 0 || report.Operations < 50 || report.Operations > 55 {
					t.Errorf("%+v", report)
				}
				if took := time.Since(begin); took > 1200*time.Millisecond {
					t.Errorf("it took %s", took)
				}
				if !report.Books.Checked {
					t.Error("the books were not checked")
				}
			})
		})
	}
}

func TestCallsThatHangAreGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := open(t)
		var n atomic.Int64
		hangs := decorated{books, func(ctx context.Context, d ledger.Deposit) (ledger.Outcome, error) {
			if n.Add(1) == 5 {
				<-ctx.Done()
				return ledger.Outcome{}, ctx.Err()
			}
			time.Sleep(10 * time.Millisecond)
			return books.Deposit(ctx, d)
		}}
		begin := time.Now()
		report := run(t, load.Config{Services: []ledger.Service{hangs}, Accounts: 10, Callers: 3, Duration: time.Second})
		if err := report.Err(); err != nil {
			t.Fatal(err)
		}
		if report.Errors["interrupted"] != 1 || report.Failed != 1 || report.Books.AskedAgain != 1 || time.Since(begin) > time.Minute {
			t.Errorf("after %s: %+v", time.Since(begin), report)
		}
	})
}
