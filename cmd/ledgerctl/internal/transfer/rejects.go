package transfer

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/seed-d432d95b/ledger/ledger"
)

// rejects writes the lines that were not taken, each with the reason, so that the file
// can be mended and imported.
type rejects struct {
	out io.Writer
	csv *csv.Writer
	// kept are the columns of the original that are not of a file of rejects.
	kept    []int
	names   []string
	columns int
}

// rejectRecord is the column with a line as it stood that could not be taken apart into
// cells. Once mended there, it is imported from there.
const rejectRecord = "record"

func rejectColumns() []string { return []string{"line", "error_code", "error", rejectRecord} }

func newRejects(out io.Writer, names []string) *rejects {
	r := &rejects{out: out, names: names}
	if out == nil {
		r.out = io.Discard
	}
	if names == nil {
		return r
	}
	r.csv = csv.NewWriter(r.out)
	for i, name := range names {
		if !slices.Contains(rejectColumns(), name) {
			r.kept = append(r.kept, i)
		}
	}
	return r
}

// codeOf returns the code of a refusal. What cannot be read has that of what is
// malformed.
func codeOf(err error) ledger.Code {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return e.Code
	}
	return ledger.ErrInvalidRequest
}

func (r *rejects) write(l line, reason error) error {
	if r.csv != nil {
		return r.writeRow(l, reason)
	}
	record := struct {
		Line   int64  `json:"line"`
		Code   string `json:"error_code"`
		Error  string `json:"error"`
		Record any    `json:"record,omitempty"`
	}{l.number, string(codeOf(reason)), reason.Error(), nil}
	switch {
	case json.Valid(l.text):
		record.Record = json.RawMessage(l.text)
	case l.text != nil: // It is missing of a line that is too long.
		record.Record = string(l.text)
	}
	text, err := json.Marshal(record)
	if err != nil {
		return err
	}
	_, err = r.out.Write(append(text, '\n'))
	return err
}

func (r *rejects) writeRow(l line, reason error) error {
	if r.columns == 0 {
		row := make([]string, 0, len(r.kept)+len(rejectColumns()))
		for _, i := range r.kept {
			row = append(row, r.names[i])
		}
		row = append(row, rejectColumns()...)
		r.columns = len(row)
		if err := r.csv.Write(row); err != nil {
			return err
		}
	}
	row := make([]string, 0, r.columns)
	for _, i := range r.kept {
		cell := ""
		if i < len(l.row) {
			cell = l.row[i]
		}
		row = append(row, cell)
	}
	row = append(row, strconv.FormatInt(l.number, 10), string(codeOf(reason)), reason.Error(), string(l.raw))
	if err := r.csv.Write(row); err != nil {
		return err
	}
	r.csv.Flush()
	return r.csv.Error()
}
