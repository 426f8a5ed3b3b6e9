//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// TestWriteWhole writes one file several times at once: it is one of them, and whole.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "out")
	var writing sync.WaitGroup
	ready := make(chan struct{})
	for _, text := range []string{"first", "other"} {
		writing.Go(func() {
			err := writeWhole(nil, name, func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				ready <- struct{}{}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	<-ready
	<-ready
	writing.Wait()
	if got := read(t, name); got != "first" && got != "other" {
		t.Errorf("got %q", got)
	}
	broken := errors.New("broken")
	if err := writeWhole(nil, name, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(name)); err != nil || len(files) != 1 {
		t.Errorf("left are %v, %v", files, err)
	}
}

// TestWriteWholeKeepsWhatIsNoFile writes to a symbolic link and to a pipe.
func TestWriteWholeKeepsWhatIsNoFile(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	link, file := filepath.Join(directory, "link"), filepath.Join(directory, "file")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	hello := func(w io.Writer) error {
		_, err := io.WriteString(w, "hello")
		return err
	}
	if err := writeWhole(nil, link, hello); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || read(t, file) != "hello" {
		t.Errorf("the link is %v, %v", info, err)
	}
	pipe := filepath.Join(directory, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		if got := read(t, pipe); got != "hello" {
			t.Errorf("the pipe had %q", got)
		}
	})
	if err := writeWhole(nil, pipe, hello); err != nil {
		t.Fatal(err)
	}
	reading.Wait()
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Error(err)
	}
	return string(content)
}
