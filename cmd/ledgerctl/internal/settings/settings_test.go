package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/settings"
)

// read reads the settings of a command line, of variables, and of a file, which is
// where HOME says unless it is empty.
func read(t *testing.T, args []string, variables map[string]string, file string) (settings.Settings, error) {
	t.Helper()
	home := t.TempDir()
	if file != "" {
		write(t, filepath.Join(home, ".config", "ledgerctl", "config.yaml"), file)
	}
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	settings.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return settings.Read(flags, func(name string) string {
		if value, isSet := variables[name]; isSet {
			return strings.ReplaceAll(value, "$HOME", home)
		}
		if name == "HOME" {
			return home
		}
		return ""
	})
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

const twoContexts = `
current_context: staging
contexts:
  staging: {server: "http://staging", token: secret, ledger: eu, output: json}
  production: {dsn: "postgres://production/ledger"}
`

func TestRead(t *testing.T) {
	t.Parallel()
	defaults := settings.Settings{Output: console.Table, RetryFor: 30 * time.Second}
	staging := settings.Settings{Server: "http://staging", Token: "secret", Ledger: "eu", Output: console.JSON, RetryFor: 30 * time.Second, Context: "staging"}
	production := settings.Settings{Output: console.Table, RetryFor: 30 * time.Second, Context: "production"}
	with := func(s settings.Settings, change func(*settings.Settings)) settings.Settings {
		change(&s)
		return s
	}
	type variables = map[string]string
	for name, test := range map[string]struct {
		args      []string
		variables variables
		file      string
		want      settings.Settings
	}{
		"nothing":         {want: defaults},
		"an empty file":   {file: "\n", want: defaults},
		"current context": {file: twoContexts, want: staging},
		"context of a flag": {
			args: []string{"--context", "production"}, variables: variables{"LEDGERCTL_CONTEXT": "staging"}, file: twoContexts,
			want: with(production, func(s *settings.Settings) { s.DSN = "postgres://production/ledger" }),
		},
		"context of a variable": {
			variables: variables{"LEDGERCTL_CONTEXT": "production"}, file: twoContexts,
			want: with(production, func(s *settings.Settings) { s.DSN = "postgres://production/ledger" }),
		},
		"variable over context": {
			variables: variables{"LEDGERCTL_LEDGER": "us", "LEDGERCTL_OUTPUT": "csv", "LEDGERCTL_TOKEN": "other"}, file: twoContexts,
			want: with(staging, func(s *settings.Settings) { s.Ledger, s.Output, s.Token = "us", console.CSV, "other" }),
		},
		"flag over variable": {
			args:      []string{"--ledger", "asia", "-o", "ndjson"},
			variables: variables{"LEDGERCTL_LEDGER": "us", "LEDGERCTL_OUTPUT": "csv"}, file: twoContexts,
			want: with(staging, func(s *settings.Settings) { s.Ledger, s.Output = "asia", console.NDJSON }),
		},
		"dsn of a flag over the server of a variable": {
			args: []string{"--dsn", "postgres://flag"}, variables: variables{"LEDGERCTL_SERVER": "http://variable"},
			want: with(defaults, func(s *settings.Settings) { s.DSN = "postgres://flag" }),
		},
		"server of a variable over the dsn of a context": {
			args: []string{"--context", "production"}, variables: variables{"LEDGERCTL_SERVER": "http://variable"}, file: twoContexts,
			want: with(production, func(s *settings.Settings) { s.Server = "http://variable" }),
		},
		"the token and the ledger of a context are for its own server": {
			args: []string{"--server", "http://other"}, file: twoContexts,
			want: with(staging, func(s *settings.Settings) { s.Server, s.Token, s.Ledger = "http://other", "", "" }),
		},
		"nor does a variable take them elsewhere": {
			variables: variables{"LEDGERCTL_DSN": "postgres://variable"}, file: twoContexts,
			want: with(staging, func(s *settings.Settings) { s.Server, s.DSN, s.Token, s.Ledger = "", "postgres://variable", "", "" }),
		},
		"a context without a place has a ledger for any": {
			args: []string{"--server", "http://other"}, file: "current_context: eu\ncontexts: {eu: {ledger: eu, token: secret}}\n",
			want: with(defaults, func(s *settings.Settings) { s.Server, s.Ledger, s.Context = "http://other", "eu", "eu" }),
		},
		"a token of a variable is for any server": {
			args: []string{"--server", "http://flag"}, variables: variables{"LEDGERCTL_TOKEN": "other"}, file: twoContexts,
			want: with(staging, func(s *settings.Settings) { s.Server, s.Token, s.Ledger = "http://flag", "other", "" }),
		},
		"flags and variables of two values": {
			args: []string{"--yes"}, variables: variables{"LEDGERCTL_QUIET": "true"},
			want: with(defaults, func(s *settings.Settings) { s.Yes, s.Quiet = true, true }),
		},
		"a flag says no to a variable": {
			args: []string{"--yes=false"}, variables: variables{"LEDGERCTL_YES": "true"}, want: defaults,
		},
		"no retries": {
			args: []string{"--retry-for", "0"}, variables: variables{"LEDGERCTL_RETRY_FOR": "5s"},
			want: with(defaults, func(s *settings.Settings) { s.RetryFor = -1 }),
		},
		"retries of a variable": {
			variables: variables{"LEDGERCTL_RETRY_FOR": "5s"},
			want:      with(defaults, func(s *settings.Settings) { s.RetryFor = 5 * time.Second }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, test.args, test.variables, test.file)
			if (got.File != "") != (test.file != "") {
				t.Errorf("it was read from %q", got.File)
			}
			got.File, got.HasSecrets = "", false
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	type variables = map[string]string
	for name, test := range map[string]struct {
		args      []string
		variables variables
		file      string
		want      string
	}{
		"both flags": {
			args: []string{"--server", "http://a", "--dsn", "postgres://secret"},
			want: "give one of --server and --dsn, not both",
		},
		"both variables": {
			variables: variables{"LEDGERCTL_SERVER": "http://a", "LEDGERCTL_DSN": "postgres://secret"},
			want:      "give one of LEDGERCTL_SERVER and LEDGERCTL_DSN, not both",
		},
		"both in a context": {
			file: "current_context: a\ncontexts: {a: {server: http://a, dsn: secret}}",
			want: `give one of the server and the dsn of context "a", not both`,
		},
		"an output that is none":   {args: []string{"-o", "xml"}, want: `invalid value "xml" of --output: should be table, json, ndjson or csv`},
		"a ledger that is none":    {args: []string{"--ledger", "a b"}, want: `ledger name "a b"`},
		"an output of a context":   {file: "current_context: a\ncontexts: {a: {output: xml}}", want: `invalid value "xml" of output in context "a" of `},
		"a ledger of a variable":   {variables: variables{"LEDGERCTL_LEDGER": "a b"}, want: `invalid value "a b" of LEDGERCTL_LEDGER: `},
		"retries for less":         {args: []string{"--retry-for", "-1s"}, want: `invalid value "-1s" of --retry-for`},
		"retries for something":    {variables: variables{"LEDGERCTL_RETRY_FOR": "long"}, want: `invalid value "long" of LEDGERCTL_RETRY_FOR`},
		"yes that is neither":      {variables: variables{"LEDGERCTL_YES": "sure"}, want: `invalid value "sure" of LEDGERCTL_YES: should be true or false`},
		"quiet that is neither":    {variables: variables{"LEDGERCTL_QUIET": "a bit"}, want: `of LEDGERCTL_QUIET`},
		"a context that is none":   {args: []string{"--context", "test"}, file: twoContexts, want: `has no context "test"; it has production, staging`},
		"a context without a file": {args: []string{"--context", "test"}, want: `has no context "test"; it has none`},
		"a file that is not there": {args: []string{"--config", "/nowhere/config.yaml"}, want: `the configuration cannot be read: open "/nowhere/config.yaml"`},
		"an unknown key":           {file: "contexts:\n  a:\n    sever: secret\n", want: "line 3: field sever not found"},
		"an unknown key above":     {file: "current: secret\n", want: "line 1: field current not found"},
		"something else as a text": {file: "contexts:\n  a:\n    token: [secret]\n", want: "line 3: should be text"},
		"no YAML":                  {file: "contexts: {a\n", want: "is not a configuration"},
		"two documents":            {file: "contexts: {}\n---\ncontexts: {}\n", want: "it should be one YAML document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, test.args, test.variables, test.file)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %+v, %v; want an error with %q", got, err, test.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write(t, filepath.Join(directory, "ledgerctl", "config.yaml"), "current_context: xdg\ncontexts: {xdg: {server: http://xdg}}")
	write(t, filepath.Join(directory, "other.yaml"), "current_context: other\ncontexts: {other: {server: http://other}}")
	other := filepath.Join(directory, "other.yaml")
	for name, test := range map[string]struct {
		args      []string
		variables map[string]string
		want      string
	}{
		"of HOME":            {want: "http://staging"},
		"of XDG_CONFIG_HOME": {variables: map[string]string{"XDG_CONFIG_HOME": directory}, want: "http://xdg"},
		"of a variable":      {variables: map[string]string{"XDG_CONFIG_HOME": directory, "LEDGERCTL_CONFIG": other}, want: "http://other"},
		"of a flag": {
			args: []string{"--config", other}, variables: map[string]string{"LEDGERCTL_CONFIG": "/nowhere"}, want: "http://other",
		},
		"without a home": {variables: map[string]string{"HOME": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(t, test.args, test.variables, twoContexts)
			if err != nil || got.Server != test.want {
				t.Errorf("got the server %q, %v; want %q", got.Server, err, test.want)
			}
		})
	}
}
