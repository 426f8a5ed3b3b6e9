package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// verifyMetrics is what a run of verify leaves for Prometheus.
type verifyMetrics struct {
	results []verifyResult
	at      time.Time
}

// text returns the metrics as node_exporter's textfile collector reads them.
func (m verifyMetrics) text() string {
	var b strings.Builder
	gauge := func(name, help string, value func(verifyResult) any) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
		for _, result := range m.results {
			fmt.Fprintf(&b, "%s{ledger=%q} %v\n", name, result.ledger, value(result))
		}
	}
	gauge("ledger_verify_findings", "What the latest run of verify found wrong with the books; if it could not go on, until then.",
		func(r verifyResult) any { return r.findings })
	gauge("ledger_verify_success", "Whether the latest run of verify could do its work and found the books right, 1 or 0.", func(r verifyResult) any {
		if r.isClean {
			return 1
		}
		return 0
	})
	gauge("ledger_verify_timestamp_seconds", "When the latest run of verify ended, whatever came of it.",
		func(verifyResult) any { return m.at.Unix() })
	return b.String()
}

// write replaces the file as a whole, so that nobody reads half of it. Others may read it,
// for node_exporter is seldom who verifies.
func (m verifyMetrics) write(path string) error {
	if err := replaceFile(path, []byte(m.text()), 0o644); err != nil {
		return fmt.Errorf("the metrics cannot be written: %w", console.FileError(err))
	}
	return nil
}

// replaceFile writes a file beside the one at the path and puts it in its place, so that
// whoever stops it leaves the one before.
func replaceFile(path string, text []byte, mode os.FileMode) error {
	file, err := createBeside(path)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
