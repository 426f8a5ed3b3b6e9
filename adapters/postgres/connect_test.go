package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// selfSigned makes a certificate for 127.0.0.1 that vouches for itself, and
// returns it and its key as PEM.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ledger test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(kind string, content []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
	}
	return inPEM("CERTIFICATE", signed), inPEM("PRIVATE KEY", encoded)
}

// TestTLS connects to a server with a certificate, with the settings in the DSN.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, postgrestest.Settings{"fsync": "off"})
	admin := connect(t, server.DSN)
	certificate, key := selfSigned(t)
	other, _ := selfSigned(t)
	// The server writes them itself, for it reads no key of somebody else's.
	for file, content := range map[string]string{"server.crt": certificate, "server.key": key} {
		exec(t, admin, fmt.Sprintf("COPY (SELECT unnest(string_to_array('%s', chr(10)))) TO PROGRAM 'umask 077; cat >%s'", content, file))
	}
	exec(t, admin, "ALTER SYSTEM SET ssl = on")
	exec(t, admin, "SELECT pg_reload_conf()")
	root := func(certificate string) string {
		path := filepath.Join(t.TempDir(), "root.crt")
		if err := os.WriteFile(path, []byte(certificate), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right, wrong := root(certificate), root(other)
	config := admin.Config()
	open := func(host, mode, root string) *postgres.Store {
		return openStore(t, fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=%s sslrootcert=%s", host, config.Port, config.User, config.Database, mode, root))
	}

	store := open("127.0.0.1", "verify-full", right)
	// The server takes up its new settings in its own time.
	var err error
	for range 100 {
		if err = store.Migrate(t.Context()); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	books := openBooks(t, store, "tls", 1)
	if err := books.deposit(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	var connections, encrypted int
	const count = "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'ledger'"
	if err := admin.QueryRow(t.Context(), count).Scan(&connections, &encrypted); err != nil || connections < 2 || encrypted != connections {
		t.Errorf("%d of %d connections are encrypted, %v", encrypted, connections, err)
	}

	for name, test := range map[string]struct{ host, mode, root, want string }{
		"a wrong root":            {"127.0.0.1", "verify-full", wrong, "certificate"},
		"a wrong root, any name":  {"127.0.0.1", "verify-ca", wrong, "certificate"},
		"another name":            {"localhost", "verify-full", right, "certificate"},
		"another name, as wanted": {"localhost", "verify-ca", right, ""},
	} {
		err := open(test.host, test.mode, test.root).Check(t.Context())
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHosts goes through a list of hosts to the third, which takes writes: the
// first is dead, and the second refuses them as a standby does.
func TestHosts(t *testing.T) {
	t.Parallel()
	standby := postgrestest.Start(t, postgrestest.Settings{"fsync": "off", "default_transaction_read_only": "on"})
	primary := postgrestest.Start(t, postgrestest.Settings{"fsync": "off"})
	portOf := func(dsn string) uint16 {
		config, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		return config.Port
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	hosts := fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=", dead, portOf(standby.DSN), portOf(primary.DSN))

	store := openStore(t, hosts+"read-write")
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	books := openBooks(t, store, "hosts", 1)
	if err := books.deposit(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		server *postgrestest.Server
		there  bool
	}{"the primary": {primary, true}, "the standby": {standby, false}} {
		var there bool
		if err := connect(t, test.server.DSN).QueryRow(t.Context(), "SELECT to_regclass('ledger.entries') IS NOT NULL").Scan(&there); err != nil || there != test.there {
			t.Errorf("%s has the books: %t, %v", name, there, err)
		}
	}
	if err := openStore(t, hosts+"any").Migrate(t.Context()); err == nil {
		t.Error("without a wish, the first that answers takes writes; does the list mean anything?")
	}
}
