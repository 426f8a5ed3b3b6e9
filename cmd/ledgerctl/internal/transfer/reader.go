package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// line is a line of a file, or of CSV a record, which may be several lines.
type line struct {
	number int64
	// end is how many bytes were read up to about its end.
	end int64
	// text is the record as JSON.
	text []byte
	// row is what text was made of, of CSV.
	row []string
	// err is why it cannot be read.
	err error
}

// lineReader reads lines. It ends with io.EOF.
type lineReader interface {
	next() (line, error)
}

func errTooLong() error { return fmt.Errorf("the line is longer than %d MiB", maxLine>>20) }

const byteOrderMark = "\ufeff"

func skipMark(in *bufio.Reader) {
	if mark, err := in.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = in.Discard(len(byteOrderMark))
	}
}

// ndjsonReader reads an object a line, and leaves out blank lines.
type ndjsonReader struct {
	in     *bufio.Reader
	number int64
	bytes  int64
}

func newNDJSONReader(in io.Reader) *ndjsonReader {
	r := &ndjsonReader{in: bufio.NewReaderSize(in, 1<<16)}
	skipMark(r.in)
	return r
}

func (r *ndjsonReader) next() (line, error) {
	for {
		text, isLong, err := r.read()
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0 && !isLong) {
			return line{}, err
		}
		r.number++
		text = bytes.TrimSpace(text)
		switch {
		case isLong:
			return line{number: r.number, end: r.bytes, err: errTooLong()}, nil
		case len(text) > 0:
			return line{number: r.number, end: r.bytes, text: unwrap(text)}, nil
		}
	}
}

// read returns a line, or that it is too long.
func (r *ndjsonReader) read() (text []byte, isLong bool, err error) {
	for {
		part, err := r.in.ReadSlice('\n')
		r.bytes += int64(len(part))
		if isLong = isLong || len(text)+len(part) > maxLine; isLong {
			text = nil
		} else {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, isLong, err
		}
	}
}

// unwrap returns the record of a line of a file of rejects, which has it as it stood.
func unwrap(text []byte) []byte {
	if !bytes.Contains(text, []byte(`"record"`)) {
		return text
	}
	var rejected struct {
		Error  *string         `json:"error"`
		Record json.RawMessage `json:"record"`
	}
	if json.Unmarshal(text, &rejected) != nil || rejected.Error == nil || rejected.Record == nil {
		return text
	}
	var asText string
	if json.Unmarshal(rejected.Record, &asText) == nil {
		return []byte(asText)
	}
	return rejected.Record
}

// csvReader reads the records under a header.
type csvReader struct {
	in     *csv.Reader
	limit  *limitedReader
	header csvHeader
	names  []string
}

func newCSVReader(in io.Reader) (*csvReader, error) {
	limit := &limitedReader{in: in}
	buffered := bufio.NewReaderSize(limit, 1<<16)
	skipMark(buffered)
	r := &csvReader{in: csv.NewReader(buffered), limit: limit}
	r.in.FieldsPerRecord = -1
	names, err := r.in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: CSV should begin with a header")
	}
	if err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", err)
	}
	r.names = names
	r.header, err = readHeader(names)
	return r, err
}

func (r *csvReader) next() (line, error) {
	r.limit.left = maxLine
	row, err := r.in.Read()
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return line{number: int64(broken.StartLine), end: r.in.InputOffset(), row: row, err: broken.Err}, nil
	}
	if err != nil {
		return line{}, err
	}
	number, _ := r.in.FieldPos(0)
	l := line{number: int64(number), end: r.in.InputOffset(), row: row}
	l.text, l.err = r.header.object(row)
	return l, nil
}

// limitedReader fails when one record takes too much, such as one whose quote nobody
// closes.
type limitedReader struct {
	in   io.Reader
	left int
}

// Read implements [io.Reader].
func (r *limitedReader) Read(p []byte) (int, error) {
	if r.left <= -(1 << 16) {
		return 0, fmt.Errorf("%w, or a quote in it is not closed", errTooLong())
	}
	n, err := r.in.Read(p)
	r.left -= n
	return n, err
}
