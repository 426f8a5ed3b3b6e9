package postgres

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// numeric scans the text of a number of smallest units; null is zero, as it is of
// what is pending.
type numeric struct{ amount *ledger.Amount }

// Scan implements [sql.Scanner].
func (n numeric) Scan(value any) (err error) {
	if value == nil {
		*n.amount = ledger.Amount{}
		return nil
	}
	text, _ := value.(string)
	*n.amount, err = ledger.ParseUnits(text)
	return err
}

// minimum scans an account's minimum balance, which is null if it is unlimited.
type minimum struct{ account *ledger.Account }

// Scan implements [sql.Scanner].
func (m minimum) Scan(value any) error {
	if m.account.Unlimited = value == nil; m.account.Unlimited {
		m.account.MinBalance = ledger.Amount{}
		return nil
	}
	return numeric{&m.account.MinBalance}.Scan(value)
}

// pairs scans the text of metadata, which is null if there is none.
type pairs struct{ metadata *ledger.Metadata }

// Scan implements [sql.Scanner].
func (p pairs) Scan(value any) error {
	*p.metadata = nil
	if value == nil {
		return nil
	}
	text, _ := value.(string)
	if err := json.Unmarshal([]byte(text), p.metadata); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	return nil
}

// pairsText returns metadata as it is stored, or nothing if there is none.
func pairsText(metadata ledger.Metadata) string {
	if len(metadata) == 0 {
		return ""
	}
	text, _ := json.Marshal(metadata) // A map of strings can always be written.
	return string(text)
}

// timeOf returns a time as the ledger keeps it; null is zero.
func timeOf(value *time.Time) time.Time {
	if value == nil {
		return time.Time{}
	}
	return value.UTC()
}

// nullTime returns the time, or null for zero.
func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// nullTimeUnless returns the time, or null where it equals the usual one.
func nullTimeUnless(t, usual time.Time) *time.Time {
	if t.Equal(usual) {
		return nil
	}
	return &t
}

// textOf returns a text; null is empty.
func textOf(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
