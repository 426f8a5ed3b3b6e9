package http

import "github.com/seed-d432d95b/ledger/ledger"

// ProblemKind is a row of the table of codes, for tests.
type ProblemKind struct {
	Code   ledger.Code
	Status int
	Title  string
}

// ProblemKinds returns the table of codes.
func ProblemKinds() (kinds []ProblemKind) {
	for _, kind := range problemKinds() {
		kinds = append(kinds, ProblemKind{kind.code, kind.status, kind.title})
	}
	return kinds
}
