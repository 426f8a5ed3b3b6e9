// Package openapi reads the description of the API, openapi.yaml, for the page that
// is made of it and for tests. It knows as much of OpenAPI as that file has. The
// served packages do not import it.
package openapi

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Description is what the file has. References are resolved.
type Description struct {
	Info struct {
		Title       string `yaml:"title"`
		Description string `yaml:"description"`
	} `yaml:"info"`
	Servers    []Server      `yaml:"servers"`
	Tags       []Tag         `yaml:"tags"`
	Paths      Ordered[Path] `yaml:"paths"`
	Components struct {
		Parameters map[string]*Parameter `yaml:"parameters"`
		Headers    map[string]*Header    `yaml:"headers"`
		Responses  Ordered[*Response]    `yaml:"responses"`
		Schemas    Ordered[*Schema]      `yaml:"schemas"`
	} `yaml:"components"`
}

// Server is where the paths begin.
type Server struct {
	URL string `yaml:"url"`
}

// Tag is a group of operations.
type Tag struct {
	Name        string `yaml:"name"`
	Title       string `yaml:"x-displayName"`
	Description string `yaml:"description"`
}

// Path is a path with its operations.
type Path struct {
	Servers    []Server     `yaml:"servers"`
	Parameters []*Parameter `yaml:"parameters"`
	Get        *Operation   `yaml:"get"`
	Post       *Operation   `yaml:"post"`
	Patch      *Operation   `yaml:"patch"`
}

// Operation is a method of a path.
type Operation struct {
	ID          string             `yaml:"operationId"`
	Tags        []string           `yaml:"tags"`
	Summary     string             `yaml:"summary"`
	Description string             `yaml:"description"`
	Parameters  []*Parameter       `yaml:"parameters"`
	Body        *Body              `yaml:"requestBody"`
	Responses   Ordered[*Response] `yaml:"responses"`

	// What follows is not in the file, but comes from where the operation stands.

	// Method is an HTTP method, Path a path without the server's part, and Servers
	// what may stand before it, without a slash at the end.
	Method  string   `yaml:"-"`
	Path    string   `yaml:"-"`
	Servers []string `yaml:"-"`
}

// Parameter is a parameter of an operation.
type Parameter struct {
	Ref         string    `yaml:"$ref"`
	Name        string    `yaml:"name"`
	In          string    `yaml:"in"`
	Description string    `yaml:"description"`
	Required    bool      `yaml:"required"`
	Schema      *Schema   `yaml:"schema"`
	Example     yaml.Node `yaml:"example"`
}

// Header is a header of an answer.
type Header struct {
	Ref         string  `yaml:"$ref"`
	Description string  `yaml:"description"`
	Required    bool    `yaml:"required"`
	Schema      *Schema `yaml:"schema"`
}

// Body is what an operation takes.
type Body struct {
	Required bool           `yaml:"required"`
	Content  Ordered[Media] `yaml:"content"`
}

// Media is a body of some type.
type Media struct {
	Schema   *Schema           `yaml:"schema"`
	Examples Ordered[*Example] `yaml:"examples"`
}

// Response is an answer of an operation.
type Response struct {
	Ref         string           `yaml:"$ref"`
	Description string           `yaml:"description"`
	Codes       []string         `yaml:"x-codes"`
	Headers     Ordered[*Header] `yaml:"headers"`
	Content     Ordered[Media]   `yaml:"content"`
}

// Ordered is a mapping in the order of the file.
type Ordered[T any] []Named[T]

// Named is a value under its name.
type Named[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *Ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: should be a mapping", node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		var value T
		if err := node.Content[i+1].Decode(&value); err != nil {
			return err
		}
		*o = append(*o, Named[T]{Name: node.Content[i].Value, Value: value})
	}
	return nil
}

// Find returns the value under a name, and whether there is one.
func (o Ordered[T]) Find(name string) (value T, ok bool) {
	for _, named := range o {
		if named.Name == name {
			return named.Value, true
		}
	}
	return value, false
}

// Parse reads the file.
func Parse(text []byte) (*Description, error) {
	d := new(Description)
	if err := yaml.Unmarshal(text, d); err != nil {
		return nil, err
	}
	if err := d.resolve(); err != nil {
		return nil, err
	}
	return d, nil
}

// Operations returns all operations in the order of the paths, and of a path first
// what makes something, then what reads, then what changes.
func (d *Description) Operations() []*Operation {
	var operations []*Operation
	for _, path := range d.Paths {
		for _, operation := range []*Operation{path.Value.Post, path.Value.Get, path.Value.Patch} {
			if operation != nil {
				operations = append(operations, operation)
			}
		}
	}
	return operations
}

// Operation returns the operation with the id, or nil.
func (d *Description) Operation(id string) *Operation {
	for _, operation := range d.Operations() {
		if operation.ID == id {
			return operation
		}
	}
	return nil
}

// Schema returns the schema of the name, or nil.
func (d *Description) Schema(name string) *Schema {
	schema, _ := d.Components.Schemas.Find(name)
	return schema
}

// refName returns the last part of a reference.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
