//go:build integration

package main

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// ledgerctl runs the admin tool, and returns what it prints.
func ledgerctl(t *testing.T, commands string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(commands, "ledgerctl"), args...)
	said := &output{}
	command.Stderr = said
	out, err := command.Output()
	if err != nil {
		t.Fatalf("ledgerctl %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return strings.TrimSpace(string(out))
}

// asked returns the status of a request with a token.
func asked(t *testing.T, method, url, token, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestBinaryAccess: ledgerd is started where others could reach it, refuses to serve
// everybody there, and then serves those who have a token what their role allows.
func TestBinaryAccess(t *testing.T) {
	t.Parallel()
	commands, dsn := buildCommands(t), postgrestest.Database(t, postgrestest.Template{})
	seed(t, dsn, 2)
	ledgerd := filepath.Join(commands, "ledgerd")
	expectRefusal(t, ledgerd, []string{"LEDGERD_DSN=" + dsn}, []string{"--listen=0.0.0.0:0"}, exitUsage,
		"ledgerd: 0.0.0.0:0 can be reached from other machines, and nobody would be asked who they are: give --auth token, for tokens of "+
			"ledgerctl token create, or --auth oidc; if everybody who reaches it may do everything, say --auth none\n")
	tokens := make(map[string]string)
	for _, role := range []string{"read", "write", "admin"} {
		tokens[role] = ledgerctl(t, commands, "--dsn", dsn, "token", "create", "the-"+role, "--role", role)
	}
	d := startDaemon(t, ledgerd, []string{"LEDGERD_DSN=" + dsn}, "--listen=0.0.0.0:0", "--auth=token")
	_, port, _ := strings.Cut(d.address, "]:")
	if port == "" {
		_, port, _ = strings.Cut(d.address, ":")
	}
	url := "http://127.0.0.1:" + port
	const payment = `{"id":"pay-1","from":"world:USD","to":"user-1","amount":"1.00","asset":"USD"}`
	for _, test := range []struct {
		token, method, path, body string
		want                      int
	}{
		{"", http.MethodGet, "/healthz", "", 200},
		{"", http.MethodGet, "/v1/accounts/user-1", "", 401},
		{"nonsense", http.MethodGet, "/v1/accounts/user-1", "", 401},
		{tokens["read"], http.MethodGet, "/v1/accounts/user-1", "", 200},
		{tokens["read"], http.MethodGet, "/metrics", "", 200},
		{tokens["read"], http.MethodPost, "/v1/transactions", payment, 403},
		{tokens["write"], http.MethodPost, "/v1/transactions", payment, 201},
		{tokens["write"], http.MethodPost, "/v1/ledgers", `{"name":"eu"}`, 403},
		{tokens["admin"], http.MethodPost, "/v1/ledgers", `{"name":"eu"}`, 201},
		{"", http.MethodGet, "/metrics", "", 401},
	} {
		if got := asked(t, test.method, url+test.path, test.token, test.body); got != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, got, test.want)
		}
	}
	shown := ledgerctl(t, commands, "--server", url, "--token", tokens["read"], "transaction", "show", "pay-1", "-o", "json")
	if !strings.Contains(shown, `"actor": "the-write"`) {
		t.Errorf("the transaction is %s", shown)
	}
	ledgerctl(t, commands, "--dsn", dsn, "token", "revoke", "the-read")
	for deadline := time.Now().Add(30 * time.Second); asked(t, http.MethodGet, url+"/v1/accounts/user-1", tokens["read"], "") != http.StatusUnauthorized; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the revocation is not felt")
		}
	}
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
	for role, token := range tokens {
		if strings.Contains(d.stderr.String(), token) {
			t.Errorf("the token of %s is in the log", role)
		}
	}
}

// TestBinaryManifest runs what the manifests of Kubernetes say, by hand: the migration,
// the server, and the verification, each as the role in the database that is its own.
func TestBinaryManifest(t *testing.T) {
	t.Parallel()
	commands, roles := buildCommands(t), postgrestest.NewRoles()
	t.Cleanup(func() {
		if err := roles.Drop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	dsn := postgrestest.Database(t, postgrestest.Template{})
	secrets := map[string]string{
		"ledger-migrate.dsn": postgrestest.As(dsn, roles.Migrator), "ledgerd.dsn": postgrestest.As(dsn, roles.Runtime),
		"ledger-audit.dsn": postgrestest.As(dsn, roles.Auditor),
	}
	applyRoles := func() {
		if err := roles.Apply(t.Context(), deployed("postgres", "roles.sql"), dsn); err != nil {
			t.Fatal(err)
		}
	}
	run := func(c container) {
		command := exec.CommandContext(t.Context(), filepath.Join(commands, c.Command[0]), c.Args...)
		for name, value := range c.variables(secrets) {
			command.Env = append(command.Env, name+"="+value)
		}
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(c.Command, " "), err, out)
		}
	}
	applyRoles()
	run(containerOf(t, "migrate.yaml"))
	expectRefusal(t, filepath.Join(commands, "ledgerd"), []string{"LEDGERD_DSN=" + secrets["ledgerd.dsn"]}, nil, 1,
		"ledgerd: open the database: the role \""+roles.Runtime+"\" lacks rights on account_metadata, accounts, balances, corrections, entries, ledgers, "+
			"pending_accounts, reservations, resolutions, transaction_metadata, transactions; run deploy/postgres/roles.sql again, as after every migration, or grant them otherwise\n")
	applyRoles()
	c := containerOf(t, "deployment.yaml")
	var environment []string
	for name, value := range c.variables(secrets) {
		if name != "LEDGERD_LISTEN" {
			environment = append(environment, name+"="+value)
		}
	}
	args := append([]string{"--listen=127.0.0.1:0"}, c.Args...)
	for i, arg := range args {
		if strings.HasPrefix(arg, "--metrics-listen=") {
			args[i] = "--metrics-listen=127.0.0.1:0"
		}
	}
	d := startDaemon(t, filepath.Join(commands, "ledgerd"), environment, args...)
	for _, path := range []string{c.LivenessProbe.HTTPGet.Path, c.ReadinessProbe.HTTPGet.Path} {
		if got := asked(t, http.MethodGet, "http://"+d.address+path, "", ""); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	token := ledgerctl(t, commands, "--dsn", secrets["ledger-migrate.dsn"], "token", "create", "shop", "--role", "write")
	for _, request := range [][2]string{
		{"/v1/accounts", `{"id":"shop","asset":"USD","opening_balance":"10.00","metadata":{"kind":"shop"}}`},
		{"/v1/transactions", `{"id":"hold","from":"shop","to":"world:USD","amount":"1.00","asset":"USD","pending":true}`},
	} {
		if got := asked(t, http.MethodPost, "http://"+d.address+request[0], token, request[1]); got != http.StatusCreated {
			t.Errorf("%s: %d", request[0], got)
		}
	}
	run(containerOf(t, "verify.yaml"))
	for _, statement := range []string{"UPDATE ledger.entries SET amount = 1", "DELETE FROM ledger.entries", "DELETE FROM ledger.transactions"} {
		if err := try(t, secrets["ledgerd.dsn"], statement); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	d.signal(t, syscall.SIGTERM)
	d.expectExit(t, 0)
}

// try executes a statement, and returns what comes of it.
func try(t *testing.T, dsn, statement string) error {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	_, err = connection.Exec(t.Context(), statement)
	return err
}
