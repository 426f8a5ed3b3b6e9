package console

import (
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

// table sets cells in columns as wide as the widest of them on a terminal.
type table struct {
	out        io.Writer
	isColoured bool
	rows       [][]cell
	row        []cell
	widths     []int
}

type cell struct {
	text   string
	width  int
	right  bool
	colour Colour
}

func (t *table) add(text string, right bool) {
	c := cell{text: text, width: uniseg.StringWidth(text), right: right}
	if len(t.row) == len(t.widths) {
		t.widths = append(t.widths, 0)
	}
	t.widths[len(t.row)] = max(t.widths[len(t.row)], c.width)
	t.row = append(t.row, c)
}

// colour gives the cell that was added last a colour.
func (t *table) colour(c Colour) {
	if t.isColoured {
		t.row[len(t.row)-1].colour = c
	}
}

func (t *table) end() {
	t.rows = append(t.rows, t.row)
	t.row = nil
}

// flush prints the rows. Those that follow are as wide at least.
func (t *table) flush() error {
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, c := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			gap := strings.Repeat(" ", t.widths[i]-c.width)
			if c.right {
				line.WriteString(gap + c.colour.in(c.text))
			} else {
				line.WriteString(c.colour.in(c.text) + gap)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	t.rows = nil
	_, err := io.WriteString(t.out, b.String())
	return err
}

// Width returns how many columns of a terminal text takes.
func Width(text string) int { return uniseg.StringWidth(text) }
