package console

import "os"

// Colour is that of a cell of a table, which it has on a terminal alone. The zero Colour
// is the terminal's own.
type Colour string

// The colours.
const (
	Red    Colour = "\x1b[31m"
	Green  Colour = "\x1b[32m"
	Yellow Colour = "\x1b[33m"
)

const ownColour = "\x1b[0m"

// isColoured says whether a stream takes colours: a terminal does, unless NO_COLOR
// (https://no-color.org) or TERM says otherwise.
func isColoured(stream any) bool {
	return IsTerminal(stream) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// in returns text in the colour.
func (c Colour) in(text string) string {
	if c == "" {
		return text
	}
	return string(c) + text + ownColour
}
