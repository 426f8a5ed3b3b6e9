package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// resolve puts what references name into their place.
func (d *Description) resolve() error {
	for _, schema := range d.Components.Schemas {
		schema.Value.Name = schema.Name
		if err := d.resolveSchema(schema.Value); err != nil {
			return err
		}
	}
	for _, response := range d.Components.Responses {
		if err := d.resolveResponse(response.Value); err != nil {
			return err
		}
	}
	for _, path := range d.Paths {
		if err := d.resolvePath(path.Name, path.Value); err != nil {
			return err
		}
	}
	return nil
}

func (d *Description) resolvePath(name string, path Path) error {
	servers := d.Servers
	if path.Servers != nil {
		servers = path.Servers
	}
	for method, operation := range map[string]*Operation{http.MethodGet: path.Get, http.MethodPost: path.Post, http.MethodPatch: path.Patch} {
		if operation == nil {
			continue
		}
		operation.Method, operation.Path = method, name
		for _, server := range servers {
			operation.Servers = append(operation.Servers, strings.TrimSuffix(server.URL, "/"))
		}
		operation.Parameters = slices.Concat(path.Parameters, operation.Parameters)
		if err := d.resolveOperation(operation); err != nil {
			return fmt.Errorf("%s: %w", operation.ID, err)
		}
	}
	return nil
}

func (d *Description) resolveOperation(operation *Operation) error {
	for i, parameter := range operation.Parameters {
		if parameter.Ref != "" {
			named, ok := d.Components.Parameters[refName(parameter.Ref)]
			if !ok {
				return fmt.Errorf("there is no parameter %s", parameter.Ref)
			}
			operation.Parameters[i], parameter = named, named
		}
		if err := d.resolveSchema(parameter.Schema); err != nil {
			return err
		}
	}
	if operation.Body != nil {
		if err := d.resolveContent(operation.Body.Content); err != nil {
			return err
		}
	}
	for i, response := range operation.Responses {
		if ref := response.Value.Ref; ref != "" {
			named, ok := d.Components.Responses.Find(refName(ref))
			if !ok {
				return fmt.Errorf("there is no response %s", ref)
			}
			shared := *named
			shared.Ref = refName(ref)
			operation.Responses[i].Value = &shared
			continue
		}
		if err := d.resolveResponse(response.Value); err != nil {
			return err
		}
	}
	return nil
}

func (d *Description) resolveResponse(response *Response) error {
	for i, header := range response.Headers {
		if header.Value.Ref == "" {
			continue
		}
		named, ok := d.Components.Headers[refName(header.Value.Ref)]
		if !ok {
			return fmt.Errorf("there is no header %s", header.Value.Ref)
		}
		response.Headers[i].Value = named
	}
	return d.resolveContent(response.Content)
}

func (d *Description) resolveContent(content Ordered[Media]) error {
	for _, media := range content {
		if err := d.resolveSchema(media.Value.Schema); err != nil {
			return err
		}
	}
	return nil
}

func (d *Description) resolveSchema(schema *Schema) error {
	if schema == nil {
		return nil
	}
	if schema.Ref != "" {
		if schema.Target = d.Schema(refName(schema.Ref)); schema.Target == nil {
			return fmt.Errorf("there is no schema %s", schema.Ref)
		}
		return nil
	}
	for _, property := range schema.Properties {
		if err := d.resolveSchema(property.Value); err != nil {
			return err
		}
	}
	return d.resolveSchema(schema.Items)
}
