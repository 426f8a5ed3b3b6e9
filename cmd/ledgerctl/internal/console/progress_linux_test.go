package console_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// terminal is a pseudo terminal of so many columns.
type terminal struct {
	t            *testing.T
	ours, theirs *os.File
}

func newTerminal(t *testing.T, columns uint16) *terminal {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	fd := int(ours.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	theirs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	p := &terminal{t, ours, theirs}
	p.resize(columns)
	return p
}

func (p *terminal) resize(columns uint16) {
	p.t.Helper()
	if err := unix.IoctlSetWinsize(int(p.ours.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		p.t.Fatal(err)
	}
}

// end is a line that ends what is read; nothing else has it.
const end = "that was all"

// said returns what was written to the terminal since it was last asked.
func (p *terminal) said() string {
	p.t.Helper()
	if _, err := p.theirs.WriteString(end); err != nil {
		p.t.Fatal(err)
	}
	var b bytes.Buffer
	buffer := make([]byte, 4096)
	for !bytes.HasSuffix(b.Bytes(), []byte(end)) {
		n, err := p.ours.Read(buffer)
		if err != nil {
			p.t.Fatal(err)
		}
		b.Write(buffer[:n])
	}
	return strings.TrimSuffix(b.String(), end)
}

// TestProgressOnTerminal follows a bar while the terminal becomes narrower and wider.
func TestProgressOnTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for name, total := range map[string]int64{"known": 1000, "unknown": -1} { //nolint:paralleltest // Of one environment.
		t.Run(name, func(t *testing.T) {
			tty := newTerminal(t, 100)
			synctest.Test(t, func(*testing.T) {
				c := console.New(nil, tty.theirs, tty.theirs)
				p := c.Progress("Working", "rows", total)
				step := func(done int64) string {
					time.Sleep(time.Second)
					p.Set(done)
					return tty.said()
				}
				first := step(100)
				if !strings.HasSuffix(first, "\r") {
					t.Errorf("the cursor is left where a ^C makes another line: %q", first)
				}
				if !strings.Contains(first, "Working") || !strings.Contains(first, "rows/") || strings.Contains(first, "\n") {
					t.Errorf("at first %q", first)
				}
				if second := step(200); second == first || !strings.Contains(second, "\rWorking") && total > 0 {
					t.Errorf("then %q", second)
				}
				p.Set(201)
				if said := tty.said(); said != "" {
					t.Errorf("within the same moment %q", said)
				}
				tty.resize(30)
				narrow := step(300)
				if !strings.HasPrefix(narrow, "\r\x1b[J\x1b[?7l") || !strings.HasSuffix(narrow, "\x1b[?7h\r") {
					t.Errorf("on a terminal that became narrower %q", narrow)
				}
				tty.resize(120)
				if wide := step(400); strings.Contains(wide, "\x1b[J") {
					t.Errorf("on a terminal that became wider %q", wide)
				}
				c.Note("by the way")
				if said := tty.said(); said != "\r\x1b[Jby the way\r\n" {
					t.Errorf("with a note %q", said)
				}
				if again := step(5000); !strings.Contains(again, "Working") {
					t.Errorf("after the note %q", again)
				}
				p.End()
				if said := tty.said(); said != "\r\x1b[J" {
					t.Errorf("at the end %q", said)
				}
				c.Say("done")
				if said := tty.said(); said != "done\r\n" {
					t.Errorf("after the end %q", said)
				}
			})
		})
	}
}

// TestProgressIsSilent looks for a bar where there should be none.
func TestProgressIsSilent(t *testing.T) {
	show := func(c *console.Console) {
		p := c.Progress("Working", "rows", 10)
		p.Set(5)
		p.Hide()
		p.End()
	}
	var pipe bytes.Buffer
	show(console.New(nil, nil, &pipe))
	if pipe.Len() != 0 {
		t.Errorf("in a pipe %q", &pipe)
	}
	tty := newTerminal(t, 80)
	c := console.New(nil, nil, tty.theirs)
	c.Quiet = true
	show(c)
	if said := tty.said(); said != "" {
		t.Errorf("quiet %q", said)
	}
	t.Setenv("TERM", "dumb")
	show(console.New(nil, nil, tty.theirs))
	if said := tty.said(); said != "" {
		t.Errorf("on a dumb terminal %q", said)
	}
	var none *console.Progress
	none.Set(1)
	none.Hide()
	none.End()
}

// TestColours prints a table on a terminal, and where there should be no colours.
func TestColours(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	const coloured = "\x1b[31mx\x1b[0m"
	red := []console.Column[thing]{
		{Name: "name", Value: func(t thing) string { return t.Name }, Colour: func(thing) console.Colour { return console.Red }},
	}
	show := func(c *console.Console) {
		if err := console.List(c, console.Table, red, listed(nil, thing{Name: "x"})); err != nil {
			t.Error(err)
		}
	}
	tty := newTerminal(t, 80)
	show(console.New(nil, tty.theirs, nil))
	if said := tty.said(); !strings.Contains(said, coloured) {
		t.Errorf("on a terminal %q", said)
	}
	var pipe bytes.Buffer
	show(console.New(nil, &pipe, tty.theirs))
	if pipe.String() != "NAME\nx\n" {
		t.Errorf("in a pipe %q", &pipe)
	}
	t.Setenv("NO_COLOR", "1")
	show(console.New(nil, tty.theirs, nil))
	if said := tty.said(); strings.Contains(said, "\x1b") {
		t.Errorf("with NO_COLOR %q", said)
	}
}
