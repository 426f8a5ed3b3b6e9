package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// verified is what verify keeps in a file: which books it last found right, and when.
type verified struct {
	Ledger     string    `json:"ledger"`
	Database   string    `json:"database"`
	VerifiedAt time.Time `json:"verified_at"`
}

// readVerified reads a file about the ledger of the database. One that is not there says
// that nothing was verified yet.
func readVerified(path, ledger, database string) (verified, error) {
	text, err := os.ReadFile(path) //nolint:gosec // It is the caller's own file.
	if errors.Is(err, fs.ErrNotExist) {
		return verified{}, nil
	}
	if err != nil {
		return verified{}, fmt.Errorf("the state cannot be read: %w", console.FileError(err))
	}
	var v verified
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&v); err == nil && decoder.Decode(new(any)) != io.EOF {
		err = errors.New("something follows the object")
	}
	switch {
	case err != nil || v.Ledger == "" || v.Database == "" || v.VerifiedAt.IsZero():
		return verified{}, fmt.Errorf("%q is not a state that verify wrote; delete it to verify all of the books", path)
	case v.Ledger != ledger:
		return verified{}, fmt.Errorf("%q is about ledger %q, not %q; give each a file of its own", path, v.Ledger, ledger)
	case v.Database != database:
		return verified{}, fmt.Errorf("%q is about another database; give each a file of its own, or delete it to verify all of the books", path)
	}
	return v, nil
}

// checkVerified says why the file could not be written, before anything is verified in
// vain.
func checkVerified(path string) error {
	file, err := createBeside(path)
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	if err != nil {
		return fmt.Errorf("the state could not be written: %w", console.FileError(err))
	}
	return nil
}

// createBeside creates a file that is to replace another.
func createBeside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
}

// writeVerified replaces the file as a whole, so that whoever stops it leaves the one
// before.
func writeVerified(path string, v verified) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("the books are right, but the state cannot be written, and the next run will do more again: %w", console.FileError(err))
		}
	}()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(text, '\n'), 0o600)
}
