//go:build integration

package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// buildCommands builds ledgerd and ledgerctl, and returns their directory.
func buildCommands(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range []string{"ledgerd", "ledgerctl"} {
		if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", directory, "../"+name).CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	return directory
}

// expectVerified has ledgerctl prove the books.
func expectVerified(t *testing.T, commands, dsn string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), filepath.Join(commands, "ledgerctl"), "verify", "--all-ledgers", "--dsn", dsn).CombinedOutput(); err != nil {
		t.Errorf("ledgerctl verify: %v\n%s", err, out)
	}
}

// await waits until a query on the database says so.
func await(t *testing.T, dsn, condition string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !query[bool](t, dsn, "SELECT "+condition); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to %s", condition)
		}
	}
}

// TestBinaryRecovery rehearses what docs/operations.md says of backups: the books are
// damaged, restored beside from a base backup and the archived write-ahead log to the
// moment before that, verified, and served again. What was paid in since is asked for again.
// It was rehearsed before, which leaves nothing behind in the archive.
func TestBinaryRecovery(t *testing.T) {
	t.Parallel()
	const users = 50
	commands, archive := buildCommands(t), postgrestest.Directory(t)
	archiving := postgrestest.Settings{"archive_mode": "on", "archive_command": "test ! -f " + archive + "/%f && cp %p " + archive + "/%f"}
	server := postgrestest.Start(t, archiving)
	seed(t, server.DSN, users)
	d := startOn(t, filepath.Join(commands, "ledgerd"), server.DSN)
	l := newLoad(users)
	pay := func(more int) {
		ctx, stop := context.WithCancel(t.Context())
		group := l.run(ctx, t, 16, d.address)
		l.awaitAccepted(t, more)
		stop()
		group.Wait()
	}
	archived := func() {
		last := query[string](t, server.DSN, "SELECT pg_walfile_name(pg_switch_wal())")
		await(t, server.DSN, fmt.Sprintf("coalesce(last_archived_wal >= '%s', false) FROM pg_stat_archiver", last))
	}
	restore := func(backup *postgrestest.Backup, moment string) *postgrestest.Server {
		// What the copy has of the original's settings, and what is written behind it.
		settings := maps.Clone(archiving)
		maps.Copy(settings, postgrestest.Settings{
			"restore_command": "cp " + archive + "/%f %p", "recovery_target_time": moment, "recovery_target_timeline": "current",
			"recovery_target_action": "promote", "archive_mode": "off",
		})
		restored := backup.Restore(t, settings)
		await(t, restored.DSN, "NOT pg_is_in_recovery()")
		expectVerified(t, commands, restored.DSN)
		return restored
	}
	const now = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'"
	pay(300)
	backup := server.Backup(t)
	pay(100)
	moment := query[string](t, server.DSN, now)
	pay(100)
	archived()
	restore(backup, moment).Kill(t)
	if left, err := filepath.Glob(archive + "/00000002*"); err != nil || len(left) > 0 {
		t.Errorf("the rehearsal left %q in the archive, %v", left, err)
	}

	backup = server.Backup(t)
	pay(300)
	moment = query[string](t, server.DSN, now)
	before := l.acceptedSoFar()
	pay(100)
	execute(t, server.DSN, "UPDATE ledger.entries SET amount = amount * 2 WHERE sequence = 1")
	if out, err := exec.CommandContext(t.Context(), filepath.Join(commands, "ledgerctl"), "verify", "--dsn", server.DSN).CombinedOutput(); err == nil || !strings.Contains(string(out), "the books are broken") {
		t.Fatalf("the damage is not found: %v\n%s", err, out)
	}
	archived()
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
	server.Kill(t)

	restored := restore(backup, moment)
	if n := query[int](t, restored.DSN, "SELECT count(*) FROM ledger.transactions"); n != before {
		t.Errorf("%d transactions were restored, want %d", n, before)
	}
	d = startOn(t, filepath.Join(commands, "ledgerd"), restored.DSN)
	for id := range l.accepted {
		l.ask(t, d.address, id)
	}
	expectBooks(t, restored.DSN, len(l.accepted))
	expectVerified(t, commands, restored.DSN)
}

// TestBinaryFailover kills the primary under load and promotes its synchronous standby:
// ledgerd finds that by itself, and nothing that was acknowledged is lost.
func TestBinaryFailover(t *testing.T) {
	t.Parallel()
	const users = 50
	commands := buildCommands(t)
	primary := postgrestest.Start(t, nil)
	seed(t, primary.DSN, users)
	standby := primary.Backup(t).Standby(t, "second", nil)
	execute(t, primary.DSN, "ALTER SYSTEM SET synchronous_standby_names = 'second'")
	execute(t, primary.DSN, "SELECT pg_reload_conf()")
	await(t, primary.DSN, "EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")

	d := startOn(t, filepath.Join(commands, "ledgerd"), hostsOf(t, primary.DSN, standby.DSN))
	l := newLoad(users)
	ctx, stop := context.WithCancel(t.Context())
	group := l.run(ctx, t, 32, d.address)
	l.awaitAccepted(t, 500)
	primary.Kill(t)
	l.awaitUnavailable(t)
	killed := l.acceptedSoFar()
	execute(t, standby.DSN, "SELECT pg_promote()")
	t.Logf("%d were accepted before; resumed %v after the promotion", killed, l.awaitAccepted(t, 1))
	l.awaitAccepted(t, 200)
	stop()
	group.Wait()
	l.settle(t, d.address, standby.DSN)
	expectVerified(t, commands, standby.DSN)
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

// hostsOf returns the DSN of whichever of the servers takes writes.
func hostsOf(t *testing.T, dsns ...string) string {
	t.Helper()
	var hosts []string
	for _, dsn := range dsns {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, fmt.Sprintf("%s:%d", config.Host, config.Port))
	}
	return "postgres://postgres@" + strings.Join(hosts, ",") + "/postgres?sslmode=disable&target_session_attrs=read-write"
}
