package postgrestest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	template := postgrestest.Template{Name: "one", Prepare: func(ctx context.Context, dsn string) error {
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		_, err = c.Exec(ctx, "CREATE TABLE marks (n int)")
		return err
	}}
	for range 3 {
		c, err := pgx.Connect(t.Context(), postgrestest.Database(t, template))
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := c.QueryRow(t.Context(), "SELECT count(*) FROM marks").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d marks, %v", n, err)
		}
		if _, err := c.Exec(t.Context(), "INSERT INTO marks VALUES (1)"); err != nil {
			t.Error(err)
		}
	}
}

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, nil)
	c, err := pgx.Connect(t.Context(), server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), "CREATE TABLE marks AS SELECT 7 AS n"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		server.Kill(t)
		if err := c.Ping(t.Context()); err == nil {
			t.Error("the killed server answers")
		}
		server.Restart(t)
		if c, err = pgx.Connect(t.Context(), server.DSN); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(context.WithoutCancel(t.Context())) })
		var n int
		if err := c.QueryRow(t.Context(), "SELECT n FROM marks").Scan(&n); err != nil || n != 7 {
			t.Errorf("%d, %v", n, err)
		}
	}
}
