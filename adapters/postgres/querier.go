package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
)

// querier asks one query.
type querier interface {
	// query reads each row into the fields and calls each. The arguments are those
	// that pgx takes, slices as arrays among them.
	query(ctx context.Context, statement string, arguments, fields []any, each func() error) error
}

// poolQuerier asks on a connection of a pool of pgx's, with bound parameters and
// a statement that is prepared once for each connection.
type poolQuerier struct{ pool *sql.DB }

func (q poolQuerier) query(ctx context.Context, statement string, arguments, fields []any, each func() error) (err error) {
	arguments = append([]any{pgx.QueryExecModeCacheStatement}, arguments...)
	rows, err := q.pool.QueryContext(ctx, statement, arguments...)
	if isConnectionLost(err) && ctx.Err() == nil {
		// The connection had been cut while it was idle; a question can be asked again.
		rows, err = q.pool.QueryContext(ctx, statement, arguments...)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		if err := each(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// pgxQuerier asks on a connection or in a database transaction of pgx's.
type pgxQuerier struct {
	connection interface {
		Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error)
	}
}

func (q pgxQuerier) query(ctx context.Context, statement string, arguments, fields []any, each func() error) error {
	rows, err := q.connection.Query(ctx, statement, arguments...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, fields, each)
	return err
}
