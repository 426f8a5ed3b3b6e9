package ledger

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountBinary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := bigInts().Draw(t, "n")
		a := amountOf(n)
		data, err := a.AppendBinary([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		data, ok := bytes.CutPrefix(data, []byte("before"))
		if !ok {
			t.Fatalf("what stood before is gone: %x", data)
		}
		if want := twosComplement(n); !bytes.Equal(data, want) {
			t.Fatalf("AppendBinary = %x, want %x", data, want)
		}
		back := NewAmount(rapid.Int64().Draw(t, "held before"))
		if err := back.UnmarshalBinary(data); err != nil || back != a {
			t.Fatalf("UnmarshalBinary(%x) = %s, %v; want %s", data, back, err, a)
		}
	})
}

// twosComplement returns the shortest big-endian form of n.
func twosComplement(n *big.Int) []byte {
	if n.Sign() == 0 {
		return nil
	}
	for size := 1; ; size++ {
		half := new(big.Int).Lsh(big.NewInt(1), uint(8*size-1))
		if n.Cmp(half) >= 0 || n.Cmp(new(big.Int).Neg(half)) < 0 {
			continue
		}
		wrapped := new(big.Int).Set(n)
		if n.Sign() < 0 {
			wrapped.Add(n, new(big.Int).Lsh(half, 1))
		}
		return wrapped.FillBytes(make([]byte, size))
	}
}

func TestAmountBinaryForms(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "", 1: "\x01", -1: "\xff", 127: "\x7f", 128: "\x00\x80", -128: "\x80", -129: "\xff\x7f", 256: "\x01\x00",
	} {
		got, err := NewAmount(n).AppendBinary(nil)
		if err != nil || string(got) != want {
			t.Errorf("%d is %x, %v; want %x", n, got, err, want)
		}
	}
}

func TestUnmarshalAmountOutOfRange(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"33 bytes": make([]byte, 33),
		"-2^255":   append([]byte{0x80}, make([]byte, 31)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := NewAmount(7)
			if err := a.UnmarshalBinary(data); !errors.Is(err, ErrAmountOutOfRange) || a != NewAmount(7) {
				t.Errorf("UnmarshalBinary = %s, %v; want ErrAmountOutOfRange and the amount as it was", a, err)
			}
		})
	}
}
