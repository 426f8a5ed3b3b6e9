//go:build integration

package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// streamUsers is how many users the lines are for.
const streamUsers = 50

// streamLines writes deposits of 1 for all ids below n, until the reader is closed.
func streamLines(n int) io.ReadCloser {
	reader, writer := io.Pipe()
	go func() {
		lines := bufio.NewWriter(writer)
		for id := range n {
			if _, err := fmt.Fprintf(lines, `{"id":"tx_%d","from":"world:USD","to":"%s","amount":"1.00"}`+"\n", id, userOf(int64(id), streamUsers)); err != nil {
				return
			}
		}
		writer.CloseWithError(lines.Flush())
	}()
	return reader
}

// askStream sends the lines and returns the outcomes' statuses until the answer ends
// or fails. heard is told after each how many there are.
func askStream(t *testing.T, address string, body io.ReadCloser, heard func(n int)) (statuses []string) {
	t.Helper()
	defer body.Close()
	response, err := http.Post("http://"+address+"/v1/transactions/stream", "application/x-ndjson", body)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	for lines := bufio.NewReader(response.Body); ; heard(len(statuses)) {
		line, err := lines.ReadString('\n')
		if err != nil {
			return statuses
		}
		status, isOutcome := strings.CutPrefix(line, `{"status":`)
		if !isOutcome {
			t.Fatalf("an outcome is %s", line)
		}
		statuses = append(statuses, status[:3])
	}
}

// testStreamKilled kills ledgerd in the middle of a stream, again and again, and each
// time the whole stream is sent again: each line counts once.
func testStreamKilled(t *testing.T, binary string) {
	const n = 30_000
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, streamUsers)
	before := 0
	for range 4 {
		d := startOn(t, binary, dsn)
		at := before + 1 + rand.IntN(4000)
		statuses := askStream(t, d.address, streamLines(n), func(heard int) {
			if heard == at {
				d.signal(t, syscall.SIGKILL)
			}
		})
		_ = d.Wait()
		for i, status := range statuses {
			if i < before && status != "200" || i >= before && status != "201" && status != "200" {
				t.Fatalf("line %d, of %d that were answered before, was answered %s", i, before, status)
			}
		}
		t.Logf("killed after %d outcomes", len(statuses))
		before = max(before, len(statuses))
	}
	d := startOn(t, binary, dsn)
	statuses := askStream(t, d.address, streamLines(n), func(int) {})
	if len(statuses) != n {
		t.Errorf("%d outcomes of %d lines", len(statuses), n)
	}
	expectBooks(t, dsn, n)
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

// testStreamStopped tells ledgerd to stop in the middle of a stream, and sends that
// again to another: the last outcome says that the rest was not done.
func testStreamStopped(t *testing.T, binary string) {
	const n = 200_000
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, streamUsers)
	d := startOn(t, binary, dsn)
	statuses := askStream(t, d.address, streamLines(n), func(heard int) {
		if heard == 2500 {
			d.signal(t, syscall.SIGTERM)
		}
	})
	d.expectExit(t, 0)
	done := len(statuses) - 1
	if done < 2500 || done >= n || statuses[done] != "503" {
		t.Fatalf("%d outcomes, the last %s", len(statuses), statuses[done])
	}
	expectBooks(t, dsn, done)
}

// testStreamDatabaseAway kills PostgreSQL in the middle of a stream, which waits until
// it is there again. The batch that was being committed may turn out to have been.
func testStreamDatabaseAway(t *testing.T, binary string) {
	const n = 20_000
	server := postgrestest.Start(t, nil)
	seed(t, server.DSN, streamUsers)
	d := startOn(t, binary, server.DSN)
	statuses := askStream(t, d.address, streamLines(n), func(heard int) {
		if heard == 2500 {
			server.Kill(t)
			server.Restart(t)
		}
	})
	if len(statuses) != n {
		t.Fatalf("%d outcomes of %d lines: %s", len(statuses), n, d.stderr)
	}
	replays := 0
	for i, status := range statuses {
		if status == "200" {
			replays++
		} else if status != "201" {
			t.Fatalf("line %d was answered %s", i, status)
		}
	}
	if replays > ledger.MaxBatch {
		t.Errorf("%d lines were replays", replays)
	}
	expectBooks(t, server.DSN, n)
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}
