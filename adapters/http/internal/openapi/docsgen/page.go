package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/openapi"
)

// server is what the commands of the page ask: where ledgerd listens if it is not
// told otherwise.
const server = "http://127.0.0.1:8080"

// page is what the template shows.
type page struct {
	Style, Script string
	Title, Text   string
	Groups        []group
	Codes         []code
	Shared        []sharedAnswer
	Objects       []object
}

// group is the operations of a tag.
type group struct {
	Name, Title, Text string
	Operations        []operation
}

// operation is an operation as the page shows it.
type operation struct {
	ID, Method, Path, Summary, Text string
	// Roots are what may stand before the path.
	Roots      []string
	Parameters []field
	Body       *body
	Answers    []answer
	Examples   []example
}

// body is what an operation takes.
type body struct {
	Type     string
	Required bool
	Object   *object
	// Example is what the form begins with.
	Example string
}

// answer is an answer of an operation, without its examples.
type answer struct {
	Status, Text string
	Codes        []string
	Type         *kind
}

// sharedAnswer is an example of an answer that many operations have.
type sharedAnswer struct {
	Status, Text string
	Example      example
}

// example is a request as a command, and its answer.
type example struct {
	Name, Summary   string
	Status          string
	Command, Answer string
}

// code is a code of errors.
type code struct {
	Name, Status, Text string
	// Operations are those that answer with it.
	Operations []operation
}

// mostNamed is how many operations of a code are named: that nearly all have it says
// nothing of them.
const mostNamed = 12

func newPage(d *openapi.Description) (*page, error) {
	p := &page{Title: d.Info.Title, Text: d.Info.Description}
	for _, tag := range d.Tags {
		g := group{Name: tag.Name, Title: tag.Title, Text: tag.Description}
		for _, o := range d.Operations() {
			if !slices.Contains(o.Tags, tag.Name) {
				continue
			}
			shown, err := newOperation(o)
			if err != nil {
				return nil, err
			}
			g.Operations = append(g.Operations, shown)
		}
		p.Groups = append(p.Groups, g)
	}
	for _, schema := range d.Components.Schemas {
		if len(schema.Value.Properties) > 0 {
			p.Objects = append(p.Objects, newObject(schema.Value))
		}
	}
	p.Codes = codesOf(d, p.Groups)
	shared, err := d.SharedExchanges()
	if err != nil {
		return nil, err
	}
	for _, exchange := range shared {
		described, _ := exchange.Operation.Responses.Find(exchange.Status)
		p.Shared = append(p.Shared, sharedAnswer{Status: exchange.Status, Text: described.Description, Example: newExample(exchange)})
	}
	return p, nil
}

func newOperation(o *openapi.Operation) (operation, error) {
	shown := operation{ID: o.ID, Method: o.Method, Path: o.Path, Summary: o.Summary, Text: o.Description, Roots: o.Servers}
	for _, parameter := range o.Parameters {
		shown.Parameters = append(shown.Parameters, newParameter(parameter))
	}
	if o.Body != nil {
		shown.Body = newBody(o.Body)
	}
	for _, response := range o.Responses {
		a := answer{Status: response.Name, Text: response.Value.Description, Codes: response.Value.Codes}
		if len(response.Value.Content) > 0 && response.Name[0] == '2' {
			a.Type = new(kindOf(response.Value.Content[0].Value.Schema))
		}
		shown.Answers = append(shown.Answers, a)
	}
	exchanges, err := o.Exchanges()
	for _, exchange := range exchanges {
		shown.Examples = append(shown.Examples, newExample(exchange))
	}
	return shown, err
}

func newBody(b *openapi.Body) *body {
	content := b.Content[0]
	shown := &body{Type: content.Name, Required: b.Required}
	if schema := content.Value.Schema.End(); len(schema.Properties) > 0 {
		shown.Object = new(newObject(schema))
	}
	if len(content.Value.Examples) > 0 {
		// It was read before, as the body of an exchange.
		text, _ := content.Value.Examples[0].Value.Body()
		shown.Example = pretty(text)
	}
	return shown
}

func newExample(e openapi.Exchange) example {
	shown := example{Name: e.Name, Summary: e.Summary, Status: e.Status, Answer: pretty(e.Answer)}
	if shown.Summary == "" {
		shown.Summary = strings.ReplaceAll(e.Name, "_", " ")
	}
	var b strings.Builder
	b.WriteString("curl ")
	if method := e.Operation.Method; method == http.MethodPatch || method == http.MethodPost && e.Body == nil {
		b.WriteString("-X " + method + " ")
	}
	b.WriteString(quote(server + e.Root + e.Target))
	for _, header := range e.Headers {
		b.WriteString(" \\\n  -H " + quote(header.Name+": "+header.Value))
	}
	switch {
	case e.Body == nil:
	case len(bytes.TrimSpace(e.Body)) == 0:
		// It stands for a body that is too large to be shown.
		b.WriteString(" \\\n  --data-binary @large.json")
	case bytes.HasSuffix(e.Body, []byte("\n")):
		b.WriteString(" \\\n  --data-binary " + quote(string(e.Body)))
	default:
		b.WriteString(" \\\n  -d " + quote(string(e.Body)))
	}
	shown.Command = b.String()
	return shown
}

// quote returns text as a word of a shell.
func quote(text string) string {
	if !strings.ContainsAny(text, " {}\"'?&\n;:*") || strings.HasPrefix(text, "http") && !strings.ContainsAny(text, "?&' ") {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// pretty returns JSON over several lines, and other text as it is.
func pretty(text []byte) string {
	var b bytes.Buffer
	if bytes.Count(bytes.TrimSpace(text), []byte("\n")) > 0 || json.Indent(&b, text, "", "  ") != nil {
		return string(bytes.TrimSpace(text))
	}
	return b.String()
}

func codesOf(d *openapi.Description, groups []group) []code {
	schema := d.Schema("ErrorCode")
	var codes []code
	for _, name := range schema.Enum {
		status, text, _ := strings.Cut(schema.EnumText[name], ": ")
		c := code{Name: name, Status: status, Text: text}
		for _, g := range groups {
			for _, o := range g.Operations {
				if slices.ContainsFunc(o.Answers, func(a answer) bool { return slices.Contains(a.Codes, name) }) {
					c.Operations = append(c.Operations, o)
				}
			}
		}
		if len(c.Operations) > mostNamed {
			c.Operations = nil
		}
		codes = append(codes, c)
	}
	return codes
}
