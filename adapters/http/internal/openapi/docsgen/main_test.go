package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

const folder = "../../.."

// TestPageIsCurrent holds that the page is made of the description as it is.
func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := generate(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(folder + "/" + output)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not of this description; run go generate in adapters/http", output)
	}
}

// TestPageHasNoDeadLinks holds that every anchor that the page refers to is there,
// once.
func TestPageHasNoDeadLinks(t *testing.T) {
	t.Parallel()
	body, err := generate(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	page := string(body)
	for _, reference := range strings.Split(page, `href="#`)[1:] {
		id, _, _ := strings.Cut(reference, `"`)
		if n := strings.Count(page, ` id="`+id+`"`); n != 1 {
			t.Errorf("#%s is there %d times", id, n)
		}
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\nb\n\nc":              "<p>a\nb</p>\n<p>c</p>\n",
		"`a<b>` **c** *d*":       "<p><code>a&lt;b&gt;</code> <strong>c</strong> <em>d</em></p>\n",
		"[Errors](/docs#errors)": "<p><a href=\"/docs#errors\">Errors</a></p>\n",
		"":                       "",
	} {
		if got := string(markdown(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://127.0.0.1:8080/v1/accounts/alice": "http://127.0.0.1:8080/v1/accounts/alice",
		"http://127.0.0.1:8080/v1/accounts?a=b":   "'http://127.0.0.1:8080/v1/accounts?a=b'",
		`{"name":"O'Hara"}`:                       `'{"name":"O'\''Hara"}'`,
	} {
		if got := quote(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
