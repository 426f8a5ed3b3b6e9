package postgres_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// breakage is a way to break the books of [newInspected] by SQL, and all that is found
// then: the check, the account with the number of an entry, the transaction. Of world
// accounts, numbers are left out, for which stripe was written to is anybody's guess.
type breakage struct {
	name, sql string
	want      []string
}

// TestInspectBroken breaks the books in one way at a time: it is found where it is, and
// nothing else but what follows from it.
func TestInspectBroken(t *testing.T) {
	t.Parallel()
	template := postgrestest.Template{Name: "inspected", Prepare: func(ctx context.Context, dsn string) error {
		store, err := postgres.Open(ctx, postgres.Config{DSN: dsn, SweepInterval: -1})
		if err != nil {
			return err
		}
		if err := store.Migrate(ctx); err != nil {
			return err
		}
		b := fillInspected(t, dsn, store) //nolint:contextcheck // It has that of the test.
		if err := b.connection.Close(ctx); err != nil {
			return err
		}
		return store.Close()
	}}
	// The template is made before the tests that run in parallel.
	postgrestest.Database(t, template)
	for _, breakage := range slices.Concat(brokenEntries(), brokenAccounts(), brokenTransactions(), brokenPending(), brokenIndexes(), unreadables()) {
		t.Run(breakage.name, func(t *testing.T) {
			t.Parallel()
			dsn := postgrestest.Database(t, template)
			connection := connect(t, dsn)
			// The ledger is the second of three.
			tag, err := connection.Exec(t.Context(), strings.ReplaceAll(breakage.sql, "@l", "ledger = 2"), pgx.QueryExecModeSimpleProtocol)
			if err != nil || tag.RowsAffected() == 0 {
				t.Fatalf("%v, %v", tag, err)
			}
			store := openStore(t, dsn, func(c *postgres.Config) { c.SweepInterval = -1 })
			l, err := ledger.Open(t.Context(), store, ledger.Config{Name: "inspected"})
			if err != nil {
				t.Fatal(err)
			}
			b := &inspectedBooks{Ledger: l, store: store, dsn: dsn, connection: connection}
			got := tell(b.verify(t, ledger.Scope{}))
			if !slices.Equal(got, breakage.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(breakage.want, "\n"))
			}
			// Pages of it may fail, but say so.
			_, _ = l.FindTransactions(t.Context(), ledger.TransactionQuery{Limit: ledger.MaxLimit})
			_, _ = l.FindAccounts(t.Context(), ledger.AccountQuery{Limit: ledger.MaxLimit})
			if err := connection.QueryRow(t.Context(), "SELECT recorded_at FROM ledger.transactions WHERE ledger = 2 AND id = 'deposit-0-2'").Scan(&b.middle); err != nil {
				t.Fatal(err)
			}
			for _, f := range b.verify(t, ledger.Scope{Since: b.middle}) {
				if !strings.Contains(strings.Join(got, "\n"), cmp.Or(f.Transaction, f.Account)) {
					t.Errorf("since: found %+v", f)
				}
			}
		})
	}
}

// tell writes findings down without their messages, each once.
func tell(findings []ledger.Finding) (told []string) {
	for _, f := range findings {
		account := f.Account
		if f.Sequence != nil && !ledger.IsWorldID(f.Account) {
			account += fmt.Sprint("#", *f.Sequence)
		}
		line := strings.TrimRight(fmt.Sprintf("%s %s %s", f.Check, account, f.Transaction), " ")
		if f.Message == "" {
			line += " without a message"
		}
		told = append(told, line)
	}
	slices.Sort(told)
	return slices.Compact(told)
}

