package console

import (
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar that says how far something long has come, at what rate, and when
// it will be done. It is silent unless it is on a terminal that can move its cursor. Its
// methods take a nil Progress as a silent one.
type Progress struct {
	console *Console
	// bar and terminal are nil for one that is silent.
	bar      *progressbar.ProgressBar
	terminal *os.File
	total    int64
	drawn    time.Time
	// shown is how many columns the bar takes on the terminal, 0 if it is not there.
	shown int
}

// redraw is how often the bar is drawn at most.
const redraw = 100 * time.Millisecond

// What moves a terminal's cursor, as all of them have it since the VT100.
const (
	eraseBelow = "\x1b[J"
	eraseRight = "\x1b[0K"
	wrapOff    = "\x1b[?7l"
	wrapOn     = "\x1b[?7h"
)

// ShowsProgress says whether a bar can be seen: what a total costs is saved otherwise.
func (c *Console) ShowsProgress() bool {
	return !c.Quiet && IsTerminal(c.Err) && os.Getenv("TERM") != "dumb"
}

// Progress shows a bar. total is how much there is to do, or less than zero if that is
// not known; unit is what is counted. End it before anything else is printed.
func (c *Console) Progress(what, unit string, total int64) *Progress {
	p := &Progress{console: c, total: total}
	if c.ShowsProgress() && total != 0 {
		p.terminal, _ = c.Err.(*os.File)
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(c.Err),
			progressbar.OptionSetDescription(what),
			progressbar.OptionSetItsString(unit),
			progressbar.OptionShowIts(),
			progressbar.OptionShowCount(),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionShowElapsedTimeOnFinish(),
			progressbar.OptionFullWidth(),
			progressbar.OptionUseANSICodes(true),
			// It would draw by itself, over data too.
			progressbar.OptionSetSpinnerChangeInterval(0),
		)
	}
	c.progress = p
	return p
}

// Set says how much is done.
func (p *Progress) Set(done int64) {
	if p == nil || p.bar == nil || time.Since(p.drawn) < redraw {
		return
	}
	p.drawn = time.Now()
	width, _, err := term.GetSize(int(p.terminal.Fd()))
	if err != nil || width <= 0 {
		return
	}
	if p.shown > width {
		p.clear()
	}
	if p.total > 0 {
		done = min(done, p.total)
	}
	// What is wider than the terminal is cut off, not continued on a line that would stay
	// there. An error is the terminal's, which nobody can be told of.
	_, _ = p.terminal.WriteString(wrapOff)
	_ = p.bar.Set64(done)
	// At the bar's beginning the cursor is where the bar can be erased from, also after
	// the terminal has become narrower, or has shown a ^C where the cursor was.
	_, _ = p.terminal.WriteString(wrapOn + "\r")
	p.shown = min(width, Width(strings.NewReplacer("\r", "", eraseRight, "").Replace(p.bar.String())))
}

// End takes the bar off the terminal.
func (p *Progress) End() {
	p.clear()
	if p != nil && p.console.progress == p {
		p.console.progress = nil
	}
}

// Hide takes the bar off the terminal for data to be printed there. A later Set shows it
// again.
func (p *Progress) Hide() { p.clear() }

// clear erases the bar, which a terminal that has become narrower may have put on several
// lines.
func (p *Progress) clear() {
	if p == nil || p.shown == 0 {
		return
	}
	_, _ = p.terminal.WriteString("\r" + eraseBelow)
	p.shown = 0
}
