package postgres

import (
	"errors"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-d432d95b/ledger/ledger"
)

func TestPublicError(t *testing.T) {
	t.Parallel()
	for state, available := range map[string]bool{
		"08006": false, "25006": false, "28000": false, "28P01": false, "3D000": false, "40001": false, "40P01": false,
		"53300": false, "53100": false, "55P03": false, "57014": false, "57P01": false, "57P03": false,
		"23505": true, "42P01": true, "42501": true, "XX000": true,
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

func TestRaceIsForAnID(t *testing.T) {
	t.Parallel()
	for table, race := range map[string]bool{"transactions": true, "accounts": true, "entries": false, "balances": false} {
		if isRace(&pgconn.PgError{Code: "23505", TableName: table}) != race {
			t.Errorf("a key of %s that is taken: race is not %t", table, race)
		}
	}
}
