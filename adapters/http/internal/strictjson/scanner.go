package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// kind is what a value is, in the words of an error.
type kind string

const (
	kindNull   kind = "null"
	kindBool   kind = "true or false"
	kindNumber kind = "a number"
	kindString kind = "a string"
	kindArray  kind = "an array"
	kindObject kind = "an object"
)

// kindOf tells what valid JSON is from its first byte.
func kindOf(text []byte) kind {
	switch text[0] {
	case '{':
		return kindObject
	case '[':
		return kindArray
	case '"':
		return kindString
	case 't', 'f':
		return kindBool
	case 'n':
		return kindNull
	default:
		return kindNumber
	}
}

// scanner walks over text that is known to be valid JSON, so that it need not
// look for errors of grammar, and refuses what the grammar allows but this
// package doesn't.
type scanner struct {
	text  []byte
	at    int
	depth int
	// nested and values count what was read.
	nested, values int
}

// object reads an object, from its brace on, into its members.
func (s *scanner) object() (map[string]json.RawMessage, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	members := make(map[string]json.RawMessage)
	for !s.leave('}') {
		quoted, err := s.quoted()
		if err != nil {
			return nil, err
		}
		name := unquote(quoted)
		s.space()
		s.at++ // the colon
		s.space()
		value, err := s.value()
		if err != nil {
			return nil, under(name, err)
		}
		if _, twice := members[name]; twice {
			return nil, &Error{Path: name, Reason: "should be given only once"}
		}
		members[name] = value
		s.separator()
	}
	return members, nil
}

// array reads an array, from its bracket on, into its items.
func (s *scanner) array() ([]json.RawMessage, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	var items []json.RawMessage
	for !s.leave(']') {
		item, err := s.value()
		if err != nil {
			return nil, under(index(len(items)), err)
		}
		items = append(items, item)
		s.separator()
	}
	return items, nil
}

// value reads any value and returns its text.
func (s *scanner) value() (text json.RawMessage, err error) {
	if s.values++; s.values > MaxValues {
		return nil, &Error{Reason: "is beyond the " + strconv.Itoa(MaxValues) + " values that a body may have"}
	}
	start := s.at
	switch s.text[s.at] {
	case '{':
		_, err = s.object()
	case '[':
		_, err = s.array()
	case '"':
		_, err = s.quoted()
	default:
		for s.at < len(s.text) && !endsLiteral(s.text[s.at]) {
			s.at++
		}
	}
	return s.text[start:s.at], err
}

// quoted reads a string and returns it with its quotes.
func (s *scanner) quoted() ([]byte, error) {
	start := s.at
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] != '\\' {
			continue
		}
		s.at++
		if s.text[s.at] != 'u' {
			continue
		}
		unit := s.hex()
		isLow := unit >= 0xDC00 && unit <= 0xDFFF
		isHigh := unit >= 0xD800 && unit <= 0xDBFF
		if isLow || isHigh && !s.lowSurrogate() {
			return nil, &Error{Reason: "should not contain half of a surrogate pair"}
		}
	}
	s.at++
	return s.text[start:s.at], nil
}

// lowSurrogate reads the escape of a low surrogate, if one comes next.
func (s *scanner) lowSurrogate() bool {
	if s.text[s.at+1] != '\\' || s.text[s.at+2] != 'u' {
		return false
	}
	s.at += 2
	unit := s.hex()
	return unit >= 0xDC00 && unit <= 0xDFFF
}

// hex reads the four digits after the u of an escape, and stops at the last.
func (s *scanner) hex() uint64 {
	unit, err := strconv.ParseUint(string(s.text[s.at+1:s.at+5]), 16, 16)
	if err != nil {
		panic("strictjson: the text is not valid JSON: " + err.Error())
	}
	s.at += 4
	return unit
}

func (s *scanner) enter() error {
	s.at++
	s.depth++
	if s.nested++; s.nested > MaxNested {
		return &Error{Reason: "is beyond the " + strconv.Itoa(MaxNested) + " objects and arrays that a body may have"}
	}
	if s.depth > MaxDepth {
		return &Error{Reason: "should not be nested more than " + strconv.Itoa(MaxDepth) + " deep"}
	}
	s.space()
	return nil
}

// leave reads the end of an object or an array, if it comes next.
func (s *scanner) leave(end byte) bool {
	if s.text[s.at] != end {
		return false
	}
	s.at++
	s.depth--
	return true
}

func (s *scanner) separator() {
	s.space()
	if s.text[s.at] == ',' {
		s.at++
		s.space()
	}
}

func (s *scanner) space() {
	for isSpace(s.text[s.at]) {
		s.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func endsLiteral(c byte) bool { return c == ',' || c == ']' || c == '}' || isSpace(c) }

// unquote decodes a string. Most have no escapes, and need no decoding.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var value string
		if err := json.Unmarshal(quoted, &value); err != nil {
			panic("strictjson: the text is not valid JSON: " + err.Error())
		}
		return value
	}
	return string(quoted[1 : len(quoted)-1])
}

// under puts an error's path beneath another.
func under(path string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Path: join(path, e.Path), Reason: e.Reason}
	}
	return err
}
