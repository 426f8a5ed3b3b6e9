package ledger

import "errors"

// atomicOperation is a batch that is done as a whole or not at all.
type atomicOperation struct{ members []Operation }

func (op *atomicOperation) AppendAccounts(ids []string) []string {
	for _, member := range op.members {
		ids = member.AppendAccounts(ids)
	}
	return ids
}

func (op *atomicOperation) AppendProfiles(ids []string) []string {
	for _, member := range op.members {
		ids = member.AppendProfiles(ids)
	}
	return ids
}

func (op *atomicOperation) AppendTransactions(ids []string) []string {
	for _, member := range op.members {
		ids = member.AppendTransactions(ids)
	}
	return ids
}

func (op *atomicOperation) decide(d *Decider) (Outcome, error) {
	mark := d.mark()
	defer d.unmark()
	whole := Outcome{Result: Replayed, Members: make([]Outcome, len(op.members))}
	for i, member := range op.members {
		outcome, err := member.decide(d)
		if err != nil {
			d.rollBack(mark)
			return Outcome{}, atMember(err, i)
		}
		whole.Members[i] = outcome
		if outcome.Result == Applied {
			whole.Result = Applied
		}
	}
	return whole, nil
}

// atMember returns the error of a batch's member.
func atMember(err error, index int) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	at := *e
	at.Index = &index
	return &at
}

// dryOperation is what another operation would do, and does nothing.
type dryOperation struct{ Operation }

func (op dryOperation) decide(d *Decider) (Outcome, error) {
	mark := d.mark()
	defer d.unmark()
	outcome, err := op.Operation.decide(d)
	d.rollBack(mark)
	return outcome, err
}
