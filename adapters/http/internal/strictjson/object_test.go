package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/strictjson"
)

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) string {
		return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
	}
	for name, test := range map[string]struct{ text, want string }{
		"nothing":              {"", "the body should be one JSON object"},
		"only space":           {" \n", "the body should be one JSON object"},
		"null":                 {"null", "the body should be an object"},
		"an array":             {"[]", "the body should be an object"},
		"a string":             {`"a"`, "the body should be an object"},
		"a number":             {"1", "the body should be an object"},
		"true":                 {" true", "the body should be an object"},
		"half an object":       {`{"a":1`, "the body should be one JSON object"},
		"two objects":          {`{} {}`, "the body should be one JSON object"},
		"trailing text":        {`{"a":1}x`, "the body should be one JSON object"},
		"trailing comma":       {`{"a":1,}`, "the body should be one JSON object"},
		"NaN":                  {`{"a":NaN}`, "the body should be one JSON object"},
		"leading zero":         {`{"a":01}`, "the body should be one JSON object"},
		"leading plus":         {`{"a":+1}`, "the body should be one JSON object"},
		"byte order mark":      {"\ufeff{}", "the body should be one JSON object"},
		"raw control":          {"{\"a\":\"\x00\"}", "the body should be one JSON object"},
		"invalid UTF-8":        {"{\"a\":\"\xff\"}", "the body should be valid UTF-8"},
		"encoded surrogate":    {"{\"a\":\"\xed\xa0\x80\"}", "the body should be valid UTF-8"},
		"name twice":           {`{"a":1,"a":1}`, "a should be given only once"},
		"name twice, escaped":  {`{"a":1,"\u0061":1}`, "a should be given only once"},
		"name twice, deep":     {`{"a":[0,{"b":{"c":1,"c":2}}]}`, "a[1].b.c should be given only once"},
		"null twice":           {`{"a":null,"a":1}`, "a should be given only once"},
		"high surrogate":       {`{"a":"\ud800"}`, "a should not contain half of a surrogate pair"},
		"high and no escape":   {`{"a":"\ud800zzzzzz"}`, "a should not contain half of a surrogate pair"},
		"high and other":       {`{"a":"\ud800\n"}`, "a should not contain half of a surrogate pair"},
		"high and high":        {`{"a":"\ud800\ud800"}`, "a should not contain half of a surrogate pair"},
		"high and letter":      {`{"a":"\ud800\u0061"}`, "a should not contain half of a surrogate pair"},
		"low surrogate":        {`{"a":"\udc00"}`, "a should not contain half of a surrogate pair"},
		"low after a pair":     {`{"a":"\ud83d\ude00\ude00"}`, "a should not contain half of a surrogate pair"},
		"surrogate in a name":  {`{"\udfff":1}`, "the body should not contain half of a surrogate pair"},
		"surrogate in an item": {`{"a":["x","\uDBFF"]}`, "a[1] should not contain half of a surrogate pair"},
		"too deep":             {deep(strictjson.MaxDepth + 1), strings.Repeat("a.", strictjson.MaxDepth-1) + "a should not be nested more than 32 deep"},
		"far too deep":         {strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000), "the body should be one JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := strictjson.Decode([]byte(test.text))
			e, ok := errors.AsType[*strictjson.Error](err)
			if !ok {
				t.Fatalf("Decode(%.100q) = %v, want an *Error", test.text, err)
			}
			if e.Error() != test.want {
				t.Errorf("Decode(%.100q): %q, want %q", test.text, e, test.want)
			}
		})
	}
	if _, err := strictjson.Decode([]byte(deep(strictjson.MaxDepth))); err != nil {
		t.Errorf("nested as deep as is allowed: %v", err)
	}
}

func decode(t *testing.T, text string) strictjson.Object {
	t.Helper()
	object, err := strictjson.Decode([]byte(text))
	if err != nil {
		t.Fatalf("Decode(%q): %v", text, err)
	}
	return object
}

func TestMembers(t *testing.T) {
	t.Parallel()
	object := decode(t, ` {
		"string" : "a\"\\\u00e9\ud83d\ude00é" , "plain":"x", "number":-1.50e+3,"yes":true, "no":false,"null":null,
		"object":{"a":{"b":"c"}}, "objects":[ {"n":1} , {"n":2} ], "none":[ ], "empty":{ }
	} `)
	if got, ok, err := object.String("string"); got != "a\"\\é😀é" || !ok || err != nil {
		t.Errorf("string: %q, %v, %v", got, ok, err)
	}
	if got, ok, err := object.String("plain"); got != "x" || !ok || err != nil {
		t.Errorf("plain string: %q, %v, %v", got, ok, err)
	}
	if got, ok, err := object.Number("number"); got != "-1.50e+3" || !ok || err != nil {
		t.Errorf("number: %q, %v, %v", got, ok, err)
	}
	if got, ok, err := object.Bool("yes"); !got || !ok || err != nil {
		t.Errorf("true: %v, %v, %v", got, ok, err)
	}
	if got, ok, err := object.Bool("no"); got || !ok || err != nil {
		t.Errorf("false: %v, %v, %v", got, ok, err)
	}
	outer, ok, err := object.Object("object")
	if !ok || err != nil {
		t.Fatalf("object: %v, %v", ok, err)
	}
	inner, ok, err := outer.Object("a")
	if !ok || err != nil {
		t.Fatalf("inner object: %v, %v", ok, err)
	}
	if got, ok, err := inner.String("b"); got != "c" || !ok || err != nil {
		t.Errorf("inner string: %q, %v, %v", got, ok, err)
	}
	objects, ok, err := object.Objects("objects")
	if len(objects) != 2 || !ok || err != nil {
		t.Fatalf("objects: %d, %v, %v", len(objects), ok, err)
	}
	if got, ok, err := objects[1].Number("n"); got != "2" || !ok || err != nil {
		t.Errorf("second object: %q, %v, %v", got, ok, err)
	}
	if got, ok, err := object.Objects("none"); len(got) != 0 || !ok || err != nil {
		t.Errorf("no objects: %d, %v, %v", len(got), ok, err)
	}
	if _, ok, err := object.Object("empty"); !ok || err != nil {
		t.Errorf("empty object: %v, %v", ok, err)
	}
}

