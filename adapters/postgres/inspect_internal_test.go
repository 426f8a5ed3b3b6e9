package postgres

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/seed-d432d95b/ledger/ledger"
)

// TestUnitsOf reads numbers as PostgreSQL writes them.
func TestUnitsOf(t *testing.T) {
	t.Parallel()
	read := func(n pgtype.Numeric) (ledger.Amount, string) {
		value, err := pgtype.NewMap().Encode(pgtype.NumericOID, pgtype.BinaryFormatCode, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		return unitsOf(value)
	}
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(1))
	numbers := []*big.Int{new(big.Int), largest, new(big.Int).Neg(largest)}
	for digits := range int64(76) {
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil)
		numbers = append(numbers, power, new(big.Int).Neg(power), new(big.Int).Sub(power, big.NewInt(1)),
			new(big.Int).Mul(power, big.NewInt(rand.Int64N(9)+1)), new(big.Int).Div(largest, power))
	}
	for _, n := range numbers {
		want, err := ledger.ParseUnits(n.String())
		if err != nil {
			t.Fatal(err)
		}
		if got, fault := read(pgtype.Numeric{Int: n, Valid: true}); got != want || fault != "" {
			t.Errorf("%s is read as %s, %s", n, got, fault)
		}
	}
	for want, n := range map[string]pgtype.Numeric{
		"is NaN":              {NaN: true, Valid: true},
		"is infinite":         {InfinityModifier: pgtype.NegativeInfinity, Valid: true},
		"has decimal places":  {Int: big.NewInt(15), Exp: -1, Valid: true},
		"has too many digits": {Int: new(big.Int).Add(largest, big.NewInt(1)), Valid: true},
	} {
		if got, fault := read(n); got != (ledger.Amount{}) || fault != want {
			t.Errorf("%+v is read as %s, %s; want %s", n, got, fault, want)
		}
	}
	for _, n := range []pgtype.Numeric{{Int: big.NewInt(1), Exp: 100, Valid: true}, {Int: big.NewInt(1), Exp: -100, Valid: true}} {
		if _, fault := read(n); fault == "" {
			t.Errorf("%+v can be read", n)
		}
	}
	if _, fault := unitsOf(nil); fault == "" {
		t.Error("nothing can be read")
	}
}

func randomBits(count int) *big.Int {
	n := new(big.Int)
	for range count {
		n.Add(n.Lsh(n, 1), big.NewInt(rand.Int64N(2)))
	}
	return n
}

// TestRemainder compares remainders with those of big numbers.
func TestRemainder(t *testing.T) {
	t.Parallel()
	for range 1000 {
		n := randomBits(rand.IntN(255))
		if rand.IntN(2) == 0 {
			n.Neg(n)
		}
		amount, err := ledger.ParseUnits(n.String())
		if err != nil {
			t.Fatal(err)
		}
		if want := new(big.Int).Mod(n, big.NewInt(prime)).Uint64(); remainder(amount) != want {
			t.Errorf("of %s it is %d, want %d", n, remainder(amount), want)
		}
	}
}

// TestInspectionPlans explains what is read of a part of the books, on large tables: all
// of it is found by more of a key than the ledger, or at its place, where the parts are
// kept and where they are not.
func TestInspectionPlans(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	fillPast(t, connection, 1, 30_000)
	for _, age := range []string{"young", "analyzed"} {
		for name, scope := range map[string]ledger.Scope{
			"since":         {Since: time.Now()},
			"account":       {Account: "user-1"},
			"account since": {Account: "user-1", Since: time.Now()},
		} {
			part := inspected{scope}
			i := &inspection{store: store, book: 1, within: t.Context(), connection: connection}
			execute(t, connection, "BEGIN")
			if err := i.plan(t.Context(), byKeys); err != nil {
				t.Fatal(err)
			}
			checkKeys := func(statements map[string]string) {
				for of, statement := range statements {
					for _, read := range explainText(t, connection, statement).ranges() {
						if isOfPart(part, read) {
							continue
						}
						if _, columns, found := strings.Cut(read, "("); !found && !strings.HasPrefix(read, "Tid Scan") || found && !strings.Contains(columns, ", ") {
							t.Errorf("%s: %s: %s: reads %s", age, name, of, read)
						}
					}
				}
			}
			checkKeys(statementsOfPart(part, false))
			if err := i.keep(t.Context(), scope); err != nil || i.kept != scope {
				t.Fatalf("of %s %+v is kept, %v", name, i.kept, err)
			}
			kept := statementsOfPart(part, true)
			for _, p := range part.parts() {
				kept["part "+p.name] = literals(p.statement)
			}
			checkKeys(kept)
			execute(t, connection, "ROLLBACK")
		}
		execute(t, connection, "ANALYZE ledger.transactions, ledger.entries, ledger.balances, ledger.accounts, ledger.reservations, "+
			"ledger.resolutions, ledger.pending_accounts, ledger.transaction_metadata, ledger.account_metadata")
	}
}

