package console_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

type thing struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

func columns() []console.Column[thing] {
	return []console.Column[thing]{
		{Name: "full_name", Value: func(t thing) string { return t.Name }},
		{Name: "count", Right: true, Value: func(t thing) string { return strconv.Itoa(t.Count) }},
		{Name: "csv", Wide: true, Value: func(thing) string { return "wide" }},
		{Name: "tty", Narrow: true, Value: func(thing) string { return "narrow" }},
	}
}

// listed yields things, and then an error if there is one.
func listed(err error, things ...thing) iter.Seq2[thing, error] {
	return func(yield func(thing, error) bool) {
		for _, t := range things {
			if !yield(t, nil) {
				return
			}
		}
		if err != nil {
			yield(thing{}, err)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	two := []thing{{"a<b", 1}, {"日本\x1b[2J", 234}}
	for name, test := range map[string]struct {
		format console.Format
		things []thing
		err    error
		want   string
	}{
		"table": {console.Table, two, nil, "FULL NAME    COUNT  TTY\na<b              1  narrow\n日本\\x1b[2J    234  narrow\n"},
		"csv":   {console.CSV, two, nil, "full_name,count,csv\na<b,1,wide\n日本\x1b[2J,234,wide\n"},
		"json": {
			console.JSON, two, nil,
			"[\n  {\n    \"name\": \"a<b\",\n    \"count\": 1\n  },\n  {\n    \"name\": \"日本\\u001b[2J\",\n    \"count\": 234\n  }\n]\n",
		},
		"ndjson":                     {console.NDJSON, two, nil, "{\"name\":\"a<b\",\"count\":1}\n{\"name\":\"日本\\u001b[2J\",\"count\":234}\n"},
		"empty table":                {console.Table, nil, nil, "FULL NAME  COUNT  TTY\n"},
		"empty csv":                  {console.CSV, nil, nil, "full_name,count,csv\n"},
		"empty json":                 {console.JSON, nil, nil, "[]\n"},
		"empty ndjson":               {console.NDJSON, nil, nil, ""},
		"table that fails":           {console.Table, nil, broken, ""},
		"csv that fails":             {console.CSV, nil, broken, ""},
		"json that fails":            {console.JSON, nil, broken, ""},
		"table that fails later":     {console.Table, two[:1], broken, "FULL NAME  COUNT  TTY\na<b            1  narrow\n"},
		"csv that fails later":       {console.CSV, two[:1], broken, "full_name,count,csv\na<b,1,wide\n"},
		"ndjson that fails later":    {console.NDJSON, two[:1], broken, "{\"name\":\"a<b\",\"count\":1}\n"},
		"an unfinished json is none": {console.JSON, two[:1], broken, "[\n  {\n    \"name\": \"a<b\",\n    \"count\": 1\n  }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := console.List(console.New(nil, &out, nil), test.format, columns(), listed(test.err, test.things...))
			if !errors.Is(err, test.err) || out.String() != test.want {
				t.Errorf("got %v and\n%s; want\n%s", err, out.String(), test.want)
			}
		})
	}
}

func TestListLongTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	things := make([]thing, 5000)
	things[4000].Name = "a long name"
	if err := console.List(console.New(nil, &out, nil), console.Table, columns(), listed(nil, things...)); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 5001 {
		t.Errorf("got %d lines, want 5001", lines)
	}
}

func TestOne(t *testing.T) {
	t.Parallel()
	for format, want := range map[console.Format]string{
		console.Table:  "FULL NAME  a\\nb\nCOUNT      7\nTTY        narrow\n",
		console.JSON:   "{\n  \"name\": \"a\\nb\",\n  \"count\": 7\n}\n",
		console.NDJSON: "{\"name\":\"a\\nb\",\"count\":7}\n",
		console.CSV:    "full_name,count,csv\n\"a\nb\",7,wide\n",
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := console.One(console.New(nil, &out, nil), format, columns(), thing{"a\nb", 7}); err != nil || out.String() != want {
				t.Errorf("got %v and\n%s; want\n%s", err, out.String(), want)
			}
		})
	}
}

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for _, format := range []console.Format{console.Table, console.JSON, console.NDJSON, console.CSV} {
		if got, err := console.ParseFormat(string(format)); got != format || err != nil {
			t.Errorf("got %s, %v; want %s", got, err, format)
		}
	}
	if _, err := console.ParseFormat("JSON"); err == nil {
		t.Error("JSON in capitals is a format")
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"world:USD": "world:USD", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "a\nb": "'a\nb'",
	} {
		if got := console.Quote(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestTimeAndPairs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 13, 0, 0, 5000, time.FixedZone("", 3600))
	if got := console.Time(at); got != "2026-01-31T12:00:00.000005Z" || console.Time(time.Time{}) != "" {
		t.Errorf("got %s", got)
	}
	if got := console.Pairs(map[string]string{"b": "<", "a": "1"}); got != `{"a":"1","b":"<"}` || console.Pairs(nil) != "" {
		t.Errorf("got %s", got)
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	for isQuiet, want := range map[bool]string{false: "note 1\nsaid\n", true: "said\n"} {
		var said bytes.Buffer
		c := console.New(nil, nil, &said)
		c.Quiet = isQuiet
		progress := c.Progress("importing", "lines", 10)
		progress.Set(1)
		c.Note("note %d", 1)
		c.Say("said")
		progress.End()
		if said.String() != want {
			t.Errorf("quiet %t: got %q, want %q", isQuiet, said.String(), want)
		}
	}
}

// Where a terminal is asked is tested by the scripts of the commands.
func TestConfirmWithoutTerminal(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
	var said bytes.Buffer
	if err := console.New(reader, nil, &said).Confirm(t.Context(), "Proceed?"); !errors.Is(err, console.ErrNobodyToAsk) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := console.New(strings.NewReader("y\n"), nil, &said).Confirm(ended, "Proceed?"); !errors.Is(err, console.ErrNobodyToAsk) {
		t.Errorf("got %v", err)
	}
	if said.Len() > 0 {
		t.Errorf("it asked nobody: %q", said.String())
	}
}

func TestConfirmInterrupted(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var said bytes.Buffer
	err = console.New(terminal, nil, &said).Confirm(ended, "Proceed?")
	if !errors.Is(err, context.Canceled) || said.String() != "Proceed? [y/N] \n" {
		t.Errorf("got %v, and it said %q", err, said.String())
	}
}

// TestNothingMovesTheCursor says what has control characters in it.
func TestNothingMovesTheCursor(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	c := console.New(nil, nil, &said)
	_, err := os.Open("no\x1b[2J\nfile")
	c.Say("%v", console.FileError(err))
	c.Say("%s", "\"日本\"\r\x1b]0;x\x07\n\xff")
	want := `open "no\x1b[2J\nfile": no such file or directory` + "\n" + `"日本"\r\x1b]0;x\a\n\xff` + "\n"
	if said.String() != want {
		t.Errorf("got\n%s; want\n%s", &said, want)
	}
	if !errors.Is(console.FileError(err), os.ErrNotExist) {
		t.Error("it is not known any more what is wrong with the file")
	}
	if err := console.FileError(os.Rename("no\x1b", "where\x1b")); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %q", err)
	}
}
