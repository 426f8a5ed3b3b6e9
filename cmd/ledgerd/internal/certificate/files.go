// Package certificate has the certificate of a server in files, which may be replaced
// while it serves.
package certificate

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkInterval is how soon the files are looked at again.
	checkInterval = time.Second
	// maxFile is how long a file may be, in bytes.
	maxFile = 1 << 20
)

// Config is where a certificate is.
type Config struct {
	// CertificateFile has the certificate and those between it and its root, in PEM, and
	// KeyFile its key.
	CertificateFile, KeyFile string
	// Logger is told of what becomes of new files; nil discards it.
	Logger *slog.Logger
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
}

// Files is a certificate in files. It is safe for any number of goroutines.
type Files struct {
	config  Config
	current atomic.Pointer[tls.Certificate]

	// mu is held by whoever looks at the files.
	mu      sync.Mutex
	checked time.Time
	// seen is what was in the files when they were looked at last, and isReported says
	// whether it is in the log that it cannot be used.
	seen       content
	isReported bool
}

// content is what is in the files, or why they cannot be read.
type content struct {
	certificate, key []byte
	err              error
}

func (c content) equals(other content) bool {
	return bytes.Equal(c.certificate, other.certificate) && bytes.Equal(c.key, other.key) && fmt.Sprint(c.err) == fmt.Sprint(other.err)
}

// Load reads the files, and fails if there is no certificate in them with its key.
func Load(config Config) (*Files, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	f := &Files{config: config, checked: config.Now()}
	f.seen = f.read()
	certificate, err := f.parse(f.seen)
	if err != nil {
		return nil, err
	}
	f.current.Store(certificate)
	return f, nil
}

// NotAfter returns when the certificate in use ends.
func (f *Files) NotAfter() time.Time { return f.current.Load().Leaf.NotAfter }

// TLSConfig returns the configuration of a server with the certificate: TLS 1.2 or later,
// and HTTP/2 with those who can.
func (f *Files) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return f.Certificate(), nil
		},
	}
}

// Certificate returns the certificate, for a handshake. Once in a second the caller looks
// whether the files have changed. What is there then and cannot be used is logged once,
// and the certificate stays the one before.
func (f *Files) Certificate() *tls.Certificate {
	if f.mu.TryLock() {
		f.check()
		f.mu.Unlock()
	}
	return f.current.Load()
}

func (f *Files) check() {
	now := f.config.Now()
	if now.Sub(f.checked) < checkInterval {
		return
	}
	f.checked = now
	found := f.read()
	isNew := !found.equals(f.seen)
	f.seen = found
	certificate, err := f.parse(found)
	switch {
	case isNew:
		f.isReported = false
		if err == nil {
			f.current.Store(certificate)
			f.config.Logger.Info("the certificate has been replaced", slog.Time("ends", f.NotAfter()))
		}
	case err != nil && !f.isReported:
		// Only now, for at first one of the two files may not have been written yet.
		f.isReported = true
		f.config.Logger.Error("the certificate's files have changed and cannot be used; the one before stays",
			slog.Time("ends", f.NotAfter()), slog.Any("error", err))
	}
}

func (f *Files) read() (c content) {
	if c.certificate, c.err = readFile(f.config.CertificateFile); c.err == nil {
		c.key, c.err = readFile(f.config.KeyFile)
	}
	return c
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // The file that was asked for.
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, maxFile)
	}
	return text, nil
}

func (f *Files) parse(c content) (*tls.Certificate, error) {
	if c.err != nil {
		return nil, c.err
	}
	certificate, err := tls.X509KeyPair(c.certificate, c.key)
	if err != nil {
		return nil, fmt.Errorf("%s with the key in %s: %w", f.config.CertificateFile, f.config.KeyFile, err)
	}
	return &certificate, nil
}
