package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/load"
	"github.com/seed-d432d95b/ledger/ledger"
)

// benchLedger is the ledger that a bench works in unless a flag names another one. What
// the environment and the configuration file say is not asked: that may be production.
const benchLedger = "bench"

// benchFlags are those of bench.
type benchFlags struct {
	memory     bool
	alsoServer []string
	mix        string
	spread     string
	accounts   int
	callers    int
	rate       float64
	duration   time.Duration
	count      int64
	warmUp     time.Duration
	seed       uint64
	plot       string
}

func (a *app) benchCommand() *cobra.Command {
	var flags benchFlags
	command := &cobra.Command{
		Use:     "bench",
		Short:   "Measure how fast a ledger is, and check its books",
		GroupID: groupSystem,
		Long: `Measure how many operations a second a ledger does, and how long each takes: in memory
(--memory), on a database (--dsn), or on a server (--server); other servers of the same
database can share the load (--also-server).

It works in a ledger of its own, "bench" unless --ledger on the command line names
another one, makes it if it is not there, and refuses one that has other accounts. Its
accounts bench-0, bench-1 … stay, and later runs use them again. They may be overdrawn,
so that no transfer is refused. A ledger cannot be removed, so keep it off a database in
which it should not stay.

In a closed loop, which is the default, each of the callers waits for its answer before
it asks again: that finds the most that a ledger does. With --rate the operations arrive
at a fixed rate, and the latency of each counts from when it was to start, whether or
not a caller was free: a stall shows in all that waited for it. What starts an operation
is a timer, which can be a millisecond late; that counts too. A hold is made and then
posted or voided; a read is of an account and a page of its entries.

After the run it compares each account, and the ledger's trial balance, with what was
acknowledged, and in memory or on a database verifies the whole ledger, which takes longer
the more earlier runs have left there. It exits 1 if anything is missing or there twice.`,
		Example: `  ledgerctl bench --memory --duration 5s
  ledgerctl bench --dsn postgres://ledger@localhost/ledger --mix deposit=60,transfer=20,hold=10,read=10
  ledgerctl bench --server http://localhost:8080 --rate 5000 -o json --plot latency.svg > server.json
  ledgerctl bench compare memory.json server.json --plot both.svg`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.bench(command, &flags)
		},
	}
	flags.add(command)
	command.AddCommand(a.benchCompareCommand())
	return command
}

func (f *benchFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.BoolVar(&f.memory, "memory", false, "measure a ledger in the memory of this process")
	flags.StringArrayVar(&f.alsoServer, "also-server", nil, "the `URL` of another server of the same database; can be repeated")
	flags.StringVar(&f.mix, "mix", "deposit", "the `operations` and their weights, as deposit=60,transfer=20,hold=10,read=10, or one alone")
	flags.StringVar(&f.spread, "spread", string(load.Uniform), "how accounts are taken: spread (all alike), zipf (a few most often) or hot (one)")
	flags.IntVar(&f.accounts, "accounts", load.DefaultAccounts, "how many accounts there are")
	flags.IntVar(&f.callers, "callers", 0, fmt.Sprintf("the most operations at once; %d, or %d with --rate", load.DefaultCallers, load.DefaultOutstanding))
	flags.Float64Var(&f.rate, "rate", 0, "how many operations arrive in a second; 0 is a closed loop")
	flags.DurationVar(&f.duration, "duration", 0, "how long to measure; 10s, unless there is a --count")
	flags.Int64Var(&f.count, "count", 0, "how many operations to measure")
	flags.DurationVar(&f.warmUp, "warm-up", time.Second, "how long to work before measuring")
	flags.Uint64Var(&f.seed, "seed", 1, "what chooses the operations: the same seed, the same operations")
	flags.StringVar(&f.plot, "plot", "", "the SVG `file` to plot the latencies into")
}

// config returns what to run, but for where.
func (f *benchFlags) config() (load.Config, error) {
	mix, err := load.ParseMix(f.mix)
	if err != nil {
		return load.Config{}, fmt.Errorf("invalid value %q of --mix: %w", f.mix, err)
	}
	config := load.Config{
		Mix: mix, Accounts: f.accounts, Spread: load.Spread(f.spread), Seed: f.seed,
		Callers: f.callers, Rate: f.rate, Duration: f.duration, Count: f.count, WarmUp: f.warmUp,
	}
	return config, config.Validate()
}

// bench runs the command.
func (a *app) bench(command *cobra.Command, flags *benchFlags) error {
	ctx := command.Context()
	config, err := flags.config()
	if err == nil {
		err = checkPlotFile(flags.plot)
	}
	if err != nil {
		return usageError(err)
	}
	if flags.memory {
		for _, other := range []string{"server", "dsn", "also-server"} {
			if command.Flags().Changed(other) {
				return usageError(fmt.Errorf("give --memory or --%s, not both", other))
			}
		}
		books, err := ledger.Open(ctx, memory.New(memory.Config{}), ledger.Config{Name: benchLedger})
		if err != nil {
			return err
		}
		config.Target, config.Services = "memory", []ledger.Service{books}
		return a.measure(ctx, config, flags.plot)
	}
	name := benchLedger
	if given := command.Flags().Lookup("ledger"); given.Changed {
		name = a.settings.Ledger
	}
	if len(flags.alsoServer) > 0 && a.settings.Server == "" {
		return usageError(errors.New("--also-server goes with --server"))
	}
	return a.onTarget(ctx, func(t *target) error {
		catalogs, closeAll, err := a.alsoOn(t, flags.alsoServer)
		if err != nil {
			return err
		}
		defer closeAll()
		config.Target = "PostgreSQL"
		if t.client != nil {
			config.Target = fmt.Sprintf("%d servers", len(catalogs))
			if len(catalogs) == 1 {
				config.Target = "server"
			}
		}
		if err := a.confirmBulk(ctx, fmt.Sprintf("bench writes test transactions into ledger %q of the %s, where they stay.", name, place(t))); err != nil {
			return err
		}
		config.Services, err = openBench(ctx, catalogs, name)
		if err != nil {
			return err
		}
		return a.measure(ctx, config, flags.plot)
	})
}

