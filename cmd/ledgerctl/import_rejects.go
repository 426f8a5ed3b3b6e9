package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/transfer"
)

// rejectsFile is where an import keeps the lines that are refused. It is made for the
// first of them.
type rejectsFile struct {
	// name is that of the file, and until it is made the one that it should get.
	name string
	// isNew says that it should be no file that is there: what was rejected before may be
	// being mended.
	isNew bool
	// appends says that what is in the file is kept, else it is replaced.
	appends bool
	file    *os.File
}

// newRejectsFile returns the file that the flags name, or else one beside the file that
// is imported.
func newRejectsFile(flags importFlags, format transfer.Format) *rejectsFile {
	if flags.rejects != "" {
		return &rejectsFile{name: flags.rejects, appends: flags.from > 1}
	}
	name := flags.file
	if name == stdin {
		name = "import"
	}
	return &rejectsFile{name: name + ".rejects." + string(format), isNew: true}
}

// Write implements [io.Writer].
func (f *rejectsFile) Write(p []byte) (int, error) {
	if f.file == nil {
		if err := f.open(); err != nil {
			return 0, fmt.Errorf("the rejected lines cannot be kept: %w", console.FileError(err))
		}
	}
	n, err := f.file.Write(p)
	if err != nil {
		err = fmt.Errorf("the rejected lines cannot be kept: %w", console.FileError(err))
	}
	return n, err
}

func (f *rejectsFile) open() (err error) {
	const private = 0o600
	mode := os.O_TRUNC
	switch {
	case f.isNew:
		// Another import may be about to take the same name.
		mode = os.O_EXCL
	case f.appends:
		mode = os.O_APPEND
	}
	name := f.name
	for n := 2; ; n++ {
		f.file, err = os.OpenFile(filepath.Clean(name), os.O_WRONLY|os.O_CREATE|mode, private)
		if !f.isNew || !errors.Is(err, fs.ErrExist) {
			break
		}
		ending := filepath.Ext(f.name)
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(f.name, ending), n, ending)
	}
	if err == nil {
		f.name = name
	}
	return err
}

// Close closes the file, if it was made.
func (f *rejectsFile) Close() error {
	if f.file == nil {
		return nil
	}
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("the rejected lines may not all be kept: %w", console.FileError(err))
	}
	return nil
}
