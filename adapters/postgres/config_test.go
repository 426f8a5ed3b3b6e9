package postgres

import (
	"strings"
	"testing"
	"time"
)

func TestParseTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "300": 300 * time.Millisecond, "60s": time.Minute, "2min": 2 * time.Minute, "1 h": time.Hour,
		"50ms": 50 * time.Millisecond, "1d": 24 * time.Hour, "x": 0, "5 years": 0,
	} {
		if got := parseTimeout(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

// TestPatience outlasts the server's own limit, wherever that was set.
func TestPatience(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://localhost/db"
	for _, test := range []struct {
		config Config
		limit  time.Duration
	}{
		{Config{DSN: dsn}, defaultStatementTimeout},
		{Config{DSN: dsn + "?statement_timeout=60s"}, time.Minute},
		{Config{DSN: dsn + "?statement_timeout=300"}, defaultStatementTimeout},
		{Config{DSN: dsn + "?statement_timeout=60s", StatementTimeout: time.Second}, defaultStatementTimeout},
		{Config{DSN: dsn, StatementTimeout: time.Minute}, time.Minute},
	} {
		if got := test.config.patience(); got <= test.limit || got > test.limit+10*time.Second {
			t.Errorf("%+v: %v", test.config, got)
		}
	}
}

// TestDSNErrors says which setting is wrong, and never a password.
func TestDSNErrors(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://u:hunter2@h/db?sslmode=bogus":                       "sslmode",
		"postgres://u:hunter2@h/db?sslmode=verify-ca&sslrootcert=/none": "/none",
		"user=u password=hunter2 host=h sslmode=bogus":                  "sslmode",
		"postgres://u:hunter2@h:port/db":                                "such as postgres://",
		"postgres://u:hun/ter2@h/db":                                    "such as postgres://",
		"user=u password='hunter2":                                      "such as postgres://",
		"mysql://u:hunter2@h/db?x=y":                                    "such as postgres://",
	} {
		_, err := Config{DSN: dsn}.connect(time.Second)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestApplicationNameIsTheOperators(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{"host=h": "ledger", "host=h application_name=billing": "billing"} {
		config, err := Config{DSN: dsn}.connect(time.Second)
		if err != nil || config.RuntimeParams["application_name"] != want {
			t.Errorf("%s: %v, %v", dsn, config, err)
		}
	}
}
