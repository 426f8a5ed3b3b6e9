package postgres

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-d432d95b/ledger/ledger"
)

func TestPublicError(t *testing.T) {
	t.Parallel()
	for state, available := range map[string]bool{
		"08006": false, "25006": false, "28000": false, "28P01": false, "3D000": false, "40001": false, "40P01": false,
		"53300": false, "53100": false, "55P03": false, "57014": false, "57P01": false, "57P03": false,
		"23505": false, "42P01": true, "42501": true, "XX000": true,
	} {
		err := publicError(&pgconn.PgError{Code: state})
		if errors.Is(err, ledger.ErrUnavailable) == available {
			t.Errorf("%s: %v", state, err)
		}
	}
	if err := publicError(io.ErrUnexpectedEOF); !errors.Is(err, ledger.ErrUnavailable) {
		t.Error(err)
	}
	if err := publicError(nil); err != nil {
		t.Error(err)
	}
}

// TestRaceIsForAnID tells a race from books that are inconsistent.
func TestRaceIsForAnID(t *testing.T) {
	t.Parallel()
	for table, race := range map[string]bool{
		"transactions": true, "transactions_1": true, "accounts": true, "entries": false, "balances": false,
		"resolutions": true, "reservations": false, "account_metadata": false, "transaction_metadata": false,
	} {
		if isRace(&pgconn.PgError{Code: "23505", TableName: table}) != race {
			t.Errorf("a key of %s that is taken: race is not %t", table, race)
		}
	}
}

// TestSomebodysErrors are those for which a group is halved.
func TestSomebodysErrors(t *testing.T) {
	t.Parallel()
	for state, somebodys := range map[string]bool{"22003": true, "23514": true, "P0001": true, "42P01": false, "53100": false, "55P03": false} {
		if isSomebodys(&pgconn.PgError{Code: state}) != somebodys {
			t.Errorf("%s: somebody's is not %t", state, somebodys)
		}
	}
}

// TestServerEndsConnections finds a connection lost that the server ends, be it
// for a limit of its own.
func TestServerEndsConnections(t *testing.T) {
	t.Parallel()
	for severity, lost := range map[string]bool{"ERROR": false, "FATAL": true, "PANIC": true} {
		if isConnectionLost(&pgconn.PgError{SeverityUnlocalized: severity, Code: "25P03"}) != lost {
			t.Errorf("%s: lost is not %t", severity, lost)
		}
	}
}

// TestUncertainCommitIsWorthPatience tries again while the database is full.
func TestUncertainCommitIsWorthPatience(t *testing.T) {
	t.Parallel()
	full := &pgconn.PgError{SeverityUnlocalized: "ERROR", Code: "53300"}
	for uncertain, want := range map[bool]bool{false: false, true: true} {
		if _, again := retry(full, 4, uncertain); again != want {
			t.Errorf("uncertain %t: again is %t", uncertain, again)
		}
	}
	s := &submission{claims: [][]int64{{1}}, done: make(chan struct{})}
	if s.fail(full); !errors.Is(s.err, ledger.ErrUnavailable) || strings.Contains(s.err.Error(), "nothing was done") {
		t.Error(s.err)
	}
}
