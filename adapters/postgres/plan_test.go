package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
)

// newPlanner returns a store on an empty, migrated database that nothing
// analyzes, and a connection such as its committers have.
func newPlanner(t *testing.T) (*Store, *pgx.Conn) {
	t.Helper()
	dsn := postgrestest.Database(t, postgrestest.Template{})
	store, err := Open(t.Context(), Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	config, err := store.config.connect(store.config.LockTimeout)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close(context.WithoutCancel(t.Context())) })
	for table := range keys() {
		execute(t, connection, "ALTER TABLE ledger."+table+" SET (autovacuum_enabled = off)")
	}
	return store, connection
}

func execute(t *testing.T, connection *pgx.Conn, statement string, arguments ...any) {
	t.Helper()
	if _, err := connection.Exec(t.Context(), statement, arguments...); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
}

// keys are the books' tables and their primary keys.
func keys() map[string][]string {
	return map[string][]string{
		"accounts":     {"ledger", "id"},
		"balances":     {"ledger", "account", "stripe"},
		"transactions": {"ledger", "id"},
		"entries":      {"ledger", "account", "stripe", "sequence"},

		"account_metadata":     {"ledger", "key", "value", "opened_at", "account"},
		"transaction_metadata": {"ledger", "key", "value", "recorded_at", "transaction"},
		"reservations":         {"ledger", "account", "expires_at", "transaction"},
		"resolutions":          {"ledger", "transaction"},
		"corrections":          {"ledger", "account", "stripe", "level", "span"},
		"pending_accounts":     {"ledger", "account", "recorded_at", "transaction"},
	}
}

// plan is a node of what EXPLAIN (FORMAT JSON) prints.
type plan struct {
	NodeType  string `json:"Node Type"`
	Relation  string `json:"Relation Name"`
	Index     string `json:"Index Name"`
	Condition string `json:"Index Cond"`
	Filter    string `json:"Filter"`
	// Loops is how often it was carried out, if it was.
	Loops float64 `json:"Actual Loops"`
	Plans []plan
}

func parsePlan(t *testing.T, text string) plan {
	t.Helper()
	var explained []struct{ Plan plan }
	if err := json.Unmarshal([]byte(text), &explained); err != nil || len(explained) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	return explained[0].Plan
}

// faults returns what is wrong with a plan of a hot statement: every table of the
// books must be read by the places of its rows, or through an index with the whole of
// its primary key in the index condition, but for the columns that a range leaves
// open.
func (p plan) faults(open []string) (faults []string) {
	key, isBook := keys()[p.Relation]
	switch {
	case slices.Contains([]string{"Hash Join", "Merge Join", "Bitmap Index Scan", "Seq Scan"}, p.NodeType):
		faults = append(faults, p.NodeType+" "+p.Relation)
	case !isBook, p.NodeType == "ModifyTable", p.NodeType == "Tid Scan" && p.Filter == "":
	case p.NodeType != "Index Scan" && p.NodeType != "Index Only Scan":
		faults = append(faults, p.NodeType+" "+p.Relation)
	case p.Filter != "":
		faults = append(faults, p.Relation+" is filtered by "+p.Filter)
	case !slices.Contains([]string{p.Relation + "_pkey", "transactions_reverses", "reservations_expiry"}, p.Index):
		// It would be read as a whole: its columns are not the key's, or in another order.
		faults = append(faults, fmt.Sprintf("%s is found by %s: %s", p.Relation, p.Index, p.Condition))
	default:
		for _, column := range key {
			if !strings.Contains(p.Condition, column) && !slices.Contains(open, column) {
				faults = append(faults, p.Relation+" is found without its "+column+": "+p.Condition)
			}
		}
	}
	for _, child := range p.Plans {
		faults = append(faults, child.faults(open)...)
	}
	return faults
}

// reads returns how many nodes read a table of the books.
func (p plan) reads() (n int) {
	if _, isBook := keys()[p.Relation]; isBook {
		n++
	}
	for _, child := range p.Plans {
		n += child.reads()
	}
	return n
}

// loops returns how often a table was read.
func (p plan) loops(table string) (n float64) {
	if p.Relation == table {
		n += p.Loops
	}
	for _, child := range p.Plans {
		n += child.loops(table)
	}
	return n
}