func brokenEntries() []breakage {
	const fee = "WHERE @l AND transaction = 'fee-2' AND account = 'c'"
	return []breakage{
		{"amount", "UPDATE ledger.entries SET amount = 2 " + fee, []string{"balance_equals_sum", "debits_equal_credits  fee-2", "running_balance c#3 fee-2"}},
		{"balance", "UPDATE ledger.entries SET balance = balance + 1 " + fee, []string{"running_balance c#3 fee-2", "running_balance c#4 back-2"}},
		{"running total of debits", "UPDATE ledger.entries SET debits = debits + 1 " + fee, []string{"running_balance c#3 fee-2", "running_balance c#4 back-2"}},
		{"side", "UPDATE ledger.entries SET side = 3 - side " + fee, []string{"balance_equals_sum", "debits_equal_credits  fee-2", "running_balance c#3 fee-2"}},
		{"recorded later", "UPDATE ledger.entries SET recorded_at = recorded_at + interval '1 hour' " + fee, []string{"times_in_order c#3 fee-2", "times_in_order c#4 back-2"}},
		{"recorded earlier", "UPDATE ledger.entries SET recorded_at = recorded_at - interval '1 hour' " + fee, []string{"times_in_order c#3 fee-2"}},
		{"effective later", "UPDATE ledger.entries SET effective_at = recorded_at + interval '1 hour' " + fee, []string{"times_in_order c#3 fee-2"}},
		{"effective earlier", "UPDATE ledger.entries SET effective_at = recorded_at - interval '1 hour' " + fee, []string{"stored c", "times_in_order c#3 fee-2"}},
		{"transaction of an entry", "UPDATE ledger.entries SET transaction = 'deposit-0-2' " + fee, []string{"links c#3 deposit-0-2", "links c#3 fee-2"}},
		{"transaction of an entry that is not there", "UPDATE ledger.entries SET transaction = 'nothing' " + fee, []string{"links c#3 fee-2", "links c#3 nothing"}},
		{"number", "UPDATE ledger.entries SET sequence = sequence + 100 " + fee, []string{"balance_equals_sum c", "links c#103 fee-2", "links c#3 fee-2", "sequence_without_gap c", "sequence_without_gap c#103 fee-2", "sequence_without_gap c#4 back-2", "times_in_order c#103 fee-2"}},
		{"stripe", "UPDATE ledger.entries SET stripe = 1 " + fee, []string{"links c", "links c#3 fee-2", "sequence_without_gap c#3 fee-2", "sequence_without_gap c#4 back-2"}},
		{"account of an entry", "UPDATE ledger.entries SET account = 'idle' " + fee, []string{"balance_equals_sum idle", "links c#3 fee-2", "links idle#3 fee-2", "sequence_without_gap c#4 back-2", "sequence_without_gap idle", "sequence_without_gap idle#3 fee-2", "times_in_order idle"}},
		{"account of an entry that is not there", "UPDATE ledger.entries SET account = 'nobody' " + fee, []string{"balance_equals_sum", "links c#3 fee-2", "links nobody", "links nobody#3 fee-2", "sequence_without_gap c#4 back-2", "sequence_without_gap nobody#3 fee-2"}},
		{"entry deleted", "DELETE FROM ledger.entries " + fee, []string{"balance_equals_sum", "links c#3 fee-2", "sequence_without_gap c#4 back-2"}},
		{"last entry deleted", "DELETE FROM ledger.entries WHERE @l AND account = '" + oddSQL + "' AND transaction = 'undo-hold-2'", []string{"balance_equals_sum", `balance_equals_sum ödd "id"\{},'%_`, `links ödd "id"\{},'%_#6 undo-hold-2`, `sequence_without_gap ödd "id"\{},'%_`}},
		{"opening deleted", "DELETE FROM ledger.entries WHERE @l AND account = 'a' AND sequence = 0", []string{"balance_equals_sum", "links a#0 opening:a", "running_balance a#1 deposit-0-1"}},
		{"all entries deleted", "DELETE FROM ledger.entries WHERE @l AND account = 'c'", []string{"balance_equals_sum", "balance_equals_sum c", "links c#1 fee-1", "links c#2 back-1", "links c#3 fee-2", "links c#4 back-2", "sequence_without_gap c", "stored c"}},
		{"entry twice", "ALTER TABLE ledger.entries DROP CONSTRAINT entries_pkey; INSERT INTO ledger.entries SELECT * FROM ledger.entries " + fee, []string{"unique_id c#3 fee-2"}},
		{"entry added", `INSERT INTO ledger.entries (ledger, account, stripe, sequence, side, amount, balance, debits, transaction, recorded_at)
SELECT 2, account, 0, sequence + 1, 2, 5, 5, debits, 'fee-2', recorded_at FROM ledger.balances WHERE @l AND account = 'idle'`, []string{"balance_equals_sum", "balance_equals_sum idle", "links idle#1 fee-2", "sequence_without_gap idle"}},
		{"side and amount of both", "UPDATE ledger.entries SET amount = 2 WHERE @l AND transaction = 'fee-2'", []string{"balance_equals_sum", "running_balance b#6 fee-2", "running_balance c#3 fee-2"}},
	}
}

