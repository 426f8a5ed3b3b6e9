package seed

import (
	"fmt"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Request is one request to the ledger. Exactly one field is set.
type Request struct {
	Asset       *ledger.Asset
	Account     *ledger.AccountRequest
	Transaction *ledger.TransactionRequest
	Post        *ledger.PostPendingRequest
	Void        *ledger.VoidPendingRequest
	Reversal    *ledger.ReversalRequest
	Status      *StatusChange
}

// StatusChange freezes or closes an account.
type StatusChange struct {
	Account string
	Status  ledger.Status
}

// String says what the request is about, for people.
func (r Request) String() string {
	switch {
	case r.Asset != nil:
		return fmt.Sprintf("asset %s", r.Asset)
	case r.Account != nil:
		return fmt.Sprintf("account %q", r.Account.ID)
	case r.Transaction != nil:
		return fmt.Sprintf("transaction %q", r.Transaction.ID)
	case r.Post != nil:
		return fmt.Sprintf("posting of %q", r.Post.Transaction)
	case r.Void != nil:
		return fmt.Sprintf("voiding of %q", r.Void.Transaction)
	case r.Reversal != nil:
		return fmt.Sprintf("reversal %q", r.Reversal.ID)
	case r.Status != nil:
		return fmt.Sprintf("status of account %q", r.Status.Account)
	}
	return "nothing"
}
