package wire

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/strictjson"
	"github.com/seed-d432d95b/ledger/ledger"
)

// fields reads the members of an object, keeps the first error, and knows which
// members were asked for: all others are unknown.
type fields struct {
	object strictjson.Object
	known  []string
	err    error
}

// mostFields is how many members the largest object of a request has.
const mostFields = 16

// decode reads a body with read, and refuses what read did not ask for.
func decode[T any](body []byte, read func(*fields) T) (value T, err error) {
	object, err := strictjson.Decode(body)
	if err != nil {
		return value, refusal(err)
	}
	f := &fields{object: object, known: make([]string, 0, mostFields)}
	value = read(f)
	return value, f.end()
}

// refusal returns the domain's error for one of strictjson's.
func refusal(err error) error {
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return &ledger.Error{Code: ledger.ErrInvalidRequest, Field: e.Path, Message: e.Error()}
	}
	return err
}

func (f *fields) end() error {
	if f.err != nil {
		return refusal(f.err)
	}
	return refusal(f.object.RefuseUnknown(f.known...))
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fields) ask(name string) string {
	f.known = append(f.known, name)
	return name
}

// text reads a string that may be empty.
func (f *fields) text(name string) string {
	value, _, err := f.object.String(f.ask(name))
	f.fail(err)
	return value
}

// word reads a string that should say something if it is there.
func (f *fields) word(name string) string {
	value, ok, err := f.object.String(f.ask(name))
	f.fail(err)
	if ok && value == "" {
		f.fail(invalid(f.object.Path(name), "should not be empty"))
	}
	return value
}

// optionalText reads a string that may be empty, and is nil if it is not there.
func (f *fields) optionalText(name string) *string {
	value, ok, err := f.object.String(f.ask(name))
	f.fail(err)
	if !ok {
		return nil
	}
	return &value
}

func (f *fields) flag(name string) bool {
	value, _, err := f.object.Bool(f.ask(name))
	f.fail(err)
	return value
}

// number reads a whole number from 0 to most, and is nil if it is not there.
func (f *fields) number(name string, most uint64) *uint64 {
	text, ok, err := f.object.Number(f.ask(name))
	f.fail(err)
	if !ok || f.err != nil {
		return nil
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil || value > most {
		f.fail(invalid(f.object.Path(name), "should be a whole number from 0 to "+strconv.FormatUint(most, 10)))
		return nil
	}
	return &value
}

// time reads a time, which is zero if it is not there.
func (f *fields) time(name string) time.Time {
	text := f.word(name)
	if text == "" || f.err != nil {
		return time.Time{}
	}
	value, err := ParseTime(f.object.Path(name), text)
	f.fail(err)
	return value
}

// metadata reads an object of strings, which is nil if it is not there.
func (f *fields) metadata() map[string]string {
	values, _, err := f.object.StringMap(f.ask("metadata"))
	f.fail(err)
	return values
}

func (f *fields) strings(name string) []string {
	values, _, err := f.object.Strings(f.ask(name))
	f.fail(err)
	return values
}

// list reads an array of objects with read, and refuses what read did not ask for
// in one of them. It is nil if it is not there.
func list[T any](f *fields, name string, read func(*fields) T) []T {
	objects, ok, err := f.object.Objects(f.ask(name))
	f.fail(err)
	if !ok || f.err != nil {
		return nil
	}
	values := make([]T, len(objects))
	for i, object := range objects {
		item := &fields{object: object}
		values[i] = read(item)
		if err := item.end(); err != nil {
			f.fail(err)
			return nil
		}
	}
	return values
}

// ParseTime reads a time in RFC 3339, which the named field has.
func ParseTime(field, text string) (time.Time, error) {
	var at time.Time
	// Package time also reads an hour of one digit, and a comma before the fraction.
	const hours = len("2026-01-31T09")
	lenient := len(text) > hours && text[hours] != ':' || strings.Contains(text, ",")
	if err := at.UnmarshalText([]byte(text)); err != nil || lenient {
		return time.Time{}, invalid(field, "should be a time as RFC 3339 has it, such as 2026-01-31T09:26:53.589793Z")
	}
	at = at.UTC()
	switch {
	case at.Year() < 1 || at.Year() > 9999:
		return time.Time{}, invalid(field, "should be in the years 1 to 9999")
	case at.Truncate(time.Microsecond).IsZero():
		// The domain's word for no time at all.
		return time.Time{}, invalid(field, "should be later than the first moment of the year 1")
	}
	return at, nil
}

// FormatTime prints a time as ParseTime reads it.
func FormatTime(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }
