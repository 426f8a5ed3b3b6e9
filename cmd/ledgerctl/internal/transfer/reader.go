package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// line is a line of a file.
type line struct {
	number int64
	// end is how many bytes were read up to about its end.
	end int64
	// text is the record as JSON.
	text []byte
	// row is what text was made of, of CSV, and raw is the line itself where that could
	// not be taken apart.
	row []string
	raw []byte
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

// textReader reads lines of text, of which none is longer than maxLine.
type textReader struct {
	in     *bufio.Reader
	number int64
	bytes  int64
}

func newTextReader(in io.Reader) *textReader {
	r := &textReader{in: bufio.NewReaderSize(in, 1<<16)}
	skipMark(r.in)
	return r
}

// next returns a line that is not blank, without its end. It has no text if it is too
// long, and an error that says so.
func (r *textReader) next() (text []byte, l line, err error) {
	for {
		text, isLong, err := r.read()
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0 && !isLong) {
			return nil, line{}, err
		}
		r.number++
		l := line{number: r.number, end: r.bytes}
		if isLong {
			l.err = errTooLong()
			return nil, l, nil
		}
		if text = bytes.TrimRight(text, "\r\n"); len(bytes.TrimSpace(text)) > 0 {
			return text, l, nil
		}
	}
}

// read returns a line, or that it is too long.
func (r *textReader) read() (text []byte, isLong bool, err error) {
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

// ndjsonReader reads an object a line, and leaves out blank lines.
type ndjsonReader struct{ in *textReader }

func newNDJSONReader(in io.Reader) *ndjsonReader { return &ndjsonReader{newTextReader(in)} }

func (r *ndjsonReader) next() (line, error) {
	text, l, err := r.in.next()
	if err == nil && l.err == nil {
		l.text = unwrap(bytes.TrimSpace(text))
	}
	return l, err
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
