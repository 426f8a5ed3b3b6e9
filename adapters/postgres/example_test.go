package postgres_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/adapters/postgres/postgrestest"
	"github.com/seed-d432d95b/ledger/ledger"
)

// exampleDatabase returns the DSN of an empty database, and what drops it.
func exampleDatabase(ctx context.Context) (string, func()) {
	dsn, drop, err := postgrestest.Create(ctx, postgrestest.Template{})
	check(err)
	return dsn, func() { check(drop()) }
}

// exampleShop returns the DSN of a database with a business table and the books
// side by side, the store of these, and what closes and drops them.
func exampleShop(ctx context.Context) (string, *postgres.Store, func()) {
	dsn, drop := exampleDatabase(ctx)
	store, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
	check(err)
	check(store.Migrate(ctx))
	books, err := ledger.Open(ctx, store, ledger.Config{})
	check(err)
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)
	connection, err := pgx.Connect(ctx, dsn)
	check(err)
	_, err = connection.Exec(ctx, "CREATE TABLE orders (id text PRIMARY KEY)")
	check(err)
	check(connection.Close(ctx))
	return dsn, store, func() { check(store.Close()); drop() }
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// A ledger in PostgreSQL: make the schema, open an account, deposit, and ask again
// with the same id.
func Example() {
	ctx := context.Background()
	dsn, drop := exampleDatabase(ctx) // such as postgres://user:password@host/database
	defer drop()

	store, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
	check(err)
	defer store.Close()
	check(store.Migrate(ctx))
	books, err := ledger.Open(ctx, store, ledger.Config{})
	check(err)

	usd := ledger.Asset{Code: "USD", Scale: 2}
	_, err = books.OpenAccount(ctx, ledger.AccountRequest{ID: "alice", Asset: usd})
	check(err)
	deposit := ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)}
	for range 2 {
		outcome, err := books.Deposit(ctx, deposit)
		check(err)
		fmt.Println(outcome.Result, usd.Format(outcome.Transaction.Entries[1].Balance))
	}
	// Output:
	// applied 20.00
	// replayed 20.00
}

// An order and its payment, committed together in a transaction of pgx.
func ExampleStore_InTx() {
	ctx := context.Background()
	dsn, store, drop := exampleShop(ctx)
	defer drop()
	connection, err := pgx.Connect(ctx, dsn)
	check(err)
	defer connection.Close(ctx)

	tx, err := connection.Begin(ctx)
	check(err)
	defer tx.Rollback(ctx)
	_, err = tx.Exec(ctx, "INSERT INTO orders VALUES ('order-17')")
	check(err)
	books, err := ledger.Open(ctx, store.InTx(tx), ledger.Config{})
	check(err)
	_, err = books.Deposit(ctx, ledger.Deposit{ID: "order-17", Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)})
	check(err)
	check(tx.Commit(ctx)) // the order and the money, or neither

	books, err = ledger.Open(ctx, store, ledger.Config{})
	check(err)
	alice, err := books.Account(ctx, "alice")
	check(err)
	var orders int
	check(connection.QueryRow(ctx, "SELECT count(*) FROM orders").Scan(&orders))
	fmt.Println(orders, "order,", usd.Format(alice.Posted()))
	// Output:
	// 1 order, 20.00
}

// The same with bun, on a connection that the transaction has to itself. Rolled
// back, it leaves neither an order nor money behind.
func ExampleStore_InConn() {
	ctx := context.Background()
	dsn, store, drop := exampleShop(ctx)
	defer drop()
	config, err := pgx.ParseConfig(dsn)
	check(err)
	db := bun.NewDB(stdlib.OpenDB(*config), pgdialect.New())
	defer db.Close()

	buy := func(order string, end func(bun.Tx) error) {
		connection, err := db.Conn(ctx)
		check(err)
		defer connection.Close()
		tx, err := connection.BeginTx(ctx, nil)
		check(err)
		defer tx.Rollback()
		_, err = tx.NewRaw("INSERT INTO orders VALUES (?)", order).Exec(ctx)
		check(err)
		books, err := ledger.Open(ctx, store.InConn(connection.Conn), ledger.Config{})
		check(err)
		_, err = books.Deposit(ctx, ledger.Deposit{ID: order, Account: "alice", Asset: usd, Amount: ledger.NewAmount(20_00)})
		check(err)
		check(end(tx))
	}
	buy("order-17", bun.Tx.Commit)
	buy("order-18", bun.Tx.Rollback)

	books, err := ledger.Open(ctx, store, ledger.Config{})
	check(err)
	alice, err := books.Account(ctx, "alice")
	check(err)
	var orders []string
	check(db.NewRaw("SELECT id FROM orders").Scan(ctx, &orders))
	fmt.Println(orders, usd.Format(alice.Posted()))
	// Output:
	// [order-17] 20.00
}

// groupPrinter is an observer that prints what each group had.
type groupPrinter struct{ to io.Writer }

func (p groupPrinter) Committed(c postgres.Commit) {
	fmt.Fprintln(p.to, "a group of", c.Callers, "caller,", c.Operations, "operations, error", c.Err)
}

// An observer sees each group that is committed, and what it waited for.
func ExampleObserver() {
	ctx := context.Background()
	dsn, drop := exampleDatabase(ctx)
	defer drop()
	store, err := postgres.Open(ctx, postgres.Config{DSN: dsn, Observer: groupPrinter{os.Stdout}})
	check(err)
	defer store.Close()
	check(store.Migrate(ctx))
	books, err := ledger.Open(ctx, store, ledger.Config{})
	check(err)

	_, err = books.OpenAccounts(ctx, []ledger.AccountRequest{{ID: "alice", Asset: usd}, {ID: "bob", Asset: usd}})
	check(err)
	_, err = books.PostBatch(ctx, []ledger.TransactionRequest{
		ledger.Deposit{ID: "tx_1", Account: "alice", Asset: usd, Amount: ledger.NewAmount(1)}.Request(),
		ledger.Deposit{ID: "tx_2", Account: "bob", Asset: usd, Amount: ledger.NewAmount(1)}.Request(),
		ledger.Deposit{ID: "tx_3", Account: "bob", Asset: usd, Amount: ledger.NewAmount(1)}.Request(),
	})
	check(err)
	// Output:
	// a group of 1 caller, 2 operations, error <nil>
	// a group of 1 caller, 3 operations, error <nil>
}
