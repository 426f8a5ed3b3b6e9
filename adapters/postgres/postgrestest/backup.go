package postgrestest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Backup is a base backup of a server. It is removed with the test.
type Backup struct {
	source *Server
	data   string
}

// Directory returns a directory that servers may write to, as to archive their
// write-ahead log. It is removed with the test.
func Directory(t testing.TB) string {
	t.Helper()
	directory, _, err := ownDirectory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	return directory
}

// Backup makes a base backup of a server from binaries, while it runs.
func (s *Server) Backup(t testing.TB) *Backup {
	t.Helper()
	if s.bin == "" {
		t.Fatal("a base backup needs PostgreSQL's binaries, not Docker")
	}
	credential, err := otherUser()
	if err != nil {
		t.Fatal(err)
	}
	b := &Backup{source: s, data: filepath.Join(Directory(t), "data")}
	command := exec.CommandContext(t.Context(), filepath.Join(s.bin, "pg_basebackup"), "--dbname="+s.DSN, "--pgdata="+b.data, "--checkpoint=fast", "--no-sync")
	command.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	command.Dir = filepath.Dir(b.data)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, output)
	}
	return b
}

// Standby starts a server from the backup that follows the one it was made of, under the
// given name. It answers reads.
func (b *Backup) Standby(t testing.TB, name string, settings Settings) *Server {
	t.Helper()
	settings = maps.Clone(settings)
	if settings == nil {
		settings = Settings{}
	}
	settings["primary_conninfo"] = fmt.Sprintf("%s&application_name=%s", b.source.DSN, name)
	return b.start(t, "standby.signal", settings)
}

// Restore starts a server from the backup that recovers as the settings say, such as
// restore_command and recovery_target_time.
func (b *Backup) Restore(t testing.TB, settings Settings) *Server {
	t.Helper()
	return b.start(t, "recovery.signal", settings)
}

// start starts a server from a copy of the backup with a file that says what to do.
func (b *Backup) start(t testing.TB, signal string, settings Settings) *Server {
	t.Helper()
	s, err := startOn(b.source.bin, settings, func(data string) *exec.Cmd {
		return exec.Command("/bin/sh", "-c", `cp -a "$1" "$2" && touch "$2/$3"`, "copy", b.data, data, signal)
	})
	if err != nil {
		t.Fatalf("start PostgreSQL from a base backup: %v", err)
	}
	t.Cleanup(s.stop)
	return s
}
