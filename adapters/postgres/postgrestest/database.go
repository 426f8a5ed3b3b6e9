package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
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
	return start(findBinaries, findDocker, Settings{"fsync": "off", "max_connections": "300"})
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
	dsn, drop, err := Create(t.Context(), template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return dsn
}

// Create is Database for what has no test, as an example: drop drops the
// database, with all connections to it.
func Create(ctx context.Context, template Template) (dsn string, drop func() error, err error) {
	s, err := shared()
	if err != nil {
		return "", nil, err
	}
	source := "template0"
	if template.Name != "" && s.leash != nil {
		prepared, _ := templates.LoadOrStore(template.Name, sync.OnceValues(func() (string, error) {
			return s.prepare(ctx, template)
		}))
		if source, err = prepared.(func() (string, error))(); err != nil {
			return "", nil, fmt.Errorf("prepare the database %q: %w", template.Name, err)
		}
	}
	name := "ledger_test_" + strings.ToLower(rand.Text()[:16])
	if err := s.execute(ctx, "CREATE DATABASE "+name+" TEMPLATE "+source); err != nil {
		return "", nil, err
	}
	dsn = s.dsnOf(name)
	drop = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		return s.execute(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	}
	if template.Name != "" && s.leash == nil {
		// A server that is not ours to stop has no templates left on it.
		if err := template.Prepare(ctx, dsn); err != nil {
			return "", nil, errors.Join(fmt.Errorf("prepare the database %q: %w", template.Name, err), drop())
		}
	}
	return dsn, drop, nil
}

// prepare makes a template's database, which more than the first who asks will
// use.
func (s *Server) prepare(ctx context.Context, template Template) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
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
