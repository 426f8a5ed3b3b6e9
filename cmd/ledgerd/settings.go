package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/ledger"
)

// settings is what the flags and the environment ask for.
type settings struct {
	ledger    string
	listen    string
	dsn       string
	migrate   bool
	demo      bool
	asset     ledger.Asset
	logLevel  slog.Level
	logFormat string
	access    accessSettings
	limits    limitSettings
	telemetry telemetrySettings
}

func defaultSettings() settings {
	return settings{
		ledger:    ledger.DefaultName,
		listen:    "127.0.0.1:8080",
		demo:      true,
		asset:     ledger.Asset{Code: "USD", Scale: 2},
		logLevel:  slog.LevelInfo,
		logFormat: "text",
		access:    defaultAccess(),
		limits:    limitSettings{drainDelay: 100 * time.Millisecond},
		telemetry: telemetrySettings{metrics: true},
	}
}

// addFlags defines the flags, whose defaults are what s has.
func (s *settings) addFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.SortFlags = false
	usage := func(flag, text string) string { return text + " [" + variable(flag) + "]" }
	flags.Var(&setting[string]{&s.ledger, "name", parseLedger, plain},
		"ledger", usage("ledger", "the ledger to serve"))
	flags.Var(&setting[string]{&s.listen, "host:port", parseListen, plain},
		"listen", usage("listen", "the address to listen on; port 0 takes any that is free"))
	flags.Var(&setting[string]{&s.dsn, "dsn", parseAny, plain},
		"dsn", usage("dsn", "the PostgreSQL database to keep the ledger in, as a URL or key=value words; empty keeps it in memory"))
	flags.Var(&setting[bool]{&s.migrate, "bool", parseBool, strconv.FormatBool},
		"migrate", usage("migrate", "bring the database's schema up to date first"))
	flags.Lookup("migrate").NoOptDefVal = "true"
	flags.Var(&setting[bool]{&s.demo, "bool", parseBool, strconv.FormatBool},
		"demo", usage("demo", "open the demo user; with a dsn, only if asked for"))
	flags.Lookup("demo").NoOptDefVal = "true"
	flags.Var(&setting[ledger.Asset]{&s.asset, "code/scale", ledger.ParseAsset, ledger.Asset.String},
		"asset", usage("asset", "what users hold"))
	flags.Var(&setting[slog.Level]{&s.logLevel, "level", parseLevel, formatLevel},
		"log-level", usage("log-level", "debug, info, warn or error"))
	flags.Var(&setting[string]{&s.logFormat, "format", parseFormat, plain},
		"log-format", usage("log-format", "text or json"))
	s.access.addFlags(command)
	s.limits.addFlags(command)
	s.telemetry.addFlags(command)
}

// variable returns the name of the environment variable that stands in for a
// flag.
func variable(flag string) string {
	return "LEDGERD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readEnvironment sets what no flag has set. An empty variable counts as unset.
func (s *settings) readEnvironment(command *cobra.Command, getenv func(string) string) error {
	hasDemo := command.Flags().Changed("demo")
	names := []string{"ledger", "listen", "dsn", "migrate", "demo", "asset", "log-level", "log-format"}
	for _, name := range slices.Concat(names, accessFlags(), limitFlags(), telemetryFlags()) {
		flag, text := command.Flags().Lookup(name), getenv(variable(name))
		if text == "" || flag.Changed {
			continue
		}
		if err := flag.Value.Set(text); err != nil {
			return fmt.Errorf("invalid value %q of %s: %w", text, variable(name), err)
		}
		hasDemo = hasDemo || name == "demo"
	}
	if !hasDemo && s.dsn != "" {
		s.demo = false
	}
	if err := s.telemetry.readStandard(getenv); err != nil {
		return err
	}
	return nil
}

// check says what is wrong with the settings as a whole.
func (s *settings) check() error {
	if s.migrate && s.dsn == "" {
		return errors.New("--migrate needs the --dsn of a database; without one the ledger would be in memory")
	}
	if err := s.access.check(s.listen, s.dsn); err != nil {
		return err
	}
	if s.limits.ratePerToken > 0 && s.access.isOpen() {
		return errors.New("--rate-per-token needs --auth, without which nobody has a token; --rate-per-address limits everybody")
	}
	return s.telemetry.check()
}

// setting is a flag's value: where it goes, what help calls it, and how it is
// read and printed.
type setting[T any] struct {
	target *T
	kind   string
	parse  func(string) (T, error)
	format func(T) string
}

// Set implements the flag package's Value.
func (s *setting[T]) Set(text string) error {
	value, err := s.parse(text)
	if err != nil {
		return err
	}
	*s.target = value
	return nil
}

// String implements the flag package's Value.
func (s *setting[T]) String() string {
	if s.target == nil {
		return ""
	}
	return s.format(*s.target)
}

// Type implements the flag package's Value.
func (s *setting[T]) Type() string { return s.kind }

func plain(text string) string { return text }

func parseAny(text string) (string, error) { return text, nil }

func parseLedger(text string) (string, error) { return text, ledger.ValidateLedgerName(text) }

func parseListen(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", errors.New("should be a host and a port, such as 127.0.0.1:8080")
	}
	return text, nil
}

func parseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("should be true or false")
	}
	return value, nil
}

func parseLevel(text string) (slog.Level, error) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if text == formatLevel(level) {
			return level, nil
		}
	}
	return 0, errors.New("should be debug, info, warn or error")
}

func formatLevel(level slog.Level) string { return strings.ToLower(level.String()) }

func parseFormat(text string) (string, error) {
	if text != "text" && text != "json" {
		return "", errors.New("should be text or json")
	}
	return text, nil
}
