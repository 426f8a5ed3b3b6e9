package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
)

// Database judges what a database says of itself.
func Database(d postgres.Diagnosis) []Check {
	checks := []Check{
		ok("connection", "the database answers"),
		version(d.Version),
		ok("encoding", "%s", d.Encoding).
			but(Fail, d.Encoding != "UTF8", "it cannot hold every id: create a database with ENCODING 'UTF8', and move the books there"),
		ok("primary", "%s", map[bool]string{false: "takes writes", true: "is a standby"}[d.Standby]).
			but(Fail, d.Standby, "a standby takes no writes: name the primary, or all hosts with target_session_attrs=read-write"),
		schema(d),
		clock(d.Clock.Offset, d.Clock.RoundTrip/2),
		roundTrip(d.Clock.RoundTrip),
		connections(d.Connections),
		transactions(d.Transactions),
	}
	checks = append(checks, durability(d.Settings)...)
	checks = append(checks, upkeep(d.Settings)...)
	return append(checks, tables(d)...)
}

func version(number int) Check {
	return ok("version", "PostgreSQL %d.%d", number/10000, number%10000).
		but(Fail, number < 150000, "upgrade to PostgreSQL 15 or later")
}

func schema(d postgres.Diagnosis) Check {
	if d.Schema == nil {
		return Unseen("schema", "give the role rights on the schema ledger: GRANT USAGE ON SCHEMA ledger, and on its tables")
	}
	found := ok("schema", "version %d of %d", *d.Schema, d.Known)
	if *d.Schema == 0 {
		found.Found = "not there"
	}
	return found.
		but(Fail, *d.Schema < d.Known, "migrate it: ledgerctl migrate up").
		but(Fail, d.CompatibleFrom > d.Known, "use a version of ledgerctl and ledgerd that knows it")
}

func connections(c *postgres.Connections) Check {
	if c == nil {
		return Unseen("connections", "")
	}
	return ok("connections", "%d of %d in use, %d free", c.Used, c.Max, c.Free()).
		but(Warn, c.Free() < minFree, fmt.Sprintf("a ledgerd takes up to %d: raise max_connections, or close others'", minFree))
}

func transactions(t *postgres.OpenTransactions) Check {
	const name = "open_transactions"
	if t == nil {
		return Unseen(name, "")
	}
	found := ok(name, "the oldest is open for %s", rounded(t.Longest))
	if t.Longest == 0 {
		found.Found = "none"
	}
	found = found.but(Warn, t.Longest > maxTransaction,
		"find it in pg_stat_activity or pg_prepared_xacts and end it: it keeps rows from being cleaned up, and accounts locked")
	if t.Hidden > 0 && found.Status == OK {
		found = Check{
			Name: name, Status: Unknown, Found: fmt.Sprintf("%s; %d sessions cannot be seen", found.Found, t.Hidden),
			Advice: "GRANT pg_read_all_stats to the role to see them",
		}
	}
	return found
}

// setting returns the check of a setting, and its value.
func setting(settings map[string]string, name string) (Check, string) {
	value, isThere := settings[name]
	if !isThere {
		return Unseen(name, ""), ""
	}
	return ok(name, "%s", cmp.Or(value, "none")), value
}

// durability judges whether what is acknowledged survives a crash.
func durability(settings map[string]string) []Check {
	fsync, value := setting(settings, "fsync")
	fsync = fsync.but(Fail, value == "off", "turn it on: a crash of the machine loses what was acknowledged, and may ruin the database")
	pages, value := setting(settings, "full_page_writes")
	pages = pages.but(Warn, value == "off", "turn it on, unless the file system writes pages as a whole, as ZFS does")
	commit, value := setting(settings, "synchronous_commit")
	commit = commit.
		but(Fail, value == "off", "turn it on for the ledger's role and database: a crash loses what was acknowledged").
		but(Warn, value == "local" || value == "remote_write", "set it to on: what was acknowledged may be missing on the standby that takes over")
	standbys, _ := setting(settings, "synchronous_standby_names")
	checksums, value := setting(settings, "data_checksums")
	checksums = checksums.but(Warn, value == "off", "turn them on with pg_checksums: without them a disk that errs is not noticed")
	wal, value := setting(settings, "wal_level")
	wal = wal.but(Warn, value == "minimal", "set it to replica, so that there can be standbys and a backup up to a point in time")
	return []Check{fsync, commit, standbys, pages, checksums, wal}
}

