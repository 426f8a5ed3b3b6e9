package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

const referenceFile = "../../docs/ledgerctl.md"

// TestReference compares the reference with the commands. UPDATE_GOLDEN=1 writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	a := &app{console: console.New(nil, nil, nil), getenv: func(string) string { return "" }}
	got := reference(a.rootCommand())
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(referenceFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(referenceFile)
	if err != nil || got != string(want) {
		t.Errorf("docs/ledgerctl.md is not what the commands say; make it anew with make generate (%v)", err)
	}
}

// TestHelpNeedsNoSettings asks for help where a setting is wrong.
func TestHelpNeedsNoSettings(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"verify", "--help"}, {"help", "migrate"}, {"completion", "bash"}, {"__complete", "mig"}, {"--version"}} {
		var out, errs bytes.Buffer
		exit := run(context.Background(), args, func(string) string { return "nonsense" }, console.New(nil, &out, &errs)) //nolint:forbidigo // As of a process.
		if exit != 0 || out.Len() == 0 || strings.Contains(errs.String(), "ledgerctl:") {
			t.Errorf("%v: exit %d, said %q", args, exit, &errs)
		}
	}
}

// reference is the page that explains the commands.
func reference(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- Made from the commands by "make generate". Do not edit. -->

# ledgerctl

%s

%s

`, root.Long, fence("sh", dedent(root.Example)))
	b.WriteString(exitCodes + configuration)
	b.WriteString("## Flags of all commands\n\n")
	flagTable(&b, root.PersistentFlags())
	b.WriteString("## Commands\n\n")
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "%s\n\n", g.Title)
		for _, c := range below(root) {
			if groupOf(c) == g.ID {
				fmt.Fprintf(&b, "- [`%s`](#%s): %s\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), lowerFirst(c.Short))
			}
		}
		b.WriteString("\n")
	}
	for _, g := range root.Groups() {
		for _, c := range below(root) {
			if groupOf(c) == g.ID {
				describe(&b, c)
			}
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// below are the commands beneath one, each before its own.
func below(c *cobra.Command) (all []*cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.Name() != "help" && !sub.Hidden {
			all = append(append(all, sub), below(sub)...)
		}
	}
	return all
}

// groupOf is the group that a command or the one above it is in.
func groupOf(c *cobra.Command) string {
	for ; c.GroupID == "" && c.HasParent(); c = c.Parent() {
	}
	return c.GroupID
}

func describe(b *strings.Builder, c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(b, "### %s\n\n%s\n\n", c.CommandPath(), text)
	if c.Runnable() && !c.HasSubCommands() {
		fmt.Fprintf(b, "%s\n\n", fence("", c.UseLine()))
	}
	flagTable(b, c.LocalNonPersistentFlags())
	if c.Example != "" {
		fmt.Fprintf(b, "%s\n\n", fence("sh", dedent(c.Example)))
	}
}

func flagTable(b *strings.Builder, flags *pflag.FlagSet) {
	var rows []string
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "`--" + strings.TrimSpace(f.Name+" "+value) + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		standard := f.DefValue
		if standard == "[]" || standard == "false" && f.Value.Type() == "bool" {
			standard = ""
		}
		if standard != "" {
			standard = "`" + standard + "`"
		}
		cell := strings.NewReplacer("|", `\|`, "<", "&lt;")
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", cell.Replace(name), cell.Replace(usage), standard))
	})
	if len(rows) > 0 {
		fmt.Fprintf(b, "| flag | | default |\n|---|---|---|\n%s\n", strings.Join(rows, ""))
	}
}

func fence(language, text string) string { return "```" + language + "\n" + text + "\n```" }

func dedent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }

const exitCodes = `## Exit codes

| code | |
|---|---|
| 0 | it was done; an id that had been taken by the same request counts as done |
| 1 | it was refused, or failed |
| 2 | what was asked for makes no sense: a flag, an argument, a setting |
| 130 | it was interrupted, by Ctrl-C or SIGTERM |

Of some commands they say more. ` + "`verify`" + `: 0 is that the books are right, 1 that something is wrong
with them, 2 that they could not be verified. ` + "`import`" + `: 0 is that all lines were taken, 1 that some
were rejected, or that it broke off. ` + "`doctor`" + `: 0 is that no check failed, 1 that one did, 2 that the
database or the server could not be examined. ` + "`trial-balance`" + `: 1 is also that the totals do not
balance.

`

const configuration = `## Settings

A flag wins over its variable, and that over the context of the configuration file. The
variable of a flag is its name in capitals after ` + "`LEDGERCTL_`" + `: that of ` + "`--retry-for`" + ` is
` + "`LEDGERCTL_RETRY_FOR`" + `. An empty variable counts as unset. Where the ledger is comes from the first
of the three that has a server or a database; one with both is refused.
The token of a context is sent to the server of that context, and to no other.

The file is ` + "`~/.config/ledgerctl/config.yaml`" + `, or in ` + "`$XDG_CONFIG_HOME/ledgerctl`" + `, or where
` + "`--config`" + ` says. It has contexts, one for each environment; ` + "`--context`" + ` chooses one. What it
does not know is refused.

` + "```yaml" + `
current_context: staging
contexts:
  staging:
    server: https://ledger.staging.example
    token: t0ken
  production:
    dsn: postgres://ledger@db.example/ledger?sslmode=verify-full
    ledger: eu
    output: table
` + "```" + `

As it may have a password or a token in it, let nobody else read it. The password of a
database can also be in ` + "`PGPASSWORD`" + ` or in ` + "`~/.pgpass`" + `.

`
