//go:build integration

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// balancer is a plain HTTP balancer: it asks each server now and then whether it is
// ready, and hands requests to those that are, by turns.
type balancer struct {
	*httptest.Server

	mu    sync.Mutex
	ready map[string]bool
	order []string
	next  atomic.Int64
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{ready: make(map[string]bool)}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: b.choose()})
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 256},
	}
	b.Server = httptest.NewServer(proxy)
	t.Cleanup(b.Close)
	var probing sync.WaitGroup
	probing.Go(func() {
		for t.Context().Err() == nil {
			b.probe(t.Context())
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Cleanup(probing.Wait)
	return b
}

// add hands requests to a server from now on, while it is ready.
func (b *balancer) add(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = append(b.order, address)
	b.ready[address] = true
}

// choose returns the next server that is ready, or any if none is.
func (b *balancer) choose() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	turn := int(b.next.Add(1))
	for i := range b.order {
		if address := b.order[(turn+i)%len(b.order)]; b.ready[address] {
			return address
		}
	}
	return b.order[turn%len(b.order)]
}

func (b *balancer) probe(ctx context.Context) {
	b.mu.Lock()
	order := append([]string(nil), b.order...)
	b.mu.Unlock()
	for _, address := range order {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
		if err != nil {
			continue
		}
		response, err := http.DefaultClient.Do(request)
		isReady := err == nil && response.StatusCode == http.StatusOK
		if err == nil {
			_ = response.Body.Close()
		}
		b.mu.Lock()
		b.ready[address] = isReady
		b.mu.Unlock()
	}
}

// TestBinaryRollingRestart replaces three instances one after the other behind a
// balancer, under load: each request is answered, some after they were asked again, and
// none is done twice. Before the last, a step that is compatible changes the schema.
func TestBinaryRollingRestart(t *testing.T) {
	t.Parallel()
	const users, callers = 50, 32
	ledgerd := filepath.Join(buildCommands(t), "ledgerd")
	dsn := postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, users)
	balancer := newBalancer(t)
	var instances []daemon
	for range 3 {
		d := startOn(t, ledgerd, dsn)
		balancer.add(d.address)
		instances = append(instances, d)
	}
	l := newLoad(users)
	var again atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				id := l.next.Add(1)
				status, asked := l.ask(t, balancer.Listener.Addr().String(), id), 1
				for ; status == http.StatusServiceUnavailable; asked++ {
					again.Add(1)
					time.Sleep(20 * time.Millisecond)
					status = l.ask(t, balancer.Listener.Addr().String(), id)
				}
				if isDone := status == http.StatusAccepted || asked > 1 && status == http.StatusUnprocessableEntity; !isDone {
					t.Errorf("id %d was answered %d at attempt %d", id, status, asked)
				}
				l.note(t, id, http.StatusAccepted)
			}
		})
	}
	l.awaitAccepted(t, 200)
	for i, old := range instances {
		if i == len(instances)-1 {
			execute(t, dsn, "ALTER TABLE ledger.transactions ADD COLUMN future text DEFAULT ''")
			execute(t, dsn, "INSERT INTO ledger.migrations (version, name, compatible_from) SELECT max(version) + 1, 'future', max(version) FROM ledger.migrations")
			l.awaitAccepted(t, 200)
		}
		d := startOn(t, ledgerd, dsn)
		balancer.add(d.address)
		old.signal(t, syscall.SIGTERM)
		old.expectExit(t, 0)
		l.awaitAccepted(t, 200)
	}
	stop()
	group.Wait()
	t.Logf("%d deposits, %d asked again", l.acceptedSoFar(), again.Load())
	expectBooks(t, dsn, l.acceptedSoFar())
}
