package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAccessRefused: what would let in those who were not meant to be, or nobody, is
// refused before anything is opened.
func TestAccessRefused(t *testing.T) {
	t.Parallel()
	const open = "nobody would be asked who they are"
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"any address":             {[]string{"--listen=0.0.0.0:0"}, open},
		"any address of IPv6":     {[]string{"--listen=[::]:0"}, open},
		"no address":              {[]string{"--listen=:0"}, open},
		"an address of the net":   {[]string{"--listen=192.0.2.1:0"}, open},
		"a name":                  {[]string{"--listen=ledger.example.com:0"}, open},
		"a way that is none":      {[]string{"--auth=basic"}, `invalid argument "basic" for "--auth" flag: should be none, token, oidc, or token,oidc`},
		"none and another":        {[]string{"--auth=none,token"}, "should be none, token, oidc"},
		"tokens in memory":        {[]string{"--auth=token"}, "--auth token needs a --dsn"},
		"an issuer without name":  {[]string{"--auth=oidc", "--oidc-audience=ledger"}, "--auth oidc needs --oidc-issuer and --oidc-audience"},
		"an issuer for nothing":   {[]string{"--oidc-issuer=https://issuer.example.com"}, "need --auth oidc"},
		"an issuer without TLS":   {[]string{"--auth=oidc", "--oidc-audience=a", "--oidc-issuer=http://issuer.example.com"}, "without TLS only on this machine"},
		"an issuer that is none":  {[]string{"--auth=oidc", "--oidc-audience=a", "--oidc-issuer=issuer"}, `invalid value "issuer" of --oidc-issuer`},
		"a prefix for nothing":    {[]string{"--oidc-scope-prefix=x:"}, "--oidc-scope-prefix needs --auth oidc"},
		"hosts for nothing":       {[]string{"--hosts=a", "--auth=token", "--dsn=postgres:///ledger"}, "--hosts is for a server without --auth"},
		"a rate of nobody":        {[]string{"--rate-per-token=5"}, "--rate-per-token needs --auth"},
		"half a certificate":      {[]string{"--tls-cert=a.pem"}, "--tls-cert and --tls-key go together"},
		"no certificate":          {[]string{"--tls-cert=/nowhere/a.pem", "--tls-key=/nowhere/b.pem"}, "/nowhere/a.pem"},
		"a rate below zero":       {[]string{"--rate-per-token=-1"}, "should be a number of requests per second"},
		"a rate that is none":     {[]string{"--rate-per-address=NaN"}, "should be a number of requests per second"},
		"networks that are none":  {[]string{"--trusted-proxies=10.0.0.0/40"}, "should be networks or addresses"},
		"less than none":          {[]string{"--max-in-flight=-1"}, "should be a whole number, or 0"},
		"too small for a body":    {[]string{"--max-body-bytes=15MiB"}, "should be a size such as 64MiB, of 16MiB or more, or 0"},
		"a size too large":        {[]string{"--max-body-bytes=9999999999GiB"}, "should be a size such as 64MiB"},
		"no size":                 {[]string{"--max-body-bytes=64MB"}, "should be a size such as 64MiB"},
		"a delay without an end":  {[]string{"--drain-delay=2h"}, "of up to a minute"},
		"a host with a port":      {[]string{"--hosts=ledger.example.com:80"}, "should be names of hosts"},
		"metrics that are not on": {[]string{"--metrics=false", "--metrics-listen=127.0.0.1:0"}, "--metrics-listen needs --metrics"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr output
			code := run(t.Context(), append([]string{"--listen=127.0.0.1:0"}, test.args...), func(string) string { return "" }, &stdout, &stderr)
			if code != exitUsage || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("exit code %d: %s", code, &stderr)
			}
		})
	}
}

// TestNameThatIsNotLocal has localhost be an address that others reach.
func TestNameThatIsNotLocal(t *testing.T) {
	t.Parallel()
	there, here := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8080}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2), Port: 8080}
	var open accessSettings
	if err := open.checkListener(there); err == nil || !strings.Contains(err.Error(), "localhost is 192.0.2.1:8080 here, which other machines may reach") {
		t.Errorf("got %v", err)
	}
	said := accessSettings{auth: []string{authNone}}
	if err := errors.Join(open.checkListener(here), said.checkListener(there)); err != nil {
		t.Error(err)
	}
}

