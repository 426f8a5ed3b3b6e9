package http

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// lineReader reads lines of at most maxOne bytes, without their ends, in constant
// memory.
type lineReader struct {
	reader *bufio.Reader
	// long is a line that does not fit the reader's buffer.
	long []byte
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{reader: bufio.NewReaderSize(r, 64<<10)}
}

// next returns a line that is good until the next call. The last may lack its end. It
// fails with [ErrTooLarge] for a line that it has skipped, with io.EOF after the last,
// and otherwise as the reader does; of a line that this cuts short nothing is told.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.reader.ReadSlice('\n')
	if err != nil {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = l.reader.ReadSlice('\n')
			if len(l.long) <= maxOne+len("\r\n") {
				l.long = append(l.long, line...)
			}
		}
		line = l.long
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if len(line) > maxOne {
		return nil, &ledger.Error{Code: ErrTooLarge, Message: fmt.Sprintf("a line should have at most %d bytes", maxOne)}
	}
	return line, nil
}

// hasNext says whether a whole line has arrived.
func (l *lineReader) hasNext() bool {
	arrived, _ := l.reader.Peek(l.reader.Buffered())
	return bytes.IndexByte(arrived, '\n') >= 0
}

// isBlank says whether there is nothing on a line but white space.
func isBlank(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }

// ofLine returns why a line cannot be read, of which the error speaks as of a body.
func ofLine(err error) error {
	e := refusalOf(err)
	if e == nil || e.Field != "" {
		return err
	}
	told := *e
	if rest, found := strings.CutPrefix(e.Message, "the body "); found {
		told.Message = "the line " + rest
	}
	return &told
}
