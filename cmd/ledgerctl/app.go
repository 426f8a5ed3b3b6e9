package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/settings"
	"github.com/seed-d432d95b/ledger/ledger"
)

// The exit codes. Those of verify are its own.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// app is what all commands have in common.
type app struct {
	console  *console.Console
	getenv   func(string) string
	settings settings.Settings
	// place is the ledger that a command works on, for people.
	place string
}

// run is the whole program but for the signals, which end ctx. It returns the exit
// code.
func run(ctx context.Context, args []string, getenv func(string) string, c *console.Console) int {
	a := &app{console: c, getenv: getenv}
	command := a.rootCommand() //nolint:contextcheck // Commands have the context that they are executed with.
	command.SetArgs(args)
	command.SetIn(c.Input(ctx))
	command.SetOut(c.Out)
	command.SetErr(c.Err)
	err := command.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	c.Say("ledgerctl: %s", oneLine(err.Error()))
	if hinted, isHinted := errors.AsType[*hintError](err); isHinted {
		c.Say("%s", hinted.hint)
	}
	exit, isExit := errors.AsType[*exitError](err)
	switch {
	case isExit:
		return exit.code
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, ledger.ErrInvalidRequest):
		return exitUsage
	}
	return exitFailed
}

// hintError is an error with a line of its own on what to do.
type hintError struct {
	err  error
	hint string
}

// Error implements error.
func (e *hintError) Error() string { return e.err.Error() }

// Unwrap returns the error beneath.
func (e *hintError) Unwrap() error { return e.err }

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

// Error implements error.
func (e *exitError) Error() string { return e.err.Error() }

// Unwrap returns the error beneath.
func (e *exitError) Unwrap() error { return e.err }

// usageError is what the caller can mend by asking otherwise.
func usageError(err error) error { return &exitError{code: exitUsage, err: err} }

// oneLine returns an error's text without line breaks, and without what may be a
// password or the secret of a token: each can have been meant for another flag or argument.
func oneLine(text string) string {
	text = regexp.MustCompile(`:\s*\n\s*`).ReplaceAllString(text, ": ")
	text = regexp.MustCompile(`\s*\n\s*`).ReplaceAllString(text, "; ")
	text = regexp.MustCompile(`"(?:[^"\\]|\\.)*(?:://[^"]*@|(?i:password))(?:[^"\\]|\\.)*"`).ReplaceAllString(text, `"…"`)
	text = regexp.MustCompile(`://[^\s@]*:\S*@`).ReplaceAllString(text, "://…@")
	text = regexp.MustCompile(ledger.TokenPrefix+`[A-Z2-7]{26,}`).ReplaceAllString(text, ledger.TokenPrefix+"…")
	return strings.ReplaceAll(text, context.Canceled.Error(), "interrupted")
}

// rootCommand returns the command line.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "ledgerctl",
		Short: "Administer a ledger",
		Long: `Ledgerctl administers a ledger: on a server (--server), or straight on the
PostgreSQL database that it is in (--dsn). A command that needs one of them says so.

Every flag that all commands have can also be given as the environment variable in
brackets. The server with its token, or the dsn, the ledger and the output can stand in a
context of the configuration file too, where several environments have names. A flag
wins over a variable, and that over the file; the token and the ledger of a context are
for the place that it names, and no other. A password or a token is
better given there than in a flag, which others on the machine can see.

Data goes to standard output; progress, questions and errors go to standard error. The
exit code is 0 if all was done, 1 if something was refused or failed, 2 if what was
asked for makes no sense, and 130 after Ctrl-C. Those of verify are its own.`,
		Example: `  ledgerctl account list --server http://localhost:8080
  LEDGERCTL_DSN=postgres://ledger@localhost/ledger ledgerctl verify
  ledgerctl balance alice --context production -o json`,
		Version:           readBuild(debug.ReadBuildInfo()).String(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              noSuchCommand,
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			if needsNoSettings(command) {
				return nil
			}
			// Cobra would do so later, and not say that it is a usage error.
			err := errors.Join(command.ValidateRequiredFlags(), command.ValidateFlagGroups())
			if err != nil {
				return usageError(err)
			}
			if a.settings, err = settings.Read(command.Flags(), a.getenv); err != nil {
				return usageError(err)
			}
			a.console.Quiet = a.settings.Quiet
			return nil
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	settings.AddFlags(root.PersistentFlags())
	_ = root.RegisterFlagCompletionFunc("context", func(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return settings.Contexts(command.Flags(), a.getenv), cobra.ShellCompDirectiveNoFileComp
	})
	completeFlag(root, "output", string(console.Table), string(console.JSON), string(console.NDJSON), string(console.CSV))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError(maskFlag(err)) })
	root.AddCommand(a.commands()...)
	root.AddGroup(
		&cobra.Group{ID: groupBooks, Title: "The books:"},
		&cobra.Group{ID: groupMoney, Title: "Move money:"},
		&cobra.Group{ID: groupWhole, Title: "A ledger as a whole:"},
		&cobra.Group{ID: groupSystem, Title: "The system:"},
	)
	root.SetHelpCommandGroupID(groupSystem)
	return root
}

