package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ledgerctl": main})
}

// TestScripts runs the scripts in testdata/script, each of which drives ledgerctl as a
// process. Beside testscript's own commands they have those below.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		// UPDATE_GOLDEN=1 writes what cmp compares with.
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Values[serverKey{}] = &server{}
			env.Values[silentKey{}] = &silent{}
			roles := postgrestest.NewRoles()
			env.Values[rolesKey{}] = roles
			// After the script's databases, which are dropped first.
			env.Defer(func() { _ = roles.Drop(t.Context()) })
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server":      startServer,
			"database":    makeDatabase,
			"roles":       makeRoles,
			"golden":      compareMasked,
			"repeated":    checkRepeated,
			"exits":       checkExit,
			"silent":      startSilent,
			"interrupted": checkInterrupted,
			"sql":         changeDatabase,
		},
	})
}

// startServer is the command "server": it serves an empty ledger in memory, or with
// "server database" that of the script's database, and has ledgerctl use it, by
// LEDGERCTL_SERVER. It stops with the script, or by "server stop".
func startServer(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 1 && args[0] == "stop" {
		ts.Check(ts.Value(serverKey{}).(*server).stop())
		return
	}
	var store ledger.Store = memory.New(memory.Config{})
	if len(args) == 1 && args[0] == "database" {
		database, err := postgres.Open(context.Background(), postgres.Config{DSN: ts.Getenv("DSN")}) //nolint:forbidigo // The script has none.
		ts.Check(err)
		ts.Defer(func() { ts.Check(database.Close()) })
		store = database
		ts.Setenv("LEDGERCTL_DSN", "")
	}
	ctx := context.Background() //nolint:forbidigo // As above.
	books, err := ledger.Open(ctx, store, ledger.Config{})
	ts.Check(err)
	serving := ledgerhttp.NewServer(books, ledgerhttp.Config{Catalog: ledger.NewCatalog(store)})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	ts.Check(err)
	served := make(chan error, 1)
	go func() { served <- serving.Serve(listener) }()
	ts.Setenv("LEDGERCTL_SERVER", "http://"+listener.Addr().String())
	ts.Setenv("SERVER", "http://"+listener.Addr().String())
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		limited, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return errors.Join(serving.Shutdown(limited), <-served)
	}
	ts.Value(serverKey{}).(*server).stop = stop
	ts.Defer(func() { ts.Check(stop()) })
}

// server is the one that a script has started last.
type server struct{ stop func() error }

type serverKey struct{}

// makeDatabase is the command "database": it makes a database with the schema, or with
// "database empty" without, and has ledgerctl use it, by LEDGERCTL_DSN. $DSN has it too.
func makeDatabase(ts *testscript.TestScript, _ bool, args []string) {
	template := postgrestest.Template{Name: "ledgerctl", Prepare: prepareDatabase}
	if len(args) == 1 && args[0] == "empty" {
		template = postgrestest.Template{}
	}
	dsn, drop, err := postgrestest.Create(context.Background(), template) //nolint:forbidigo // The script has none.
	ts.Check(err)
	ts.Defer(func() { ts.Check(drop()) })
	ts.Setenv("DSN", dsn)
	ts.Setenv("LEDGERCTL_DSN", dsn)
	ts.Setenv("LEDGERCTL_SERVER", "")
}

func prepareDatabase(ctx context.Context, dsn string) error {
	store, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
	if err != nil {
		return err
	}
	err = store.Migrate(ctx)
	if err == nil {
		_, err = ledger.Open(ctx, store, ledger.Config{})
	}
	return errors.Join(err, store.Close())
}

// compareMasked is the command "golden FILE GOLDEN": it compares a file, or stdout or
// stderr, with another in which all times are TIME, and addresses ADDRESS. UPDATE_GOLDEN=1 writes that.
func compareMasked(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: golden file golden")
	}
	got := mask(ts.ReadFile(args[0]))
	switch want := ts.ReadFile(args[1]); {
	case got == want:
	case os.Getenv("UPDATE_GOLDEN") != "":
		updateScript(ts, args[1], got)
	default:
		ts.Fatalf("%s is not as %s has it:\n--- got\n%s--- want\n%s", args[0], args[1], got, want)
	}
}

// updateScript writes a file of the script anew.
func updateScript(ts *testscript.TestScript, name, content string) {
	script := filepath.Join("testdata", "script", ts.Name()+".txtar")
	text, err := os.ReadFile(script)
	ts.Check(err)
	before, after, found := strings.Cut(string(text), "\n-- "+name+" --\n")
	if !found {
		ts.Fatalf("the script has no file %s", name)
	}
	rest := ""
	if i := strings.Index("\n"+after, "\n-- "); i >= 0 {
		rest = after[i:]
	}
	ts.Check(os.WriteFile(script, []byte(before+"\n-- "+name+" --\n"+content+rest), 0o600))
}

func mask(text string) string {
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`).ReplaceAllString(text, "TIME")
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "ADDRESS")
}
