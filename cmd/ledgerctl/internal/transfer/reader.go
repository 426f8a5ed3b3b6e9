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

// errTooLong says of a line that is not kept where it is and how it begins, for whoever
// looks for it. It has so many bytes, after those before it.
func errTooLong(before, length int64, beginning []byte) error {
	return fmt.Errorf("the line is longer than %d MiB, and not kept here: it is %d bytes long, after the first %d of the file, and begins with %q",
		maxLine>>20, length, before, beginning)
}

// maxShown is how much is shown of a line that is too long.
const maxShown = 256

const byteOrderMark = "\ufeff"

// skipMark leaves out the mark, and returns how long it was.
func skipMark(in *bufio.Reader) int {
	mark, err := in.Peek(len(byteOrderMark))
	if err != nil || string(mark) != byteOrderMark {
		return 0
	}
	skipped, _ := in.Discard(len(byteOrderMark))
	return skipped
}

// textReader reads lines of text, of which none is longer than maxLine.
type textReader struct {
	in     *bufio.Reader
	number int64
	bytes  int64
}

func newTextReader(in io.Reader) *textReader {
	r := &textReader{in: bufio.NewReaderSize(in, 1<<16)}
	r.bytes = int64(skipMark(r.in))
	return r
}

// next returns a line that is not blank, without its end. It has no text if it is too
// long, and an error that says so.
func (r *textReader) next() (text []byte, l line, err error) {
	for {
		before := r.bytes
		text, isLong, err := r.read()
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0 && !isLong) {
			return nil, line{}, err
		}
		r.number++
		l := line{number: r.number, end: r.bytes}
		if isLong {
			l.err = errTooLong(before, r.bytes-before, text)
			return nil, l, nil
		}
		if text = bytes.TrimRight(text, "\r\n"); len(bytes.TrimSpace(text)) > 0 {
			return text, l, nil
		}
	}
}

// read returns a line, or how it begins if it is too long.
func (r *textReader) read() (text []byte, isLong bool, err error) {
	for {
		part, err := r.in.ReadSlice('\n')
		r.bytes += int64(len(part))
		switch {
		case isLong:
		case len(text)+len(part) > maxLine:
			text, isLong = bytes.Clone(text[:maxShown]), true
		default:
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
