package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Examine a database or a server, with advice",
		GroupID: groupSystem,
		Long: `Examine what ledgerctl is told to work on. Of a database that is the connection, the
server's version, the schema, the settings that decide whether what was acknowledged
survives a crash, clocks, connections, transactions that are open for long, and the
tables; of a server whether it can be reached, is ready and takes the token, and its
clock. It changes nothing, and what the role may not see is "unknown".

The exit code is 0 if no check failed, with or without warnings, 1 if one did, 2 if the
database or the server could not be examined, and 130 after Ctrl-C.`,
		Example: `  ledgerctl doctor --dsn postgres://ledger@localhost/ledger
  ledgerctl doctor --server http://localhost:8080
  ledgerctl doctor --context production -o json`,
		Args: exactArgs(),
		RunE: func(command *cobra.Command, _ []string) error {
			checks, failed, err := a.examine(command.Context())
			if err != nil {
				return err
			}
			err = console.List(a.console, a.settings.Output, checkColumns(), func(yield func(doctor.Check, error) bool) {
				for _, check := range checks {
					if !yield(check, nil) {
						return
					}
				}
			})
			switch {
			case err != nil:
				return err
			case command.Context().Err() != nil:
				return command.Context().Err()
			case failed != nil:
				return &exitError{code: exitUnchecked, err: failed}
			case doctor.HasFailed(checks):
				return errors.New("a check failed; see the advice")
			}
			return nil
		},
	}
}

func checkColumns() []console.Column[doctor.Check] {
	return []console.Column[doctor.Check]{
		{Name: "check", Value: func(c doctor.Check) string { return c.Name }},
		{Name: "status", Value: func(c doctor.Check) string { return string(c.Status) }, Colour: colourOfCheck},
		{Name: "found", Value: func(c doctor.Check) string { return c.Found }},
		{Name: "advice", Value: func(c doctor.Check) string { return c.Advice }},
	}
}

func colourOfCheck(c doctor.Check) console.Colour {
	switch c.Status {
	case doctor.OK:
		return console.Green
	case doctor.Warn:
		return console.Yellow
	case doctor.Fail:
		return console.Red
	default:
		return ""
	}
}

// examine returns the checks, and why the database or the server could not be examined.
func (a *app) examine(ctx context.Context) (checks []doctor.Check, failed, err error) {
	s := a.settings
	file := doctor.Check{Name: "configuration", Status: doctor.OK, Found: "no file"}
	if s.File != "" {
		file.Found = s.File + ", context " + cmp.Or(s.Context, "none")
		// The group and others.
		if info, err := os.Stat(s.File); err == nil && s.HasSecrets && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			file.Status, file.Advice = doctor.Warn, "it has a token or a DSN, and others may read it: chmod 600 "+console.Quote(s.File)
		}
	}
	if s.Server != "" {
		// The client knows which URLs and tokens cannot be.
		if _, err := ledgerhttp.NewClient(ledgerhttp.ClientConfig{URL: s.Server, Token: s.Token}); err != nil {
			return nil, nil, usageError(err)
		}
		facts := doctor.AskServer(ctx, s.Server, s.Token)
		if facts.Unreachable != nil {
			failed = fmt.Errorf("the server could not be examined: %w", facts.Unreachable)
		}
		return append([]doctor.Check{file}, doctor.Server(facts)...), failed, nil
	}
	if s.DSN == "" {
		_, err := a.connect(ctx)
		return nil, nil, err
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	limited, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	diagnosis, failed := store.Diagnose(limited)
	if err := store.Close(); err != nil {
		return nil, nil, err
	}
	if failed != nil {
		const advice = "see whether PostgreSQL runs and takes connections from here, and whether the DSN is right"
		// Every host that was tried has a line of its own.
		cause := errors.New(oneLine(failed.Error()))
		return []doctor.Check{file, doctor.Failed("connection", cause, advice)}, fmt.Errorf("the database could not be examined: %w", explainDatabase(failed)), nil
	}
	return append([]doctor.Check{file}, doctor.Database(diagnosis)...), nil, nil
}
