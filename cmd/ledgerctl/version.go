package main

import (
	"cmp"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// build is what a program was built of.
type build struct {
	Version string `json:"version"`
	// Commit is empty for what was built outside of a clone, as tests are.
	Commit string `json:"commit"`
	// Modified says that the commit had been changed.
	Modified bool `json:"modified"`
	// CommittedAt is when the commit was made: a build of it is the same whenever made.
	CommittedAt string `json:"committed_at"`
	Go          string `json:"go"`
}

// commit is the commit that the program was built of, with "-dirty" behind it if that had
// been changed, for what was built where the go command may not ask git.
var commit string //nolint:gochecknoglobals // The linker sets it; see the Makefile.

func readBuild(info *debug.BuildInfo, ok bool) build {
	if !ok {
		return build{Version: "unknown"}
	}
	b := build{Version: cmp.Or(info.Main.Version, "(devel)"), Go: info.GoVersion}
	b.Commit, b.Modified = strings.CutSuffix(commit, "-dirty")
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		case "vcs.time":
			b.CommittedAt = setting.Value
		}
	}
	return b
}

// String is the build on a line.
func (b build) String() string {
	text := "ledgerctl " + b.Version
	if b.Commit != "" {
		text += ", commit " + b.Commit
	}
	if b.Modified {
		text += ", modified"
	}
	return text
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version of this program, and the commit",
		GroupID: groupSystem,
		Example: `  ledgerctl version
  ledgerctl version -o json`,
		Args: exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			columns := []console.Column[build]{
				{Name: "version", Value: func(b build) string { return b.Version }},
				{Name: "commit", Value: func(b build) string { return b.Commit }},
				{Name: "modified", Value: func(b build) string { return strconv.FormatBool(b.Modified) }},
				{Name: "committed_at", Value: func(b build) string { return b.CommittedAt }},
				{Name: "go", Value: func(b build) string { return b.Go }},
			}
			return console.One(a.console, a.settings.Output, columns, readBuild(debug.ReadBuildInfo()))
		},
	}
}
