package ledger

// Validate says why the request can never succeed, or nil. What the books say to it is
// another matter.
func (r AccountRequest) Validate() error {
	_, err := r.normalized()
	return err
}

// Validate says why the request can never succeed, or nil. What the books say to it is
// another matter.
func (r TransactionRequest) Validate() error { return r.validate() }

// Validate says why the request can never succeed, or nil. What the books say to it is
// another matter.
func (r ReversalRequest) Validate() error { return r.validate() }

// Validate says why the request can never succeed, or nil. What the books say to it is
// another matter.
func (r PostPendingRequest) Validate() error { return r.validate() }
