package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// checkExit is the command "exits CODE COMMAND …": it runs a command, which should exit
// with the code.
func checkExit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits code command…")
	}
	err := ts.Exec(args[1], args[2:]...)
	if code := exitCode(ts, err); strconv.Itoa(code) != args[0] {
		ts.Fatalf("the exit code is %d, not %s", code, args[0])
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	exit, isExit := errors.AsType[*exec.ExitError](err)
	if !isExit {
		ts.Check(err)
		return 0
	}
	return exit.ExitCode()
}

// checkRepeated is the command "repeated COMMAND …": it runs a command that moves money
// without an id, and again with the id that it has printed first.
func checkRepeated(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec(args[0], args[1:]...))
	first, _, _ := strings.Cut(ts.ReadFile("stderr"), "\n")
	printed := regexp.MustCompile(`^id (ctl-[a-z2-7]{26}): repeat with --id (ctl-\S+) if the answer is lost$`).FindStringSubmatch(first)
	if len(printed) != 3 || printed[1] != printed[2] {
		ts.Fatalf("it has not printed an id first, but %q", first)
	}
	ts.Check(ts.Exec(args[0], append(args[1:], "--id", printed[1])...))
}

// silent is a listener that takes what it is sent and never answers.
type silent struct {
	// asked has an element for each connection that something was sent on.
	asked chan struct{}
}

type silentKey struct{}

// startSilent is the command "silent": it listens, and never answers. $SILENT is its
// address, on which ledgerctl may take it for a server or a database.
func startSilent(ts *testscript.TestScript, _ bool, _ []string) {
	ctx := context.Background() //nolint:forbidigo // The script has none.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	ts.Check(err)
	s := ts.Value(silentKey{}).(*silent)
	s.asked = make(chan struct{}, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var connections []net.Conn
		defer func() {
			for _, connection := range connections {
				_ = connection.Close() // The other side may have done so.
			}
		}()
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connections = append(connections, connection)
			if _, err := bufio.NewReader(connection).ReadByte(); err == nil {
				s.asked <- struct{}{}
			}
		}
	}()
	ts.Defer(func() {
		ts.Check(listener.Close())
		<-ended
	})
	ts.Setenv("SILENT", listener.Addr().String())
}

// checkInterrupted is the command "interrupted COMMAND …": it runs a command until that
// asks the silent one something, interrupts it, and checks that it exits with 130. What
// it said is in the files "interrupted.out" and "interrupted.err".
func checkInterrupted(ts *testscript.TestScript, _ bool, args []string) {
	var stdout, stderr strings.Builder
	command := exec.Command(args[0], args[1:]...)
	command.Dir, command.Stdout, command.Stderr = ts.MkAbs("."), &stdout, &stderr
	for _, name := range []string{"HOME", "PATH", "LEDGERCTL_SERVER", "LEDGERCTL_DSN"} {
		command.Env = append(command.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var err error
	select {
	case err = <-ended:
	case <-ts.Value(silentKey{}).(*silent).asked:
		ts.Check(command.Process.Signal(syscall.SIGINT))
		err = <-ended
	}
	ts.Check(os.WriteFile(ts.MkAbs("interrupted.out"), []byte(stdout.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("interrupted.err"), []byte(stderr.String()), 0o600))
	if code := exitCode(ts, err); code != exitInterrupted {
		ts.Fatalf("the exit code is %d; it said\n%s", code, stderr.String())
	}
}

// changeDatabase is the command "sql STATEMENT": it runs a statement on the script's
// database.
func changeDatabase(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: sql statement")
	}
	ctx := context.Background() //nolint:forbidigo // The script has none.
	connection, err := pgx.Connect(ctx, ts.Getenv("DSN"))
	ts.Check(err)
	_, err = connection.Exec(ctx, args[0])
	ts.Check(errors.Join(err, connection.Close(ctx)))
}

// makeRoles is the command "roles": in the script's database it makes the roles of
// deploy/postgres/roles.sql, or gives them their rights once there is a schema, and sets
// MIGRATOR, RUNTIME and AUDITOR to its DSN for each of them.
func makeRoles(ts *testscript.TestScript, _ bool, _ []string) {
	ctx := context.Background() //nolint:forbidigo // The script has none.
	roles := ts.Value(rolesKey{}).(postgrestest.Roles)
	dsn := ts.Getenv("DSN")
	ts.Check(roles.Apply(ctx, filepath.Join("..", "..", "deploy", "postgres", "roles.sql"), dsn))
	ts.Setenv("MIGRATOR", postgrestest.As(dsn, roles.Migrator))
	ts.Setenv("RUNTIME", postgrestest.As(dsn, roles.Runtime))
	ts.Setenv("AUDITOR", postgrestest.As(dsn, roles.Auditor))
}

type rolesKey struct{}
