package ledgertest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// listWhileWriting has callers write all at once, and list what they wrote in between:
// a list has what was acknowledged before it was asked for, once and in its order.
func listWhileWriting(b *books) {
	const callers, rounds = 8, 12
	world := ledger.WorldID("USD")
	b.openAll("a")
	together(callers, func(caller int) {
		var written []string
		for round := range rounds {
			request := move(fmt.Sprint(caller, "-", round), world, "a", 1)
			status := ledger.TransactionStatus(1 + (caller+round)%3)
			request.Pending = status != ledger.Posted || round%2 == 0
			_, err := b.service.Post(b.Context(), request)
			switch {
			case err != nil:
			case status == ledger.Voided:
				_, err = b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: request.ID})
			case status == ledger.Posted && request.Pending:
				_, err = b.service.PostPending(b.Context(), whole(request.ID))
			}
			if err != nil {
				b.Error(err)
				return
			}
			b.pending.add(request)
			written = append(written, request.ID)
			for _, query := range []ledger.TransactionQuery{
				{}, {Account: "a"}, {Account: world, OldestFirst: true}, {Status: status}, {Account: "a", Status: status},
			} {
				b.wantListed(query, request.ID, written)
			}
		}
	})
	b.check("a")
}

// wantListed demands that a list is in order, has a transaction, and has all of others
// unless it is of one status.
func (b *books) wantListed(query ledger.TransactionQuery, id string, written []string) {
	b.Helper()
	query.Limit = ledger.MaxLimit
	page, err := b.service.FindTransactions(b.Context(), query)
	if err != nil {
		b.Error(err)
		return
	}
	ids := make(map[string]bool)
	for _, t := range page.Transactions {
		ids[t.ID] = true
		if query.Status != 0 && t.Status != query.Status {
			b.Errorf("%+v lists %q, which is %s", query, t.ID, t.Status)
		}
	}
	compare := func(x, y ledger.Transaction) int {
		order := cmp.Or(x.RecordedAt.Compare(y.RecordedAt), strings.Compare(x.ID, y.ID))
		if query.OldestFirst {
			return order
		}
		return -order
	}
	if len(ids) != len(page.Transactions) || !slices.IsSortedFunc(page.Transactions, compare) {
		b.Errorf("%+v lists %d transactions, of which %d are different, and not in order", query, len(page.Transactions), len(ids))
	}
	if query.Status != 0 {
		written = []string{id}
	}
	for _, each := range written {
		if !ids[each] {
			b.Errorf("%+v does not list %q, which was written before", query, each)
		}
	}
}
