package postgres

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestAuditPlans explains every statement that reads what was, and that finds, on
// tables of every age, as TestPlans does the others. Each index must be entered by
// the whole of what its range is known by.
func TestAuditPlans(t *testing.T) {
	t.Parallel()
	_, connection := newPlanner(t)
	ages := []struct {
		name    string
		prepare func()
	}{
		{"empty", func() {}},
		{"analyzed when empty", func() { execute(t, connection, "VACUUM ANALYZE") }},
		{"young", func() { fillPast(t, connection, 1, 3_000) }},
		{"large with the statistics of a small one", func() {
			execute(t, connection, "ANALYZE")
			fillPast(t, connection, 3_001, 100_000)
		}},
		{"large and analyzed", func() { execute(t, connection, "VACUUM ANALYZE") }},
	}
	for _, age := range ages {
		age.prepare()
		for _, s := range slices.Concat(pastStatements(), findStatements(), findTransactionStatements()) {
			execute(t, connection, "SET plan_cache_mode = force_generic_plan")
			p := explainPrepared(t, connection, s.hotStatement)
			got := p.ranges()
			slices.Sort(got)
			slices.Sort(s.ranges)
			if !slices.Equal(got, s.ranges) {
				t.Errorf("%s: %s: reads\n%s\nwant\n%s", age.name, s.name, strings.Join(got, "\n"), strings.Join(s.ranges, "\n"))
			}
		}
	}
}

