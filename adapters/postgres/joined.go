package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-d432d95b/ledger/ledger"
)

// InTx returns the store as it is inside a database transaction of the caller's,
// so that what he writes there and what he posts are committed together or not
// at all:
//
//	tx, err := connection.Begin(ctx)
//	// … the caller's own statements on tx …
//	books, err := ledger.Open(ctx, store.InTx(tx), ledger.Config{})
//	outcome, err := books.Post(ctx, request)
//	err = tx.Commit(ctx)
//
// This has a price. A write goes past the groups that other callers share: it
// takes two round trips of its own, and the accounts stay locked from then until
// the caller commits, with all who need them waiting. Post last, and commit at
// once. A deadlock with other transactions of the caller's is possible where he
// posts several times in one; one batch locks its accounts in the order that
// everybody does. What he writes gets its time when he writes it, and is seen when he
// commits: until then, whoever asks for that moment is answered without it, and a hold
// that he posted looks expired once its time has run out. Nothing is tried again. What the ledger refuses or does
// not find leaves the books as they were; the accounts stay locked nevertheless, and
// what had expired on them may be gone from their rows. After any other error, roll
// the database transaction back: it may have failed. Then the same may be asked for
// with the same id.
//
// Ledgers are found and made outside of the caller's transaction: one that is opened
// here is there at once and stays, even if the caller rolls back.
//
// What it returns is not safe for several goroutines at once, and of no use once
// the transaction has ended.
func (s *Store) InTx(tx pgx.Tx) ledger.Store {
	return &joinedStore{store: s, with: func(use func(*pgx.Conn) error) error { return use(tx.Conn()) }}
}

// InConn is InTx for database/sql and bun, on a connection on which the caller
// has begun a transaction. The connection must be one of pgx's driver,
// github.com/jackc/pgx/v5/stdlib. With bun:
//
//	connection, err := db.Conn(ctx)
//	tx, err := connection.BeginTx(ctx, nil)
//	books, err := ledger.Open(ctx, store.InConn(connection.Conn), ledger.Config{})
func (s *Store) InConn(connection *sql.Conn) ledger.Store {
	return &joinedStore{store: s, with: func(use func(*pgx.Conn) error) error {
		return onPgx(connection, use)
	}}
}

// onPgx lends the connection of pgx's driver.
func onPgx(connection *sql.Conn, use func(*pgx.Conn) error) error {
	return connection.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("%w: it is not one of github.com/jackc/pgx/v5/stdlib", errNotJoined)
		}
		return use(c.Conn())
	})
}

// errNotJoined says that the caller's connection is of no use.
var errNotJoined = errors.New("the ledger cannot join the connection")

// joinedStore is a store inside a database transaction of the caller's.
type joinedStore struct {
	store *Store
	// with lends the transaction's connection.
	with func(use func(*pgx.Conn) error) error
}

// Book implements [ledger.Store].
func (s *joinedStore) Book(ctx context.Context, name string) (ledger.Book, error) {
	found, err := s.store.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return &joinedBook{id: found.id, with: s.with}, nil
}

// OpenBook implements [ledger.Store].
func (s *joinedStore) OpenBook(ctx context.Context, name string) (ledger.Book, ledger.Result, error) {
	opened, result, err := s.store.open(ctx, name)
	if err != nil {
		return nil, 0, err
	}
	return &joinedBook{id: opened.id, with: s.with}, result, nil
}

// FindLedgers implements [ledger.Store].
func (s *joinedStore) FindLedgers(ctx context.Context, query ledger.LedgerQuery) ([]string, error) {
	return s.store.FindLedgers(ctx, query)
}

// joinedBook is a book inside a database transaction of the caller's.
type joinedBook struct {
	id   int32
	with func(use func(*pgx.Conn) error) error
}

// inTransaction calls use with the connection if a transaction is under way.
func (b *joinedBook) inTransaction(use func(*pgx.Conn) error) error {
	return b.with(func(connection *pgx.Conn) error {
		if encoding := connection.PgConn().ParameterStatus("client_encoding"); encoding != "UTF8" {
			return fmt.Errorf("%w: its client_encoding is %s and not UTF8", errNotJoined, encoding)
		}
		const underWay = 'T'
		if connection.PgConn().TxStatus() != underWay {
			return fmt.Errorf("%w: there is no database transaction under way; begin one first, and roll back one that failed", errNotJoined)
		}
		return use(connection)
	})
}

// Write implements [ledger.Writer].
func (b *joinedBook) Write(ctx context.Context, operations []ledger.Operation) (outcomes []ledger.Outcome, err error) {
	err = b.inTransaction(func(connection *pgx.Conn) error {
		joined := &batch{
			connection: connection, decider: &ledger.Decider{}, ledger: b.id, stripe: rand.IntN(stripes),
			operations: operations, joined: true, attempt: newAttempt(),
		}
		err := joined.run(ctx)
		outcomes = joined.decision.Outcomes
		return err
	})
	if err != nil {
		return nil, publicError(err)
	}
	return outcomes, nil
}

// Accounts implements [ledger.Reader].
func (b *joinedBook) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	var found map[string]ledger.Account
	err := b.inTransaction(func(connection *pgx.Conn) (err error) {
		found, err = readAccounts(ctx, pgxQuerier{connection}, b.id, ids)
		return err
	})
	if err != nil {
		return nil, publicError(err)
	}
	return inOrder(found, ids)
}

// Entries implements [ledger.Reader].
func (b *joinedBook) Entries(ctx context.Context, query ledger.EntryQuery) (page ledger.EntryPage, err error) {
	err = b.inTransaction(func(connection *pgx.Conn) (err error) {
		page, err = readEntries(ctx, pgxQuerier{connection}, b.id, query)
		return err
	})
	return page, publicError(err)
}

// Transaction implements [ledger.Reader].
func (b *joinedBook) Transaction(ctx context.Context, id string) (transaction ledger.Transaction, err error) {
	err = b.inTransaction(func(connection *pgx.Conn) (err error) {
		transaction, err = readTransaction(ctx, pgxQuerier{connection}, b.id, id)
		return err
	})
	return transaction, publicError(err)
}
