package console_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

func TestInput(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some lines\n", 100_000)
	c := console.New(strings.NewReader(text), io.Discard, io.Discard)
	if err := iotest.TestReader(c.Input(t.Context()), []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestInputEndsWithItsContext(t *testing.T) {
	t.Parallel()
	nothing, end := io.Pipe()
	defer end.Close()
	ctx, cancel := context.WithCancel(t.Context())
	in := console.New(nothing, io.Discard, io.Discard).Input(ctx)
	cancel()
	if _, err := io.ReadAll(in); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
