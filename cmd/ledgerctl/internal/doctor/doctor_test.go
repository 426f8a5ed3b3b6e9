package doctor_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/doctor"
)

// healthy is a diagnosis with nothing to say about it.
func healthy() postgres.Diagnosis {
	schema := 4
	return postgres.Diagnosis{
		Version: 150018, Encoding: "UTF8", Schema: &schema, Known: 4,
		Settings: map[string]string{
			"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": "", "data_checksums": "on",
			"wal_level": "replica", "default_transaction_isolation": "read committed", "default_transaction_read_only": "off",
			"idle_in_transaction_session_timeout": "0", "TimeZone": "UTC", "autovacuum": "on", "track_counts": "on",
		},
		Clock:        postgres.Clock{RoundTrip: 300 * time.Microsecond},
		Connections:  &postgres.Connections{Used: 10, Max: 100, Reserved: 3},
		Transactions: &postgres.OpenTransactions{},
		Tables:       []postgres.TableFacts{{Name: "balances", Bytes: 5 << 20, Live: 1000, Dead: 100, Updates: 50_000, HOTUpdates: 49_500}},
	}
}

func TestHealthyDatabase(t *testing.T) {
	t.Parallel()
	checks := doctor.Database(healthy())
	for _, c := range checks {
		if c.Status != doctor.OK || c.Advice != "" || c.Found == "" {
			t.Errorf("%+v", c)
		}
	}
	if doctor.HasFailed(checks) {
		t.Error("a check failed")
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	setting := func(name, value string) func(*postgres.Diagnosis) {
		return func(d *postgres.Diagnosis) { d.Settings[name] = value }
	}
	schema := func(version int) func(*postgres.Diagnosis) {
		return func(d *postgres.Diagnosis) { d.Schema, d.CompatibleFrom = &version, version }
	}
	for name, test := range map[string]struct {
		spoil  func(*postgres.Diagnosis)
		check  string
		status doctor.Status
		advice string
	}{
		"fsync off":           {setting("fsync", "off"), "fsync", doctor.Fail, "loses what was acknowledged"},
		"commit off":          {setting("synchronous_commit", "off"), "synchronous_commit", doctor.Fail, "loses what was acknowledged"},
		"commit local":        {setting("synchronous_commit", "local"), "synchronous_commit", doctor.Warn, "standby"},
		"commit remote_write": {setting("synchronous_commit", "remote_write"), "synchronous_commit", doctor.Warn, "standby"},
		"commit remote_apply": {setting("synchronous_commit", "remote_apply"), "synchronous_commit", doctor.OK, ""},
		"torn pages":          {setting("full_page_writes", "off"), "full_page_writes", doctor.Warn, "ZFS"},
		"no checksums":        {setting("data_checksums", "off"), "data_checksums", doctor.Warn, "pg_checksums"},
		"wal_level":           {setting("wal_level", "minimal"), "wal_level", doctor.Warn, "replica"},
		"no autovacuum":       {setting("autovacuum", "off"), "autovacuum", doctor.Warn, "turn autovacuum"},
		"no counts":           {setting("track_counts", "off"), "autovacuum", doctor.Warn, "track_counts"},
		"read only":           {setting("default_transaction_read_only", "on"), "default_transaction_read_only", doctor.Fail, "turn it off"},
		"setting unseen":      {func(d *postgres.Diagnosis) { delete(d.Settings, "fsync") }, "fsync", doctor.Unknown, ""},
		"PostgreSQL 14":       {func(d *postgres.Diagnosis) { d.Version = 140020 }, "version", doctor.Fail, "15 or later"},
		"encoding":            {func(d *postgres.Diagnosis) { d.Encoding = "LATIN1" }, "encoding", doctor.Fail, "UTF8"},
		"standby":             {func(d *postgres.Diagnosis) { d.Standby = true }, "primary", doctor.Fail, "target_session_attrs"},
		"schema unseen":       {func(d *postgres.Diagnosis) { d.Schema = nil }, "schema", doctor.Unknown, "GRANT USAGE"},
		"no schema":           {schema(0), "schema", doctor.Fail, "ledgerctl migrate up"},
		"schema older":        {schema(3), "schema", doctor.Fail, "ledgerctl migrate up"},
		"schema newer":        {schema(5), "schema", doctor.Fail, "use a version"},
		"schema compatible":   {func(d *postgres.Diagnosis) { *d.Schema, d.CompatibleFrom = 5, 4 }, "schema", doctor.OK, ""},
		"clock ahead":         {func(d *postgres.Diagnosis) { d.Clock.Offset = 1100 * time.Millisecond }, "clock", doctor.Warn, "NTP"},
		"clock behind":        {func(d *postgres.Diagnosis) { d.Clock.Offset = -1100 * time.Millisecond }, "clock", doctor.Warn, "NTP"},
		"clock within the error": {func(d *postgres.Diagnosis) {
			d.Clock = postgres.Clock{Offset: 1003 * time.Millisecond, RoundTrip: 8 * time.Millisecond}
		}, "clock", doctor.OK, ""},
		"far away":            {func(d *postgres.Diagnosis) { d.Clock.RoundTrip = 11 * time.Millisecond }, "round_trip", doctor.Warn, "near"},
		"8 connections free":  {func(d *postgres.Diagnosis) { d.Connections.Used = 89 }, "connections", doctor.Warn, "max_connections"},
		"9 connections free":  {func(d *postgres.Diagnosis) { d.Connections.Used = 88 }, "connections", doctor.OK, ""},
		"connections unseen":  {func(d *postgres.Diagnosis) { d.Connections = nil }, "connections", doctor.Unknown, ""},
		"transaction open":    {func(d *postgres.Diagnosis) { d.Transactions.Longest = 61 * time.Second }, "open_transactions", doctor.Warn, "end it"},
		"transactions hidden": {func(d *postgres.Diagnosis) { d.Transactions.Hidden = 2 }, "open_transactions", doctor.Unknown, "pg_read_all_stats"},
		"open, and others hidden": {func(d *postgres.Diagnosis) {
			*d.Transactions = postgres.OpenTransactions{Longest: time.Hour, Hidden: 2}
		}, "open_transactions", doctor.Warn, "end it"},
		"transactions unseen": {func(d *postgres.Diagnosis) { d.Transactions = nil }, "open_transactions", doctor.Unknown, ""},
		"dead rows":           {func(d *postgres.Diagnosis) { d.Tables[0].Dead = 10_001 }, "dead_rows", doctor.Warn, "VACUUM"},
		"no room on pages":    {func(d *postgres.Diagnosis) { d.Tables[0].HOTUpdates = 44_999 }, "hot_updates", doctor.Warn, "room"},
		"no updates":          {func(d *postgres.Diagnosis) { d.Tables[0].Updates = 0 }, "hot_updates", doctor.OK, ""},
		"invalid index":       {func(d *postgres.Diagnosis) { d.InvalidIndexes = []string{"a", "b"} }, "indexes", doctor.Fail, "REINDEX INDEX CONCURRENTLY ledger.a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := healthy()
			test.spoil(&d)
			checks := doctor.Database(d)
			for _, c := range checks {
				want := doctor.OK
				if c.Name == test.check {
					want = test.status
					if !strings.Contains(c.Advice, test.advice) {
						t.Errorf("advice %q", c.Advice)
					}
				}
				if c.Status != want {
					t.Errorf("%+v, want %s", c, want)
				}
			}
			if got, want := doctor.HasFailed(checks), test.status == doctor.Fail; got != want {
				t.Errorf("failed: %t, want %t", got, want)
			}
		})
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	healthy := doctor.ServerFacts{Alive: 200, Ready: 200, Authorized: 200, Product: "ledgerd/1", RoundTrip: time.Millisecond, Date: now, At: now.Add(time.Second / 2)}
	for name, test := range map[string]struct {
		spoil  func(*doctor.ServerFacts)
		check  string
		status doctor.Status
	}{
		"healthy":     {func(*doctor.ServerFacts) {}, "", doctor.OK},
		"not alive":   {func(f *doctor.ServerFacts) { f.Alive = 404 }, "alive", doctor.Fail},
		"not ready":   {func(f *doctor.ServerFacts) { f.Ready = 503 }, "ready", doctor.Fail},
		"bad token":   {func(f *doctor.ServerFacts) { f.Authorized = 401 }, "authorized", doctor.Fail},
		"no ledgerd":  {func(f *doctor.ServerFacts) { f.Authorized = 404 }, "authorized", doctor.Fail},
		"busy":        {func(f *doctor.ServerFacts) { f.Authorized = 503 }, "authorized", doctor.OK},
		"no name":     {func(f *doctor.ServerFacts) { f.Product = "" }, "version", doctor.Unknown},
		"no date":     {func(f *doctor.ServerFacts) { f.Date = time.Time{} }, "clock", doctor.Unknown},
		"clock":       {func(f *doctor.ServerFacts) { f.At = f.At.Add(2 * time.Second) }, "clock", doctor.Warn},
		"clock cut":   {func(f *doctor.ServerFacts) { f.At = f.At.Add(time.Second) }, "clock", doctor.OK},
		"unreachable": {func(f *doctor.ServerFacts) { f.Unreachable = errors.New("refused") }, "connection", doctor.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := healthy
			test.spoil(&facts)
			for _, c := range doctor.Server(facts) {
				want := doctor.OK
				if c.Name == test.check {
					want = test.status
				}
				if c.Status != want {
					t.Errorf("%+v, want %s", c, want)
				}
			}
		})
	}
}

// TestAskServer asks one that demands a token, which it gives to nobody else.
func TestAskServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "ledgerd/1")
		given := r.Header.Get("Authorization")
		switch r.URL.Path {
		case "/base/healthz", "/base/readyz":
			if given != "" {
				t.Errorf("%s was given %q", r.URL, given)
			}
		case "/base/v1/ledgers":
			if given != "Bearer t0ken" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	facts := doctor.AskServer(t.Context(), server.URL+"/base/", "t0ken")
	if facts.Unreachable != nil || facts.Alive != 200 || facts.Ready != 200 || facts.Authorized != 200 || facts.Product != "ledgerd/1" {
		t.Errorf("got %+v", facts)
	}
	if facts.RoundTrip <= 0 || facts.At.Sub(facts.Date).Abs() > 5*time.Second {
		t.Errorf("clock: %+v", facts)
	}
	if facts := doctor.AskServer(t.Context(), server.URL+"/base", "other"); facts.Authorized != 401 {
		t.Errorf("got %+v", facts)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if facts := doctor.AskServer(ended, server.URL, ""); !errors.Is(facts.Unreachable, context.Canceled) {
		t.Errorf("got %+v", facts)
	}
}
