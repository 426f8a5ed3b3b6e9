package console

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Format is how data is printed.
type Format string

// The formats.
const (
	// Table is for people. Its columns may change.
	Table Format = "table"
	// JSON is an object, or of a list an array of them.
	JSON Format = "json"
	// NDJSON is an object a line.
	NDJSON Format = "ndjson"
	// CSV is a header and a line for each.
	CSV Format = "csv"
)

// ParseFormat reads a format.
func ParseFormat(text string) (Format, error) {
	switch f := Format(text); f {
	case Table, JSON, NDJSON, CSV:
		return f, nil
	}
	return "", errors.New("should be table, json, ndjson or csv")
}

// Column is a column of a table and of CSV.
type Column[T any] struct {
	// Name is the header in CSV; a table has it in capitals, with spaces.
	Name  string
	Value func(T) string
	// Colour, if set, is that of the cell in a table.
	Colour func(T) Colour
	// Right sets numbers to the right in a table.
	Right bool
	// Wide leaves the column out of tables, and Narrow out of CSV.
	Wide   bool
	Narrow bool
}

func (c Column[T]) colourOf(item T) Colour {
	if c.Colour == nil {
		return ""
	}
	return c.Colour(item)
}

// One prints one thing: in a table a line for each column.
func One[T any](c *Console, format Format, columns []Column[T], item T) error {
	switch format {
	case JSON:
		return printJSON(c.Out, item, "  ")
	case Table:
		t := &table{out: c.Out, isColoured: isColoured(c.Out)}
		for _, column := range columns {
			if column.Wide {
				continue
			}
			t.add(title(column.Name), false)
			t.add(Escape(column.Value(item)), false)
			t.colour(column.colourOf(item))
			t.end()
		}
		return t.flush()
	default:
		return List(c, format, columns, func(yield func(T, error) bool) { yield(item, nil) })
	}
}

// List prints a list as it comes. What came before an error is printed, and nothing if
// that is the first.
func List[T any](c *Console, format Format, columns []Column[T], items iter.Seq2[T, error]) error {
	switch format {
	case JSON:
		return listJSON(c.Out, items)
	case NDJSON:
		for item, err := range items {
			if err == nil {
				err = printJSON(c.Out, item, "")
			}
			if err != nil {
				return err
			}
		}
		return nil
	case CSV:
		return listCSV(c.Out, columns, items)
	default:
		return listTable(c, columns, items)
	}
}

func printJSON(w io.Writer, value any, indent string) error {
	text, err := encodeJSON(value, "", indent)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

func encodeJSON(value any, prefix, indent string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, indent)
	err := encoder.Encode(value)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func listJSON[T any](w io.Writer, items iter.Seq2[T, error]) error {
	before := "[\n  "
	for item, err := range items {
		var text []byte
		if err == nil {
			text, err = encodeJSON(item, "  ", "  ")
		}
		if err == nil {
			_, err = fmt.Fprintf(w, "%s%s", before, text)
		}
		if err != nil {
			return err
		}
		before = ",\n  "
	}
	end := "\n]\n"
	if before == "[\n  " {
		end = "[]\n"
	}
	_, err := io.WriteString(w, end)
	return err
}

func listCSV[T any](out io.Writer, columns []Column[T], items iter.Seq2[T, error]) error {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c Column[T]) bool { return c.Narrow })
	w := csv.NewWriter(out)
	row := make([]string, len(columns))
	write := func(cell func(Column[T]) string) error {
		for i, column := range columns {
			row[i] = cell(column)
		}
		return w.Write(row)
	}
	header := sync.OnceValue(func() error { return write(func(c Column[T]) string { return c.Name }) })
	for item, err := range items {
		if err == nil {
			err = header()
		}
		if err == nil {
			err = write(func(c Column[T]) string { return c.Value(item) })
		}
		if err != nil {
			w.Flush()
			return err
		}
	}
	err := header()
	w.Flush()
	return errors.Join(err, w.Error())
}

// tableChunk is how many lines of a table have common widths: more would have to be
// kept until the last is there.
const tableChunk = 1000

func listTable[T any](c *Console, columns []Column[T], items iter.Seq2[T, error]) error {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c Column[T]) bool { return c.Wide })
	t := &table{out: c.Out, isColoured: isColoured(c.Out)}
	header := sync.OnceFunc(func() {
		for _, column := range columns {
			t.add(title(column.Name), column.Right)
		}
		t.end()
	})
	for item, err := range items {
		if err != nil {
			return errors.Join(t.flush(), err)
		}
		header()
		for _, column := range columns {
			t.add(Escape(column.Value(item)), column.Right)
			t.colour(column.colourOf(item))
		}
		t.end()
		if len(t.rows) >= tableChunk {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	header()
	return t.flush()
}

func title(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "_", " ")) }

// Time prints a time, always as wide; no time is empty.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// Pairs prints a map as JSON with its keys in order; no pairs are empty.
func Pairs(pairs map[string]string) string {
	if len(pairs) == 0 {
		return ""
	}
	return Text(pairs)
}

// Text prints what has no other form in a cell, as JSON.
func Text(value any) string {
	text, err := encodeJSON(value, "", "")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
