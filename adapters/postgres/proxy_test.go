package postgres_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy stands between a store and its server and counts round trips: how often
// the server had to answer before the client went on.
type proxy struct {
	dsn   string
	trips atomic.Int64
	// asked is how often clients have sent something.
	asked atomic.Int64
	// silence keeps the server's answers back while it is locked.
	silence sync.RWMutex
}

func newProxy(t *testing.T, dsn string) *proxy {
	t.Helper()
	location, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	server := location.Host
	location.Host = listener.Addr().String()
	p.dsn = location.String()
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { p.carry(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return p
}

// carry carries one connection's bytes until either side ends it.
func (p *proxy) carry(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	var asked atomic.Bool // and not answered
	var group sync.WaitGroup
	group.Go(func() {
		_, _ = io.Copy(server, tap{client, func() { asked.Store(true); p.asked.Add(1) }})
		_ = server.(*net.TCPConn).CloseWrite()
	})
	group.Go(func() {
		_, _ = io.Copy(client, tap{server, func() {
			if asked.Swap(false) {
				p.trips.Add(1)
			}
			p.silence.RLock()
			defer p.silence.RUnlock()
		}})
		_ = client.(*net.TCPConn).CloseWrite()
	})
	group.Wait()
}

// tap calls read whenever something was.
type tap struct {
	io.Reader
	read func()
}

func (t tap) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	if n > 0 {
		t.read()
	}
	return n, err
}
