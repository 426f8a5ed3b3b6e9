// Command openapilint holds an OpenAPI file to the specification and to the rules
// that lint.yaml asks for. It is built with the tools of .ci/tools.mod.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	base "github.com/speakeasy-api/openapi/linter"
	"github.com/speakeasy-api/openapi/openapi"
	"github.com/speakeasy-api/openapi/openapi/linter"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: openapilint CONFIG FILE")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errFound = errors.New("the file breaks rules")

func run(ctx context.Context, configPath, path string, out io.Writer) error {
	config, err := base.LoadConfigFromFile(configPath)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	document, invalid, err := openapi.Unmarshal(ctx, file)
	if err != nil {
		return err
	}
	rules, err := linter.NewLinter(config)
	if err != nil {
		return err
	}
	output, err := rules.Lint(ctx, base.NewDocumentInfo(document, path), invalid, nil)
	if err != nil {
		return err
	}
	if len(output.Results) == 0 {
		return nil
	}
	fmt.Fprintln(out, output.FormatText())
	return errFound
}
