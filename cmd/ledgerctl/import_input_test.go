package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

// TestImportEndsWhileItWaitsForInput: a signal ends an import whose input says nothing.
func TestImportEndsWhileItWaitsForInput(t *testing.T) {
	t.Parallel()
	url := serveMany(t, 1, 0)
	in, writer := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		// Once it was read, the import is under way.
		_, _ = io.WriteString(writer, `{"type":"account","id":"late","asset":"USD"}`)
		cancel()
	}()
	var stderr bytes.Buffer
	exit := make(chan int, 1)
	go func() {
		args := []string{"import", "-", "--yes", "--server", url}
		exit <- run(ctx, args, func(string) string { return "" }, console.New(in, io.Discard, &stderr))
	}()
	select {
	case code := <-exit:
		if code != exitInterrupted || !strings.Contains(stderr.String(), "broken off: lines up to 0 are in") {
			t.Errorf("it exits %d: %s", code, stderr.String())
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
}