// oddSQL is an odd id in SQL.
var oddSQL = strings.ReplaceAll(oddID, "'", "''")

func brokenAccounts() []breakage {
	const balance = "WHERE @l AND account = 'c'"
	const world = "WHERE @l AND account = 'world:USD' AND stripe = 3"
	return []breakage{
		{"debits of a balance", "UPDATE ledger.balances SET debits = debits + 1 " + balance, []string{"balance_equals_sum", "balance_equals_sum c", "debits_equal_credits"}},
		{"credits of a balance", "UPDATE ledger.balances SET credits = credits + 1 " + balance, []string{"balance_equals_sum", "balance_equals_sum c", "debits_equal_credits"}},
		{"both of a balance", "UPDATE ledger.balances SET debits = debits + 1, credits = credits + 1 " + balance, []string{"balance_equals_sum", "balance_equals_sum c"}},
		{"sequence of a balance", "UPDATE ledger.balances SET sequence = sequence + 1 " + balance, []string{"sequence_without_gap c"}},
		{"time of a balance", "UPDATE ledger.balances SET recorded_at = recorded_at - interval '1 hour' " + balance, []string{"times_in_order c"}},
		{"normal side", "UPDATE ledger.balances SET normal = 3 - normal " + balance, []string{"balance_equals_sum c", "running_balance c#1 fee-1", "running_balance c#2 back-1", "running_balance c#3 fee-2", "running_balance c#4 back-2"}},
		{"asset", "UPDATE ledger.balances SET asset = 'EUR' " + balance, []string{"debits_equal_credits", "debits_equal_credits  back-1", "debits_equal_credits  back-2", "debits_equal_credits  fee-1", "debits_equal_credits  fee-2"}},
		{"scale", "UPDATE ledger.balances SET scale = 3 " + balance, []string{"debits_equal_credits", "debits_equal_credits  back-1", "debits_equal_credits  back-2", "debits_equal_credits  fee-1", "debits_equal_credits  fee-2", "stored c"}},
		{"asset of nothing", "UPDATE ledger.balances SET asset = 'XYZ' WHERE @l AND account = 'idle'", []string{"links world:XYZ"}},
		{"minimum balance", "UPDATE ledger.balances SET min_balance = 5000000 WHERE @l AND account = 'a'", []string{"limits a"}},
		{"closed", "UPDATE ledger.balances SET status = 3 " + balance, []string{"limits c"}},
		{"pending debits", "UPDATE ledger.balances SET pending_debits = pending_debits + 1 WHERE @l AND account = 'a'", []string{"pending_totals a"}},
		{"pending credits", "UPDATE ledger.balances SET pending_credits = NULL WHERE @l AND account = 'b'", []string{"pending_totals b"}},
		{"next expiry", "UPDATE ledger.balances SET next_expiry = NULL WHERE @l AND account = 'a'", []string{"stored a"}},
		{"next expiry later", "UPDATE ledger.balances SET next_expiry = next_expiry + interval '1 day' WHERE @l AND account = 'a'", []string{"stored a"}},
		{"balance deleted", "DELETE FROM ledger.balances " + balance, []string{"debits_equal_credits", "links c"}},
		{"balance of an idle account deleted", "DELETE FROM ledger.balances WHERE @l AND account = 'idle'", []string{"links idle"}},
		{"balance twice", "ALTER TABLE ledger.balances DROP CONSTRAINT balances_pkey; INSERT INTO ledger.balances SELECT * FROM ledger.balances " + balance, []string{"balance_equals_sum", "debits_equal_credits", "unique_id c"}},
		{"account deleted", "DELETE FROM ledger.accounts WHERE @l AND id = 'c'", []string{"links c"}},
		{"account twice", "ALTER TABLE ledger.accounts DROP CONSTRAINT accounts_pkey; INSERT INTO ledger.accounts SELECT * FROM ledger.accounts WHERE @l AND id = 'c'", []string{"unique_id c"}},
		{"account added", "INSERT INTO ledger.accounts SELECT ledger, 'new', name, opened_at, fingerprint, attempt FROM ledger.accounts WHERE @l AND id = 'c'", []string{"links new"}},
		{"balance added", "INSERT INTO ledger.balances SELECT 2, 'new', 0, 2, 1, 2, 'USD', 0, 0, 0, 0, now()", []string{"links new"}},
		{"fingerprint of an account", "ALTER TABLE ledger.accounts DROP CONSTRAINT accounts_check; UPDATE ledger.accounts SET fingerprint = '\\x00' WHERE @l AND id = 'c'", []string{"stored c"}},
		{"no fingerprint of an account", "ALTER TABLE ledger.accounts ALTER fingerprint DROP NOT NULL; UPDATE ledger.accounts SET fingerprint = NULL WHERE @l AND id = 'c'", []string{"stored c"}},
		{"stripe deleted", "DELETE FROM ledger.balances WHERE @l AND account = 'world:EUR' AND stripe = 15", []string{"stored world:EUR"}},
		{"stripe added", "INSERT INTO ledger.balances SELECT ledger, account, 1, normal, status, scale, asset, min_balance, 0, 0, 0, now() FROM ledger.balances WHERE @l AND account = 'idle'", []string{"stored idle"}},
		{"world's normal side", "UPDATE ledger.balances SET normal = 2 WHERE @l AND account = 'world:EUR' AND stripe = 3", []string{"limits world:EUR"}},
		{"world's minimum", "UPDATE ledger.balances SET min_balance = 0 " + world, []string{"limits world:USD"}},
		{"world's status", "UPDATE ledger.balances SET status = 2 " + world, []string{"limits world:USD"}},
		{"world's scale", "UPDATE ledger.balances SET scale = 3 WHERE @l AND account = 'world:EUR' AND stripe = 3", []string{"stored world:EUR"}},
		{"world's asset", "UPDATE ledger.balances SET asset = 'EUR' WHERE @l AND account = 'world:USD' AND stripe = (SELECT min(stripe) FROM ledger.balances WHERE @l AND account = 'world:USD' AND sequence = 0)", []string{"stored world:USD"}},
		{"totals out of range", "UPDATE ledger.balances SET debits = debits + 9e75, credits = credits + 9e75 WHERE @l AND account = 'world:USD'", []string{"balance_equals_sum", "balance_equals_sum world:USD", "stored"}},
		{"world deleted", "DELETE FROM ledger.balances WHERE @l AND account = 'world:EUR'", []string{"links world:EUR"}},
	}
}

