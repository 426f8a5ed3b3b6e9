package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Config is how a store reaches its database and how much it takes on. Its zero
// value, but for the DSN, works.
type Config struct {
	// DSN is a connection string or URL as pgx reads it: libpq's words, with lists
	// of hosts, target_session_attrs, and TLS settings. A word that pgx does not
	// know is set as a parameter of the server; lock_timeout, timezone and the
	// planner's settings are the store's own. Without a port or host, those of the
	// standard environment variables are used.
	DSN string
	// Committers is how many connections commit; 0 is 3. Each commits what all
	// callers asked for while the one before it was under way. Beside them, one
	// waits for locked accounts.
	Committers int
	// Readers is the most connections that read; 0 is 5.
	Readers int
	// Queue is how many calls may wait for a committer before others are told
	// that the store is overloaded; 0 is 8192.
	Queue int
	// LockTimeout is how long a committer waits for an account that somebody else
	// has locked before it goes on without the callers who need it; 0 is 100 ms.
	LockTimeout time.Duration
	// SlowLaneTimeout is how long those callers then wait; 0 is 10 s.
	SlowLaneTimeout time.Duration
	// SweepInterval is how often the store deletes what pending transactions reserved
	// that have expired; 0 is 1 s, and negative is never. Nothing waits for it: what
	// has expired does not count from that instant on, swept or not. It bounds what
	// readers and writers find expired and have to take off themselves.
	SweepInterval time.Duration
	// Observer is told of each commit; nil is nobody.
	Observer Observer
	// StatementTimeout bounds each statement; 0 is the statement_timeout in the
	// DSN, or else 15 s.
	StatementTimeout time.Duration
}

const defaultStatementTimeout = 15 * time.Second

func (c Config) withDefaults() Config {
	if c.Observer == nil {
		c.Observer = discardObserver{}
	}
	positive := func(value *int, or int) {
		if *value <= 0 {
			*value = or
		}
	}
	positive(&c.Committers, 3)
	positive(&c.Readers, 5)
	positive(&c.Queue, 8192)
	duration := func(value *time.Duration, or time.Duration) {
		if *value <= 0 {
			*value = or
		}
	}
	duration(&c.LockTimeout, 100*time.Millisecond)
	duration(&c.SlowLaneTimeout, 10*time.Second)
	if c.SweepInterval == 0 {
		c.SweepInterval = time.Second
	}
	return c
}

// connect returns how to connect, with a lock timeout. It says nothing of the
// DSN in its error, for that has a password.
func (c Config) connect(lockTimeout time.Duration) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(c.DSN)
	// pgx would read any other URL with a "=" in it as a word, and go to the
	// default host.
	scheme, _, isURL := strings.Cut(c.DSN, "://")
	isOther := isURL && !strings.ContainsAny(scheme, "= ") && scheme != "postgres" && scheme != "postgresql"
	if err != nil || isOther {
		return nil, dsnError(err)
	}
	milliseconds := func(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "ledger"
	}
	// A peer that is gone without a word is noticed within a quarter of a minute.
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 3 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext
	config.RuntimeParams["lock_timeout"] = milliseconds(lockTimeout)
	switch _, given := config.RuntimeParams["statement_timeout"]; {
	case c.StatementTimeout > 0:
		config.RuntimeParams["statement_timeout"] = milliseconds(c.StatementTimeout)
	case !given:
		config.RuntimeParams["statement_timeout"] = milliseconds(defaultStatementTimeout)
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["client_encoding"] = "UTF8"
	// Times that come as text are read as ISO has them, whatever the role prefers.
	config.RuntimeParams["datestyle"] = "ISO"
	// Every statement finds its rows by a key, and needs one plan for all arguments.
	// Left to itself PostgreSQL plans a statement on short arrays anew each time,
	// which took longer than carrying it out. Nor must a plan that was made for a
	// table of one page be kept for what that has become since; see TestPlans.
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	config.RuntimeParams["enable_seqscan"] = "off"
	config.RuntimeParams["enable_bitmapscan"] = "off"
	// A plan for all arguments is thought to read far more than a page, and would be
	// compiled for longer than it runs: 20 ms for a list of accounts that takes 1 ms.
	config.RuntimeParams["jit"] = "off"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	return config, nil
}

// dsnError says what is wrong with a DSN that pgx refuses. The cause is repeated
// only where it is about a setting that holds no secret: of a DSN that cannot be
// taken apart, any part may be the password's.
func dsnError(err error) error {
	const message = "the DSN is not a PostgreSQL connection string, such as postgres://user@host:5432/database"
	cause := errors.Unwrap(err)
	if cause == nil {
		return errors.New(message)
	}
	_, isFile := errors.AsType[*fs.PathError](cause)
	if isFile || strings.Contains(cause.Error(), "sslmode") {
		return fmt.Errorf("the DSN has a setting that cannot be: %w", cause)
	}
	return errors.New(message)
}

// patience returns how long a batch may take that a server with the DSN's limits
// has been asked for: what takes longer hangs.
func (c Config) patience() time.Duration {
	limit := max(c.StatementTimeout, defaultStatementTimeout)
	config, err := pgx.ParseConfig(c.DSN)
	if err == nil && c.StatementTimeout <= 0 {
		limit = max(limit, parseTimeout(config.RuntimeParams["statement_timeout"]))
	}
	return limit + 5*time.Second
}

// parseTimeout returns a time limit as PostgreSQL writes it, in milliseconds or
// with a unit, or 0 for what is none.
func parseTimeout(text string) time.Duration {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	units := map[string]time.Duration{
		"": time.Millisecond, "ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
	}
	return time.Duration(n) * units[strings.TrimSpace(text[len(digits):])]
}

var _ ledger.Store = (*Store)(nil)
