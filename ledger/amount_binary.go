package ledger

import (
	"encoding"
	"encoding/binary"
	"math/bits"
)

var (
	_ encoding.BinaryAppender    = Amount{}
	_ encoding.BinaryUnmarshaler = (*Amount)(nil)
)

// AppendBinary appends the amount as a big-endian two's complement number of as
// few bytes as it takes, none for zero. It never fails.
func (a Amount) AppendBinary(b []byte) ([]byte, error) {
	var full [32]byte
	binary.BigEndian.PutUint64(full[0:], a.w3)
	binary.BigEndian.PutUint64(full[8:], a.w2)
	binary.BigEndian.PutUint64(full[16:], a.w1)
	binary.BigEndian.PutUint64(full[24:], a.w0)
	return append(b, full[len(full)-a.binarySize():]...), nil
}

// binarySize is the number of bytes that hold a with its sign bit.
func (a Amount) binarySize() int {
	if a == (Amount{}) {
		return 0
	}
	// A negative number needs as many bits as its complement.
	if a.negative() {
		a = Amount{^a.w0, ^a.w1, ^a.w2, ^a.w3}
	}
	significant := bits.Len64(a.w0)
	for i, limb := range [...]uint64{a.w1, a.w2, a.w3} {
		if limb != 0 {
			significant = 64*(i+1) + bits.Len64(limb)
		}
	}
	return significant/8 + 1
}

// UnmarshalBinary reads what [Amount.AppendBinary] wrote. Bytes that hold a
// number outside the range of an Amount fail with [ErrAmountOutOfRange].
func (a *Amount) UnmarshalBinary(data []byte) error {
	var full [32]byte
	if len(data) > len(full) {
		return errTotalOutOfRange()
	}
	start := len(full) - len(data)
	if len(data) > 0 && data[0]&0x80 != 0 {
		for i := range full[:start] {
			full[i] = 0xff
		}
	}
	copy(full[start:], data)
	read := Amount{
		w3: binary.BigEndian.Uint64(full[0:]),
		w2: binary.BigEndian.Uint64(full[8:]),
		w1: binary.BigEndian.Uint64(full[16:]),
		w0: binary.BigEndian.Uint64(full[24:]),
	}
	if read.outOfRange() {
		return errTotalOutOfRange()
	}
	*a = read
	return nil
}
