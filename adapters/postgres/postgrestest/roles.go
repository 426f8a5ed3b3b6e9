package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Roles are the names of the roles that deploy/postgres/roles.sql makes.
type Roles struct {
	Migrator, Runtime, Auditor string
}

// NewRoles returns names that nobody else uses on the server, whose roles are made by
// Apply.
func NewRoles() Roles {
	prefix := "ledger_test_" + strings.ToLower(rand.Text()[:12])
	return Roles{Migrator: prefix + "_migrator", Runtime: prefix + "_runtime", Auditor: prefix + "_auditor"}
}

// Apply runs roles.sql, a file, with psql and with these names and environment variables,
// as "NAME=value", on the database.
func (r Roles) Apply(ctx context.Context, file, dsn string, environment ...string) error {
	psql, err := exec.LookPath("psql")
	if err != nil {
		psql = filepath.Join(findBinaries(), "psql")
	}
	command := exec.CommandContext(ctx, psql, "--no-psqlrc", "--quiet", "--dbname="+dsn, "--file="+file,
		"--set=migrator="+r.Migrator, "--set=runtime="+r.Runtime, "--set=auditor="+r.Auditor)
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	if err == nil && len(output) > 0 {
		err = errors.New("it should say nothing")
	}
	if err != nil {
		return fmt.Errorf("psql, of PostgreSQL's client: %w\n%s", err, output)
	}
	return nil
}

// Drop drops the roles, once the databases with rights of theirs are gone. On a server that
// ends with this process they stay, for its templates depend on them.
func (r Roles) Drop(ctx context.Context) error {
	dsn := os.Getenv("LEDGER_TEST_DSN")
	if dsn == "" {
		return nil
	}
	server := Server{DSN: dsn}
	ctx = context.WithoutCancel(ctx)
	return server.execute(ctx, "DROP ROLE IF EXISTS "+strings.Join([]string{r.Migrator, r.Runtime, r.Auditor}, ", "))
}

// As returns a DSN with another user, who has no password.
func As(dsn, user string) string {
	location, err := url.Parse(dsn)
	if err != nil || location.Scheme == "" {
		return dsn + " user=" + user
	}
	location.User = url.User(user)
	return location.String()
}
