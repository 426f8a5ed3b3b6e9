package transfer

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The types of the marks: the first line of an export and its last.
const (
	markExport = "export"
	markEnd    = "end"
)

// version is that of the exports that are written, and the last that can be read.
const version = 1

// mark is the first line of an export, or its last with the number of those between, by
// which half an export is told from a whole one. A file needs no marks.
type mark struct {
	Type    string `json:"type"`
	Version int    `json:"version,omitempty"`
	Lines   *int64 `json:"lines,omitempty"`
}

// readMark returns the mark that a line is, or nil.
func readMark(text []byte) *mark {
	const maxMark = 256
	if len(text) > maxMark || !bytes.Contains(text, []byte(`"export"`)) && !bytes.Contains(text, []byte(`"end"`)) {
		return nil
	}
	var m mark
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&m) != nil {
		return nil
	}
	isMark := m.Type == markExport && m.Version > 0 && m.Lines == nil || m.Type == markEnd && m.Lines != nil && m.Version == 0
	if !isMark {
		return nil
	}
	return &m
}

// IncompleteError says that a file is not the whole of an export, though all lines that
// it has were imported.
type IncompleteError struct {
	// Line is where it shows.
	Line   int64
	Reason string
}

// Error implements error.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("line %d: %s; export it again and import that, for what is in is left as it is; "+
		"if lines were taken out on purpose, take out those of type export and end too", e.Line, e.Reason)
}

// marks follows the marks of a file. Exports may be put together in it, and other lines
// be between them.
type marks struct {
	// begun is the line on which the export begins that has not ended, or 0.
	begun int64
	lines int64
	// incomplete is what is wrong first.
	incomplete *IncompleteError
}

// see takes note of a line, and says whether it is a mark. It fails on an export of a
// version that is not known.
func (m *marks) see(l line) (isMark bool, err error) {
	found := readMark(l.text)
	switch {
	case found == nil:
		m.lines++
		return false, nil
	case found.Type == markExport && found.Version > version:
		return true, fmt.Errorf("line %d begins an export of version %d, and this program knows %d: use a newer one", l.number, found.Version, version)
	case found.Type == markExport:
		m.end()
		m.begun, m.lines = l.number, 0
		return true, nil
	case m.begun == 0:
		m.miss(l.number, "an export ends here whose beginning is missing")
	case *found.Lines != m.lines:
		m.miss(l.number, fmt.Sprintf("the export that ends here should have %d lines between its first and its last, and has %d", *found.Lines, m.lines))
	}
	m.begun = 0
	return true, nil
}

// end takes note that nothing follows.
func (m *marks) end() {
	if m.begun > 0 {
		m.miss(m.begun, "the export that begins here has no end, so that the rest of it is missing")
	}
}

func (m *marks) miss(line int64, reason string) {
	if m.incomplete == nil {
		m.incomplete = &IncompleteError{Line: line, Reason: reason}
	}
}
