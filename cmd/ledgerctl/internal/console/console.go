// Package console is how a command talks: data on standard output, in the format that
// was asked for, and all else on standard error.
package console

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Console is the three streams of a command. It is for one goroutine.
type Console struct {
	In  io.Reader
	Out io.Writer
	// Err is where progress, questions and errors go.
	Err io.Writer
	// Quiet leaves out progress and notes.
	Quiet bool
	// progress is the bar that is being shown.
	progress *Progress
}

// New returns a console on the streams. What is shown only on a terminal is shown where
// they are files that are one.
func New(in io.Reader, out, err io.Writer) *Console { return &Console{In: in, Out: out, Err: err} }

// IsTerminal says whether a stream is a terminal.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Note says something beside the data, unless the console is quiet.
func (c *Console) Note(format string, arguments ...any) {
	if !c.Quiet {
		c.Say(format, arguments...)
	}
}

// Say says something that has to be known, on one line.
func (c *Console) Say(format string, arguments ...any) {
	c.progress.clear()
	fmt.Fprintf(c.Err, "%s\n", Escape(fmt.Sprintf(format, arguments...)))
}

// Quote returns an id as a shell takes it.
func Quote(id string) string {
	if id != "" && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@/-") == "" {
		return id
	}
	return "'" + strings.ReplaceAll(id, "'", `'\''`) + "'"
}

// Escape returns text with what would move a terminal's cursor, or look as if it were
// more than one line, made visible.
func Escape(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if isInvalid := r == utf8.RuneError && size == 1; isInvalid || !strconv.IsPrint(r) {
			quoted := strconv.Quote(text[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// FileError returns the error of a file with the file's name quoted, as it may have
// anything in it.
func FileError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s %q: %w", e.Op, e.Path, e.Err)
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Errorf("%s %q %q: %w", e.Op, e.Old, e.New, e.Err)
	}
	return err
}
