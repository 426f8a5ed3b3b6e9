// Package transfer writes ledgers as records, a line each, as NDJSON or CSV, and makes
// ledgers of them.
package transfer

import (
	"errors"
	"path/filepath"
	"strings"
)

// Format is how records are written.
type Format string

// The formats.
const (
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// ParseFormat reads a format.
func ParseFormat(text string) (Format, error) {
	switch f := Format(text); f {
	case NDJSON, CSV:
		return f, nil
	}
	return "", errors.New("should be ndjson or csv")
}

// FormatOf tells the format of a file by the ending of its name.
func FormatOf(name string) (Format, bool) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl", ".json":
		return NDJSON, true
	case ".csv":
		return CSV, true
	}
	return "", false
}

// maxLine is the most bytes of a line.
const maxLine = 8 << 20
