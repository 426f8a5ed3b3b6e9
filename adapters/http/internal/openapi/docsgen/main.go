// Command docsgen writes docs/index.html, the page at /docs, for go generate in the
// folder of package http. It makes it of openapi.yaml.
package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log"
	"os"
	"path"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/openapi"
)

const output = "docs/index.html"

//go:embed page.html
var pageTemplate string

func main() {
	page, err := generate(os.DirFS("."))
	if err == nil {
		err = os.WriteFile(output, page, 0o600)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// generate returns the page of what is in the folder of package http.
func generate(folder fs.FS) ([]byte, error) {
	text, err := fs.ReadFile(folder, "openapi.yaml")
	if err != nil {
		return nil, err
	}
	description, err := openapi.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	page, err := newPage(description)
	if err != nil {
		return nil, err
	}
	for name, place := range map[string]*string{"style.css": &page.Style, "script.js": &page.Script} {
		body, err := fs.ReadFile(folder, "docs/"+name)
		if err != nil {
			return nil, err
		}
		*place = "/docs/" + hashedName(name, body)
	}
	rendered, err := template.New("page").Funcs(template.FuncMap{"markdown": markdown, "line": line}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := rendered.Execute(&b, page); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// hashedName returns the name under which the server serves a file.
func hashedName(name string, body []byte) string {
	sum := sha256.Sum256(body)
	extension := path.Ext(name)
	return strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:])[:12] + extension
}
