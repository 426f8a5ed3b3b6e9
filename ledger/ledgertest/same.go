package ledgertest

import (
	"maps"
	"reflect"

	"github.com/seed-d432d95b/ledger/ledger"
)

// sameAccount says whether two answers show the same account at the same moment.
func sameAccount(a, b ledger.Account) bool {
	same := maps.Equal(a.Metadata, b.Metadata)
	a.Metadata, b.Metadata = nil, nil
	return same && reflect.DeepEqual(a, b)
}

// sameTransaction says whether two answers show the same transaction at the same
// stage.
func sameTransaction(a, b ledger.Transaction) bool {
	same := maps.Equal(a.Metadata, b.Metadata)
	a.Metadata, b.Metadata = nil, nil
	return same && reflect.DeepEqual(a, b)
}
