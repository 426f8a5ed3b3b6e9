// Package settings is what a command is told about where it works and how it prints:
// by flags, by environment variables, and by the contexts of a configuration file, in
// that order.
package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

// DefaultFile is where the configuration is looked for, for people to read.
const DefaultFile = "~/.config/ledgerctl/config.yaml"

// Settings is what all commands have in common.
type Settings struct {
	// Server or DSN is where the ledger is; at most one of them is set.
	Server string
	DSN    string
	// Token goes with Server. That of a context goes to no other server than the context's.
	Token string
	// Ledger is the name of the ledger, or empty for the default one.
	Ledger string
	Output console.Format
	// RetryFor is how long a server that is busy or away is asked again; less than zero
	// is not at all.
	RetryFor time.Duration
	// Quiet leaves out progress and notes, and Yes the question before money moves.
	Quiet bool
	Yes   bool
	// File is the configuration file that was read, and Context the name of the context
	// of it, if any.
	File    string
	Context string
	// HasSecrets says whether a context of the file has a token or a DSN.
	HasSecrets bool
}

const (
	defaultOutput   = string(console.Table)
	defaultRetryFor = 30 * time.Second
)

// AddFlags defines the flags of all commands.
func AddFlags(flags *pflag.FlagSet) {
	usage := func(flag, text string) string { return text + " [" + Variable(flag) + "]" }
	flags.String("server", "", usage("server", "the `URL` of the server to work on"))
	flags.String("token", "", usage("token", "the `token` that the server asks for"))
	flags.String("dsn", "", usage("dsn", "the PostgreSQL database to work on, as a `URL` or key=value words"))
	flags.String("ledger", "", usage("ledger", "the `name` of the ledger; the server's default, or main on a database"))
	flags.StringP("output", "o", defaultOutput, usage("output", "how to print: table, json, ndjson or csv"))
	flags.String("context", "", usage("context", "the `name` of a context of the configuration file"))
	flags.String("config", "", usage("config", "the configuration `file` instead of "+DefaultFile))
	flags.Duration("retry-for", defaultRetryFor, usage("retry-for", "how long to ask a server again that is busy or away; 0 is not at all"))
	flags.Bool("quiet", false, usage("quiet", "show no progress and no notes"))
	flags.Bool("yes", false, usage("yes", "do it without asking"))
}

// Variable returns the name of the environment variable that stands in for a flag.
func Variable(flag string) string {
	return "LEDGERCTL_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// reader reads settings, each from the first source that has it.
type reader struct {
	flags   *pflag.FlagSet
	getenv  func(string) string
	context Context
	// name is that of the context, and file the path of the configuration file, if there
	// is one.
	name, file string
	hasSecrets bool
}

// Read reads the settings. An empty variable counts as unset.
func Read(flags *pflag.FlagSet, getenv func(string) string) (s Settings, err error) {
	r := reader{flags: flags, getenv: getenv}
	if err := r.readContext(); err != nil {
		return Settings{}, err
	}
	s.File, s.Context, s.HasSecrets = r.file, r.name, r.hasSecrets
	if err := r.target(&s); err != nil {
		return Settings{}, err
	}
	s.Ledger = r.text("ledger", r.context.Ledger)
	s.Token = r.text("token", r.context.Token)
	if s.Ledger != "" {
		if err := ledger.ValidateLedgerName(s.Ledger); err != nil {
			return Settings{}, fmt.Errorf("invalid value %q of %s: %w", s.Ledger, r.source("ledger"), err)
		}
	}
	output := r.text("output", r.context.Output)
	if output == "" {
		output = defaultOutput
	}
	if s.Output, err = console.ParseFormat(output); err != nil {
		return Settings{}, fmt.Errorf("invalid value %q of %s: %w", output, r.source("output"), err)
	}
	if s.RetryFor, err = r.retryFor(); err != nil {
		return Settings{}, err
	}
	if s.Quiet, err = r.flag("quiet"); err != nil {
		return Settings{}, err
	}
	s.Yes, err = r.flag("yes")
	return s, err
}

// text returns the value of a flag, or else of its variable, or else what the context
// has.
func (r *reader) text(flag, inContext string) string {
	value, isGiven := r.given(flag)
	if isGiven {
		return value
	}
	return inContext
}

// given returns the value of a flag or of its variable, if it has one.
func (r *reader) given(flag string) (string, bool) {
	if f := r.flags.Lookup(flag); f.Changed {
		return f.Value.String(), true
	}
	text := r.getenv(Variable(flag))
	return text, text != ""
}

// source says where the value of a flag is from, for people.
func (r *reader) source(flag string) string {
	switch {
	case r.flags.Lookup(flag).Changed:
		return "--" + flag
	case r.getenv(Variable(flag)) != "":
		return Variable(flag)
	default:
		return fmt.Sprintf("%s in context %q of %q", flag, r.name, r.file)
	}
}

func (r *reader) flag(name string) (bool, error) {
	text, isGiven := r.given(name)
	if !isGiven {
		return false, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("invalid value %q of %s: should be true or false", text, r.source(name))
	}
	return value, nil
}

func (r *reader) retryFor() (time.Duration, error) {
	text, isGiven := r.given("retry-for")
	if !isGiven {
		return defaultRetryFor, nil
	}
	value, err := time.ParseDuration(text)
	switch {
	case err != nil || value < 0:
		return 0, fmt.Errorf("invalid value %q of %s: should be a time such as 30s, or 0", text, r.source("retry-for"))
	case value == 0:
		return -1, nil
	}
	return value, nil
}

// target reads where to work from the first source that says so: a flag goes before
// what a variable or the context has, of either kind.
func (r *reader) target(s *Settings) error {
	fromFlags := func(flag string) string {
		if f := r.flags.Lookup(flag); f.Changed {
			return f.Value.String()
		}
		return ""
	}
	fromVariables := func(flag string) string { return r.getenv(Variable(flag)) }
	fromContext := func(flag string) string {
		if flag == "server" {
			return r.context.Server
		}
		return r.context.DSN
	}
	for _, source := range []struct {
		name string
		get  func(string) string
	}{
		{"--server and --dsn", fromFlags},
		{Variable("server") + " and " + Variable("dsn"), fromVariables},
		{"the server and the dsn of context " + strconv.Quote(r.name), fromContext},
	} {
		s.Server, s.DSN = source.get("server"), source.get("dsn")
		if s.Server != "" && s.DSN != "" {
			return errors.New("give one of " + source.name + ", not both: a command works on a server or on a database")
		}
		if s.Server != "" || s.DSN != "" {
			break
		}
	}
	if place := r.context.Server + r.context.DSN; place != s.Server+s.DSN {
		// They are of the place that the context names, and not for any other.
		r.context.Token = ""
		if place != "" {
			r.context.Ledger = ""
		}
	}
	return nil
}
