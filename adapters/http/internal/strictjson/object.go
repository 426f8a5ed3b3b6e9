// Package strictjson reads a JSON object as a careful person would: what is
// ambiguous is refused, not guessed at. Text must be valid UTF-8 and nothing may
// follow the object; no object, however deep, may have a name twice; names match
// by exact case; an escape that is half of a surrogate pair is refused. A member
// that is null counts as missing.
//
// encoding/json alone does none of this. It supplies the grammar here, and the
// decoding of strings.
package strictjson

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxDepth is the deepest nesting of objects and arrays, the outermost counted.
const MaxDepth = 32

// What is read takes many times the memory of its text, so there is a limit on both
// kinds of it, which the largest batch that a ledger takes is well within.
const (
	// MaxNested is the most objects and arrays of a text.
	MaxNested = 1 << 17
	// MaxValues is the most values of a text, those and what is in them.
	MaxValues = 1 << 20
)

// Error says what is wrong with a text, and where.
type Error struct {
	// Path is the place in the text, as "entries[0].amount". It is empty for the
	// text as a whole.
	Path string
	// Reason goes on from the path, as "should be a string".
	Reason string
}

// Error returns the path and the reason.
func (e *Error) Error() string {
	if e.Path == "" {
		return "the body " + e.Reason
	}
	return e.Path + " " + e.Reason
}

// Object is a JSON object whose members are read by name.
type Object struct {
	path    string
	members map[string]json.RawMessage
}

// Decode reads a text that is one object. Anything else, or anything ambiguous
// in it, fails with an [*Error].
func Decode(text []byte) (Object, error) {
	switch {
	case !utf8.Valid(text):
		return Object{}, &Error{Reason: "should be valid UTF-8"}
	case !json.Valid(text):
		return Object{}, &Error{Reason: "should be one JSON object"}
	}
	return decode("", text)
}

// decode reads valid JSON that should be an object, found at path.
func decode(path string, text []byte) (Object, error) {
	s := scanner{text: text}
	s.space()
	if kindOf(text[s.at:]) != kindObject {
		return Object{}, &Error{Path: path, Reason: "should be an object"}
	}
	members, err := s.object()
	if err != nil {
		return Object{}, under(path, err)
	}
	return Object{path: path, members: members}, nil
}

// RefuseUnknown fails if the object has a member that is not among known. Of
// several it names the first in order of the alphabet.
func (o Object) RefuseUnknown(known ...string) error {
	unknown, found := "", false
	for name := range o.members {
		if !slices.Contains(known, name) && (!found || name < unknown) {
			unknown, found = name, true
		}
	}
	if !found {
		return nil
	}
	return &Error{Path: join(o.path, unknown), Reason: "is not a known field"}
}

// String returns a member that should be a string, and whether it is there.
func (o Object) String(name string) (value string, ok bool, err error) {
	text, ok, err := o.member(name, kindString)
	if err != nil || !ok {
		return "", false, err
	}
	return unquote(text), true, nil
}

// Number returns the text of a member that should be a number, and whether it
// is there.
func (o Object) Number(name string) (text string, ok bool, err error) {
	raw, ok, err := o.member(name, kindNumber)
	return string(raw), ok, err
}

// Bool returns a member that should be true or false, and whether it is there.
func (o Object) Bool(name string) (value, ok bool, err error) {
	text, ok, err := o.member(name, kindBool)
	return string(text) == "true", ok, err
}

// Object returns a member that should be an object, and whether it is there.
func (o Object) Object(name string) (value Object, ok bool, err error) {
	text, ok, err := o.member(name, kindObject)
	if err != nil || !ok {
		return Object{}, false, err
	}
	value, err = decode(join(o.path, name), text)
	return value, err == nil, err
}

// Objects returns a member that should be an array of objects, and whether it
// is there.
func (o Object) Objects(name string) (values []Object, ok bool, err error) {
	text, ok, err := o.member(name, kindArray)
	if err != nil || !ok {
		return nil, false, err
	}
	s := scanner{text: text}
	items, err := s.array()
	if err != nil {
		return nil, false, under(join(o.path, name), err)
	}
	values = make([]Object, len(items))
	for i, item := range items {
		values[i], err = decode(join(o.path, name)+index(i), item)
		if err != nil {
			return nil, false, err
		}
	}
	return values, true, nil
}

// Strings returns a member that should be an array of strings, and whether it is
// there.
func (o Object) Strings(name string) (values []string, ok bool, err error) {
	text, ok, err := o.member(name, kindArray)
	if err != nil || !ok {
		return nil, false, err
	}
	s := scanner{text: text}
	items, err := s.array()
	if err != nil {
		return nil, false, under(join(o.path, name), err)
	}
	values = make([]string, len(items))
	for i, item := range items {
		if kindOf(item) != kindString {
			return nil, false, &Error{Path: join(o.path, name) + index(i), Reason: "should be " + string(kindString)}
		}
		values[i] = unquote(item)
	}
	return values, true, nil
}

// StringMap returns a member that should be an object whose members are strings,
// and whether it is there. Those that are null are left out.
func (o Object) StringMap(name string) (values map[string]string, ok bool, err error) {
	object, ok, err := o.Object(name)
	if err != nil || !ok {
		return nil, false, err
	}
	values = make(map[string]string, len(object.members))
	for _, key := range slices.Sorted(maps.Keys(object.members)) {
		value, found, err := object.String(key)
		if err != nil {
			return nil, false, err
		}
		if found {
			values[key] = value
		}
	}
	return values, true, nil
}

// Path returns the place of a member, as errors name it.
func (o Object) Path(name string) string { return join(o.path, name) }

// member returns the text of a member that should be of a kind, and whether it
// is there.
func (o Object) member(name string, kind kind) (text json.RawMessage, ok bool, err error) {
	text, ok = o.members[name]
	if !ok {
		return nil, false, nil
	}
	switch kindOf(text) {
	case kindNull:
		return nil, false, nil
	case kind:
		return text, true, nil
	default:
		return nil, false, &Error{Path: join(o.path, name), Reason: "should be " + string(kind)}
	}
}

// join returns the path of a member or an item beneath a path.
func join(path, rest string) string {
	if path == "" || rest == "" || rest[0] == '[' {
		return path + rest
	}
	return path + "." + rest
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
