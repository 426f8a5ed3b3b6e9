package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrNotConfirmed says that a question was answered with no.
var ErrNotConfirmed = errors.New("nothing was done, for it was not confirmed")

// ErrNobodyToAsk says that a question has to be answered beforehand.
var ErrNobodyToAsk = errors.New("nothing was done, for there is no terminal to ask on: give --yes")

// Confirm asks whether to proceed. It fails with [ErrNotConfirmed], with
// [ErrNobodyToAsk] if nobody can answer, or with ctx's error.
func (c *Console) Confirm(ctx context.Context, question string) error {
	if !IsTerminal(c.In) {
		return ErrNobodyToAsk
	}
	c.progress.clear()
	fmt.Fprintf(c.Err, "%s [y/N] ", question)
	answered := make(chan string, 1)
	go func() {
		// It ends with the process, if nobody answers.
		answer, _ := bufio.NewReader(c.In).ReadString('\n')
		answered <- answer
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintf(c.Err, "\n")
		return fmt.Errorf("nothing was done: %w", ctx.Err())
	case answer := <-answered:
		if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
			return ErrNotConfirmed
		}
		return nil
	}
}
