package http

import (
	"context"
	"fmt"
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// checkCount refuses more members than a batch has.
func checkCount(field string, n int) error {
	if n <= ledger.MaxBatch {
		return nil
	}
	return &ledger.Error{
		Code: ledger.ErrInvalidRequest, Field: field, Message: fmt.Sprintf("%s should have at most %d members, not %d", field, ledger.MaxBatch, n),
	}
}

// convertAll turns the members of a batch into the domain's and does those that could
// be. The others are rejected where they stand. R is the wire's, D the domain's.
func convertAll[R, D any](members []R, convert func(R) (D, error), do func([]D) ([]ledger.Outcome, error)) ([]ledger.Outcome, error) {
	outcomes := make([]ledger.Outcome, len(members))
	requests := make([]D, 0, len(members))
	places := make([]int, 0, len(members))
	for i, member := range members {
		request, err := convert(member)
		if err != nil {
			outcomes[i] = ledger.Outcome{Result: ledger.Rejected, Err: err}
			continue
		}
		requests, places = append(requests, request), append(places, i)
	}
	if len(requests) == 0 {
		return outcomes, nil
	}
	done, err := do(requests)
	if err != nil {
		return nil, err
	}
	for i, outcome := range done {
		outcomes[places[i]] = outcome
	}
	return outcomes, nil
}

// explainAll tells the refusals among the outcomes of a batch in the words of its
// members.
func explainAll[R interface{ Explain(err error) error }](members []R, outcomes []ledger.Outcome) {
	for i := range outcomes {
		if outcomes[i].Err != nil {
			outcomes[i].Err = members[i].Explain(outcomes[i].Err)
		}
	}
}

// outcomesOf returns the outcomes as the wire has them.
func outcomesOf(ctx context.Context, outcomes []ledger.Outcome) []wire.Outcome {
	data := make([]wire.Outcome, len(outcomes))
	for i := range outcomes {
		data[i] = outcomeOf(ctx, &outcomes[i])
	}
	return data
}

func outcomeOf(ctx context.Context, outcome *ledger.Outcome) wire.Outcome {
	if outcome.Err != nil {
		problem := problemOf(ctx, outcome.Err)
		return wire.Outcome{Status: problem.Status, Error: &problem}
	}
	o := wire.Outcome{Status: http.StatusCreated}
	if outcome.Result == ledger.Replayed {
		o.Status = http.StatusOK
	}
	if outcome.Transaction != nil {
		o.Transaction = new(wire.NewTransaction(outcome.Transaction))
	} else if outcome.Account != nil {
		o.Account = new(wire.NewAccount(*outcome.Account))
	}
	return o
}

// askAll returns what tells the assets of transactions. More entries than the domain
// takes are refused before their accounts are looked up.
func askAll(ctx context.Context, b *book, transactions []wire.TransactionRequest) (wire.Assets, error) {
	entries := 0
	for i := range transactions {
		entries += len(transactions[i].Entries)
	}
	if entries > ledger.MaxBatchEntries {
		return nil, &ledger.Error{
			Code: ledger.ErrInvalidRequest, Field: "transactions",
			Message: fmt.Sprintf("a batch should have at most %d entries in all, not %d", ledger.MaxBatchEntries, entries),
		}
	}
	return resolve(ctx, b.assets, func(assets wire.Assets) {
		for i := range transactions {
			transactions[i].Ask(assets)
		}
	})
}

// domainOf returns a transaction as the domain has it, with who asks for it.
func domainOf(ctx context.Context, request *wire.TransactionRequest, assets wire.Assets) (ledger.TransactionRequest, error) {
	transaction, err := request.Domain(assets)
	if err == nil {
		transaction.Actor, err = actorOf(ctx, transaction.Actor)
	}
	return transaction, err
}

// postMany posts transactions in order, each with an outcome of its own.
func postMany(ctx context.Context, b *book, transactions []wire.TransactionRequest) ([]ledger.Outcome, error) {
	assets, err := askAll(ctx, b, transactions)
	if err != nil {
		return nil, err
	}
	outcomes, err := convertAll(transactions, func(t wire.TransactionRequest) (ledger.TransactionRequest, error) {
		return domainOf(ctx, &t, assets)
	}, func(requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
		return b.service.PostBatch(ctx, requests)
	})
	explainAll(transactions, outcomes)
	return outcomes, err
}

// postAtomic posts all transactions or none.
func postAtomic(ctx context.Context, b *book, transactions []wire.TransactionRequest) ([]ledger.Outcome, error) {
	assets, err := askAll(ctx, b, transactions)
	if err != nil {
		return nil, err
	}
	requests := make([]ledger.TransactionRequest, len(transactions))
	for i := range transactions {
		if requests[i], err = domainOf(ctx, &transactions[i], assets); err != nil {
			return nil, atMember(err, i)
		}
	}
	outcomes, err := b.service.PostAtomic(ctx, requests)
	if e := refusalOf(err); e != nil && e.Index != nil && *e.Index < len(transactions) {
		err = transactions[*e.Index].Explain(err)
	}
	return outcomes, err
}

// atMember returns a refusal with the place of its member.
func atMember(err error, i int) error {
	e := refusalOf(err)
	if e == nil {
		return err
	}
	placed := *e
	placed.Index = &i
	return &placed
}
