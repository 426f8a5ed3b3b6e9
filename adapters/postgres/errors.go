package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Errors about the schema.
var (
	ErrSchemaOlder = errors.New("the database's schema is older than this program")
	ErrSchemaNewer = errors.New("the database's schema is newer than this program")
)

// The conditions that the write path tells apart, by SQLSTATE.
const (
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
	stateLockTimeout   = "55P03"
	stateUnique        = "23505"
	stateNoRight       = "42501"
	stateReadOnly      = "25006"
	stateNoTable       = "42P01"
)

func stateOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// errRaced is a race for an id that was found out while loading.
var errRaced = errors.New("the same id was inserted meanwhile")

// isRace says whether somebody else was first to insert an id that was free when
// the batch was loaded, or to resolve or reverse a transaction of world accounts
// alone, whose stripes do not keep two from doing that at once. To do all of it
// again, at once, is the answer. Any other key is taken only if the books are
// inconsistent, which doing it again does not mend. Tables are not told by the names
// of those with the ids, for of one that is partitioned the server names a part.
func isRace(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || e.Code != stateUnique {
		return errors.Is(err, errRaced)
	}
	switch e.TableName {
	case "entries", "balances", "reservations", "account_metadata", "transaction_metadata":
		return false
	default:
		return true
	}
}

// isConnectionLost says whether the connection broke, so that what it was doing
// may or may not have happened.
func isConnectionLost(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// The server ends a connection by a FATAL error of whatever state.
		ended := e.SeverityUnlocalized == "FATAL" || e.SeverityUnlocalized == "PANIC"
		return ended || strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P")
	}
	// What isn't the server's word is the connection's, unless it is the ledger's or
	// about the caller's own transaction.
	_, own := errors.AsType[*ledger.Error](err)
	return err != nil && !own && !errors.Is(err, errNotJoined)
}

// connectionError is an error of a connection whose server did not answer in
// time. It hides that it was a context's, which was not the caller's.
type connectionError struct{ error }

// endedBy returns err as the connection's if the context, which is no caller's,
// has ended.
func endedBy(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return &connectionError{err}
	}
	return err
}

// isSomebodys says whether the error is about what somebody asked for, such as a
// value that the database will not take, and not about the database or the store.
func isSomebodys(err error) bool {
	state := stateOf(err)
	own, ok := errors.AsType[*ledger.Error](err)
	// P0001 is what a trigger raises.
	return ok && own.Code != ledger.ErrUnavailable ||
		strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || state == "P0001"
}

// isAway says whether the database is of no use for now, though it answers: no
// resources (53), a statement cut off, a login refused (28), no such database, or
// one that takes no writes, as a standby does. An operator can mend each.
func isAway(state string) bool {
	return strings.HasPrefix(state, "53") || strings.HasPrefix(state, "28") ||
		state == "57014" || state == "3D000" || state == stateReadOnly
}

func unavailable(message string, cause error) error {
	return &ledger.Error{Code: ledger.ErrUnavailable, Message: message, Cause: cause}
}

// publicError is what callers are told. The database's own words may hold what
// is no caller's business; they are the cause's.
func publicError(err error) error {
	switch state := stateOf(err); {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case isRace(err):
		return unavailable(errRaced.Error()+"; roll back and ask again", err)
	case state == stateLockTimeout:
		return unavailable("an account is locked by somebody else; nothing was done", err)
	case state == stateDeadlock, state == stateSerialization:
		return unavailable("others changed the same accounts again and again; nothing was done", err)
	case strings.HasPrefix(state, "28"):
		return unavailable("the database refuses the login", err)
	case state == "3D000":
		return unavailable("there is no such database", err)
	case state == stateNoTable:
		return fmt.Errorf("%w; migrate it first: %w", ErrSchemaOlder, err)
	case isConnectionLost(err), isAway(state):
		return unavailable("the database is away or too busy", err)
	default:
		return err
	}
}
