package console

import (
	"context"
	"io"
)

// Input returns the console's input, of which a read ends with ctx, whatever it waits
// for. It is for one goroutine.
func (c *Console) Input(ctx context.Context) io.Reader { return &input{ctx: ctx, in: c.In} }

type input struct {
	ctx context.Context
	in  io.Reader
	// block is what was read last, and left what of it nobody has had yet.
	block, left []byte
	err         error
}

// inputBlock is how much is read at once.
const inputBlock = 64 << 10

// Read implements [io.Reader].
func (i *input) Read(p []byte) (int, error) {
	if len(i.left) == 0 && i.err == nil {
		i.fill()
	}
	n := copy(p, i.left)
	if i.left = i.left[n:]; len(i.left) > 0 {
		return n, nil
	}
	return n, i.err
}

// fill reads the next block.
func (i *input) fill() {
	if i.block == nil {
		i.block = make([]byte, inputBlock)
	}
	var n int
	var err error
	read := make(chan struct{})
	go func() {
		// It ends with the process, if nothing comes.
		n, err = i.in.Read(i.block)
		close(read)
	}()
	select {
	case <-read:
		i.left, i.err = i.block[:n], err
	case <-i.ctx.Done():
		i.err = i.ctx.Err()
	}
}
