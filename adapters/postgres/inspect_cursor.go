package postgres

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// fetched is how many rows a cursor fetches at a time: what one round trip costs is
// little beside reading them, and they take little memory.
const fetched = 500

// cursor reads the rows of a statement, in constant memory however many there are.
// Several of an inspection may be open at once.
type cursor[T any] struct {
	inspection *inspection
	// statement is yet to be filled in.
	statement string
	scope     ledger.Scope
	// read reads a row.
	read func(*row) T

	name string
	row  row
	rows []T
	// at is the place of the next among the rows.
	at   int
	last bool
}

func newCursor[T any](i *inspection, scope ledger.Scope, statement string, read func(*row) T) *cursor[T] {
	return &cursor[T]{inspection: i, scope: scope, statement: statement, read: read}
}

// peek returns the next row, or nil at the end.
func (c *cursor[T]) peek(ctx context.Context) (*T, error) {
	if c.at == len(c.rows) && !c.last {
		if err := c.inspection.ask(ctx, c.fetch); err != nil {
			return nil, err
		}
	}
	if c.at == len(c.rows) {
		return nil, nil //nolint:nilnil // There is none.
	}
	return &c.rows[c.at], nil
}

// next returns the next row and goes on to the one behind it. The row is good until
// then.
func (c *cursor[T]) next(ctx context.Context) (*T, error) {
	next, err := c.peek(ctx)
	if next != nil {
		c.at++
	}
	return next, err
}

func (c *cursor[T]) fetch(ctx context.Context) error {
	if c.name == "" {
		if err := c.open(ctx); err != nil {
			return err
		}
	}
	c.rows, c.at = c.rows[:0], 0
	// All columns are in their binary format.
	result := c.inspection.connection.PgConn().ExecParams(ctx, "FETCH "+strconv.Itoa(fetched)+" FROM "+c.name, nil, nil, nil, []int16{1})
	for result.NextRow() {
		c.row.begin(result.Values())
		c.rows = append(c.rows, c.read(&c.row))
	}
	if _, err := result.Close(); err != nil {
		return err
	}
	if c.last = len(c.rows) < fetched; c.last {
		return c.close(ctx)
	}
	return nil
}

// open declares the cursor.
func (c *cursor[T]) open(ctx context.Context) error {
	i, by := c.inspection, byKeys
	if c.scope.IsWhole() {
		by = byTables
	}
	if err := i.plan(ctx, by); err != nil {
		return err
	}
	i.cursors++
	name := "inspection_" + strconv.Itoa(i.cursors)
	statement := inspected{c.scope}.fill(c.statement, c.scope == i.kept)
	if err := i.execute(ctx, c.scope, "DECLARE "+name+" NO SCROLL CURSOR FOR "+statement); err != nil {
		return err
	}
	c.name = name
	return nil
}

func (c *cursor[T]) close(ctx context.Context) error {
	_, err := c.inspection.connection.PgConn().Exec(ctx, "CLOSE "+c.name).ReadAll()
	return err
}

// stop closes a cursor that need not have come to its end.
func (c *cursor[T]) stop(ctx context.Context) {
	i := c.inspection
	if c.name == "" || c.last || ctx.Err() != nil || i.within.Err() != nil || i.connection.IsClosed() {
		return
	}
	c.last = true
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	// It ends with the transaction at the latest.
	_ = c.close(closing)
}

// all yields the rows up to an error.
func (c *cursor[T]) all(ctx context.Context) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		defer c.stop(ctx)
		for {
			next, err := c.next(ctx)
			if next == nil && err == nil {
				return
			}
			if !yield(next, err) || err != nil {
				return
			}
		}
	}
}
