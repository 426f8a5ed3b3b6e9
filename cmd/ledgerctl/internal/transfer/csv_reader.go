package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
)

// csvReader reads the records under a header, each on one line: no text of a ledger has
// a line break in it. So a quote that nobody closes spoils its own line and no other.
type csvReader struct {
	in *textReader
	// names and header are the columns, and record is the place of that with the line
	// of a reject as it stood, or less than zero.
	names  []string
	header csvHeader
	record int
	// original are the columns that such a line had.
	original csvHeader
	// buffer is what cells are read from.
	buffer *bufio.Reader
}

func newCSVReader(in io.Reader) (*csvReader, error) {
	r := &csvReader{in: newTextReader(in), buffer: bufio.NewReader(nil)}
	text, l, err := r.in.next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: CSV should begin with a header")
	}
	if err = errors.Join(err, l.err); err == nil {
		r.names, err = r.cells(text)
	}
	if err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	if r.header, err = readHeader(r.names); err != nil {
		return nil, err
	}
	r.record = slices.IndexFunc(r.header, func(c column) bool { return c.name == rejectRecord })
	for _, c := range r.header {
		if !slices.Contains(rejectColumns(), c.name) {
			r.original = append(r.original, c)
		}
	}
	return r, nil
}

func (r *csvReader) next() (line, error) {
	for {
		text, l, err := r.in.next()
		if err != nil || l.err != nil {
			return l, err
		}
		header := r.header
		row, err := r.cells(text)
		if err == nil && slices.Equal(row, r.names) {
			continue // Files were put together, as rejects of several imports are.
		}
		isReject := err == nil && r.record >= 0 && len(row) == len(header) && row[r.record] != ""
		if isReject {
			text, header = []byte(row[r.record]), r.original
			row, err = r.cells(text)
		}
		if err != nil || len(row) != len(header) {
			if err == nil {
				err = fmt.Errorf("the line has %d fields, and the header %d", len(row), len(header))
			}
			l.raw, l.err = text, err
			return l, nil
		}
		l.text, l.err = header.object(row)
		if l.row = row; isReject {
			l.row = r.rowOf(row)
		}
		return l, nil
	}
}

// cells takes a line apart.
func (r *csvReader) cells(text []byte) ([]string, error) {
	r.buffer.Reset(bytes.NewReader(text))
	in := csv.NewReader(r.buffer)
	in.FieldsPerRecord = -1
	row, err := in.Read()
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("%w; a quote should be closed on its line", broken.Err)
	}
	return row, err
}

// rowOf returns the cells of a reject's line in the places of the file's columns.
func (r *csvReader) rowOf(original []string) []string {
	row, next := make([]string, len(r.header)), 0
	for i, c := range r.header {
		if !slices.Contains(rejectColumns(), c.name) {
			row[i], next = original[next], next+1
		}
	}
	return row
}
