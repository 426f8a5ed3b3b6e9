package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
	"github.com/seed-d432d95b/ledger/ledger"
)

// badConnection does something to a request in place of, or after, what the handler does.
type badConnection func(handler http.Handler, w http.ResponseWriter, r *http.Request)

// cut closes the connection of a request, after some bytes. Closed with some of the
// request unread, a connection is reset, and the client may lose bytes that were sent to
// it: so all of the request is read before.
func cut(w http.ResponseWriter, r *http.Request, after string) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(err)
	}
	connection, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	buffered.WriteString(after)
	buffered.Flush()
	connection.Close()
}

func cutBefore(_ http.Handler, w http.ResponseWriter, r *http.Request) { cut(w, r, "") }

func cutAfter(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	handler.ServeHTTP(httptest.NewRecorder(), r)
	cut(w, r, "")
}

func half(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	body := recorder.Body.String()
	cut(w, r, fmt.Sprintf("HTTP/1.1 %d Done\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", recorder.Code, len(body), body[:len(body)/2]))
}

func garbage(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	handler.ServeHTTP(httptest.NewRecorder(), r)
	cut(w, r, "SSH-2.0-OpenSSH_9.2\r\n\r\n")
}

func proxyPage(handler http.Handler, w http.ResponseWriter, r *http.Request) {
	handler.ServeHTTP(httptest.NewRecorder(), r)
	_, _ = io.WriteString(w, "<html>Welcome to the hotel's network</html>")
}

func hang(handler http.Handler, _ http.ResponseWriter, r *http.Request) {
	handler.ServeHTTP(httptest.NewRecorder(), r)
	<-r.Context().Done()
}

func busy(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "0")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// TestClientFaults has deposits meet faults, one after the other, and demands that each is
// made once.
func TestClientFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []badConnection
		want   ledger.Result
	}{
		"none":                 {nil, ledger.Applied},
		"cut before":           {[]badConnection{cutBefore}, ledger.Applied},
		"cut after":            {[]badConnection{cutAfter}, ledger.Replayed},
		"half an answer":       {[]badConnection{half}, ledger.Replayed},
		"garbage":              {[]badConnection{garbage}, ledger.Replayed},
		"a page":               {[]badConnection{proxyPage}, ledger.Replayed},
		"an answer that hangs": {[]badConnection{hang}, ledger.Replayed},
		"busy":                 {[]badConnection{busy, busy, busy}, ledger.Applied},
		"one after the other":  {[]badConnection{cutBefore, cutAfter, busy, half, garbage, proxyPage}, ledger.Replayed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := newLedger(t)
				handler := ledgerhttp.NewHandler(service, ledgerhttp.Config{})
				var asked atomic.Int64
				server, transport := servePipes(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if n := asked.Add(1); n <= int64(len(test.faults)) {
						test.faults[n-1](handler, w, r)
						return
					}
					handler.ServeHTTP(w, r)
				}))
				c := newClient(t, ledgerhttp.ClientConfig{URL: "http://ledger.test", HTTPClient: &http.Client{Transport: transport}, Timeout: time.Second})
				outcome, err := c.Deposit(t.Context(), ledger.Deposit{ID: "one", Account: demoUser, Asset: usd, Amount: ledger.NewAmount(20_00)})
				if err != nil || outcome.Result != test.want || outcome.Transaction.Entries[1].Balance != ledger.NewAmount(120_00) {
					t.Errorf("the deposit was %+v, %v; want it %s", outcome, err, test.want)
				}
				account, err := service.Account(t.Context(), demoUser)
				if err != nil || account.Sequence != 1 || asked.Load() != int64(len(test.faults))+1 {
					t.Errorf("after %d requests the account is %+v, %v", asked.Load(), account, err)
				}
				c.CloseIdleConnections()
				server.Close()
			})
		})
	}
}

// TestRaceThroughBrokenConnections has 100 callers make deposits through a proxy that
// cuts connections at any byte, and demands that each deposit is made once.
func TestRaceThroughBrokenConnections(t *testing.T) {
	t.Parallel()
	service := newLedger(t)
	server := httptest.NewServer(ledgerhttp.NewHandler(service, ledgerhttp.Config{}))
	t.Cleanup(server.Close)
	proxy := newCutter(t, server.Listener.Addr().String())
	c := newClient(t, ledgerhttp.ClientConfig{URL: "http://" + proxy.address, RetryFor: 5 * time.Minute})
	const callers, each = 100, 5
	var applied, replayed atomic.Int64
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", caller, i)
				outcome, err := c.Deposit(t.Context(), ledger.Deposit{ID: id, Account: demoUser, Asset: usd, Amount: ledger.NewAmount(1)})
				switch {
				case err != nil:
					t.Error(err)
				case outcome.Result == ledger.Applied:
					applied.Add(1)
				default:
					replayed.Add(1)
				}
			}
		})
	}
	group.Wait()
	account, err := c.Account(t.Context(), demoUser)
	if err != nil || account.Sequence != callers*each || account.Posted() != ledger.NewAmount(100_00+callers*each) {
		t.Errorf("the account is %+v, %v", account, err)
	}
	if cuts := proxy.cuts.Load(); applied.Load()+replayed.Load() != callers*each || replayed.Load() == 0 || cuts == 0 {
		t.Errorf("%d were applied and %d replayed after %d cuts", applied.Load(), replayed.Load(), cuts)
	}
}

