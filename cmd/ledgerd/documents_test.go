package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocuments sends every curl line of the README and of the tour of the API, in
// order, to a server that was started as the README says, and compares the answers
// with those shown. Only times, the ids of requests, and which stripe of a world
// account an entry is in may differ.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for path, least := range map[string]int{"../../README.md": 8, "../../docs/api.md": 20} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			document, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			examples := consoleExamples(string(document))
			if len(examples) < least {
				t.Fatalf("it has %d curl examples; is this test still reading it right?", len(examples))
			}
			server := start(t, drainLimit, nil, "--listen=127.0.0.1:0")
			address := server.stderr.address(t)
			for _, e := range examples {
				got := curl(t, strings.ReplaceAll(e.command, "localhost:8080", address))
				if got, want := withoutChance(got), withoutChance(e.answer); got != want {
					t.Errorf("%s\ngave %swant %s", e.command, got, want)
				}
			}
			server.stop()
			if code := <-server.exit; code != 0 {
				t.Errorf("exit code %d: %s", code, &server.stderr)
			}
		})
	}
}

// withoutChance leaves out of an answer what is another one each time.
func withoutChance(answer string) string {
	for pattern, replacement := range map[string]string{
		`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z`:         "TIME",
		`"request_id":"[^"]+"`:                                `"request_id":"ID"`,
		`("account":"world:[^}]+"asset":"[A-Z]+"),"seq"[^}]+`: "$1",
	} {
		answer = regexp.MustCompile(pattern).ReplaceAllString(answer, replacement)
	}
	return answer
}

type consoleExample struct{ command, answer string }

// consoleExamples returns the commands of the console blocks, which start with
// a dollar sign and go on behind a backslash or within quotes, and what follows each.
func consoleExamples(markdown string) []consoleExample {
	var examples []consoleExample
	inside, unfinished := false, false
	for line := range strings.Lines(markdown) {
		last := len(examples) - 1
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console\n"
			continue
		case !inside:
			continue
		case unfinished:
			examples[last].command += line
		case strings.HasPrefix(line, "$ "):
			examples = append(examples, consoleExample{command: line[2:]})
			last++
		default:
			examples[last].answer += line
			continue
		}
		isQuoted := strings.Count(examples[last].command, "'")%2 == 1
		unfinished = isQuoted || strings.HasSuffix(line, "\\\n")
	}
	return examples
}

// shellWord is a word of a command line: quoted, or up to the next blank.
var shellWord = regexp.MustCompile(`'([^']*)'|([^\s'\\]+)`)

// curl does what the command line asks of curl, as far as the documents ask it,
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
		case words[0] == "-X" && len(words) > 1:
			method = words[1]
			words = words[1:]
		case (words[0] == "-d" || words[0] == "--data-binary") && len(words) > 1:
			body = words[1]
			if words[0] == "-d" {
				// As curl does.
				body = strings.ReplaceAll(body, "\n", "")
			}
			if method == http.MethodGet {
				method = http.MethodPost
			}
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