// isOfPart says whether what a plan reads is a part that is kept.
func isOfPart(part inspected, read string) bool {
	return slices.ContainsFunc(part.parts(), func(p partOfBooks) bool { return read == "Seq Scan "+p.name })
}

// literals puts values in the places of a statement's parameters.
func literals(statement string) string {
	return strings.NewReplacer("$1", "1", "$2", "'user-1'::text", "$3", "now()").Replace(statement)
}

func statementsOfPart(part inspected, isKept bool) map[string]string {
	statements := map[string]string{
		"balances": inspectBalances, "opened": inspectOpened, "reserved": inspectReservedOfPart, "assets": inspectAssets,
		"transactions": inspectTransactions, "resolutions": inspectResolutions, "reversals": inspectReversalsOfPart,
		"reservations": inspectReservations, "reversed": inspectReversed, "entries of records": inspectEntriesOfPart,
		"entries": inspectEntriesOfAccount,
	}
	if !part.Since.IsZero() {
		statements["entries"] = inspectEntriesSince
	}
	for n, f := range allFlaws() {
		if !f.ofWhole {
			statements[fmt.Sprintf("flaw %d, %s", n, f.message)] = f.statement
		}
	}
	for name, statement := range statements {
		statements[name] = literals(part.fill(statement, isKept))
	}
	return statements
}

// TestInspectionOfWholeIsNotQuadratic explains what reads all of a ledger that is not in
// the statistics, as one that came after the last ANALYZE. It is thought to be tiny, and
// must not be read once for each of its rows.
func TestInspectionOfWholeIsNotQuadratic(t *testing.T) {
	t.Parallel()
	store, connection := newPlanner(t)
	fillPast(t, connection, 1, 30_000)
	execute(t, connection, "ANALYZE")
	i := &inspection{store: store, connection: connection}
	execute(t, connection, "BEGIN")
	if err := i.plan(t.Context(), byTables); err != nil {
		t.Fatal(err)
	}
	statements := map[string]string{
		"balances": inspectBalances, "opened": inspectOpened, "reserved": inspectReservedOfWhole, "backdated": inspectBackdated,
		"corrections": inspectCorrections, "assets": inspectAssets,
		"transactions": inspectTransactions, "resolutions": inspectResolutions, "reversals": inspectReversals,
		"reservations": inspectReservations, "reversed": inspectReversed, "entries of records": inspectEntriesOfWhole,
		"entries": inspectEntries,
	}
	for n, f := range allFlaws() {
		statements[fmt.Sprintf("flaw %d, %s", n, f.message)] = f.statement
	}
	for of, statement := range statements {
		statement = strings.NewReplacer("$1", "2", "$2", "''::text", "$3", "now()").Replace(inspected{}.fill(statement, false))
		if found := explainText(t, connection, statement).repeated(false); len(found) > 0 {
			t.Errorf("%s: for each row of another it reads %v", of, found)
		}
	}
}

// repeated returns the tables that a plan reads as a whole, all of a ledger, for each row
// of another.
func (p plan) repeated(isRepeated bool) (found []string) {
	_, isBook := keys()[p.Relation]
	if columns := conditionColumns(p.Condition); isRepeated && isBook && (len(columns) == 0 || len(columns) == 1 && columns[0] == "ledger") &&
		p.NodeType != "Tid Scan" {
		found = append(found, p.NodeType+" "+p.Relation)
	}
	for n, child := range p.Plans {
		found = append(found, child.repeated(isRepeated || p.NodeType == "Nested Loop" && n > 0)...)
	}
	return found
}

func explainText(t *testing.T, connection *pgx.Conn, statement string) plan {
	t.Helper()
	var text string
	if err := connection.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+statement, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatalf("%v\n%s", err, statement)
	}
	return parsePlan(t, text)
}

// TestScopesAreFilled looks for what is left of a template.
func TestScopesAreFilled(t *testing.T) {
	t.Parallel()
	for _, scope := range []ledger.Scope{{}, {Account: "a"}, {Since: time.Unix(0, 0)}, {Account: "a", Since: time.Unix(0, 0)}} {
		statements := []string{inspectBalances, inspectTransactions, inspectEntriesOfPart}
		for _, f := range allFlaws() {
			statements = append(statements, f.statement)
		}
		if slices.ContainsFunc(statements, func(s string) bool {
			return strings.Contains(inspected{scope}.fill(s, false), "@") && !strings.Contains(s, "@.type")
		}) {
			t.Errorf("%+v leaves a place open", scope)
		}
	}
}