// alsoOn returns the catalog of a target, and those of other servers, whose connections
// are to be closed.
func (a *app) alsoOn(t *target, servers []string) (catalogs []ledger.Catalog, closeAll func(), err error) {
	var clients []*ledgerhttp.Client
	catalogs = []ledger.Catalog{t.catalog}
	for _, url := range servers {
		client, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: url, Token: a.settings.Token, RetryFor: a.settings.RetryFor})
		if err != nil {
			return nil, nil, usageError(err)
		}
		clients = append(clients, client)
		catalogs = append(catalogs, client.Catalog())
	}
	return catalogs, func() {
		for _, client := range clients {
			client.CloseIdleConnections()
		}
	}, nil
}

// place says where a target is, without an address, which may have a password.
func place(t *target) string {
	if t.client != nil {
		return "server"
	}
	return "database"
}

// confirmBulk says what a command is about to write, and asks whether to, unless it was
// told to go ahead.
func (a *app) confirmBulk(ctx context.Context, what string) error {
	a.console.Say("%s", what)
	return a.ask(ctx)
}

// openBench makes the ledger of a bench unless it is there, and refuses one that is
// used for something else.
func openBench(ctx context.Context, catalogs []ledger.Catalog, name string) ([]ledger.Service, error) {
	if _, err := catalogs[0].OpenLedger(ctx, name); err != nil {
		return nil, err
	}
	services := make([]ledger.Service, 0, len(catalogs))
	for _, catalog := range catalogs {
		books, err := catalog.Ledger(ctx, name)
		if err != nil {
			return nil, err
		}
		services = append(services, books)
	}
	return services, checkAccounts(ctx, services[0], name)
}

// checkAccounts refuses a ledger that has accounts of others.
func checkAccounts(ctx context.Context, books ledger.Service, name string) error {
	query := ledger.AccountQuery{OldestFirst: true, Limit: ledger.MaxLimit}
	for more := true; more; {
		page, err := books.FindAccounts(ctx, query)
		if err != nil {
			return err
		}
		for _, account := range page.Accounts {
			if !strings.HasPrefix(account.ID, "bench-") && !ledger.IsWorldID(account.ID) {
				return fmt.Errorf("ledger %q has other accounts, such as %q; name one that is for benches alone", name, account.ID)
			}
			query.After = account.ID
		}
		more = page.More
	}
	return nil
}

// measure runs a bench and prints its report.
func (a *app) measure(ctx context.Context, config load.Config, plot string) error {
	total := int64(-1)
	if config.Count > 0 && config.WarmUp == 0 {
		total = config.Count
	}
	progress := a.console.Progress("bench", "operations", total)
	config.Progress = func(p load.Progress) { progress.Set(p.Done) }
	report, err := load.Run(ctx, config)
	progress.End()
	if report.Run == "" {
		return err
	}
	if printErr := a.printReport(&report); printErr != nil {
		return errors.Join(err, printErr)
	}
	if plot != "" && report.Operations > 0 {
		err = errors.Join(err, writePlot(plot, report))
	}
	if wrong := report.Err(); wrong != nil {
		err = errors.Join(wrong, err)
	}
	if !report.Interrupted {
		proved := prove(ctx, config.Services[0])
		if err == nil && proved != nil && ctx.Err() != nil {
			return errors.New("interrupted; the report is whole, but the books were not verified to the end")
		}
		err = errors.Join(err, proved)
	}
	switch {
	case err != nil:
		return &exitError{code: exitFailed, err: err}
	case report.Operations == 0 && !report.Interrupted:
		return errors.New("no operation was acknowledged; the report has the errors by code")
	case report.Interrupted:
		return errors.New("interrupted; the report is of what was done until then")
	}
	return nil
}

// prove verifies the ledger that a bench wrote to, where that can be done. What a
// server's says of its books was checked by what it answered.
func prove(ctx context.Context, service ledger.Service) error {
	books, ok := service.(*ledger.Ledger)
	if !ok {
		return nil
	}
	var first ledger.Finding
	done, err := books.Verify(ctx, ledger.VerifyQuery{Found: func(found ledger.Finding) error {
		if first.Message == "" {
			first = found
		}
		return nil
	}})
	if err != nil {
		return fmt.Errorf("the books could not be verified: %w", err)
	}
	if done.Findings > 0 {
		return fmt.Errorf("verify found %d things wrong with the books; the first: %s", done.Findings, first.Message)
	}
	return nil
}
