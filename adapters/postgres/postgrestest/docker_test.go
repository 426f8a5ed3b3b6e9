package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// fakeDocker runs containers as processes from PostgreSQL's binaries. It has no
// image until one is pulled, and writes down what it was called for.
const fakeDocker = `#!/bin/sh
set -eu
bin=BIN directory=DIRECTORY
serve() {
	PRIVILEGES "$bin/postgres" -D "$directory/data" $(cat "$directory/settings") </dev/null >>"$directory/log" 2>&1 &
	echo $! >"$directory/pid"
}
echo "$*" >>"$directory/calls"
case $1 in
info) ;;
image) [ -e "$directory/pulled" ] ;;
pull) : >"$directory/pulled" ;;
run)
	shift 5
	port=${1#127.0.0.1:}
	shift 4
	echo "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c port=${port%:5432} $*" >"$directory/settings"
	PRIVILEGES "$bin/initdb" --pgdata="$directory/data" --username=postgres --auth=trust --no-sync >>"$directory/log"
	serve ;;
kill)
	pid=$(cat "$directory/pid")
	kill -STOP "$pid"
	echo "$pid $(cat "/proc/$pid/task/$pid/children" 2>/dev/null)" >"$directory/killed"
	kill -KILL $(cat "$directory/killed") ;;
wait) for pid in $(cat "$directory/killed"); do while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done; done ;;
start) serve ;;
logs) cat "$directory/log" ;;
rm)
	kill -INT "$(cat "$directory/pid")"
	cp "$directory/pid" "$directory/killed"
	"$0" wait
	rm -rf "$directory/data" ;;
esac
`

// TestDocker runs a server with a docker on PATH that is made up, as on a machine
// without binaries.
func TestDocker(t *testing.T) {
	bin := findBinaries()
	if bin == "" {
		t.Fatal("the made-up docker needs binaries: " + missing)
	}
	directory := t.TempDir()
	// The server may run as another user.
	for _, each := range []string{directory, filepath.Dir(directory)} {
		if err := os.Chmod(each, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	privileges := ""
	if other, err := otherUser(); err != nil {
		t.Fatal(err)
	} else if other != nil {
		privileges = fmt.Sprintf("setpriv --reuid=%d --regid=%d --clear-groups", other.Uid, other.Gid)
	}
	program := strings.NewReplacer("BIN", bin, "DIRECTORY", directory, "PRIVILEGES", privileges).Replace(fakeDocker)
	if err := os.WriteFile(filepath.Join(directory, "docker"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	none := func() string { return "" }
	s, err := start(none, findDocker, Settings{"max_connections": "17"})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	defer func() {
		if !stopped {
			s.stop()
		}
	}()
	if err := s.execute(t.Context(), "CREATE TABLE marks AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if err := s.execute(t.Context(), "SELECT 1"); err == nil {
		t.Error("the killed server answers")
	}
	s.Restart(t)
	c, err := pgx.Connect(t.Context(), s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	var setting string
	if err := c.QueryRow(t.Context(), "SELECT n, current_setting('max_connections') FROM marks").Scan(&n, &setting); err != nil || n != 7 || setting != "17" {
		t.Errorf("after the restart: %d, max_connections %s, %v", n, setting, err)
	}
	s.stop()
	stopped = true
	if err := c.Ping(t.Context()); err == nil {
		t.Error("the stopped server answers")
	}
	if _, err := os.Stat(filepath.Join(directory, "data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its data is left: %v", err)
	}
	calls, err := os.ReadFile(filepath.Join(directory, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(calls)) {
		got = append(got, strings.Fields(line)[0])
	}
	if want := strings.Fields("info image pull run kill wait start rm wait"); !slices.Equal(got, want) {
		t.Errorf("docker was called for %s, want %s:\n%s", got, want, calls)
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	none := func() string { return "" }
	if _, err := start(none, none, nil); err == nil || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("without anything to start: %v", err)
	}
}