func brokenTransactions() []breakage {
	const fee = "WHERE @l AND id = 'fee-2'"
	const unchecked = "ALTER TABLE ledger.transactions DROP CONSTRAINT transactions_check; "
	const unkeyed = "ALTER TABLE ledger.transactions DROP CONSTRAINT transactions_pkey; "
	return []breakage{
		{"transaction deleted", "DELETE FROM ledger.transactions " + fee, []string{"links b#6 fee-2", "links c#3 fee-2"}},
		{"related transaction deleted", "DELETE FROM ledger.transactions WHERE @l AND id = 'move-1'", []string{"links  fee-1", "links  undo-1", "links a#6 move-1", "links b#1 move-1", "stored  move-1"}},
		{"transaction twice", unkeyed + "INSERT INTO ledger.transactions SELECT * FROM ledger.transactions " + fee, []string{"unique_id  fee-2"}},
		{"transaction added", "INSERT INTO ledger.transactions SELECT ledger, 'new', recorded_at, attempt, fingerprint, accounts, stripes, sequences FROM ledger.transactions " + fee, []string{"links b#6 new", "links c#3 new"}},
		{"transaction of nothing", "INSERT INTO ledger.transactions SELECT ledger, 'new', recorded_at, attempt, fingerprint, '{}', '{}', '{}' FROM ledger.transactions " + fee, []string{"links  new"}},
		{"time of a transaction", "UPDATE ledger.transactions SET recorded_at = recorded_at - interval '1 second' " + fee, []string{"times_in_order b#6 fee-2", "times_in_order c#3 fee-2"}},
		{"effective time of a transaction", "UPDATE ledger.transactions SET effective_at = recorded_at - interval '1 second' " + fee, []string{"times_in_order b#6 fee-2", "times_in_order c#3 fee-2"}},
		{"accounts", "UPDATE ledger.transactions SET accounts = '{c,b}' " + fee, []string{"links b#3 fee-2", "links b#6 fee-2", "links c#3 fee-2", "links c#6 fee-2"}},
		{"sequences", "UPDATE ledger.transactions SET sequences[1] = sequences[1] + 1 " + fee, []string{"links b#6 fee-2", "links b#7 fee-2"}},
		{"stripes", "UPDATE ledger.transactions SET stripes[1] = 1 " + fee, []string{"links b#6 fee-2"}},
		{"related", "UPDATE ledger.transactions SET related = 'nothing' " + fee, []string{"links  fee-2"}},
		{"reverses nothing", "UPDATE ledger.transactions SET reverses = 'nothing' WHERE @l AND id = 'undo-2'", []string{"links  undo-2"}},
		{"reverses another", "UPDATE ledger.transactions SET reverses = 'fee-2' WHERE @l AND id = 'undo-2'", []string{"links  undo-2"}},
		{"reversed twice", "DROP INDEX ledger.transactions_reverses; UPDATE ledger.transactions SET reverses = 'move-2' WHERE @l AND id = 'undo-1'", []string{"unique_id  move-2"}},
		{"no fingerprint", "ALTER TABLE ledger.transactions ALTER fingerprint DROP NOT NULL; UPDATE ledger.transactions SET fingerprint = NULL " + fee, []string{"stored  fee-2"}},
		{"fingerprint", unchecked + "UPDATE ledger.transactions SET fingerprint = '\\x00' " + fee, []string{"stored  fee-2"}},
		{"expiry of what was never pending", "UPDATE ledger.transactions SET expires_at = recorded_at + interval '1 day' " + fee, []string{"stored  fee-2"}},
		{"unbalanced", `UPDATE ledger.entries SET amount = amount + 1, balance = balance - 1, debits = debits + 1 WHERE @l AND account = '` + oddSQL + `' AND transaction = 'undo-hold-2';
UPDATE ledger.balances SET debits = debits + 1 WHERE @l AND account = '` + oddSQL + `'`, []string{"debits_equal_credits", "debits_equal_credits  undo-hold-2", "links  undo-hold-2"}},
	}
}

