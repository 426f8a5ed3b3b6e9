package postgres

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// row reads the columns of a row in their binary format, one by one. What cannot be
// read is a fault of the row, and read as nothing: tables that somebody changed by hand
// may hold anything that their types allow.
type row struct {
	values [][]byte
	column int
	faults []string
	// texts are what the columns held before, for many rows share their texts.
	texts []string
}

func (r *row) begin(values [][]byte) {
	r.values, r.column, r.faults = values, 0, nil
	if r.texts == nil {
		r.texts = make([]string, len(values))
	}
}

func (r *row) next() []byte {
	r.column++
	return r.values[r.column-1]
}

func (r *row) fault(format string, arguments ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, arguments...))
}

// unreadable returns the [ledger.ErrInternal] that says what cannot be read of
// something, or nil if all of it can be.
func unreadable(faults []string, account, transaction, format string, arguments ...any) error {
	if len(faults) == 0 {
		return nil
	}
	return &ledger.Error{
		Code: ledger.ErrInternal, Account: account, Transaction: transaction,
		Message: fmt.Sprintf(format, arguments...) + " cannot be read: " + strings.Join(faults, "; "),
	}
}

// text reads a text; null is empty.
func (r *row) text() string {
	value := r.next()
	if last := r.texts[r.column-1]; last == string(value) {
		return last
	}
	text := string(value)
	r.texts[r.column-1] = text
	return text
}

// key reads a text that should not be null.
func (r *row) key(name string) string {
	if r.values[r.column] == nil {
		r.fault("its %s is null", name)
	}
	return r.text()
}

// number reads a whole number that should be from one to another.
func (r *row) number(name string, from, to int64) int64 {
	value := r.next()
	if value == nil {
		r.fault("its %s is null", name)
		return from
	}
	n := integer(value)
	if n < from || n > to {
		r.fault("its %s is %d", name, n)
		return min(max(n, from), to)
	}
	return n
}

// integer reads a whole number of any size.
func integer(value []byte) int64 {
	switch len(value) {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(value)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(value)))
	case 8:
		return int64(binary.BigEndian.Uint64(value))
	default:
		return math.MinInt64
	}
}

// isTrue reads a truth value.
func (r *row) isTrue() bool {
	value := r.next()
	return len(value) == 1 && value[0] == 1
}

// yearTwoThousand is what PostgreSQL counts microseconds from, in those since 1970.
const yearTwoThousand = 946_684_800_000_000

// time reads a time, which is zero if it is null.
func (r *row) time(name string) time.Time {
	value := r.next()
	if value == nil {
		return time.Time{}
	}
	switch microseconds := integer(value); microseconds {
	case math.MinInt64, math.MaxInt64:
		r.fault("its %s is no time", name)
		return time.Time{}
	default:
		return time.UnixMicro(microseconds + yearTwoThousand).UTC()
	}
}

// moment reads a time that should not be null.
func (r *row) moment(name string) time.Time {
	if r.values[r.column] == nil {
		r.fault("its %s is null", name)
	}
	return r.time(name)
}

// expiry reads the time at which a reservation ends, which is infinite for never.
func (r *row) expiry(name string) time.Time {
	if value := r.values[r.column]; value != nil && integer(value) == math.MaxInt64 {
		r.column++
		return time.Time{}
	}
	return r.moment(name)
}

// total reads a number of smallest units; null is zero.
func (r *row) total(name string) ledger.Amount {
	value := r.next()
	if value == nil {
		return ledger.Amount{}
	}
	amount, fault := unitsOf(value)
	if fault != "" {
		r.fault("its %s %s", name, fault)
	}
	return amount
}

// amount reads a number of smallest units that should not be null.
func (r *row) amount(name string) ledger.Amount {
	if r.values[r.column] == nil {
		r.fault("its %s is null", name)
	}
	return r.total(name)
}

// unitsOf reads a number of smallest units in the binary format of a numeric, which is
// digits of base 10,000, or says what is wrong with it.
func unitsOf(value []byte) (amount ledger.Amount, fault string) {
	const (
		header   = 8
		negative = 0x4000
		special  = 0xc000
		// mostDigits hold any amount.
		mostDigits = 20
	)
	if len(value) < header {
		return amount, "is no number"
	}
	digits, weight := int(int16(binary.BigEndian.Uint16(value))), int(int16(binary.BigEndian.Uint16(value[2:])))
	sign, scale := binary.BigEndian.Uint16(value[4:]), binary.BigEndian.Uint16(value[6:])
	switch {
	case sign == special:
		return amount, "is NaN"
	case sign&special == special:
		return amount, "is infinite"
	case scale > 0 || digits > weight+1:
		return amount, "has decimal places"
	case weight >= mostDigits:
		return amount, "has too many digits"
	}
	if weight < 4 {
		var n int64
		for i := range weight + 1 {
			n *= 10_000
			if i < digits {
				n += int64(binary.BigEndian.Uint16(value[header+2*i:]))
			}
		}
		if sign == negative {
			n = -n
		}
		return ledger.NewAmount(n), ""
	}
	text := make([]byte, 0, 1+4*mostDigits)
	if sign == negative {
		text = append(text, '-')
	}
	for i := range weight + 1 {
		digit := uint16(0)
		if i < digits {
			digit = binary.BigEndian.Uint16(value[header+2*i:])
		}
		text = fmt.Appendf(text, "%04d", digit)
	}
	amount, err := ledger.ParseUnits(string(text))
	if err != nil {
		return amount, "has too many digits"
	}
	return amount, ""
}

// metadata reads pairs of texts; null is none.
func (r *row) metadata() ledger.Metadata {
	value := r.next()
	if value == nil {
		return nil
	}
	var pairs map[string]*string
	if err := json.Unmarshal(value, &pairs); err != nil || pairs == nil {
		r.fault("its metadata is not an object of texts")
		return nil
	}
	metadata := make(ledger.Metadata, len(pairs))
	for key, text := range pairs {
		if text == nil {
			r.fault("its metadata has a null under %q", key)
			continue
		}
		metadata[key] = *text
	}
	return metadata
}

// array reads the elements of an array, which are good until the next row; one that is
// null is nil, as a null array is.
func (r *row) array(name string) [][]byte {
	const header, dimension = 12, 8
	value := r.next()
	if len(value) < header {
		return nil
	}
	elements := [][]byte{}
	switch dimensions := binary.BigEndian.Uint32(value); dimensions {
	case 0:
		return elements
	case 1:
	default:
		r.fault("its %s have %d dimensions", name, dimensions)
		return elements
	}
	count := int(binary.BigEndian.Uint32(value[header:]))
	value = value[header+dimension:]
	for range count {
		size := int32(binary.BigEndian.Uint32(value))
		value = value[4:]
		if size < 0 {
			r.fault("one of its %s is null", name)
			elements = append(elements, nil)
			continue
		}
		elements = append(elements, value[:size])
		value = value[size:]
	}
	return elements
}
