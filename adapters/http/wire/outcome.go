package wire

import "github.com/seed-d432d95b/ledger/ledger"

// Outcome is what became of a member of a batch, or of a line of a stream: with the
// status that it would have had alone, and what that comes with.
type Outcome struct {
	Status      int          `json:"status"`
	Transaction *Transaction `json:"transaction,omitempty"`
	Account     *Account     `json:"account,omitempty"`
	Error       *Problem     `json:"error,omitempty"`
}

// Outcomes are those of a batch, in order.
type Outcomes struct {
	Data []Outcome `json:"data"`
}

// Problem is an error, as RFC 9457 has it.
type Problem struct {
	// Type is where the error is explained.
	Type string `json:"type"`
	// Title is what the code means, and Detail what is wrong here and what to do.
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	// RequestID is that of the request, also in the server's log.
	RequestID string `json:"request_id,omitempty"`
	// Field is the part of the request at fault, if it is one.
	Field string `json:"field,omitempty"`
	// Account and Transaction are the ids involved.
	Account     string `json:"account,omitempty"`
	Transaction string `json:"transaction,omitempty"`
	// Index is the place of the member at fault in a batch that is done as a whole.
	Index *int `json:"index,omitempty"`
}

// Domain returns the problem as the domain has it.
func (p Problem) Domain() *ledger.Error {
	return &ledger.Error{
		Code: ledger.Code(p.Code), Message: p.Detail, Field: p.Field, Account: p.Account, Transaction: p.Transaction, Index: p.Index,
	}
}