func brokenPending() []breakage {
	const unchecked = "ALTER TABLE ledger.resolutions DROP CONSTRAINT resolutions_check; "
	return []breakage{
		{"reservation deleted", "DELETE FROM ledger.reservations WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"pending_totals a", "pending_totals a hold-open-2"}},
		{"reservation changed", "UPDATE ledger.reservations SET debits = debits + 1 WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"pending_totals a", "pending_totals a hold-open-2"}},
		{"reservation on the other side", "UPDATE ledger.reservations SET debits = credits, credits = debits WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"pending_totals a", "pending_totals a hold-open-2"}},
		{"reservation until later", "UPDATE ledger.reservations SET expires_at = expires_at + interval '1 hour' WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"pending_totals a hold-open-2"}},
		{"reservation recorded later", "UPDATE ledger.reservations SET recorded_at = recorded_at + interval '1 s' WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"stored a hold-open-2"}},
		{"reservation of nothing", "UPDATE ledger.reservations SET transaction = 'nothing' WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"links a nothing", "pending_totals a hold-open-2"}},
		{"reservation on nobody", "UPDATE ledger.reservations SET account = 'nobody' WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"links nobody hold-open-2", "pending_totals a", "pending_totals a hold-open-2", "pending_totals nobody hold-open-2"}},
		{"reservation of what was voided", "INSERT INTO ledger.reservations SELECT 2, 'idle', 'infinity', id, 1, 0, recorded_at FROM ledger.transactions WHERE @l AND id = 'hold-void-2'", []string{"limits idle", "pending_totals idle", "pending_totals idle hold-void-2"}},
		{"reservation twice", "ALTER TABLE ledger.reservations DROP CONSTRAINT reservations_pkey; INSERT INTO ledger.reservations SELECT * FROM ledger.reservations WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"pending_totals a", "unique_id a hold-open-2"}},
		{"resolution deleted", "DELETE FROM ledger.resolutions WHERE @l AND transaction = 'hold-part-2'", []string{"links  undo-hold-2", "links a#24 hold-part-2", `links ödd "id"\{},'%_#5 hold-part-2`, "pending_totals a hold-part-2", `pending_totals ödd "id"\{},'%_ hold-part-2`}},
		{"resolution of a voided one deleted", "DELETE FROM ledger.resolutions WHERE @l AND transaction = 'hold-void-2'", []string{"pending_totals a hold-void-2", "pending_totals b hold-void-2"}},
		{"resolution of another", "UPDATE ledger.resolutions SET transaction = 'fee-2' WHERE @l AND transaction = 'hold-void-2'", []string{"links  fee-2", "pending_totals a hold-void-2", "pending_totals b hold-void-2"}},
		{"resolution of nothing", "UPDATE ledger.resolutions SET transaction = 'nothing' WHERE @l AND transaction = 'hold-void-2'", []string{"links  nothing", "pending_totals a hold-void-2", "pending_totals b hold-void-2"}},
		{"resolution added", "INSERT INTO ledger.resolutions SELECT 2, 'hold-open-2', 3, now(), 1", []string{"pending_totals a hold-open-2", "pending_totals b hold-open-2"}},
		{"resolution twice", "ALTER TABLE ledger.resolutions DROP CONSTRAINT resolutions_pkey; INSERT INTO ledger.resolutions SELECT * FROM ledger.resolutions WHERE @l AND transaction = 'hold-void-2'", []string{"unique_id  hold-void-2"}},
		{"resolution changed", "UPDATE ledger.resolutions SET status = 3, stripes = NULL, sequences = NULL WHERE @l AND transaction = 'hold-posted-2'", []string{"links a#23 hold-posted-2", "links b#7 hold-posted-2"}},
		{"resolution of no status", unchecked + "UPDATE ledger.resolutions SET status = 7 WHERE @l AND transaction = 'hold-void-2'", []string{"stored  hold-void-2"}},
		{"time of a resolution", "UPDATE ledger.resolutions SET recorded_at = recorded_at - interval '1 day' WHERE @l AND transaction = 'hold-part-2'", []string{"times_in_order  hold-part-2", "times_in_order a#24 hold-part-2", `times_in_order ödd "id"\{},'%_#5 hold-part-2`}},
		{"posted after it had expired", "UPDATE ledger.transactions SET expires_at = recorded_at + interval '1 microsecond' WHERE @l AND id = 'hold-posted-2'", []string{"times_in_order  hold-posted-2"}},
		{"keys of a resolution", "UPDATE ledger.resolutions SET sequences[1] = sequences[1] + 100 WHERE @l AND transaction = 'hold-posted-2'", []string{"links a#123 hold-posted-2", "links a#23 hold-posted-2"}},
		{"amounts reserved", "UPDATE ledger.transactions SET reserved_amounts = '{3,3}' WHERE @l AND id = 'hold-posted-2'", []string{"pending_totals a#23 hold-posted-2", "pending_totals b#7 hold-posted-2"}},
		{"sides reserved", "UPDATE ledger.transactions SET reserved_sides = '{2,1}' WHERE @l AND id = 'hold-posted-2'", []string{"pending_totals a#23 hold-posted-2", "pending_totals b#7 hold-posted-2"}},
		{"unbalanced reservation", "UPDATE ledger.transactions SET reserved_amounts = '{13,14}' WHERE @l AND id = 'hold-world-2'", []string{"debits_equal_credits  hold-world-2"}},
		{"expiry", "UPDATE ledger.transactions SET expires_at = expires_at + interval '1 hour' WHERE @l AND id = 'hold-open-2'", []string{"pending_totals a hold-open-2", "pending_totals b hold-open-2"}},
		{"never pending", "UPDATE ledger.transactions SET reserved_sides = NULL, reserved_amounts = NULL WHERE @l AND id = 'hold-void-2'", []string{"links  hold-void-2", "stored  hold-void-2", "stored a hold-void-2", "stored b hold-void-2"}},
		{"listed as pending elsewhere", "UPDATE ledger.pending_accounts SET account = 'c' WHERE @l AND account = 'b' AND transaction = 'hold-void-2'", []string{"stored b hold-void-2", "stored c hold-void-2"}},
		{"not listed as pending", "DELETE FROM ledger.pending_accounts WHERE @l AND account = '' AND transaction = 'hold-world-2'", []string{"stored  hold-world-2"}},
		{"listed as pending for nobody", "INSERT INTO ledger.pending_accounts SELECT ledger, '', recorded_at, transaction FROM ledger.pending_accounts WHERE @l AND account = 'b' AND transaction = 'hold-void-2'", []string{"stored  hold-void-2"}},
		{"listed as pending twice", "ALTER TABLE ledger.pending_accounts DROP CONSTRAINT pending_accounts_pkey; INSERT INTO ledger.pending_accounts SELECT * FROM ledger.pending_accounts WHERE @l AND account = 'b' AND transaction = 'hold-void-2'", []string{"unique_id b hold-void-2"}},
	}
}

func brokenIndexes() []breakage {
	return []breakage{
		{"metadata of an account deleted", "DELETE FROM ledger.account_metadata WHERE @l AND key = 'kind' AND account = 'e'", []string{"stored e"}},
		{"metadata of an account added", "INSERT INTO ledger.account_metadata SELECT 2, 'new', 'x', opened_at, id FROM ledger.accounts WHERE @l AND id = 'e'", []string{"stored e"}},
		{"metadata of nobody", "INSERT INTO ledger.account_metadata SELECT 2, 'new', 'x', now(), 'nobody'", []string{"stored nobody"}},
		{"metadata of an account changed", "UPDATE ledger.accounts SET metadata = '{\"kind\":\"y\"}' WHERE @l AND id = 'e'", []string{"stored e"}},
		{"time of an account's metadata", "UPDATE ledger.account_metadata SET opened_at = opened_at + interval '1 s' WHERE @l AND account = 'e'", []string{"stored e"}},
		{"metadata of an account twice", "ALTER TABLE ledger.account_metadata DROP CONSTRAINT account_metadata_pkey; INSERT INTO ledger.account_metadata SELECT * FROM ledger.account_metadata WHERE @l AND account = 'e'", []string{"unique_id e"}},
		{"metadata of an account of another shape", "UPDATE ledger.accounts SET metadata = '[1]' WHERE @l AND id = 'idle'", []string{"stored idle"}},
		{"metadata of an account with a number", "UPDATE ledger.accounts SET metadata = '{\"a\":1}' WHERE @l AND id = 'idle'", []string{"stored idle"}},
		{"metadata of a transaction deleted", "DELETE FROM ledger.transaction_metadata WHERE @l AND key = 'kind' AND transaction = 'move-2'", []string{"stored  move-2"}},
		{"metadata of a transaction added", "INSERT INTO ledger.transaction_metadata SELECT 2, 'new', 'x', recorded_at, id FROM ledger.transactions WHERE @l AND id = 'fee-2'", []string{"stored  fee-2"}},
		{"metadata of a transaction changed", "UPDATE ledger.transactions SET metadata = NULL WHERE @l AND id = 'hold-open-2'", []string{"stored  hold-open-2"}},
		{"metadata of a transaction twice", "ALTER TABLE ledger.transaction_metadata DROP CONSTRAINT transaction_metadata_pkey; INSERT INTO ledger.transaction_metadata SELECT * FROM ledger.transaction_metadata WHERE @l AND transaction = 'hold-open-2'", []string{"unique_id  hold-open-2"}},
		{"correction changed", "UPDATE ledger.corrections SET debits = debits + 1 WHERE @l AND account = 'c' AND level = 4 AND debits >= 0 AND credits > 0", []string{"stored c"}},
		{"corrections deleted", "DELETE FROM ledger.corrections WHERE @l AND account = 'c'", []string{"stored c"}},
		{"corrections swapped", "UPDATE ledger.corrections SET span = span + 1000000 WHERE @l AND account = 'c' AND level = 2", []string{"stored c"}},
		{"correction of nobody", "INSERT INTO ledger.corrections SELECT 2, 'nobody', 0, 1, 1, 1, 1", []string{"stored nobody"}},
		{"correction twice", "ALTER TABLE ledger.corrections DROP CONSTRAINT corrections_pkey; INSERT INTO ledger.corrections SELECT * FROM ledger.corrections WHERE @l AND account = 'c' AND level = 0", []string{"stored c", "unique_id c"}},
	}
}

// unreadables are what the checks of the tables would refuse, or not even know.
func unreadables() []breakage {
	const fee = " WHERE @l AND transaction = 'fee-2' AND account = 'c'"
	entry := func(change string) string {
		return "ALTER TABLE ledger.entries DROP CONSTRAINT entries_check; UPDATE ledger.entries SET " + change + fee
	}
	balance := func(change string) string {
		return "ALTER TABLE ledger.balances DROP CONSTRAINT balances_check; UPDATE ledger.balances SET " + change + " WHERE @l AND account = 'idle'"
	}
	hold := func(change string) string {
		return "UPDATE ledger.transactions SET " + change + " WHERE @l AND id = 'hold-open-2'"
	}
	return []breakage{
		{"amount is NaN", entry("amount = 'NaN'"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"amount is infinite", entry("amount = 'Infinity'"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"amount is a fraction", entry("amount = 1.5"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"amount is zero", entry("amount = 0"), []string{"balance_equals_sum", "debits_equal_credits  fee-2", "stored c#3 fee-2"}},
		{"amount is negative", entry("amount = -1"), []string{"balance_equals_sum", "debits_equal_credits  fee-2", "stored c#3 fee-2"}},
		{"amount is too large", entry("amount = 1e100"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"balance is NaN", entry("balance = 'NaN'"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"debits are a fraction", entry("debits = debits + 0.5"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"side is 3", entry("side = 3"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"sequence is negative", entry("sequence = -1"), []string{"balance_equals_sum", "sequence_without_gap c#4 back-2", "stored  fee-2", "stored c#0 fee-2", "times_in_order c#1 fee-1"}},
		{"stripe is 77", entry("stripe = 77"), []string{"balance_equals_sum", "sequence_without_gap c#3 fee-2", "sequence_without_gap c#4 back-2", "stored  fee-2", "stored c#3 fee-2"}},
		{"recorded at infinity", entry("recorded_at = 'infinity'"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"effective at infinity", entry("effective_at = '-infinity'"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"entry without a transaction", "ALTER TABLE ledger.entries ALTER COLUMN transaction DROP NOT NULL; " + entry("transaction = NULL"), []string{"balance_equals_sum", "links c#3 fee-2", "stored c#3"}},
		{"entry without an amount", "ALTER TABLE ledger.entries ALTER COLUMN amount DROP NOT NULL; " + entry("amount = NULL"), []string{"balance_equals_sum", "stored  fee-2", "stored c#3 fee-2"}},
		{"debits of a balance are NaN", balance("debits = 'NaN'"), []string{"stored idle"}},
		{"credits of a balance are negative", balance("credits = -1"), []string{"balance_equals_sum", "balance_equals_sum idle", "debits_equal_credits", "limits idle", "stored idle"}},
		{"sequence of a balance is negative", balance("sequence = -1"), []string{"stored idle"}},
		{"status is 9", balance("status = 9"), []string{"stored idle"}},
		{"normal side is 9", balance("normal = 9"), []string{"stored idle"}},
		{"scale is 300", balance("scale = 300"), []string{"stored idle"}},
		{"pending is NaN", balance("pending_debits = 'NaN'"), []string{"stored idle"}},
		{"minimum is a fraction", balance("min_balance = 0.5"), []string{"stored idle"}},
		{"reservation is NaN", "ALTER TABLE ledger.reservations DROP CONSTRAINT reservations_check; UPDATE ledger.reservations SET debits = 'NaN' WHERE @l AND transaction = 'hold-open-2' AND account = 'a'", []string{"stored  hold-open-2", "stored a"}},
		{"fewer sides", hold("reserved_sides = '{1}'"), []string{"stored  hold-open-2"}},
		{"no amounts", hold("reserved_amounts = NULL"), []string{"stored  hold-open-2"}},
		{"a null among the amounts", hold("reserved_amounts = '{11,NULL}'"), []string{"stored  hold-open-2"}},
		{"a null among the accounts", hold("accounts = '{a,NULL}'"), []string{"stored  hold-open-2", "stored b hold-open-2"}},
		{"two dimensions", hold("reserved_amounts = '{{11},{11}}'"), []string{"stored  hold-open-2"}},
		{"a side of 9", hold("reserved_sides = '{1,9}'"), []string{"stored  hold-open-2"}},
		{"an amount of NaN", hold("reserved_amounts = '{11,NaN}'"), []string{"stored  hold-open-2"}},
		{"keys of what is pending", hold("sequences = '{1,2}', stripes = '{0,0}'"), []string{"stored  hold-open-2"}},
		{"fewer sequences", "UPDATE ledger.transactions SET sequences = '{1}' WHERE @l AND id = 'fee-2'", []string{"stored  fee-2"}},
		{"a null among the sequences", "UPDATE ledger.transactions SET sequences[1] = NULL WHERE @l AND id = 'fee-2'", []string{"stored  fee-2"}},
		{"metadata is a list", "UPDATE ledger.transactions SET metadata = '[]' WHERE @l AND id = 'fee-2'", []string{"stored  fee-2"}},
		{"metadata is null", "UPDATE ledger.transactions SET metadata = 'null' WHERE @l AND id = 'fee-2'", []string{"stored  fee-2"}},
		{"metadata has a null", "UPDATE ledger.transactions SET metadata = '{\"a\":null}' WHERE @l AND id = 'fee-2'", []string{"stored  fee-2"}},
		{"correction is NaN", "UPDATE ledger.corrections SET credits = 'NaN' WHERE @l AND account = 'c' AND level = 0", []string{"stored c"}},
	}
}
