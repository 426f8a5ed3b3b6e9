package http_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// secured is a server over TLS, with what its clients should trust.
type secured struct {
	running
	trust *tls.Config
}

func startTLS(t *testing.T, service ledger.Service, config ledgerhttp.Config) secured {
	t.Helper()
	// For its certificate, which is for 127.0.0.1.
	issuer := httptest.NewUnstartedServer(nil)
	issuer.StartTLS()
	defer issuer.Close()
	config.TLS = &tls.Config{Certificates: issuer.TLS.Certificates, MinVersion: tls.VersionTLS12}
	trust := issuer.Client().Transport.(*http.Transport).TLSClientConfig
	return secured{start(t, service, config), trust}
}

// client returns a client that speaks a version of HTTP alone.
func (s secured) client(t *testing.T, version int) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: s.trust.Clone(), Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(version == 1)
	transport.Protocols.SetHTTP2(version == 2)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (s secured) url(path string) string { return "https://" + s.address + path }

// talk sends a stream of which the client writes a line when it likes.
func (s secured) talk(t *testing.T, client *http.Client) (*io.PipeWriter, <-chan *http.Response) {
	t.Helper()
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url(streamPath), reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	responses := make(chan *http.Response, 1)
	go func() {
		defer close(responses)
		if response, err := client.Do(request); err == nil {
			responses <- response
		}
	}()
	return writer, responses
}

func nextOutcome(t *testing.T, lines *bufio.Reader) string {
	t.Helper()
	line, err := lines.ReadBytes('\n')
	if err == io.EOF && len(line) == 0 {
		return "end"
	}
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	return summary(outcomeIn(t, line))
}

// TestTLS asks over TLS, in both versions of HTTP, and without.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := startTLS(t, newLedger(t), ledgerhttp.Config{})
	for version := 1; version <= 2; version++ {
		response, err := server.client(t, version).Get(server.url("/v1/accounts/" + demoUser))
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, response.Body); response.ProtoMajor != version || response.StatusCode != http.StatusOK {
			t.Errorf("%s %d %s", response.Proto, response.StatusCode, body)
		}
	}
	plain := server.connect(t)
	plain.send(t, getRequest("/healthz"))
	if response, _ := plain.receive(t); response.StatusCode != http.StatusBadRequest {
		t.Errorf("without TLS: %d", response.StatusCode)
	}
	server.stop(t)
}

// TestTLSWithoutCertificate cannot be served, and closes the listener.
func TestTLSWithoutCertificate(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := ledgerhttp.NewServer(newLedger(t), ledgerhttp.Config{TLS: &tls.Config{MinVersion: tls.VersionTLS12}})
	if err := server.Serve(listener); err == nil {
		t.Error("it was served")
	}
	if _, err := listener.Accept(); err == nil {
		t.Error("the listener is open")
	}
}

// TestStreamOverTLS has each line answered before the next is sent, beside other requests
// on the same connection, which stays open after it.
func TestStreamOverTLS(t *testing.T) {
	t.Parallel()
	for version := 1; version <= 2; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			const limit = 1500 * time.Millisecond
			server := startTLS(t, newLedger(t), ledgerhttp.Config{MaxConnections: 3 - version, MaxInFlight: 10, ReadTimeout: limit, WriteTimeout: limit, RequestTimeout: time.Hour})
			client := server.client(t, version)
			writer, responses := server.talk(t, client)
			var lines *bufio.Reader
			var response *http.Response
			for i := range 15 {
				id := fmt.Sprintf("t%d", i)
				if _, err := io.WriteString(writer, depositLine(id)); err != nil {
					t.Fatal(err)
				}
				if lines == nil {
					response = <-responses
					lines = bufio.NewReader(response.Body)
				}
				if got := nextOutcome(t, lines); got != "201 "+id {
					t.Fatal(got)
				}
				// In all longer than any one read or write may take.
				time.Sleep(limit / 10)
				if other, err := client.Get(server.url("/v1/transactions/" + id)); err != nil || other.StatusCode != http.StatusOK {
					t.Fatalf("beside it: %v, %v", other, err)
				} else {
					readAll(t, other.Body)
				}
			}
			writer.Close()
			if got := nextOutcome(t, lines); got != "end" || response.ProtoMajor != version {
				t.Errorf("%s over %s", got, response.Proto)
			}
			server.stop(t)
		})
	}
}

