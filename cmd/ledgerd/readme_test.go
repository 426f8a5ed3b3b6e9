package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadme sends every curl line of the README, in order, to a server that
// was started as the README says, and compares the answers with those shown.
// Only times may differ.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	server := start(t, drainLimit, nil, "--listen=127.0.0.1:0")
	address := server.stderr.address(t)
	examples := consoleExamples(string(readme))
	if len(examples) < 8 {
		t.Fatalf("the README has %d curl examples; is this test still reading it right?", len(examples))
	}
	times := regexp.MustCompile(`"created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"`)
	for _, e := range examples {
		got := curl(t, strings.ReplaceAll(e.command, "localhost:8080", address))
		got, want := times.ReplaceAllString(got, "TIME"), times.ReplaceAllString(e.answer, "TIME")
		if got != want {
			t.Errorf("%s\ngave %swant %s", e.command, got, want)
		}
	}
	server.stop()
	if code := <-server.exit; code != 0 {
		t.Errorf("exit code %d: %s", code, &server.stderr)
	}
}

type consoleExample struct{ command, answer string }

// consoleExamples returns the commands of the console blocks, which start with
// a dollar sign and go on behind a backslash, and what follows each.
func consoleExamples(markdown string) []consoleExample {
	var examples []consoleExample
	inside, unfinished := false, false
	for line := range strings.Lines(markdown) {
		last := len(examples) - 1
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console\n"
		case !inside:
		case unfinished:
			examples[last].command += line
			unfinished = strings.HasSuffix(line, "\\\n")
		case strings.HasPrefix(line, "$ "):
			examples = append(examples, consoleExample{command: line[2:]})
			unfinished = strings.HasSuffix(line, "\\\n")
		default:
			examples[last].answer += line
		}
	}
	return examples
}

// shellWord is a word of a command line: quoted, or up to the next blank.
var shellWord = regexp.MustCompile(`'([^']*)'|([^\s'\\]+)`)

// curl does what the command line asks of curl, as far as the README asks it,
// and returns the body of the answer.
func curl(t *testing.T, command string) string {
	t.Helper()
	var words []string
	for _, match := range shellWord.FindAllStringSubmatch(command, -1) {
		words = append(words, match[1]+match[2])
	}
	if words[0] != "curl" {
		t.Fatalf("%s: only curl is known here", command)
	}
	method, url, body, header := http.MethodGet, "", "", http.Header{}
	for words = words[1:]; len(words) > 0; words = words[1:] {
		switch {
		case words[0] == "-s":
		case words[0] == "-H" && len(words) > 1:
			name, value, _ := strings.Cut(words[1], ": ")
			header.Set(name, value)
			words = words[1:]
		case words[0] == "-d" && len(words) > 1:
			method, body = http.MethodPost, words[1]
			words = words[1:]
		case !strings.HasPrefix(words[0], "-") && url == "":
			url = "http://" + words[0]
		default:
			t.Fatalf("%s: %s is not known here", command, words[0])
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
