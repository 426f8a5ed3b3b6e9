package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Example is an example of a body. That of an answer comes from a request: with the
// example of the same name as its body, and the parameters that the file has examples
// of, or else as Request says.
type Example struct {
	Summary string    `yaml:"summary"`
	Value   yaml.Node `yaml:"value"`
	Request *Request  `yaml:"x-request"`
}

// Request is what is particular of the request behind an answer.
type Request struct {
	// Operation is which one an answer that several have comes from.
	Operation string `yaml:"operation"`
	// Ledger is the name of a ledger, if it is not the default one.
	Ledger  string            `yaml:"ledger"`
	Path    map[string]string `yaml:"path"`
	Query   Ordered[string]   `yaml:"query"`
	Headers Ordered[string]   `yaml:"headers"`
	// Body is the name of an example; Value is a body that is malformed, and Size says
	// of how many bytes one is that is too large to write down.
	Body  string    `yaml:"body"`
	Value yaml.Node `yaml:"value"`
	Size  int       `yaml:"size"`
}

// Exchange is a request as it is sent, and its answer.
type Exchange struct {
	Operation *Operation
	// Name is that of the answer's example, and Summary what is asked.
	Name    string
	Summary string
	// Target is a path below the server's, escaped, with its query. Root is the part of
	// the path that the server's address has.
	Root    string
	Target  string
	Headers Ordered[string]
	// Body is nil if there is none.
	Body []byte

	Status string
	Type   string
	// Answer is the body of the answer.
	Answer []byte
}

// Exchanges returns the exchanges that the operation has examples of, without those
// that it shares with others.
func (o *Operation) Exchanges() ([]Exchange, error) {
	var exchanges []Exchange
	for _, response := range o.Responses {
		if response.Value.Ref != "" {
			continue
		}
		found, err := exchangesOf(o, response.Name, response.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.ID, err)
		}
		exchanges = append(exchanges, found...)
	}
	return exchanges, nil
}

// SharedExchanges returns those of the answers that several operations have.
func (d *Description) SharedExchanges() ([]Exchange, error) {
	var exchanges []Exchange
	for _, response := range d.Components.Responses {
		for _, media := range response.Value.Content {
			for _, example := range media.Value.Examples {
				if example.Value.Request == nil {
					continue
				}
				operation := d.Operation(example.Value.Request.Operation)
				if operation == nil {
					return nil, fmt.Errorf("example %s of %s comes from no operation", example.Name, response.Name)
				}
				exchange, err := newExchange(operation, example)
				if err != nil {
					return nil, err
				}
				exchange.Status, exchange.Type = operation.statusOf(response.Name), media.Name
				exchanges = append(exchanges, exchange)
			}
		}
	}
	return exchanges, nil
}

// statusOf returns the status with which the operation has a shared answer.
func (o *Operation) statusOf(shared string) string {
	for _, response := range o.Responses {
		if response.Value.Ref == shared {
			return response.Name
		}
	}
	return ""
}

func exchangesOf(operation *Operation, status string, response *Response) ([]Exchange, error) {
	var exchanges []Exchange
	for _, media := range response.Content {
		for _, example := range media.Value.Examples {
			exchange, err := newExchange(operation, example)
			if err != nil {
				return nil, err
			}
			exchange.Status, exchange.Type = status, media.Name
			exchanges = append(exchanges, exchange)
		}
	}
	return exchanges, nil
}

func newExchange(operation *Operation, example Named[*Example]) (Exchange, error) {
	request := example.Value.Request
	if request == nil {
		request = new(Request)
	}
	exchange := Exchange{
		Operation: operation, Name: example.Name, Summary: example.Value.Summary, Root: operation.Servers[0], Headers: request.Headers,
	}
	if request.Ledger != "" {
		exchange.Root = "/v1/ledgers/" + request.Ledger
	}
	var err error
	if exchange.Answer, err = bodyOf(&example.Value.Value); err != nil {
		return exchange, err
	}
	if exchange.Target, err = operation.target(request); err != nil {
		return exchange, err
	}
	err = exchange.fillBody(operation, request)
	return exchange, err
}

// fillBody finds the body of the request.
func (e *Exchange) fillBody(operation *Operation, request *Request) (err error) {
	if operation.Body == nil {
		return nil
	}
	content := operation.Body.Content[0]
	if _, given := e.Headers.Find("Content-Type"); !given {
		e.Headers = append(e.Headers, Named[string]{Name: "Content-Type", Value: content.Name})
	}
	switch {
	case request.Size > 0:
		e.Body = bytes.Repeat([]byte(" "), request.Size)
		return nil
	case !request.Value.IsZero():
		e.Body, err = bodyOf(&request.Value)
		return err
	}
	name := request.Body
	if name == "" {
		name = e.Name
	}
	example, ok := content.Value.Examples.Find(name)
	if !ok {
		return fmt.Errorf("there is no request %s", name)
	}
	if e.Summary == "" {
		e.Summary = example.Summary
	}
	e.Body, err = bodyOf(&example.Value)
	return err
}

// target returns the path of a request with its parameters.
func (o *Operation) target(request *Request) (string, error) {
	path := o.Path
	var query []string
	for _, parameter := range o.Parameters {
		value := parameter.Example.Value
		switch parameter.In {
		case "path":
			if given, ok := request.Path[parameter.Name]; ok {
				value = given
			}
			if value == "" {
				return "", fmt.Errorf("parameter %s has no example", parameter.Name)
			}
			path = strings.ReplaceAll(path, "{"+parameter.Name+"}", url.PathEscape(value))
		case "query":
			if _, given := request.Query.Find(parameter.Name); !given && value != "" {
				query = append(query, pair(parameter.Name, value))
			}
		}
	}
	for _, parameter := range request.Query {
		query = append(query, pair(parameter.Name, parameter.Value))
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	return path, nil
}

func pair(name, value string) string { return url.QueryEscape(name) + "=" + url.QueryEscape(value) }

// bodyOf returns a body of the file: text as it is, and all else as JSON.
func bodyOf(node *yaml.Node) ([]byte, error) {
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" {
		return []byte(node.Value), nil
	}
	return appendJSON(nil, node)
}

// appendJSON appends a value as JSON, in the order of the file.
func appendJSON(b []byte, node *yaml.Node) ([]byte, error) {
	switch node.Kind {
	case yaml.AliasNode:
		return appendJSON(b, node.Alias)
	case yaml.ScalarNode:
		if node.Tag != "!!str" {
			return append(b, node.Value...), nil
		}
		text, err := json.Marshal(node.Value)
		return append(b, text...), err
	case yaml.MappingNode, yaml.SequenceNode:
	default:
		return nil, fmt.Errorf("line %d is no value", node.Line)
	}
	opening, closing := byte('['), byte(']')
	if node.Kind == yaml.MappingNode {
		opening, closing = '{', '}'
	}
	b = append(b, opening)
	for i, content := range node.Content {
		switch {
		case i == 0:
		case node.Kind == yaml.MappingNode && i%2 == 1:
			b = append(b, ':')
		default:
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSON(b, content); err != nil {
			return nil, err
		}
	}
	return append(b, closing), nil
}

// Body returns the example as it would be sent.
func (e *Example) Body() ([]byte, error) { return bodyOf(&e.Value) }
