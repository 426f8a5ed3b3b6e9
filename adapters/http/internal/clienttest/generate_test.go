package clienttest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestClientIsCurrent holds that the client is made of the description as it is.
func TestClientIsCurrent(t *testing.T) {
	t.Parallel()
	const name = "client_generated_test.go"
	made := filepath.Join(t.TempDir(), name)
	generate(t, made, "-config", "config.yaml")
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not of this description; run go generate in this folder", name)
	}
}

// TestWholeClient holds that a client of all operations can be made and compiled.
func TestWholeClient(t *testing.T) {
	t.Parallel()
	made := filepath.Join(t.TempDir(), "client.go")
	generate(t, made, "-generate", "types,client", "-package", "client")
	run(t, "build", "-o", os.DevNull, made)
}

func generate(t *testing.T, output string, options ...string) {
	t.Helper()
	arguments := append([]string{"tool", "-modfile=../../../../.ci/tools.mod", "oapi-codegen", "-o", output}, options...)
	run(t, append(arguments, "../../openapi.yaml")...)
}

func run(t *testing.T, arguments ...string) {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), "go", arguments...).CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", arguments, err, output)
	}
}
