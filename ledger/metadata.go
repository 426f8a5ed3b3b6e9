package ledger

import (
	"fmt"
	"maps"
	"slices"
)

// Limits on metadata.
const (
	// MaxMetadata is the most pairs that an account or a transaction has.
	MaxMetadata = 32
	// MaxMetadataKey and MaxMetadataValue are the longest ones, in bytes.
	MaxMetadataKey   = 64
	MaxMetadataValue = 512
)

// Metadata is what its writer wants to find an account or a transaction by: a few
// strings under keys. Keys are not empty, and neither keys nor values have control
// characters. The ledger gives it no meaning. A map that came from the ledger is
// only to be read, for it may be shared.
type Metadata map[string]string

func (m Metadata) validate() error {
	invalid := func(message string) error {
		return &Error{Code: ErrInvalidRequest, Field: "metadata", Message: message}
	}
	if len(m) > MaxMetadata {
		return invalid(fmt.Sprintf("metadata should have at most %d pairs, not %d", MaxMetadata, len(m)))
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value := m[key]
		switch {
		case key == "" || len(key) > MaxMetadataKey:
			return invalid(fmt.Sprintf("a key of metadata should be 1 to %d bytes long", MaxMetadataKey))
		case len(value) > MaxMetadataValue:
			return invalid(fmt.Sprintf("metadata.%s should be at most %d bytes long", key, MaxMetadataValue))
		}
		if err := validateText("metadata", key); err != nil {
			return err
		}
		if err := validateText("metadata."+key, value); err != nil {
			return err
		}
	}
	return nil
}

// Contains says whether m has every pair of other.
func (m Metadata) Contains(other Metadata) bool {
	for key, value := range other {
		if own, found := m[key]; !found || own != value {
			return false
		}
	}
	return true
}

// clone returns a copy, which is nil if it is empty.
func (m Metadata) clone() Metadata {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}
