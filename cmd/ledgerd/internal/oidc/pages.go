package oidc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// pageAge is how soon a page may be asked for again, and failureAge how soon if that
	// failed: whoever sends tokens that nobody signed makes the library look for their
	// keys each time.
	pageAge    = 5 * time.Second
	failureAge = time.Second
	// maxPage is how long a page may be, in bytes.
	maxPage = 1 << 20
)

// pages reads what an issuer publishes, which is two pages, and has what it read last.
// It implements http.RoundTripper for the library's client.
type pages struct {
	client http.Client
	now    func() time.Time

	mu   sync.Mutex
	read map[string]page
}

// page is what came of reading one.
type page struct {
	header http.Header
	body   []byte
	err    error
	// until is when it may be read again.
	until time.Time
}

func newPages(config Config) *pages {
	transport := config.Transport
	if strings.HasPrefix(config.Issuer, "https://") {
		transport = onlyHTTPS{transport}
	}
	return &pages{
		client: http.Client{Transport: transport, Timeout: config.Timeout},
		now:    config.Now, read: make(map[string]page),
	}
}

// RoundTrip implements http.RoundTripper.
func (p *pages) RoundTrip(request *http.Request) (*http.Response, error) {
	at := request.URL.String()
	p.mu.Lock()
	found, ok := p.read[at]
	p.mu.Unlock()
	if !ok || !p.now().Before(found.until) {
		found = p.get(request)
		p.mu.Lock()
		p.read[at] = found
		p.mu.Unlock()
	}
	if found.err != nil {
		return nil, found.err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Header: found.header, Request: request,
		Body: io.NopCloser(bytes.NewReader(found.body)), ContentLength: int64(len(found.body)),
	}, nil
}

// get reads a page, with redirects.
func (p *pages) get(request *http.Request) page {
	header, body, err := p.fetch(request)
	if err != nil {
		return page{err: err, until: p.now().Add(failureAge)}
	}
	return page{header: header, body: body, until: p.now().Add(pageAge)}
}

func (p *pages) fetch(request *http.Request) (http.Header, []byte, error) {
	response, err := p.client.Do(request.Clone(request.Context()))
	if reason, ok := errors.AsType[*url.Error](err); ok {
		// The library's client says the rest once more.
		err = reason.Err
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the issuer answered with %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPage+1))
	if err != nil {
		return nil, nil, err
	}
	if len(body) > maxPage {
		return nil, nil, fmt.Errorf("the issuer answered with more than %d bytes", maxPage)
	}
	return response.Header, body, nil
}

// onlyHTTPS refuses what could be read and changed on its way.
type onlyHTTPS struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o onlyHTTPS) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" {
		return nil, fmt.Errorf("the issuer points to %s, which is not https", request.URL.Redacted())
	}
	return o.RoundTripper.RoundTrip(request)
}
