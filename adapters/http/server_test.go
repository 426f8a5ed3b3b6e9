package http_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// running is a server, on a port of its own or in memory.
type running struct {
	*ledgerhttp.Server
	address string
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	served  chan error
}

// start runs a server on a port.
func start(t *testing.T, service ledger.Service, config ledgerhttp.Config) running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, ledgerhttp.NewServer(service, config), listener, new(net.Dialer).DialContext)
}

// startPipes runs a server whose connections are in memory, for a bubble of synctest.
func startPipes(t *testing.T, service ledger.Service, config ledgerhttp.Config) running {
	t.Helper()
	listener := newPipeListener()
	return startOn(t, ledgerhttp.NewServer(service, config), listener, listener.dial)
}

// startOn runs a server. Its goroutines carry a label with the test's name, which every
// goroutine that they start inherits.
func startOn(t *testing.T, server *ledgerhttp.Server, listener net.Listener, dial func(context.Context, string, string) (net.Conn, error)) running {
	t.Helper()
	r := running{server, listener.Addr().String(), dial, make(chan error, 1)}
	go pprof.Do(t.Context(), pprof.Labels("server", t.Name()), func(context.Context) {
		r.served <- r.Serve(listener)
	})
	return r
}

// expectEnd waits until the server's goroutines have ended.
func (r running) expectEnd(t *testing.T) {
	t.Helper()
	if err := <-r.served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	label := fmt.Sprintf("%q:%q", "server", t.Name())
	var profile bytes.Buffer
	for range 500 {
		profile.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(profile.String(), label) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("goroutines of the server are left:\n%s", profile.String())
}

func (r running) url(path string) string { return "http://" + r.address + path }

// connect opens a connection that gives up after a while.
func (r running) connect(t *testing.T) *connection {
	t.Helper()
	c, err := r.dial(t.Context(), "tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &connection{c, bufio.NewReader(c)}
}

type connection struct {
	net.Conn
	reader *bufio.Reader
}

func (c *connection) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func (c *connection) receive(t *testing.T) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return response, readAll(t, response.Body)
}

func getRequest(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

func addRequest(body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		addPath(demoUser), len(body), body)
}

// TestShutdown has a request under way, and others that arrive after the
// shutdown has begun.
func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newLedger(t)
		begun, release := make(chan struct{}), make(chan struct{})
		var calls atomic.Int64
		server := startPipes(t, faulty{service, func(context.Context) error {
			if calls.Add(1) == 1 {
				close(begun)
				<-release
			}
			return nil
		}}, ledgerhttp.Config{DrainDelay: 3 * time.Second})

		under, kept := server.connect(t), server.connect(t)
		kept.send(t, getRequest("/readyz"))
		if response, body := kept.receive(t); response.StatusCode != 200 || body != success("ready") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
		under.send(t, addRequest(`{"amount":20,"transaction_id":"tx_1"}`))
		<-begun
		down := make(chan error, 1)
		go func() { down <- server.Shutdown(t.Context()) }()
		refuse := func(c *connection, request string, status int, want string) {
			t.Helper()
			c.send(t, request)
			response, body := c.receive(t)
			if response.StatusCode != status || body != want || !response.Close && status == 503 {
				t.Errorf("%.20q: %d %s close %v", request, response.StatusCode, body, response.Close)
			}
			if (response.Header.Get("Retry-After") != "") != (status == 503) {
				t.Errorf("%.20q: Retry-After %q", request, response.Header.Get("Retry-After"))
			}
		}
		for {
			probe := server.connect(t)
			probe.send(t, getRequest("/readyz"))
			if response, _ := probe.receive(t); response.StatusCode == 503 {
				break
			}
		}
		const goodbye = "the server is shutting down. nothing was lost: ask again with the same id"
		refuse(server.connect(t), getRequest("/readyz"), 503, failure(503, "draining"))
		refuse(kept, addRequest(`{"amount":20,"transaction_id":"tx_2"}`), 503, failure(503, goodbye))
		refuse(server.connect(t), getRequest("/users/"+demoUser+"/balance"), 503, failure(503, goodbye))
		refuse(server.connect(t), getRequest(historyPath(demoUser, "page_size=1")), 503, failure(503, goodbye))
		refuse(server.connect(t), getRequest("/healthz"), 200, success("alive"))

		if err := <-server.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		server.served <- nil
		if c, err := server.dial(t.Context(), "tcp", server.address); err == nil {
			c.Close()
			t.Error("still accepts connections")
		}
		select {
		case err := <-down:
			t.Fatalf("Shutdown returned %v while a request was under way", err)
		default:
		}
		close(release)
		response, body := under.receive(t)
		if response.StatusCode != http.StatusAccepted || body != added("120") || !response.Close {
			t.Errorf("%d %s close %v", response.StatusCode, body, response.Close)
		}
		if err := <-down; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if calls.Load() != 1 {
			t.Errorf("%d requests reached the service", calls.Load())
		}
		if _, err := service.Transaction(t.Context(), "tx_2"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("a refused request took effect: %v", err)
		}
		server.expectEnd(t)
	})
}

// TestShutdownIsCutShort has a request that outlasts the patience of Shutdown.
func TestShutdownIsCutShort(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	begun := make(chan struct{})
	server := start(t, faulty{service, func(ctx context.Context) error {
		close(begun)
		<-ctx.Done()
		return nil
	}}, ledgerhttp.Config{})
	under := server.connect(t)
	under.send(t, addRequest(`{"amount":20,"transaction_id":"tx_1"}`))
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if _, err := http.ReadResponse(under.reader, nil); err == nil {
		t.Error("the connection should be cut off")
	}
	server.expectEnd(t)
	if _, err := service.Transaction(t.Context(), "tx_1"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("what was cut off before it began took effect: %v", err)
	}
}

