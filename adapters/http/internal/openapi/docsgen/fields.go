package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/openapi"
)

// object is a schema with properties.
type object struct {
	Name, Text string
	Fields     []field
}

// field is a property of an object, or a parameter of an operation.
type field struct {
	Name, In, Text string
	Required       bool
	Kind           kind
	// Example is what the form begins with.
	Example string
}

// kind is what a value may be.
type kind struct {
	// Text is a JSON type, perhaps with a format, and Object the name of an object that
	// the page describes, if it is one or an array of them.
	Text, Object string
	Values       []string
	// Rules are what limits it.
	Rules []string
}

func newObject(schema *openapi.Schema) object {
	o := object{Name: schema.Name, Text: schema.Description}
	for _, property := range schema.Properties {
		o.Fields = append(o.Fields, field{
			Name: property.Name, Text: property.Value.Text(), Required: slices.Contains(schema.Required, property.Name), Kind: kindOf(property.Value),
		})
	}
	return o
}

func newParameter(parameter *openapi.Parameter) field {
	f := field{
		Name: parameter.Name, In: parameter.In, Text: parameter.Description, Required: parameter.Required, Kind: kindOf(parameter.Schema),
	}
	if parameter.Required {
		f.Example = parameter.Example.Value
	}
	if parameter.Schema.End().Type[0] == "object" {
		f.Name += ".KEY"
	}
	return f
}

func kindOf(schema *openapi.Schema) kind {
	end := schema.End()
	k := kind{Text: strings.Join(end.Type, " or "), Values: end.Enum}
	switch {
	case end.Items != nil:
		of := kindOf(end.Items)
		k.Text, k.Object = "array of "+of.Text, of.Object
	case len(end.Properties) > 0:
		k.Text, k.Object = "object", end.Name
	case end.Type[0] == "object":
		k.Text = "object of strings"
	}
	if end.Format != "" && end.Type[0] == "string" {
		k.Text += ", " + end.Format
	}
	if end.EnumText != nil {
		// They have a place of their own.
		k.Values = nil
	}
	k.Rules = rulesOf(end)
	return k
}

func rulesOf(schema *openapi.Schema) []string {
	var rules []string
	bound := func(low, high *int64, unit string) {
		switch {
		case low != nil && high != nil:
			rules = append(rules, fmt.Sprintf("%d to %d%s", *low, *high, unit))
		case high != nil:
			rules = append(rules, fmt.Sprintf("at most %d%s", *high, unit))
		case low != nil && *low > 0:
			rules = append(rules, fmt.Sprintf("at least %d%s", *low, unit))
		}
	}
	if schema.Pattern == "" {
		bound(schema.MinLength, schema.MaxLength, " bytes")
	}
	bound(schema.Minimum, schema.Maximum, "")
	bound(schema.MinItems, schema.MaxItems, " items")
	bound(nil, schema.MaxProperties, " pairs")
	if schema.Pattern != "" {
		rules = append(rules, "matches `"+schema.Pattern+"`")
	}
	if schema.Default != "" {
		rules = append(rules, "default `"+schema.Default+"`")
	}
	return rules
}
