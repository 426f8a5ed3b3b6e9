package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerd/internal/certificate"
)

// pair is a certificate and its key, in PEM.
type pair struct{ certificate, key []byte }

func newPair(t *testing.T, serial int64) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}),
	}
}

// files are those of a test, with a clock of their own.
type files struct {
	config certificate.Config
	log    bytes.Buffer
	now    time.Time
}

func newFiles(t *testing.T) *files {
	t.Helper()
	f := &files{now: time.Unix(1_000_000, 0)}
	f.config = certificate.Config{
		CertificateFile: filepath.Join(t.TempDir(), "cert.pem"), KeyFile: filepath.Join(t.TempDir(), "key.pem"),
		Logger: slog.New(slog.NewTextHandler(&f.log, nil)), Now: func() time.Time { return f.now },
	}
	return f
}

func (f *files) write(t *testing.T, certificate, key []byte) {
	t.Helper()
	for path, text := range map[string][]byte{f.config.CertificateFile: certificate, f.config.KeyFile: key} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// serial returns the number of the certificate that is served after a while.
func (f *files) serial(loaded *certificate.Files) int64 {
	f.now = f.now.Add(2 * time.Second)
	return loaded.Certificate().Leaf.SerialNumber.Int64()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	f, first, second := newFiles(t), newPair(t, 1), newPair(t, 2)
	f.write(t, first.certificate, first.key)
	loaded, err := certificate.Load(f.config)
	if err != nil {
		t.Fatal(err)
	}
	if serial := f.serial(loaded); serial != 1 || f.log.Len() > 0 {
		t.Errorf("%d is served: %s", serial, &f.log)
	}
	// One of the two is written first: that is no fault until it stays so.
	f.write(t, second.certificate, first.key)
	if serial := f.serial(loaded); serial != 1 || f.log.Len() > 0 {
		t.Errorf("%d is served: %s", serial, &f.log)
	}
	for range 3 {
		if serial := f.serial(loaded); serial != 1 {
			t.Errorf("%d is served", serial)
		}
	}
	if said := f.log.String(); strings.Count(said, "level=ERROR") != 1 {
		t.Errorf("log: %s", said)
	}
	f.write(t, second.certificate, second.key)
	if serial := f.serial(loaded); serial != 2 || !strings.Contains(f.log.String(), "has been replaced") {
		t.Errorf("%d is served: %s", serial, &f.log)
	}
	// The same fault is a new one when it comes back.
	f.write(t, second.certificate, first.key)
	for range 3 {
		f.serial(loaded)
	}
	if said := f.log.String(); strings.Count(said, "level=ERROR") != 2 {
		t.Errorf("log: %s", said)
	}
	f.write(t, second.certificate, second.key)
	f.serial(loaded)
	// Within a second nobody looks again.
	f.write(t, first.certificate, first.key)
	if serial := loaded.Certificate().Leaf.SerialNumber.Int64(); serial != 2 {
		t.Errorf("%d is served", serial)
	}
	if err := os.Remove(f.config.KeyFile); err != nil {
		t.Fatal(err)
	}
	if serial := f.serial(loaded); serial != 2 {
		t.Errorf("%d is served", serial)
	}
}

func TestLoadRefused(t *testing.T) {
	t.Parallel()
	first, second := newPair(t, 1), newPair(t, 2)
	for name, texts := range map[string]pair{
		"another's key": {first.certificate, second.key},
		"no key":        {first.certificate, nil},
		"no PEM":        {[]byte("x"), first.key},
		"too long":      {append(slices.Clone(first.certificate), bytes.Repeat([]byte("\n"), 1<<20)...), first.key},
	} {
		f := newFiles(t)
		f.write(t, texts.certificate, texts.key)
		if loaded, err := certificate.Load(f.config); err == nil || loaded != nil {
			t.Errorf("%s: %v, %v", name, loaded, err)
		}
	}
	if loaded, err := certificate.Load(newFiles(t).config); err == nil || loaded != nil {
		t.Errorf("no files: %v, %v", loaded, err)
	}
}

// TestHandshakes has many ask for the certificate while it is replaced.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	f, first := newFiles(t), newPair(t, 1)
	f.write(t, first.certificate, first.key)
	f.config.Now = nil
	loaded, err := certificate.Load(f.config)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				if loaded.Certificate() == nil {
					t.Error("there is none")
				}
			}
		})
	}
	second := newPair(t, 2)
	f.write(t, second.certificate, second.key)
	group.Wait()
}