// fillPast inserts what is numbered first to last: ledgers, accounts and transactions
// with metadata, and entries and corrections on one account.
func fillPast(t *testing.T, connection *pgx.Conn, first, last int) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO ledger.ledgers (name) SELECT 'ledger-' || n FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.accounts (ledger, id, name, opened_at, fingerprint, attempt, metadata)
SELECT 1, 'user-' || n, '', now() + n * interval '1 ms', sha256(''), 0, '{"key":"value"}' FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.account_metadata SELECT 1, 'key', 'value', now() + n * interval '1 ms', 'user-' || n
FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.balances SELECT 1, 'user-' || n, 0, 2, 1, 2, 'USD', 0, 0, 100, 1, now() FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.transactions (ledger, id, recorded_at, attempt, fingerprint, accounts, stripes, sequences)
SELECT 1, 'tx-' || n, now(), 0, sha256(''), array['user-1', 'user-2'], array[0, 0], array[n, n] FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.transaction_metadata SELECT 1, 'key', 'value', now() + n * interval '1 ms', 'tx-' || n
FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at)
SELECT 1, 'user-1', 0, n, 2, 100, 100, 0, 'tx-' || n, now() + n * interval '1 ms' FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.pending_accounts SELECT 1, 'user-1', now() + n * interval '1 ms', 'tx-' || n FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.reservations SELECT 1, 'user-1', now() + n % 7 * interval '1 day', 'tx-' || n, 1, 0, now() + n * interval '1 ms'
FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.resolutions SELECT 1, 'tx-' || n, 3, now(), 0 FROM generate_series($1::int, $2::int) AS n`,
		`INSERT INTO ledger.corrections SELECT 1, 'user-1', 0, n % 12, n, 0, 100 FROM generate_series($1::int, $2::int) AS n`,
	} {
		execute(t, connection, statement, first, last)
	}
}

// rangedStatement is a statement and the ranges that it reads, in the form of
// [plan.ranges].
type rangedStatement struct {
	hotStatement
	ranges []string
}

func ranged(name, sql, literals string, ranges ...[]string) rangedStatement {
	return rangedStatement{hotStatement{name: name, sql: sql, literals: literals}, slices.Concat(ranges...)}
}

// The ranges that accounts, the totals that they had, and transactions are read by.
func rangesOfAccounts() []string {
	return []string{"accounts(ledger, id)", "balances(ledger, account)", "reservations(ledger, account, expires_at)"}
}

func rangesOfTotals() []string {
	return []string{"entries_recorded(ledger, account, stripe, recorded_at)", "entries(ledger, account, stripe, sequence) filtered"}
}

func rangesOfCorrections() []string {
	return []string{"corrections(ledger, account, stripe)", "corrections(ledger, account, stripe, level, span)"}
}

func rangesOfTransactions() []string {
	return []string{
		"transactions(ledger, id)", "transactions_reverses(ledger, reverses)", "resolutions(ledger, transaction)",
		"balances(ledger, account, stripe)", "entries(ledger, account, stripe, sequence)",
	}
}

// pastStatements are those of balances of the past, statements and trial balances.
func pastStatements() []rangedStatement {
	const (
		at        = "'2026-01-01', '{0,1}', '{1,2}', '{3,4}'"
		page      = "'{user-1}', 1, 'user-1', 16, 0, 100, '2026-01-01', NULL"
		balances  = "balances(ledger, account)"
		everybody = "balances(ledger)"
		accounts  = "accounts(ledger, id)"
		entries   = "entries(ledger, account, stripe, sequence)"
	)
	return []rangedStatement{
		ranged("balanceNow", selectBalanceNow, "'{user-1}', 1", rangesOfAccounts()),
		ranged("balanceAt", selectBalanceAt, "'user-1', 1, "+at, []string{balances}, rangesOfTotals(), rangesOfCorrections()),
		ranged("statementNewest", statementNewest, page, rangesOfAccounts(), []string{balances, entries}, rangesOfTotals(), rangesOfTotals()),
		ranged("statementOldest", statementOldest, page, rangesOfAccounts(), []string{balances, entries}, rangesOfTotals(), rangesOfTotals()),
		ranged("trialBalanceNow", trialBalanceNow, "'', 1, 100", []string{everybody, accounts}, rangesOfAccounts()),
		ranged("trialBalanceAt", trialBalanceAt, "'', 1, "+at+", 100", []string{everybody, accounts, balances},
			rangesOfTotals(), rangesOfTotals(), rangesOfCorrections(), rangesOfCorrections()),
	}
}

// findStatements are those that find accounts, transactions and ledgers.
func findStatements() []rangedStatement {
	const (
		all     = "'user-7', 1, 'infinity', 100, '', 0"
		prefix  = all + ", 'user-5', 'user-6'"
		pairs   = prefix + `, 'key', 'value', '{"key":"value"}'`
		cursor  = "accounts(ledger, id)"
		matches = "balances(ledger, account, stripe) filtered"
		opened  = "accounts_opened(ledger, opened_at, id) filtered"
		pair    = "account_metadata(ledger, key, value, opened_at, account) filtered"
		inPairs = "accounts(ledger, id) filtered"
	)
	byTime, byPrefix, byPair := []string{cursor, matches, opened}, []string{cursor, matches, cursor}, []string{cursor, matches, pair, inPairs}
	byName := []string{"ledgers(id)", "ledgers_name_key(name)"}
	return []rangedStatement{
		ranged("findNewest", findNewest, all, rangesOfAccounts(), byTime),
		ranged("findOldest", findOldest, all, rangesOfAccounts(), byTime),
		ranged("findPrefixNewest", findPrefixNewest, prefix, rangesOfAccounts(), byPrefix),
		ranged("findPrefixOldest", findPrefixOldest, prefix, rangesOfAccounts(), byPrefix),
		ranged("findPairNewest", findPairNewest, pairs, rangesOfAccounts(), byPair),
		ranged("findPairOldest", findPairOldest, pairs, rangesOfAccounts(), byPair),
		ranged("selectOpenings", selectOpenings, "1, '{user-1,user-7}'",
			[]string{"entries(ledger, account, stripe, sequence)", "balances(ledger, account, stripe)"}),
		ranged("selectLedger", selectLedger, "'ledger-7'", []string{"ledgers_name_key(name)"}),
		ranged("findLedgersNewest", findLedgersNewest, "'ledger-7', 100", byName),
		ranged("findLedgersOldest", findLedgersOldest, "'ledger-7', 100", byName),
	}
}

// findTransactionStatements are those that find transactions.
func findTransactionStatements() []rangedStatement {
	const (
		all    = `1, 'tx-7', '-infinity', 'infinity', 100, 'user-1', 2, '{"key":"value"}'`
		tagged = all + `, 'key', 'value'`
	)
	// Each looks up the cursor, and what the transactions are asked to be.
	matching := []string{"transactions(ledger, id) filtered", "resolutions(ledger, transaction)"}
	walk := func(index string) []string {
		return slices.Concat(rangesOfTransactions(), matching, []string{"transactions(ledger, id)", index + " filtered"})
	}
	const (
		made      = "pending_accounts(ledger, account, recorded_at, transaction)"
		firstOnes = "entries(ledger, account, stripe, sequence) filtered"
	)
	recorded, madePending := walk("transactions_recorded(ledger, recorded_at, id)"), walk("transactions_made_pending(ledger, recorded_at, id)")
	madeOfAccount, pendingOfAccount := walk(made), walk("reservations_account(ledger, account, recorded_at, transaction)")
	pairs := walk("transaction_metadata(ledger, key, value, recorded_at, transaction)")
	pending := slices.Concat(walk("reservations_recorded(ledger, recorded_at, transaction)"), matching, []string{made + " filtered"})
	// Along the entries, those of the page and those of its last time, and three times
	// between which they are.
	ofAccount := slices.Concat(
		madeOfAccount, []string{"balances(ledger, account)", "balances(ledger, account, stripe)"}, rangesOfTotals(), rangesOfTotals(), rangesOfTotals(),
		[]string{firstOnes, firstOnes, "transactions(ledger, id) filtered", "transactions(ledger, id) filtered"},
	)
	return []rangedStatement{
		ranged("findRecordedNewest", findRecordedNewest, all, recorded),
		ranged("findRecordedOldest", findRecordedOldest, all, recorded),
		ranged("findMadePendingNewest", findMadePendingNewest, all, madePending),
		ranged("findMadePendingOldest", findMadePendingOldest, all, madePending),
		ranged("findMadePendingOfAccountNewest", findMadePendingOfAccountNewest, all, madeOfAccount),
		ranged("findMadePendingOfAccountOldest", findMadePendingOfAccountOldest, all, madeOfAccount),
		ranged("findPendingNewest", findPendingNewest, all, pending),
		ranged("findPendingOldest", findPendingOldest, all, pending),
		ranged("findPendingOfAccountNewest", findPendingOfAccountNewest, all, pendingOfAccount),
		ranged("findPendingOfAccountOldest", findPendingOfAccountOldest, all, pendingOfAccount),
		ranged("findTaggedNewest", findTaggedNewest, tagged, pairs),
		ranged("findTaggedOldest", findTaggedOldest, tagged, pairs),
		ranged("findOfAccountNewest", findOfAccountNewest, all, ofAccount),
		ranged("findOfAccountOldest", findOfAccountOldest, all, ofAccount),
		ranged("findResolvedOldest", findResolvedOldest, "1, '2026-01-01', 'tx-7', 100",
			rangesOfTransactions(), []string{"resolutions_recorded(ledger, recorded_at, transaction)"}),
		ranged("selectSizes", selectSizes, "1, 'user-1', 'key', 'value', 10000", []string{
			"balances(ledger, account)", "pending_accounts(ledger, account)", "transaction_metadata(ledger, key, value)",
		}),
	}
}

// ranges returns what the plan reads of tables: the table, or its index if that is not
// the primary key, with the columns that stand in the index condition, and whether more
// is filtered out. What is read or joined in
// another way than along an index is told as it is.
func (p plan) ranges() (found []string) {
	switch {
	case p.Relation == "" && (strings.HasSuffix(p.NodeType, "Hash Join") || p.NodeType == "Merge Join"):
		found = append(found, p.NodeType)
	case p.Relation == "":
	case p.NodeType != "Index Scan" && p.NodeType != "Index Only Scan":
		found = append(found, p.NodeType+" "+p.Relation)
	default:
		read := fmt.Sprintf("%s(%s)", strings.TrimSuffix(p.Index, "_pkey"), strings.Join(conditionColumns(p.Condition), ", "))
		if p.Filter != "" {
			read += " filtered"
		}
		found = append(found, read)
	}
	for _, child := range p.Plans {
		found = append(found, child.ranges()...)
	}
	return found
}

// conditionColumns returns the columns that an index condition compares.
func conditionColumns(condition string) (columns []string) {
	compared := regexp.MustCompile(`(?:ROW)?\(([a-z_]+(?:, [a-z_]+)*)\)? [=<>]`)
	for _, match := range compared.FindAllStringSubmatch(condition, -1) {
		for column := range strings.SplitSeq(match[1], ", ") {
			if !slices.Contains(columns, column) {
				columns = append(columns, column)
			}
		}
	}
	return columns
}
