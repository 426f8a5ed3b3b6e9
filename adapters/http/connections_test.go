package http_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// TestMaxConnections opens more connections than are served at once: one on which nothing
// is under way makes room, the one that has been so for longest, or the last waits.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := startPipes(t, newLedger(t), ledgerhttp.Config{MaxConnections: 3})
		ask := func(c *connection) {
			t.Helper()
			c.send(t, getRequest("/healthz"))
			if response, _ := c.receive(t); response.StatusCode != http.StatusOK {
				t.Errorf("status %d", response.StatusCode)
			}
			synctest.Wait()
		}
		isOpen := func(c *connection) bool {
			t.Helper()
			if c.SetReadDeadline(time.Now()) != nil {
				return false
			}
			_, err := c.Read(make([]byte, 1))
			return errors.Is(err, os.ErrDeadlineExceeded) && c.SetReadDeadline(time.Time{}) == nil
		}
		// Of one that is at work the body is still under way.
		const body = `{"amount":1,"transaction_id":"tx_1"}`
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", addPath(demoUser), len(body))
		var working []*connection
		begin := func() {
			c := server.connect(t)
			c.send(t, head)
			synctest.Wait()
			working = append(working, c)
		}
		begin()
		first, second := server.connect(t), server.connect(t)
		ask(second)
		ask(first)
		begun := time.Now()
		third, silent := server.connect(t), server.connect(t)
		ask(third)
		synctest.Wait()
		if time.Since(begun) != 0 || isOpen(second) || isOpen(first) || !isOpen(third) || !isOpen(silent) {
			t.Error("those that rested for longest should have made room")
		}
		begin()
		begin()
		if isOpen(third) || isOpen(silent) {
			t.Error("those that rest should have made room")
		}
		last := server.connect(t)
		go func() {
			if _, err := io.WriteString(last, getRequest("/healthz")); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if !isOpen(last) {
			t.Error("the last one should wait")
		}
		working[0].send(t, body)
		if response, _ := working[0].receive(t); response.StatusCode != http.StatusAccepted {
			t.Errorf("status %d", response.StatusCode)
		}
		if response, _ := last.receive(t); response.StatusCode != http.StatusOK {
			t.Errorf("status %d", response.StatusCode)
		}
		for _, c := range working[1:] {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := server.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		server.expectEnd(t)
	})
}

// TestShutdownWhileOneWaits has a connection for which there is no room at the end.
func TestShutdownWhileOneWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := startPipes(t, newLedger(t), ledgerhttp.Config{MaxConnections: 1})
		working := server.connect(t)
		working.send(t, "POST "+addPath(demoUser)+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n")
		synctest.Wait()
		waiting := server.connect(t)
		synctest.Wait()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if _, err := waiting.Read(make([]byte, 1)); err == nil {
			t.Error("the one that waited is still open")
		}
		server.expectEnd(t)
	})
}

// TestShutdownDoesNotWaitForSilence has connections that never asked anything,
// one of them in the middle of a header.
func TestShutdownDoesNotWaitForSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := startPipes(t, newLedger(t), ledgerhttp.Config{})
		silent, half := server.connect(t), server.connect(t)
		half.send(t, "GET /healthz HTTP/1.1\r\nHost:")
		served := server.connect(t)
		served.send(t, getRequest("/healthz"))
		served.receive(t)
		begun := time.Now()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		// net/http alone would take five seconds.
		if elapsed := time.Since(begun); elapsed > 3*time.Second {
			t.Errorf("it took %s", elapsed)
		}
		for _, c := range []*connection{silent, half} {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("a connection is still open")
			}
		}
		server.expectEnd(t)
	})
}

// TestLargeBodyOfClosingClient sends more than is taken and says that it will
// close, after which net/http does not wait for what is still under way.
func TestLargeBodyOfClosingClient(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{})
	for range 20 {
		connection, err := net.Dial("tcp", server.address)
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Repeat(" ", 5<<20)
		head := "POST " + addPath(demoUser) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 5242880\r\n\r\n"
		if _, err := io.WriteString(connection, head+body); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(connection)
		if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 413 ")) {
			t.Errorf("got %.60q, %v", answer, err)
		}
		connection.Close()
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	server.expectEnd(t)
}
