package http_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// TestMaxConnections opens more connections than are served at once: the last
// waits until another ends.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{MaxConnections: 2})
	var open []*connection
	for range 3 {
		open = append(open, server.connect(t))
	}
	for _, c := range open[:2] {
		c.send(t, getRequest("/healthz"))
		if response, _ := c.receive(t); response.StatusCode != http.StatusOK {
			t.Errorf("status %d", response.StatusCode)
		}
	}
	last := open[2]
	last.send(t, getRequest("/healthz"))
	if err := last.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := last.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was served beside two")
	}
	if err := last.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := open[0].Close(); err != nil {
		t.Fatal(err)
	}
	if response, _ := last.receive(t); response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	server.expectEnd(t)
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