// TestBodiesWithin bounds bodies by the memory that there is.
func TestBodiesWithin(t *testing.T) {
	t.Parallel()
	for memory, want := range map[int64]int64{math.MaxInt64: 0, 600 << 20: 100 << 20, 1 << 20: 16 << 20} {
		if got := bodiesWithin(memory); got != want {
			t.Errorf("of %d: %d, want %d", memory, got, want)
		}
	}
	for text, want := range map[string]int64{"16777216": 16 << 20, "16384KiB": 16 << 20, "2GiB": 2 << 30, "0": 0, "33554432B": 32 << 20} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
}

// TestAccessAllowed: these need not say who may enter, or do.
func TestAccessAllowed(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--listen=127.0.0.1:0"},
		{"--listen=127.1.2.3:0"},
		{"--listen=[::1]:0"},
		{"--listen=localhost:0"},
		{"--listen=0.0.0.0:0", "--auth=none"},
		{"--listen=:0", "--auth=token", "--dsn=postgres:///ledger"},
		{"--listen=:0", "--auth=oidc", "--oidc-issuer=https://issuer.example.com", "--oidc-audience=ledger"},
		{"--listen=:0", "--auth=token,oidc", "--dsn=postgres:///ledger", "--oidc-issuer=http://127.0.0.1:1", "--oidc-audience=ledger"},
		{"--auth=token", "--dsn=postgres:///ledger", "--rate-per-token=0.5", "--rate-per-address=100", "--trusted-proxies=10.0.0.0/8,192.0.2.1,fd00::/8", "--max-in-flight=10", "--max-body-bytes=64MiB", "--drain-delay=5s"},
	} {
		expectSettings(t, strings.Join(args, " "), nil, args...)
	}
}

// writeCertificate writes a new certificate for 127.0.0.1 and its key, and returns what
// believes it.
func writeCertificate(t *testing.T, certificateFile, keyFile string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "ledger"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certificateFile: {Type: "CERTIFICATE", Bytes: certificate}, keyFile: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))
	return pool
}

// TestHTTPS serves HTTPS, by HTTP/2, with a certificate that is replaced while it does.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	certificateFile, keyFile := filepath.Join(directory, "cert.pem"), filepath.Join(directory, "key.pem")
	pool := writeCertificate(t, certificateFile, keyFile, 1)
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--tls-cert="+certificateFile, "--tls-key="+keyFile)
	address := p.stderr.address(t)
	get := func(pool *x509.CertPool) (*http.Response, error) {
		client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
		defer client.CloseIdleConnections()
		response, err := client.Get("https://" + address + "/healthz")
		if err == nil {
			_ = response.Body.Close()
		}
		return response, err
	}
	response, err := get(pool)
	if err != nil || response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
		t.Fatalf("%v, %v", response, err)
	}
	// What is no certificate changes nothing.
	if err := os.WriteFile(certificateFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	if _, err := get(pool); err != nil {
		t.Error(err)
	}
	renewed := writeCertificate(t, certificateFile, keyFile, 2)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if response, err := get(renewed); err == nil && response.TLS.PeerCertificates[0].SerialNumber.Int64() == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new certificate is not served: %s", &p.stderr)
		}
	}
	if response, err := http.Get("http://" + address + "/healthz"); err == nil {
		_ = response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS it answers %d", response.StatusCode)
		}
	}
	environment := map[string]string{"LEDGERD_LISTEN": address, "LEDGERD_TLS_CERT": certificateFile}
	var said bytes.Buffer
	if code := run(t.Context(), []string{"healthcheck"}, func(name string) string { return environment[name] }, &said, &said); code != 0 {
		t.Errorf("the health check: exit code %d: %s", code, &said)
	}
	p.stop()
	if code := <-p.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &p.stderr)
	}
}

// TestRateLimit: a caller who asks too often is told when to come again.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	p := start(t, drainLimit, nil, "--listen=127.0.0.1:0", "--rate-per-address=1")
	address := p.stderr.address(t)
	var statuses []string
	for range 10 {
		response, err := http.Get("http://" + address + "/v1/accounts/" + demoUser)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		statuses = append(statuses, fmt.Sprint(response.StatusCode, " ", response.Header.Get("Retry-After")))
	}
	if got := strings.Join(statuses, ", "); !strings.HasPrefix(got, "200 , ") || !strings.Contains(got, "429 1") {
		t.Errorf("answered %s", got)
	}
	if got := get(t, address, "/metrics"); !strings.Contains(got, "too many requests") && !strings.Contains(got, `ledger_http_refused_total{reason="address_rate"}`) {
		t.Errorf("the metrics are %s", got)
	}
}
