package postgres_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/adapters/postgres"
	"github.com/seed-d432d95b/ledger/ledger"
)

// books are a ledger with accounts user-0, user-1 and so on.
type books struct {
	*ledger.Ledger
	store    *postgres.Store
	accounts int
}

var usd = ledger.Asset{Code: "USD", Scale: 2}

// openStore opens a store that closes with the test.
func openStore(t testing.TB, dsn string, configure ...func(*postgres.Config)) *postgres.Store {
	t.Helper()
	config := postgres.Config{DSN: dsn}
	for _, each := range configure {
		each(&config)
	}
	store, err := postgres.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func openBooks(t testing.TB, store *postgres.Store, name string, accounts int) *books {
	t.Helper()
	return &books{Ledger: openAccounts(t, store, name, accounts), store: store, accounts: accounts}
}

// openAccounts opens a ledger and its accounts.
func openAccounts(t testing.TB, store ledger.Store, name string, accounts int) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), store, ledger.Config{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	for start := 0; start < accounts; start += ledger.MaxBatch {
		var requests []ledger.AccountRequest
		for n := start; n < min(accounts, start+ledger.MaxBatch); n++ {
			requests = append(requests, ledger.AccountRequest{ID: "user-" + strconv.Itoa(n), Asset: usd})
		}
		if _, err := l.OpenAccounts(t.Context(), requests); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// deposit deposits under an id that n alone has, on one of the accounts.
func (b *books) deposit(ctx context.Context, n int) error {
	_, err := b.Deposit(ctx, ledger.Deposit{ID: depositID(n), Account: accountOf(n, b.accounts), Asset: usd, Amount: ledger.NewAmount(100)})
	return err
}

// accountOf spreads the accounts over the deposits, in no order.
func accountOf(n, accounts int) string {
	return "user-" + strconv.Itoa(int(scatter(n)>>32%uint64(accounts)))
}

// depositID is random in its order, as a caller's ids are.
func depositID(n int) string { return "tx_" + strconv.FormatUint(scatter(n), 36) }

// scatter is a permutation of the numbers: SplitMix64.
func scatter(n int) uint64 {
	x := uint64(n+1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close(context.WithoutCancel(t.Context())) })
	return connection
}