// The groups of commands in the help.
const (
	groupBooks  = "books"
	groupMoney  = "money"
	groupWhole  = "whole"
	groupSystem = "system"
)

// commands returns the commands, in the groups' order.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.accountCommand(),
		a.assetCommand(),
		a.balanceCommand(),
		a.historyCommand(),
		a.ledgerCommand(),
		a.statementCommand(),
		a.transactionCommand(),
		a.postCommand(),
		a.holdCommand(),
		a.captureCommand(),
		a.voidCommand(),
		a.reverseCommand(),
		a.trialBalanceCommand(),
		a.importCommand(),
		a.exportCommand(),
		a.seedCommand(),
		a.benchCommand(),
		a.verifyCommand(),
		a.migrateCommand(),
		a.tokenCommand(),
		a.doctorCommand(),
		a.completionCommand(),
		a.versionCommand(),
	}
}

// needsNoSettings says whether a command is about the commands alone, and so works
// whatever the settings are.
func needsNoSettings(command *cobra.Command) bool {
	for ; command.HasParent(); command = command.Parent() {
		switch command.Name() {
		case "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			return true
		}
	}
	return false
}

// group returns a command that is only the name of others.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	command := &cobra.Command{
		Use: name, Short: short, Args: noSuchCommand, DisableFlagsInUseLine: true,
		RunE: func(command *cobra.Command, _ []string) error {
			var names []string
			for _, c := range command.Commands() {
				names = append(names, c.Name())
			}
			return usageError(fmt.Errorf("%s needs one of the commands %s; see %s --help",
				command.CommandPath(), strings.Join(names, ", "), command.CommandPath()))
		},
	}
	command.AddCommand(commands...)
	return command
}

// noSuchCommand refuses an argument where a command should be.
func noSuchCommand(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := fmt.Sprintf("see %s --help", command.CommandPath())
	if command.SuggestionsMinimumDistance == 0 {
		command.SuggestionsMinimumDistance = 2
	}
	if similar := command.SuggestionsFor(args[0]); len(similar) > 0 {
		next = "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return usageError(fmt.Errorf("%s has no command %q; %s", command.CommandPath(), args[0], next))
}

// completeFlag has the shell complete a flag with values.
func completeFlag(command *cobra.Command, flag string, values ...string) {
	// It fails for a flag that is not there, which a test would show.
	_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// maskFlag returns the error of a flag that cannot be read, without what it may have
// been given: a DSN, and that a password.
func maskFlag(err error) error {
	text, _, shorthand := strings.Cut(err.Error(), " in -")
	if shorthand && strings.HasPrefix(text, "unknown shorthand") {
		return errors.New(text + "; long flags begin with two dashes")
	}
	if strings.HasPrefix(text, "bad flag syntax") {
		return errors.New("bad flag syntax; long flags begin with two dashes")
	}
	return err
}

// exactArgs demands as many arguments as there are names, and says which is missing.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usageError(fmt.Errorf("%s needs %s; see %s --help", command.CommandPath(), strings.Join(names[len(args):], " and "), command.CommandPath()))
		case len(args) > 0 && len(names) == 0:
			return usageError(fmt.Errorf("%s takes no arguments, not %q; see %s --help", command.CommandPath(), args[0], command.CommandPath()))
		case len(args) > len(names):
			return usageError(fmt.Errorf("%s takes no more than %d arguments, not %d; see %s --help",
				command.CommandPath(), len(names), len(args), command.CommandPath()))
		}
		return nil
	}
}
