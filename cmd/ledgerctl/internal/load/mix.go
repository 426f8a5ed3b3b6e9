package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind is what an operation does.
type Kind uint8

// The kinds of operations. A deposit and a transfer are one call each. A hold is two:
// a pending transaction is made, and then posted or voided, one as often as the other.
// A read is two as well: an account, and a page of its entries.
const (
	Deposit Kind = iota
	Transfer
	Hold
	Read
	kinds
)

// String returns "deposit", "transfer", "hold" or "read".
func (k Kind) String() string {
	switch k {
	case Deposit:
		return "deposit"
	case Transfer:
		return "transfer"
	case Hold:
		return "hold"
	case Read:
		return "read"
	default:
		return "kind " + strconv.Itoa(int(k))
	}
}

// maxWeight bounds a weight, so that their sum cannot overflow.
const maxWeight = 1_000_000

// Mix is the weights of the kinds of operations, in the order of the kinds.
type Mix [kinds]int

// ParseMix reads weights such as "deposit=60,transfer=20,hold=10,read=10", or the
// name of the one kind that there is to be.
func ParseMix(text string) (Mix, error) {
	var mix Mix
	var seen [kinds]bool
	for part := range strings.SplitSeq(text, ",") {
		name, weightText, weighted := strings.Cut(strings.TrimSpace(part), "=")
		kind, ok := kindOf(name)
		if !ok {
			return Mix{}, fmt.Errorf("%.40q is no operation; a mix has deposit, transfer, hold and read", name)
		}
		if seen[kind] {
			return Mix{}, fmt.Errorf("the mix has %s twice; give each operation one weight", kind)
		}
		seen[kind] = true
		weight := 1
		if weighted {
			var err error
			if weight, err = strconv.Atoi(weightText); err != nil || weight < 0 || weight > maxWeight {
				return Mix{}, fmt.Errorf("the weight of %s should be a whole number from 0 to %d, not %.40q", kind, maxWeight, weightText)
			}
		} else if strings.Contains(text, ",") {
			return Mix{}, fmt.Errorf("%s has no weight; write %s=10, say", kind, kind)
		}
		mix[kind] = weight
	}
	return mix, mix.validate()
}

func kindOf(name string) (Kind, bool) {
	for kind := range kinds {
		if kind.String() == name {
			return kind, true
		}
	}
	return 0, false
}

// String prints the mix as [ParseMix] reads it.
func (m Mix) String() string {
	var parts []string
	var only Kind
	for kind := range kinds {
		if m[kind] > 0 {
			parts, only = append(parts, fmt.Sprintf("%s=%d", kind, m[kind])), kind
		}
	}
	if len(parts) == 1 {
		return only.String()
	}
	return strings.Join(parts, ",")
}

func (m Mix) validate() error {
	for kind := range kinds {
		if m[kind] < 0 || m[kind] > maxWeight {
			return fmt.Errorf("the weight of %s should be from 0 to %d, not %d", kind, maxWeight, m[kind])
		}
	}
	if m.sum() == 0 {
		return errors.New("the mix has no operation; give one a weight of more than 0")
	}
	return nil
}

func (m Mix) sum() int {
	sum := 0
	for _, weight := range m {
		sum += weight
	}
	return sum
}

// kind returns the kind that the n-th of the sum of the weights falls to.
func (m Mix) kind(n int) Kind {
	for kind := range kinds {
		if n < m[kind] {
			return kind
		}
		n -= m[kind]
	}
	return Read
}
