package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// File is the configuration file: contexts by name, and which of them is used if none
// is asked for.
type File struct {
	CurrentContext string             `yaml:"current_context"`
	Contexts       map[string]Context `yaml:"contexts"`
}

// Context is the settings of one environment. What is empty is not set.
type Context struct {
	Server string `yaml:"server"`
	Token  string `yaml:"token"`
	DSN    string `yaml:"dsn"`
	Ledger string `yaml:"ledger"`
	Output string `yaml:"output"`
}

// readContext reads the context that is asked for. A file that is not there is none,
// unless it was asked for.
func (r *reader) readContext() error {
	path, isAsked := r.given("config")
	if !isAsked {
		path = r.defaultPath()
	}
	file, err := readFile(path)
	if err == nil {
		r.file = path
		for _, context := range file.Contexts {
			r.hasSecrets = r.hasSecrets || context.Token != "" || context.DSN != ""
		}
	}
	if errors.Is(err, fs.ErrNotExist) && !isAsked {
		file, err = File{}, nil
	}
	if err != nil {
		return err
	}
	name, isNamed := r.given("context")
	if !isNamed {
		name = file.CurrentContext
	}
	if name == "" {
		return nil
	}
	var isThere bool
	r.name = name
	if r.context, isThere = file.Contexts[name]; !isThere {
		return fmt.Errorf("%q has no context %q; it has %s", path, name, listed(file))
	}
	return nil
}

// Contexts returns the names of the contexts of the configuration file, for completion:
// none, if it cannot be read.
func Contexts(flags *pflag.FlagSet, getenv func(string) string) []string {
	r := reader{flags: flags, getenv: getenv}
	path, isAsked := r.given("config")
	if !isAsked {
		path = r.defaultPath()
	}
	file, _ := readFile(path)
	return slices.Sorted(maps.Keys(file.Contexts))
}

func listed(file File) string {
	names := slices.Sorted(maps.Keys(file.Contexts))
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (r *reader) defaultPath() string {
	directory := r.getenv("XDG_CONFIG_HOME")
	if directory == "" {
		home := r.getenv("HOME")
		if home == "" {
			return ""
		}
		directory = filepath.Join(home, ".config")
	}
	return filepath.Join(directory, "ledgerctl", "config.yaml")
}

// readFile reads a configuration file, and refuses what it does not know.
func readFile(path string) (File, error) {
	if path == "" {
		return File{}, fs.ErrNotExist
	}
	content, err := os.ReadFile(path) //nolint:gosec // It is the caller's own file.
	if err != nil {
		return File{}, fmt.Errorf("the configuration cannot be read: %w", console.FileError(err))
	}
	var file File
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("%q is not a configuration: %w", path, withoutValues(err))
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("%q is not a configuration: it should be one YAML document", path)
	}
	return file, nil
}

// withoutValues returns what is wrong with YAML, without the values in it, of which one
// may be a password.
func withoutValues(err error) error {
	typeError, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	reasons := make([]string, len(typeError.Errors))
	for i, reason := range typeError.Errors {
		if before, _, found := strings.Cut(reason, ": cannot unmarshal"); found {
			reason = before + ": should be text"
		}
		reasons[i] = strings.Replace(reason, " in type settings.File", "", 1)
		reasons[i] = strings.Replace(reasons[i], " in type settings.Context", "", 1)
	}
	return errors.New(strings.Join(reasons, "; "))
}
