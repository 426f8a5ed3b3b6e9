package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// BalanceAt implements [ledger.Auditor].
func (b *book) BalanceAt(ctx context.Context, account string, at ledger.Moment) (balance ledger.BalanceAt, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		balance, err = readBalanceAt(ctx, b.querier, b.id, account, at)
		return err
	})
	return balance, err
}

// Statement implements [ledger.Auditor].
func (b *book) Statement(ctx context.Context, query ledger.StatementQuery) (statement ledger.Statement, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		statement, err = readStatement(ctx, b.querier, b.id, query)
		return err
	})
	return statement, err
}

// TrialBalance implements [ledger.Auditor].
func (b *book) TrialBalance(ctx context.Context, query ledger.TrialBalanceQuery) (balance ledger.TrialBalance, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		balance, err = readTrialBalance(ctx, b.querier, b.id, query)
		return err
	})
	return balance, err
}

// BalanceAt implements [ledger.Auditor].
func (b *joinedBook) BalanceAt(ctx context.Context, account string, at ledger.Moment) (balance ledger.BalanceAt, err error) {
	err = b.read(func(q querier) (err error) {
		balance, err = readBalanceAt(ctx, q, b.id, account, at)
		return err
	})
	return balance, err
}

// Statement implements [ledger.Auditor].
func (b *joinedBook) Statement(ctx context.Context, query ledger.StatementQuery) (statement ledger.Statement, err error) {
	err = b.read(func(q querier) (err error) {
		statement, err = readStatement(ctx, q, b.id, query)
		return err
	})
	return statement, err
}

// TrialBalance implements [ledger.Auditor].
func (b *joinedBook) TrialBalance(ctx context.Context, query ledger.TrialBalanceQuery) (balance ledger.TrialBalance, err error) {
	err = b.read(func(q querier) (err error) {
		balance, err = readTrialBalance(ctx, q, b.id, query)
		return err
	})
	return balance, err
}

// read calls a function that reads within the caller's transaction.
func (b *joinedBook) read(read func(querier) error) error {
	return publicError(b.inTransaction(func(connection *pgx.Conn) error { return read(pgxQuerier{connection}) }))
}