// TestStreamOverHTTP2Pauses has a client that sends nothing for too long.
func TestStreamOverHTTP2Pauses(t *testing.T) {
	t.Parallel()
	server := startTLS(t, newLedger(t), ledgerhttp.Config{ReadTimeout: 300 * time.Millisecond})
	writer, responses := server.talk(t, server.client(t, 2))
	if _, err := io.WriteString(writer, depositLine("a")); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader((<-responses).Body)
	for _, want := range []string{"201 a", "400 invalid_request", "end"} {
		if got := nextOutcome(t, lines); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	writer.Close()
	server.stop(t)
}

// TestHTTP2ConnectionStays refuses a stream and a body that is too large, which in
// HTTP/1.1 ends the connection.
func TestHTTP2ConnectionStays(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	server := startTLS(t, newLedger(t), ledgerhttp.Config{Authenticator: everybody()})
	client := server.client(t, 2)
	transport := client.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		connections.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	for range 3 {
		for _, test := range []struct {
			path, contentType, token string
			body                     io.Reader
			want                     int
		}{
			{"/v1/accounts", "application/json", "write", strings.NewReader(strings.Repeat(" ", 1<<20+1)), 413},
			{streamPath, "application/x-ndjson", "write", strings.NewReader(depositLine("a")), 200},
			{streamPath, "text/plain", "write", io.MultiReader(strings.NewReader("x")), 415},
			{streamPath, "application/x-ndjson", "bad", io.MultiReader(strings.NewReader("x")), 401},
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url(test.path), test.body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", test.contentType)
			request.Header.Set("Authorization", "Bearer "+test.token)
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if body := readAll(t, response.Body); response.StatusCode != test.want {
				t.Errorf("%s: %d %s", test.path, response.StatusCode, body)
			}
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
	server.stop(t)
}

// TestShutdownOverHTTP2 has a request and a stream under way, and a request after the
// shutdown has begun.
func TestShutdownOverHTTP2(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	server := startTLS(t, faulty{newLedger(t), func(context.Context) error {
		if calls.Add(1) == 1 {
			close(begun)
			<-release
		}
		return nil
	}}, ledgerhttp.Config{DrainDelay: 3 * time.Second})
	client := server.client(t, 2)
	add := func(id string) (*http.Response, error) {
		body := `{"amount":20,"transaction_id":"` + id + `"}`
		return client.Post(server.url(addPath(demoUser)), "application/json", bytes.NewReader([]byte(body)))
	}
	under := make(chan string, 1)
	go func() {
		response, err := add("tx_1")
		if err != nil {
			under <- err.Error()
			return
		}
		text, _ := io.ReadAll(response.Body)
		under <- fmt.Sprintf("%d %s", response.StatusCode, text)
	}()
	<-begun
	writer, responses := server.talk(t, client)
	if _, err := io.WriteString(writer, depositLine("s")); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader((<-responses).Body)
	if got := nextOutcome(t, lines); got != "201 s" {
		t.Error(got)
	}
	down := make(chan error, 1)
	go func() { down <- server.Shutdown(t.Context()) }()
	if got := nextOutcome(t, lines); got != "503 unavailable" {
		t.Error(got)
	}
	writer.Close()
	if got := nextOutcome(t, lines); got != "end" {
		t.Error(got)
	}
	if response, err := add("tx_2"); err != nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v, %v", response, err)
	} else {
		readAll(t, response.Body)
	}
	close(release)
	if got := <-under; got != "202 "+added("121") {
		t.Error(got)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	server.expectEnd(t)
}

// TestSilentTLS has connections that say nothing, which make room for one that does: a
// shutdown does not wait for them.
func TestSilentTLS(t *testing.T) {
	t.Parallel()
	server := startTLS(t, newLedger(t), ledgerhttp.Config{MaxConnections: 2})
	for range 5 {
		server.connect(t)
	}
	response, err := server.client(t, 2).Get(server.url("/healthz"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	server.connect(t)
	begun := time.Now()
	server.stop(t)
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestLargeHeaders has URLs, tokens and headers that are too large, in both versions.
func TestLargeHeaders(t *testing.T) {
	t.Parallel()
	server := startTLS(t, newLedger(t), ledgerhttp.Config{MaxHeaderBytes: 4 << 10})
	for version := 1; version <= 2; version++ {
		for name, change := range map[string]func(*http.Request, string){
			"path":   func(r *http.Request, text string) { r.URL.Path = "/v1/accounts/" + text },
			"query":  func(r *http.Request, text string) { r.URL.RawQuery = "x=" + text },
			"header": func(r *http.Request, text string) { r.Header.Set("Authorization", "Bearer "+text) },
		} {
			for size, isTooLarge := range map[int]bool{2 << 10: false, 16 << 10: true} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url("/v1/assets"), nil)
				if err != nil {
					t.Fatal(err)
				}
				change(request, strings.Repeat("x", size))
				response, err := server.client(t, version).Do(request)
				if err != nil && version == 2 && isTooLarge {
					// The server has said what it takes, and this client keeps to it.
					continue
				}
				if err != nil {
					t.Errorf("a %s of %d bytes over HTTP/%d: %v", name, size, version, err)
					continue
				}
				readAll(t, response.Body)
				if (response.StatusCode == http.StatusRequestHeaderFieldsTooLarge) != isTooLarge {
					t.Errorf("a %s of %d bytes over HTTP/%d: %d", name, size, version, response.StatusCode)
				}
			}
		}
	}
	server.stop(t)
}
