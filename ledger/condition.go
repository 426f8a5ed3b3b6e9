package ledger

import "fmt"

func (c Condition) clone() Condition {
	if c.Sequence != nil {
		c.Sequence = new(*c.Sequence)
	}
	if c.MinAvailable != nil {
		c.MinAvailable = new(*c.MinAvailable)
	}
	return c
}

// validateConditions says why the conditions can never hold, or nil.
func (r TransactionRequest) validateConditions() error {
	if len(r.Conditions) > MaxConditions {
		return r.invalid("conditions", fmt.Sprintf("a transaction should have at most %d conditions, not %d", MaxConditions, len(r.Conditions)))
	}
	for i, c := range r.Conditions {
		field := func(name string) string { return fmt.Sprintf("conditions[%d].%s", i, name) }
		switch {
		case ValidateID(c.Account) != nil:
			return validateID(field("account"), c.Account)
		case IsWorldID(c.Account):
			return r.invalid(field("account"), field("account")+" should not be a world account, which every deposit changes")
		case c.Sequence == nil && c.MinAvailable == nil:
			return r.invalid(field("sequence"), fmt.Sprintf("conditions[%d] should have a sequence or a min_available", i))
		case c.MinAvailable != nil && !c.MinAvailable.fits():
			return &Error{
				Code: ErrAmountOutOfRange, Field: field("min_available"), Transaction: r.ID,
				Message: fmt.Sprintf("%s should have at most %d digits", field("min_available"), MaxDigits),
			}
		}
	}
	return nil
}

// demand refuses a transaction whose conditions do not hold.
func (d *Decider) demand(transaction string, conditions []Condition) error {
	for _, c := range conditions {
		w, err := d.account(c.Account)
		if err != nil {
			return err
		}
		if w.state == nil {
			return NoAccount(c.Account)
		}
		refuse := func(format string, arguments ...any) error {
			return &Error{
				Code: ErrConditionFailed, Account: c.Account, Transaction: transaction, Message: fmt.Sprintf(format, arguments...),
			}
		}
		if c.Sequence != nil && w.state.Sequence != *c.Sequence {
			return refuse("account %q is at sequence number %d, not %d; read it again", c.Account, w.state.Sequence, *c.Sequence)
		}
		if c.MinAvailable != nil && w.state.Available().Cmp(*c.MinAvailable) < 0 {
			asset := w.state.Asset
			return refuse("account %q has %s %s available, less than %s",
				c.Account, asset.Format(w.state.Available()), asset.Code, asset.Format(*c.MinAvailable))
		}
	}
	return nil
}

// upTo returns the two entries with as much of their amount as the limits of their
// accounts allow.
func (d *Decider) upTo(op *postOperation) ([]EntryRequest, error) {
	requests, amount := op.entries, op.entries[0].Amount
	// What leaves an account and comes back at once is limited by nothing, unless it
	// is only reserved.
	circular := requests[0].Account == requests[1].Account && !op.isPending()
	for _, e := range requests {
		state := d.accounts.get(e.Account).state
		if circular || state.Unlimited || e.Side == state.Normal {
			continue
		}
		// A balance and a minimum differ by far less than what overflows.
		room := state.Available().wrappingSub(state.MinBalance)
		if room.Sign() <= 0 {
			return nil, &Error{
				Code: ErrInsufficientFunds, Account: e.Account, Transaction: op.id,
				Message: fmt.Sprintf("account %q has nothing available: it has %s %s, and must keep at least %s",
					e.Account, state.Asset.Format(state.Available()), state.Asset.Code, state.Asset.Format(state.MinBalance)),
			}
		}
		if room.Cmp(amount) < 0 {
			amount = room
		}
	}
	moved := []EntryRequest{requests[0], requests[1]}
	moved[0].Amount, moved[1].Amount = amount, amount
	return moved, nil
}