// upkeep judges the settings by which the database stays quick.
func upkeep(settings map[string]string) []Check {
	autovacuum, value := setting(settings, "autovacuum")
	autovacuum = autovacuum.but(Warn, value == "off" || settings["track_counts"] == "off",
		"turn autovacuum and track_counts on: rows that are updated pile up otherwise")
	readOnly, value := setting(settings, "default_transaction_read_only")
	readOnly = readOnly.but(Fail, value == "on", "turn it off for the ledger's role and database, which can write nothing with it")
	isolation, _ := setting(settings, "default_transaction_isolation")
	zone, _ := setting(settings, "TimeZone")
	zone.Name = "timezone"
	idle, value := setting(settings, "idle_in_transaction_session_timeout")
	if value == "0" {
		idle.Found = "never"
	} else if value != "" {
		idle.Found = value + " ms"
	}
	return []Check{autovacuum, readOnly, isolation, zone, idle}
}

func tables(d postgres.Diagnosis) []Check {
	if len(d.Tables) == 0 {
		return nil
	}
	var all int64
	for _, t := range d.Tables {
		all += t.Bytes
	}
	largest := slices.SortedFunc(slices.Values(d.Tables), func(a, b postgres.TableFacts) int { return cmp.Compare(b.Bytes, a.Bytes) })
	var sizes []string
	for _, t := range largest[:min(3, len(largest))] {
		sizes = append(sizes, t.Name+" "+size(t.Bytes))
	}
	checks := []Check{ok("size", "%s: %s", size(all), strings.Join(sizes, ", "))}
	for _, t := range d.Tables {
		if t.Name == "balances" {
			checks = append(checks, balances(t)...)
		}
	}
	missing := ok("objects", "all there")
	if len(d.Missing) > 0 {
		missing.Found = "missing: " + strings.Join(d.Missing, ", ")
	}
	checks = append(checks, missing.but(Fail, len(d.Missing) > 0,
		"restore a backup beside, and compare; make a key, an index or a check anew as adapters/postgres/migrations does"))
	indexes := ok("indexes", "all valid")
	if len(d.InvalidIndexes) > 0 {
		indexes.Found = "invalid: " + strings.Join(d.InvalidIndexes, ", ")
	}
	return append(checks, indexes.but(Fail, len(d.InvalidIndexes) > 0, "make them anew: REINDEX INDEX CONCURRENTLY ledger."+strings.Join(d.InvalidIndexes, ", and so on for ")))
}

// balances judges the table that is updated by each posting.
func balances(t postgres.TableFacts) []Check {
	vacuumed := "never vacuumed"
	if !t.Vacuumed.IsZero() {
		vacuumed = "vacuumed at " + t.Vacuumed.Format("2006-01-02T15:04:05Z")
	}
	dead := ok("dead_rows", "%d dead to %d live in balances, %s", t.Dead, t.Live, vacuumed).
		but(Warn, t.Dead > 10_000 && t.Dead > t.Live, "look for a transaction that is open for long, or have autovacuum come sooner: VACUUM ledger.balances")
	if t.Updates == 0 {
		return []Check{dead, ok("hot_updates", "no updates of balances yet")}
	}
	share := float64(t.HOTUpdates) / float64(t.Updates)
	hot := ok("hot_updates", "%.0f%% of %d updates of balances touch no index", share*100, t.Updates).
		but(Warn, t.Updates > 10_000 && share < 0.9, "look for a transaction that is open for long: pages of balances have no room left")
	return []Check{dead, hot}
}

// size returns a number of bytes for people.
func size(bytes int64) string {
	if bytes < 1<<10 {
		return fmt.Sprintf("%d B", bytes)
	}
	value, unit := float64(bytes)/(1<<10), 0
	units := []string{"KiB", "MiB", "GiB", "TiB"}
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
