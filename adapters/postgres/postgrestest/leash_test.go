package postgrestest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// endVariable tells a test process that another one started how to end.
const endVariable = "POSTGRESTEST_END"

// TestProcessThatEndsBadly is run in a process of its own by TestNothingIsLeft.
func TestProcessThatEndsBadly(t *testing.T) {
	t.Parallel()
	end := os.Getenv(endVariable)
	if end == "" {
		return
	}
	server := postgrestest.Start(t, nil)
	if err := os.WriteFile(os.Getenv("POSTGRESTEST_FILE"), []byte(server.DSN), 0o600); err != nil {
		t.Fatal(err)
	}
	switch end {
	case "panic":
		panic("as told")
	case "exit":
		os.Exit(3)
	case "kill":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		select {}
	}
}

// TestNothingIsLeft starts servers in processes that end without a chance to
// stop them.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"panic", "exit", "kill"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			// The server may run as another user.
			for _, each := range []string{directory, filepath.Dir(directory)} {
				if err := os.Chmod(each, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessThatEndsBadly$")
			file := directory + "/dsn"
			command.Env = append(os.Environ(), endVariable+"="+end, "POSTGRESTEST_FILE="+file, "TMPDIR="+directory)
			if output, err := command.CombinedOutput(); err == nil {
				t.Fatalf("it ended well:\n%s", output)
			}
			dsn, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for range 1000 {
				time.Sleep(10 * time.Millisecond)
				if connection, err := pgx.Connect(t.Context(), string(dsn)); err == nil {
					_ = connection.Close(t.Context())
					continue
				}
				left, err := os.ReadDir(directory)
				if err != nil {
					t.Fatal(err)
				}
				if len(left) == 1 {
					return
				}
			}
			left, _ := os.ReadDir(directory)
			names := []string{}
			for _, entry := range left {
				names = append(names, entry.Name())
			}
			t.Errorf("left behind: %s", strings.Join(names, " "))
		})
	}
}
