package transfer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// column is a column of CSV: the member of that name of a record.
type column struct {
	name string
	// isJSON says that a cell is JSON as it stands, and not a string.
	isJSON bool
}

// columns are those of an export, in its order.
func columns() []column {
	return []column{
		{"type", false},
		{"id", false},
		{"transaction", false},
		{"account", false},
		{"status", false},
		{"code", false},
		{"scale", true},
		{"name", false},
		{"asset", false},
		{"normal", false},
		{"min_balance", false},
		{"opening_balance", false},
		{"from", false},
		{"to", false},
		{"amount", false},
		{"entries", true},
		{"pending", true},
		{"expires_at", false},
		{"effective_at", false},
		{"description", false},
		{"metadata", true},
		{"related", false},
		{"actor", false},
		{"wrote", true},
		{"recorded_at", false},
		{"opened_at", false},
		{"resolved_at", false},
		{"version", true},
		{"lines", true},
	}
}

// readColumns are all that an import knows.
func readColumns() []column {
	return append(columns(),
		column{"conditions", true}, column{"up_to", true},
		column{"line", true}, column{"error_code", false}, column{"error", false}, column{rejectRecord, false})
}

func (w *Writer) writeHeader() error {
	names := columns()
	header := make([]string, len(names))
	for i, c := range names {
		header[i] = c.name
	}
	return w.csv.Write(header)
}

func (w *Writer) writeRow(record any) error {
	if t, ok := record.(wire.TransactionRecord); ok {
		record = short(t)
	}
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for i, c := range columns() {
		w.row[i] = ""
		member := members[c.name]
		if len(member) == 0 || c.isJSON {
			w.row[i] = string(member)
			continue
		}
		if err := json.Unmarshal(member, &w.row[i]); err != nil {
			return err
		}
	}
	return w.csv.Write(w.row)
}

// short turns a transaction of a debit and a credit into its short form.
func short(t wire.TransactionRecord) wire.TransactionRecord {
	if len(t.Entries) != 2 {
		return t
	}
	from, to := t.Entries[0], t.Entries[1]
	if from.Side != ledger.Debit.String() || to.Side != ledger.Credit.String() || from.Account == to.Account ||
		from.Asset != to.Asset || from.Amount != to.Amount {
		return t
	}
	t.Entries, t.TransactionRequest.Entries = nil, nil
	t.From, t.To, t.Amount, t.Asset = from.Account, to.Account, from.Amount, from.Asset
	return t
}

// csvHeader is the header of a file.
type csvHeader []column

func readHeader(names []string) (csvHeader, error) {
	known := readColumns()
	header := make(csvHeader, len(names))
	for i, name := range names {
		name = strings.TrimSpace(name)
		at := slices.IndexFunc(known, func(c column) bool { return c.name == name })
		if at < 0 {
			return nil, fmt.Errorf("the header has the column %.40q, which is not known; it can have %s", name, namesOf(known))
		}
		if slices.Contains(header[:i], known[at]) {
			return nil, fmt.Errorf("the header has the column %q twice", name)
		}
		header[i] = known[at]
	}
	return header, nil
}

// object returns a row as JSON. An empty cell says nothing.
func (h csvHeader) object(row []string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, cell := range row {
		if cell == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(h[i].name) + ":")
		if !utf8.ValidString(cell) {
			return nil, errors.New(h[i].name + " should be UTF-8")
		}
		if !h[i].isJSON {
			text, err := json.Marshal(cell)
			if err != nil {
				return nil, err
			}
			b.Write(text)
			continue
		}
		if !json.Valid([]byte(cell)) {
			return nil, errors.New(h[i].name + " should be JSON")
		}
		b.WriteString(cell)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func namesOf(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}
