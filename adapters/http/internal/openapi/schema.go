package openapi

import (
	"go.yaml.in/yaml/v3"
)

// Schema says what a value may be.
type Schema struct {
	Ref    string  `yaml:"$ref"`
	Target *Schema `yaml:"-"`
	// Name is the name of a schema that others refer to.
	Name string `yaml:"-"`

	Type          Types             `yaml:"type"`
	Description   string            `yaml:"description"`
	Format        string            `yaml:"format"`
	Pattern       string            `yaml:"pattern"`
	Enum          []string          `yaml:"enum"`
	Const         string            `yaml:"const"`
	Default       string            `yaml:"default"`
	MinLength     *int64            `yaml:"minLength"`
	MaxLength     *int64            `yaml:"maxLength"`
	Minimum       *int64            `yaml:"minimum"`
	Maximum       *int64            `yaml:"maximum"`
	MinItems      *int64            `yaml:"minItems"`
	MaxItems      *int64            `yaml:"maxItems"`
	MaxProperties *int64            `yaml:"maxProperties"`
	Required      []string          `yaml:"required"`
	Properties    Ordered[*Schema]  `yaml:"properties"`
	Items         *Schema           `yaml:"items"`
	Additional    yaml.Node         `yaml:"additionalProperties"`
	EnumText      map[string]string `yaml:"x-enumDescriptions"`
}

// Types are the JSON types that a value may have.
type Types []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *Types) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*t = Types{node.Value}
		return nil
	}
	return node.Decode((*[]string)(t))
}

// End returns the schema that this one refers to, or itself.
func (s *Schema) End() *Schema {
	if s.Target != nil {
		return s.Target.End()
	}
	return s
}

// Text returns what the value means here.
func (s *Schema) Text() string {
	if s.Description == "" && s.Target != nil {
		return s.Target.Text()
	}
	return s.Description
}

// IsClosed says whether it has no properties but those it names.
func (s *Schema) IsClosed() bool { return s.Additional.Value == "false" }
