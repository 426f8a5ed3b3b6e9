package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// drainLimit is how long requests under way may take once the server is told to
// stop.
const drainLimit = 30 * time.Second

// usageError is what the caller can mend by asking otherwise.
type usageError struct{ error }

// run is the whole program but for the signals, which end ctx. It returns the
// exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	return runWithin(ctx, drainLimit, args, getenv, stdout, stderr)
}

func runWithin(ctx context.Context, drainLimit time.Duration, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	command := newCommand(getenv, func(ctx context.Context, s settings) error {
		return serve(ctx, s, newLogger(s, stderr), drainLimit)
	})
	command.SetArgs(args)
	command.SetOut(stdout)
	command.SetErr(stderr)
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "ledgerd: %s\n", oneLine(err.Error()))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// oneLine returns an error's text without line breaks, and without what may be a
// password: a DSN can have been meant for another flag.
func oneLine(text string) string {
	text = regexp.MustCompile(`:\s*\n\s*`).ReplaceAllString(text, ": ")
	text = regexp.MustCompile(`\s*\n\s*`).ReplaceAllString(text, "; ")
	text = regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:://|(?i:password))(?:[^"\\]|\\.)*"`).ReplaceAllString(text, `"…"`)
	return regexp.MustCompile(`://[^\s@]*:\S*@`).ReplaceAllString(text, "://…@")
}

// newCommand returns the command line, which calls serve with what it asks for.
func newCommand(getenv func(string) string, serve func(context.Context, settings) error) *cobra.Command {
	s := defaultSettings()
	command := &cobra.Command{
		Use:   "ledgerd [flags]",
		Short: "Serve a ledger over HTTP",
		Long: `Ledgerd serves a ledger over HTTP.

Without a --dsn the ledger is in memory: nothing in it survives a stop. With one
it is in PostgreSQL, and any number of ledgerd may serve it at once. A password
is better given in LEDGERD_DSN or PGPASSFILE than in a flag, which others on the
machine can see. Every flag can also be given as the environment variable in
brackets; the flag wins.

The first SIGINT or SIGTERM drains: what runs is finished, what arrives is
refused. A second one ends the process at once. The exit code is 0 after a
drain, 2 if what was asked for makes no sense, and 1 if anything else failed.`,
		Example: `  ledgerd
  ledgerd --listen :9000 --asset EUR/2 --demo=false
  LEDGERD_DSN=postgres://ledger@localhost/ledger ledgerd --migrate
  LEDGERD_LISTEN=127.0.0.1:0 LEDGERD_LOG_FORMAT=json ledgerd --log-level debug`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				// Not repeated, for it may be a DSN, and that a password.
				return usageError{errors.New("ledgerd takes no arguments, only flags, such as --demo=false; see --help")}
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			if err := s.readEnvironment(command, getenv); err != nil {
				return usageError{err}
			}
			if err := s.check(); err != nil {
				return usageError{err}
			}
			return serve(command.Context(), s)
		},
	}
	s.addFlags(command)
	command.AddCommand(healthcheckCommand(getenv))
	// There is --help.
	command.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		// "unknown shorthand flag: 'd' in -dsn=…" would repeat the DSN.
		// So would "bad flag syntax: ---dsn=…".
		text, _, shorthand := strings.Cut(err.Error(), " in -")
		if shorthand && strings.HasPrefix(text, "unknown shorthand") {
			err = errors.New(text + "; long flags begin with two dashes")
		} else if strings.HasPrefix(text, "bad flag syntax") {
			err = errors.New("bad flag syntax; long flags begin with two dashes")
		}
		return usageError{err}
	})
	command.SetVersionTemplate("ledgerd {{.Version}}\n")
	return command
}

// commit is what the program was built of, for what was built where the go command may
// not ask git.
var commit string //nolint:gochecknoglobals // The linker sets it; see the Makefile.

// version says what the binary was built from, as far as it knows.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown version)"
	}
	return info.Main.Version + " " + info.GoVersion
}
