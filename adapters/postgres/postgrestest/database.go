package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the server of this test process, started by the first test that
// asks. It is never stopped from here: its leash ends with the process.
var shared = sync.OnceValues(func() (*Server, error) {
	if dsn := os.Getenv("LEDGER_TEST_DSN"); dsn != "" {
		return &Server{DSN: dsn}, nil
	}
	// What a crash of the machine would lose matters to no test; tests that
	// crash the server have one of their own.
	settings := Settings{"fsync": "off", "max_connections": "300"}
	if bin := findBinaries(); bin != "" {
		return start(bin, settings)
	}
	if docker, err := exec.LookPath("docker"); err == nil && exec.Command(docker, "info").Run() == nil {
		return startDocker(docker, settings)
	}
	return nil, errors.New(missing)
})

// templates are the databases that others are cloned from, by name.
var templates sync.Map

// Template is a database that is prepared once for a test process, and cloned
// for each test.
type Template struct {
	// Name is unique among the templates of the process.
	Name string
	// Prepare makes in an empty database what every clone is to have.
	Prepare func(ctx context.Context, dsn string) error
}

// Database returns the DSN of a new database that the test has to itself: a
// clone of the template, or an empty one if that is zero. It is dropped when the
// test ends, with all connections to it.
func Database(t testing.TB, template Template) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	source := "template0"
	if template.Name != "" && s.leash != nil {
		prepared, _ := templates.LoadOrStore(template.Name, sync.OnceValues(func() (string, error) {
			return s.prepare(template)
		}))
		if source, err = prepared.(func() (string, error))(); err != nil {
			t.Fatalf("prepare the database %q: %v", template.Name, err)
		}
	}
	name := "ledger_test_" + strings.ToLower(rand.Text()[:16])
	if err := s.execute(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
		defer cancel()
		if err := s.execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	dsn := s.dsnOf(name)
	if template.Name != "" && s.leash == nil {
		// A server that is not ours to stop has no templates left on it.
		if err := template.Prepare(t.Context(), dsn); err != nil {
			t.Fatalf("prepare the database %q: %v", template.Name, err)
		}
	}
	return dsn
}

func (s *Server) prepare(template Template) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	name := "ledger_template_" + strings.ToLower(rand.Text()[:16])
	if err := s.execute(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	return name, template.Prepare(ctx, s.dsnOf(name))
}

func (s *Server) execute(ctx context.Context, statement string) error {
	connection, err := pgx.Connect(ctx, s.DSN)
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, statement)
	return errors.Join(err, connection.Close(ctx))
}

func (s *Server) dsnOf(database string) string {
	location, err := url.Parse(s.DSN)
	if err != nil || location.Scheme == "" {
		return s.DSN + " dbname=" + database
	}
	location.Path = "/" + database
	return location.String()
}

// startDocker starts a server in a container that ends with its client, and so
// with this process.
func startDocker(docker string, settings Settings) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	arguments := []string{
		"run", "--rm", "--interactive", "--publish", fmt.Sprintf("127.0.0.1:%d:5432", port),
		"--env", "POSTGRES_HOST_AUTH_METHOD=trust", "--entrypoint", "/bin/sh", "postgres:18", "-c",
		`docker-entrypoint.sh postgres "$@" & server=$!; read -r _; kill -INT "$server"; wait "$server"`, "postgrestest",
	}
	for name, value := range settings {
		arguments = append(arguments, "-c", name+"="+value)
	}
	s := &Server{
		DSN:       fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		directory: "the container",
		watchdog:  exec.Command(docker, arguments...),
	}
	if s.leash, err = s.watchdog.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.watchdog.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}