// TestShutdownUnderLoad counts what clients were told against what the ledger
// holds: a 202 for each deposit in it, and nothing of those refused.
func TestShutdownUnderLoad(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			service := newLedger(t)
			server := start(t, service, ledgerhttp.Config{})
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
			var accepted, refused, cut atomic.Int64
			enough := make(chan struct{})
			var once sync.Once
			var clients sync.WaitGroup
			for worker := range 32 {
				clients.Go(func() {
					for i := 0; ; i++ {
						body := fmt.Sprintf(`{"amount":1,"transaction_id":"tx_%d_%d"}`, worker, i)
						response, err := client.Post(server.url(addPath(demoUser)), "application/json", strings.NewReader(body))
						if err != nil {
							cut.Add(1)
							return
						}
						readAll(t, response.Body)
						switch response.StatusCode {
						case http.StatusAccepted:
							if accepted.Add(1) == 300 {
								once.Do(func() { close(enough) })
							}
						case http.StatusServiceUnavailable:
							refused.Add(1)
							return
						default:
							t.Errorf("status %d", response.StatusCode)
							return
						}
					}
				})
			}
			<-enough
			if err := server.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			clients.Wait()
			client.CloseIdleConnections()
			server.expectEnd(t)
			account, err := service.Account(t.Context(), demoUser)
			if err != nil {
				t.Fatal(err)
			}
			if int64(account.Sequence) != accepted.Load() {
				t.Errorf("%d entries, %d accepted, %d refused, %d cut off", account.Sequence, accepted.Load(), refused.Load(), cut.Load())
			}
			if refused.Load()+cut.Load() != 32 {
				t.Errorf("%d refused and %d cut off of 32 clients", refused.Load(), cut.Load())
			}
		})
	}
}

func TestShutdownBeforeServe(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := ledgerhttp.NewServer(newLedger(t), ledgerhttp.Config{})
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := server.Serve(listener); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener should be closed: %v", err)
	}
}

func TestServeOnClosedListener(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := ledgerhttp.NewServer(newLedger(t), ledgerhttp.Config{}).Serve(listener); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
}

// TestLimits has clients that make a server wait or hold too much.
func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := newLedger(t)
		server := startPipes(t, service, ledgerhttp.Config{
			ReadHeaderTimeout: 100 * time.Millisecond,
			ReadTimeout:       200 * time.Millisecond,
			IdleTimeout:       100 * time.Millisecond,
			MaxHeaderBytes:    4 << 10,
		})
		expectClosed := func(c *connection) {
			t.Helper()
			if rest, err := io.ReadAll(c.reader); err != nil || len(rest) > 0 {
				t.Errorf("%q, %v", rest, err)
			}
		}
		silent := server.connect(t)
		expectClosed(silent)

		halfHeader := server.connect(t)
		halfHeader.send(t, "GET /healthz HTTP/1.1\r\nHost:")
		expectClosed(halfHeader)

		halfBody := server.connect(t)
		halfBody.send(t, strings.TrimSuffix(addRequest(`{"amount":20,"transaction_id":"tx_1"}`), `}`))
		if response, body := halfBody.receive(t); response.StatusCode != 400 || body != failure(400, badBody) {
			t.Errorf("half a body: %d %s", response.StatusCode, body)
		}

		idle := server.connect(t)
		idle.send(t, getRequest("/healthz"))
		if response, _ := idle.receive(t); response.StatusCode != 200 || response.Close {
			t.Errorf("%d, close %v", response.StatusCode, response.Close)
		}
		expectClosed(idle)

		long := server.connect(t)
		// Not all of it is taken.
		go io.WriteString(long, getRequest("/"+strings.Repeat("x", 9<<10)))
		if response, _ := long.receive(t); response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a long header: %d", response.StatusCode)
		}

		if err := server.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		server.expectEnd(t)
	})
}

// TestLargeBody sends 5 MB with its length told and untold.
func TestLargeBody(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{})
	for name, body := range map[string]io.Reader{
		"length told":   strings.NewReader(padded(5 << 20)),
		"length untold": io.MultiReader(strings.NewReader(padded(5 << 20))),
	} {
		response, err := http.Post(server.url(addPath(demoUser)), "application/json", body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := readAll(t, response.Body); response.StatusCode != 413 || got != failure(413, "request body too large") || !response.Close {
			t.Errorf("%s: %d %s", name, response.StatusCode, got)
		}
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	server.expectEnd(t)
}

// TestEndlessBodyOfAStranger sends a stream that says nothing and has no end: the answer
// does not wait for it.
func TestEndlessBodyOfAStranger(t *testing.T) {
	t.Parallel()
	server := start(t, newLedger(t), ledgerhttp.Config{Authenticator: everybody(), ReadTimeout: time.Hour})
	for _, path := range []string{streamPath, addPath(demoUser), "/v1/transactions/batch"} {
		c := server.connect(t)
		c.send(t, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
		if response, body := c.receive(t); response.StatusCode != http.StatusUnauthorized || !response.Close {
			t.Errorf("%s: %d %s close %v", path, response.StatusCode, body, response.Close)
		}
		c.Close()
	}
	server.stop(t)
}
