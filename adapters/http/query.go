package http

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// parameters reads the query of a request, keeps the first error, and knows which
// parameters were asked for: all others are refused, for one that is misspelt might
// mean that money should not move.
type parameters struct {
	values url.Values
	err    error
}

const metadataPrefix = "metadata."

func parametersOf(r *http.Request) *parameters {
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &parameters{values: values}
	if err != nil {
		p.fail(&ledger.Error{Code: ledger.ErrInvalidRequest, Message: "the query cannot be read: percent-encode what is special in it"})
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) > 1 {
			p.refuse(name, "should be given only once")
		}
	}
	return p
}

func (p *parameters) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *parameters) refuse(name, reason string) {
	p.fail(&ledger.Error{Code: ledger.ErrInvalidRequest, Field: name, Message: fmt.Sprintf("%.80s %s", name, reason)})
}

// end returns the first error, or refuses what was not asked for.
func (p *parameters) end() error {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		p.refuse(name, "is not a known parameter")
	}
	return p.err
}

// text reads a parameter that should say something if it is there.
func (p *parameters) text(name string) string {
	given, found := p.values[name]
	delete(p.values, name)
	if !found {
		return ""
	}
	if given[0] == "" {
		p.refuse(name, "should not be empty")
	}
	return given[0]
}

// parameter reads one that parse takes, which is zero if it is not there.
func parameter[T any](p *parameters, name string, parse func(name, text string) (T, error)) (value T) {
	if text := p.text(name); text != "" {
		var err error
		value, err = parse(name, text)
		p.fail(err)
	}
	return value
}

// time reads a time, which is zero if it is not there.
func (p *parameters) time(name string) time.Time { return parameter(p, name, wire.ParseTime) }

// flag reads a parameter that should be true or false.
func (p *parameters) flag(name string) bool {
	switch p.text(name) {
	case "true":
		return true
	case "", "false":
	default:
		p.refuse(name, "should be true or false")
	}
	return false
}

// limit reads how many items a page should have.
func (p *parameters) limit() int {
	text := p.text("limit")
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n < 1 || n > ledger.MaxLimit {
		p.refuse("limit", fmt.Sprintf("should be a whole number from 1 to %d", ledger.MaxLimit))
	}
	return int(n)
}

// oldestFirst reads the order of a list.
func (p *parameters) oldestFirst() bool {
	switch p.text("order") {
	case "asc":
		return true
	case "", "desc":
	default:
		p.refuse("order", "should be asc or desc")
	}
	return false
}

// after reads a cursor of ids.
func (p *parameters) after() (id string) {
	if text := p.text("cursor"); text != "" {
		var err error
		id, err = wire.ParseIDCursor(text)
		p.fail(err)
	}
	return id
}

// explainCursor returns an error about a list that says that the item behind its cursor
// is not there, as missing does, as one about the cursor.
func explainCursor(err error, after string, missing error) error {
	e, m := refusalOf(err), refusalOf(missing)
	if after == "" || e == nil || e.Code != m.Code || e.Account != m.Account || e.Transaction != m.Transaction {
		return err
	}
	return wire.ErrCursor()
}

// afterEntry reads a cursor of entries.
func (p *parameters) afterEntry() *ledger.EntryKey {
	text := p.text("cursor")
	if text == "" {
		return nil
	}
	key, err := wire.ParseEntryCursor(text)
	p.fail(err)
	return &key
}

// metadata reads the pairs that are given as metadata.KEY=VALUE.
func (p *parameters) metadata() ledger.Metadata {
	var pairs ledger.Metadata
	for name, given := range p.values {
		key, found := strings.CutPrefix(name, metadataPrefix)
		if !found {
			continue
		}
		if pairs == nil {
			pairs = make(ledger.Metadata)
		}
		pairs[key] = given[0]
		delete(p.values, name)
	}
	return pairs
}

// moment reads as of when a balance is asked for.
func (p *parameters) moment() ledger.Moment {
	return ledger.Moment{EffectiveAt: p.time("at"), RecordedAt: p.time("recorded_at")}
}

// explainMoment returns an error about a moment in the words of the query.
func explainMoment(err error) error { return renamed(err, "effective_at", "at") }

// renamed returns a refusal of a field under the name that it has over HTTP.
func renamed(err error, field, name string) error {
	e := refusalOf(err)
	if e == nil || e.Field != field {
		return err
	}
	explained := *e
	explained.Field = name
	if rest, found := strings.CutPrefix(e.Message, field+" should"); found {
		explained.Message = name + " should" + rest
	}
	return &explained
}

// noParameters refuses any query.
func noParameters(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	return parametersOf(r).end()
}
