package wire

import "github.com/seed-d432d95b/ledger/ledger"

// checkNewID refuses an id that /v1 does not make. It is narrower than what the
// domain takes, so that an id needs no escape in a path or on a command line. The
// names of ledgers have the same form.
func checkNewID(id string) error {
	switch {
	case id == "":
		return invalid("id", "should be given: it is what makes a retry safe")
	case ledger.ValidateLedgerName(id) != nil:
		return invalid("id", "should be a letter or digit and then letters, digits and ._:@-, at most 128 in all")
	}
	return nil
}

// checkAnyID refuses an id that the ledger does not take, in the words of [checkNewID].
func checkAnyID(id string) error {
	if ledger.ValidateID(id) == nil {
		return nil
	}
	return checkNewID(id)
}
