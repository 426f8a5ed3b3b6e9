package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/getsentry/sentry-go"
)

// maxTypes is how deep typesOf looks into an error.
const maxTypes = 10

// typesOf returns the types of an error and of those that it wraps, which the program
// has given them, and the state that a database's error has. Their texts are left out.
func typesOf(err error) string {
	var types []string
	for ; err != nil && len(types) < maxTypes; err = next(err) {
		text := fmt.Sprintf("%T", err)
		if refused, ok := err.(interface{ SQLState() string }); ok {
			text += " " + stateOf(refused.SQLState())
		}
		types = append(types, text)
	}
	return strings.Join(types, ": ")
}

// next returns what an error wraps, the last if it wraps several.
func next(err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		if wrapped := several.Unwrap(); len(wrapped) > 0 {
			return wrapped[len(wrapped)-1]
		}
		return nil
	}
	return errors.Unwrap(err)
}

// stateOf returns an SQLSTATE, or "?" for what is none.
func stateOf(state string) string {
	isOther := func(c rune) bool { return (c < '0' || c > '9') && (c < 'A' || c > 'Z') }
	if len(state) != len("00000") || strings.ContainsFunc(state, isOther) {
		return "?"
	}
	return state
}

// maxFrames is how many functions of a stack are reported, the innermost ones.
const maxFrames = 50

// framesOf returns the functions of a stack as runtime/debug writes it, the innermost
// last. The arguments, which are as numbers in it, are left out, and so are directories.
func framesOf(stack []byte) []sentry.Frame {
	var frames []sentry.Frame
	lines := bytes.Split(stack, []byte("\n"))
	for i := 1; i+1 < len(lines) && len(frames) < maxFrames; i++ {
		at, isPlace := bytes.CutPrefix(lines[i+1], []byte("\t"))
		if !isPlace {
			continue
		}
		if frame, ok := frameOf(string(lines[i]), string(at)); ok {
			frames = append(frames, frame)
		}
		i++
	}
	// What comes before the panic is the machinery that caught it.
	if i := slices.IndexFunc(frames, func(f sentry.Frame) bool { return f.Module == "" && f.Function == "panic" }); i >= 0 {
		frames = frames[i+1:]
	}
	slices.Reverse(frames)
	return frames
}

// frameOf reads the two lines of a function: "path/to/pkg.(*T).Method(0x1, …)" and
// "/dir/file.go:12 +0x34".
func frameOf(call, place string) (sentry.Frame, bool) {
	call, isCreator := strings.CutPrefix(call, "created by ")
	if isCreator {
		call, _, _ = strings.Cut(call, " in goroutine ")
	} else if open := strings.LastIndexByte(call, '('); open > 0 {
		call = call[:open]
	}
	place, _, _ = strings.Cut(place, " ")
	colon := strings.LastIndexByte(place, ':')
	if colon < 0 {
		return sentry.Frame{}, false
	}
	line, err := strconv.Atoi(place[colon+1:])
	if err != nil {
		return sentry.Frame{}, false
	}
	frame := sentry.Frame{Function: call, Filename: path.Base(place[:colon]), Lineno: line}
	directory, name := path.Split(call)
	if pkg, function, ok := strings.Cut(name, "."); ok {
		frame.Module, frame.Function = directory+pkg, function
	}
	frame.InApp = strings.HasPrefix(frame.Module, "github.com/seed-d432d95b/ledger/") || frame.Module == "main"
	return frame, true
}
