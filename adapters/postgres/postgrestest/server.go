// Package postgrestest gives tests a real PostgreSQL. The first test that asks
// starts a server for the test process, and each test has a database of its
// own on it. Nothing is left behind, even when a test panics or is killed.
//
// Where the server comes from, in this order:
//   - LEDGER_TEST_DSN, a server that is running already;
//   - the binaries in LEDGER_PG_BIN, in /usr/lib/postgresql/*/bin, or on PATH,
//     started in a temporary directory on a free port of 127.0.0.1, as another
//     user when this one is root;
//   - Docker.
//
// A test that asks for a server of its own, see [Start], gets it from binaries or
// Docker even where LEDGER_TEST_DSN is given. If there is none of these the test
// fails and says what to install.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL.
type Server struct {
	// DSN connects to its database "postgres" as a superuser.
	DSN string
	// bin and directory are those of a server started from binaries, or empty.
	bin, directory string
	// docker runs the container of a server that was started there, or is empty.
	docker, container string
	// watchdog ends when the server has stopped and its data is gone.
	watchdog *exec.Cmd
	// leash ends the watchdog when it is closed, which the kernel does when this
	// process ends, however it ends.
	leash io.WriteCloser
}

// Settings are configuration parameters, as in postgresql.conf.
type Settings map[string]string

// script runs a server until its standard input ends, then stops it and removes
// its directory. Killed, the server is left to be started again by "start" on
// the standard input.
const script = `
bin=$1 directory=$2; shift 2
start() { "$bin/postgres" -D "$directory/data" "$@" >>"$directory/log" 2>&1 & server=$!; echo "$server" >"$directory/pid"; }
start "$@"
while read -r word; do
	case $word in start) wait "$server"; start "$@";; esac
done
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$directory"
`

// start starts a server from binaries if some are found, or else with Docker.
func start(findBinaries, findDocker func() string, settings Settings) (*Server, error) {
	if bin := findBinaries(); bin != "" {
		return startBinaries(bin, settings)
	}
	if docker := findDocker(); docker != "" {
		return startDocker(docker, settings)
	}
	return nil, errors.New(missing)
}

// startBinaries starts a server from the binaries in bin.
func startBinaries(bin string, settings Settings) (*Server, error) {
	return startOn(bin, settings, func(data string) *exec.Cmd {
		return exec.Command(filepath.Join(bin, "initdb"), "--pgdata="+data, "--username=postgres",
			"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	})
}

// startOn starts a server on the data that a command makes in a directory.
func startOn(bin string, settings Settings, fill func(data string) *exec.Cmd) (*Server, error) {
	directory, credential, err := ownDirectory()
	if err != nil {
		return nil, err
	}
	attributes := &syscall.SysProcAttr{Setpgid: true, Credential: credential}
	filling := fill(filepath.Join(directory, "data"))
	filling.SysProcAttr = attributes
	filling.Dir = directory
	if output, err := filling.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w\n%s", filepath.Base(filling.Path), err, output), os.RemoveAll(directory))
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{
		DSN:       fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		bin:       bin,
		directory: directory,
	}
	arguments := []string{"-c", script, "postgrestest", bin, directory, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(port), "-c", "unix_socket_directories="}
	for name, value := range settings {
		arguments = append(arguments, "-c", name+"="+value)
	}
	s.watchdog = exec.Command("/bin/sh", arguments...)
	s.watchdog.SysProcAttr = attributes
	s.watchdog.Dir = directory
	if s.leash, err = s.watchdog.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.watchdog.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		log, _ := os.ReadFile(filepath.Join(directory, "log"))
		s.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return s, nil
}

// ownDirectory makes a directory of whom a server runs as.
func ownDirectory() (directory string, credential *syscall.Credential, err error) {
	if directory, err = os.MkdirTemp("", "ledger-postgres-"); err != nil {
		return "", nil, err
	}
	if credential, err = otherUser(); err != nil || credential == nil {
		return directory, nil, err
	}
	return directory, credential, os.Chown(directory, int(credential.Uid), int(credential.Gid))
}

// stop stops the server and removes its directory.
func (s *Server) stop() {
	_ = s.leash.Close()
	_ = s.watchdog.Wait()
}

// await waits until the server takes connections.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, s.DSN)
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// otherUser returns whom to run a server as, which refuses to run as root; nil
// means as this one.
func otherUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

// findBinaries returns the directory of the binaries to use, or "".
func findBinaries() string {
	if bin := os.Getenv("LEDGER_PG_BIN"); bin != "" {
		return bin
	}
	newest, bin := 0.0, ""
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	for _, path := range installed {
		version, err := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(path))), 64)
		if err == nil && version > newest {
			newest, bin = version, filepath.Dir(path)
		}
	}
	if bin != "" {
		return bin
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(resolved)
		}
	}
	return ""
}

// Start starts a server for one test, which may kill it, and stops it with the
// test. It comes from binaries or Docker: LEDGER_TEST_DSN is no use here.
func Start(t testing.TB, settings Settings) *Server {
	t.Helper()
	s, err := start(findBinaries, findDocker, settings)
	if err != nil {
		t.Fatalf("start PostgreSQL for this test alone: %v", err)
	}
	t.Cleanup(s.stop)
	return s
}

// Kill kills the server and all its processes at once, as a crash would. It
// returns when they have ended.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.docker != "" {
		s.command(t, "kill")
		s.command(t, "wait")
		return
	}
	text, err := os.ReadFile(filepath.Join(s.directory, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	// Stopped first, it starts no other process meanwhile.
	if err := syscall.Kill(server, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	processes := append(childrenOf(server), server)
	for _, pid := range processes {
		// One that has ended by itself is as good as killed.
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for range 500 {
		processes = slices.DeleteFunc(processes, hasEnded)
		if len(processes) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the processes %d do not end", processes)
}

// Restart starts a server that was killed, with its data and settings, and
// returns when it takes connections.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if s.docker != "" {
		s.command(t, "start")
	} else if _, err := io.WriteString(s.leash, "start\n"); err != nil {
		t.Fatal(err)
	}
	if err := s.await(); err != nil {
		t.Fatal(err)
	}
}

// childrenOf returns the processes that a process has started. Where there is no
// /proc they are left to notice its end by themselves.
func childrenOf(parent int) []int {
	var children []int
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if _, of, ok := processState(pid); err == nil && ok && of == parent {
			children = append(children, pid)
		}
	}
	return children
}

// hasEnded says whether a process is gone, or only waits to be missed.
func hasEnded(pid int) bool {
	state, _, ok := processState(pid)
	return !ok || state == "Z"
}

// processState reads a process's state and parent, which follow its name in
// brackets.
func processState(pid int) (state string, parent int, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 2 {
		return "", 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, err == nil
}

const missing = `there is no PostgreSQL to test with. Install its server, as with
  apt-get install postgresql    (Debian; "make test" does that by itself as root)
or name the directory of its binaries in LEDGER_PG_BIN, or start Docker. A running server in
LEDGER_TEST_DSN is enough for the tests that don't crash or configure it`