// cutter is a proxy that cuts connections, each after some bytes one way or the other.
type cutter struct {
	address string
	// most is the most bytes that pass one way.
	most atomic.Int64
	cuts atomic.Int64
}

func newCutter(t testing.TB, server string) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{address: listener.Addr().String()}
	c.most.Store(6000)
	var group sync.WaitGroup
	t.Cleanup(func() { listener.Close(); group.Wait() })
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { c.join(client, server) })
		}
	})
	return c
}

// join passes bytes on until one side ends, or enough have passed.
func (c *cutter) join(client net.Conn, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		client.Close()
		return
	}
	var group sync.WaitGroup
	pass := func(to, from net.Conn) {
		_, err := io.CopyN(to, from, rand.Int64N(c.most.Load()))
		if err == nil {
			c.cuts.Add(1)
		}
		client.Close()
		server.Close()
	}
	group.Go(func() { pass(server, client) })
	group.Go(func() { pass(client, server) })
	group.Wait()
}

// TestNothingIsLeft makes calls of every kind of end, and demands that no goroutine
// outlives them but those of idle connections.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := ledgerhttp.NewHandler(newLedger(t), ledgerhttp.Config{})
		faults := make(chan badConnection, 10)
		server, transport := servePipes(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case do := <-faults:
				do(handler, w, r)
			default:
				handler.ServeHTTP(w, r)
			}
		}))
		config := ledgerhttp.ClientConfig{URL: "http://ledger.test", HTTPClient: &http.Client{Transport: transport}, Timeout: time.Second}
		c := newClient(t, config)
		for _, do := range []badConnection{cutBefore, cutAfter, half, garbage, proxyPage, hang, busy} {
			faults <- do
		}
		for id, want := range map[string]error{demoUser: nil, "nobody": ledger.ErrNotFound} {
			if _, err := c.Account(t.Context(), id); !errors.Is(err, want) {
				t.Errorf("account %q: %v", id, err)
			}
		}
		faults <- hang
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if _, err := c.Account(ctx, demoUser); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		for range c.PostStream(t.Context(), slices.Values(make([]ledger.TransactionRequest, 10))) {
			break
		}
		c.CloseIdleConnections()
		server.Close()
		// The bubble fails if anything else is left.
	})
}

// TestConnectionsAreUsedAgain demands that an answer of any kind is read to its end.
func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := newHandler(t)
		server, transport := servePipes(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/page") {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, strings.Repeat("<br>", 1<<16))
				return
			}
			handler.ServeHTTP(w, r)
		}))
		connections, dial := 0, transport.DialContext
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			connections++
			return dial(ctx, network, address)
		}
		c := newClient(t, ledgerhttp.ClientConfig{URL: "http://ledger.test", HTTPClient: &http.Client{Transport: transport}})
		for range 5 {
			for id, want := range map[string]error{demoUser: nil, "nobody": ledger.ErrNotFound, "page": ledger.ErrInternal} {
				if _, err := c.Account(t.Context(), id); !errors.Is(err, want) {
					t.Errorf("account %q: %v", id, err)
				}
			}
		}
		if connections != 1 {
			t.Errorf("there were %d connections", connections)
		}
		c.CloseIdleConnections()
		server.Close()
	})
}

// TestConnectionsForManyCallers demands that callers at once keep their connections.
func TestConnectionsForManyCallers(t *testing.T) {
	t.Parallel()
	const callers = 200
	handler := newHandler(t)
	var connections atomic.Int64
	var arrived sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait()
		handler.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := newClient(t, ledgerhttp.ClientConfig{URL: server.URL})
	for range 3 {
		arrived.Add(callers)
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				if _, err := c.Account(t.Context(), demoUser); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	// Where nobody waits for one that is just becoming idle, it is one for each caller.
	if n := connections.Load(); n > callers*3/2 {
		t.Errorf("there were %d connections for %d callers", n, callers)
	}
}

// TestAnswersAreBounded has a server that answers without end.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for text := []byte(strings.Repeat(" ", 1<<20)); r.Context().Err() == nil; {
			_, _ = w.Write(text)
		}
	}))
	t.Cleanup(server.Close)
	c := newClient(t, ledgerhttp.ClientConfig{URL: server.URL})
	if _, err := c.Account(t.Context(), "a"); !errors.Is(err, ledger.ErrInternal) || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("got %v", err)
	}
}

// servePipes serves connections in memory, for a bubble of synctest.
func servePipes(handler http.Handler) (*http.Server, *http.Transport) {
	listener := newPipeListener()
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	return server, &http.Transport{DialContext: listener.dial}
}

type pipeListener struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, connection := net.Pipe()
	select {
	case l.connections <- connection:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case connection := <-l.connections:
		return connection, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error { l.once.Do(func() { close(l.closed) }); return nil }

func (l *pipeListener) Addr() net.Addr { return &net.IPAddr{} }