func TestMissingMembers(t *testing.T) {
	t.Parallel()
	object := decode(t, `{"null":null,"Name":1}`)
	for _, name := range []string{"null", "name", "NAME", "absent", ""} {
		if _, ok, err := object.String(name); ok || err != nil {
			t.Errorf("String(%q): %v, %v", name, ok, err)
		}
		if _, ok, err := object.Number(name); ok || err != nil {
			t.Errorf("Number(%q): %v, %v", name, ok, err)
		}
		if _, ok, err := object.Bool(name); ok || err != nil {
			t.Errorf("Bool(%q): %v, %v", name, ok, err)
		}
		if _, ok, err := object.Object(name); ok || err != nil {
			t.Errorf("Object(%q): %v, %v", name, ok, err)
		}
		if _, ok, err := object.Objects(name); ok || err != nil {
			t.Errorf("Objects(%q): %v, %v", name, ok, err)
		}
	}
}

func TestErrorsNameThePath(t *testing.T) {
	t.Parallel()
	object := decode(t, `{"text":"1","number":1,"list":[{"a":{"wrong":1}},2],"z":1,"b":1}`)
	list, _, err := decode(t, `{"list":[{"a":{"wrong":1}}]}`).Objects("list")
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := list[0].Object("a")
	if err != nil {
		t.Fatal(err)
	}
	errorOf := func(_ any, _ bool, err error) error { return err }
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"string":       {errorOf(object.String("number")), "number should be a string"},
		"number":       {errorOf(object.Number("text")), "text should be a number"},
		"bool":         {errorOf(object.Bool("text")), "text should be true or false"},
		"object":       {errorOf(object.Object("list")), "list should be an object"},
		"objects":      {errorOf(object.Objects("text")), "text should be an array"},
		"item":         {errorOf(object.Objects("list")), "list[1] should be an object"},
		"deep":         {errorOf(a.String("wrong")), "list[0].a.wrong should be a string"},
		"unknown":      {object.RefuseUnknown("text", "number", "list"), "b is not a known field"},
		"unknown deep": {a.RefuseUnknown("right"), "list[0].a.wrong is not a known field"},
	} {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("%s: %v, want %s", name, test.err, test.want)
		}
	}
	if err := object.RefuseUnknown("b", "list", "number", "text", "z"); err != nil {
		t.Errorf("all known: %v", err)
	}
	if err := object.RefuseUnknown("B", "list", "number", "text", "z"); err == nil {
		t.Error("names should match by exact case")
	}
}

// FuzzDecode checks the scanner against encoding/json: what it takes is valid,
// and each string and number reads the same there.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1}`, `{"a":"\ud83d\ude00","b":[{"c":null}]}`, `{"a":{"b":{}},"c":[[],[1,"]"]]}`,
		`{"a":"\ud800"}`, `{"a":1,"\u0061":2}`, `{"\\\"":"}"} `, `[{}]`, ` {"a" : -0.5e-7 , "b" :true}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := strictjson.Decode(text)
		if err != nil {
			if _, ok := errors.AsType[*strictjson.Error](err); !ok {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("took what encoding/json refuses: %v", err)
		}
		names := make([]string, 0, len(want))
		for name, raw := range want {
			names = append(names, name)
			var text string
			if got, ok, err := object.String(name); err == nil && ok {
				if json.Unmarshal(raw, &text) != nil || got != text {
					t.Errorf("%q: %q, want %q", name, got, text)
				}
			}
			if got, ok, err := object.Number(name); err == nil && ok && got != string(raw) {
				t.Errorf("%q: %s, want %s", name, got, raw)
			}
		}
		if err := object.RefuseUnknown(names...); err != nil {
			t.Errorf("has a name that encoding/json doesn't see: %v", err)
		}
	})
}

// TestCounts has texts of as many values as are taken, and of one more.
func TestCounts(t *testing.T) {
	t.Parallel()
	list := func(item string, n int) string {
		return `{"a":[` + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + `]}`
	}
	for name, test := range map[string]struct {
		text, want string
	}{
		// The object and its array count too.
		"objects":          {list("{}", strictjson.MaxNested-2), ""},
		"too many objects": {list("{}", strictjson.MaxNested-1), "a[131070] is beyond the 131072 objects and arrays that a body may have"},
		"too many arrays":  {list("[]", strictjson.MaxNested-1), "a[131070] is beyond the 131072 objects and arrays that a body may have"},
		"values":           {list("0", strictjson.MaxValues-1), ""},
		"too many values":  {list("0", strictjson.MaxValues), "a[1048575] is beyond the 1048576 values that a body may have"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := strictjson.Decode([]byte(test.text))
			if got := fmt.Sprint(err); err == nil && test.want != "" || err != nil && got != test.want {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
