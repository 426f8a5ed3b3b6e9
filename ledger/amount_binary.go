package ledger

import (
	"encoding"
	"encoding/binary"
)

var (
	_ encoding.BinaryAppender    = Amount{}
	_ encoding.BinaryUnmarshaler = (*Amount)(nil)
)

// AppendBinary appends the amount as a big-endian two's complement number of as
// few bytes as it takes, none for zero. It never fails.
func (a Amount) AppendBinary(b []byte) ([]byte, error) {
	var full [32]byte
	for i, limb := range a.limbs {
		binary.BigEndian.PutUint64(full[24-8*i:], limb)
	}
	start := 0
	for start < len(full) && full[start] == byte(int8(full[0])>>7) {
		start++
	}
	// Keep a byte of the sign where the first significant bit does not tell it.
	if start == len(full) && full[0] != 0 || start > 0 && start < len(full) && (full[start]^full[0])&0x80 != 0 {
		start--
	}
	return append(b, full[start:]...), nil
}

// UnmarshalBinary reads what [Amount.AppendBinary] wrote.
func (a *Amount) UnmarshalBinary(data []byte) error {
	var full [32]byte
	if len(data) > len(full) {
		return errTotalOutOfRange()
	}
	if len(data) > 0 && data[0]&0x80 != 0 {
		for i := range full[:len(full)-len(data)] {
			full[i] = 0xff
		}
	}
	copy(full[len(full)-len(data):], data)
	for i := range a.limbs {
		a.limbs[i] = binary.BigEndian.Uint64(full[24-8*i:])
	}
	return nil
}
