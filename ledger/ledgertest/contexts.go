package ledgertest

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Contexts is the suite about calls whose context has ended.
func Contexts(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, []scenario{
		{"a write whose context has ended does nothing", func(b *books) {
			b.ready()
			held := b.transaction("held")
			b.endedCalls(map[string]func(context.Context) error{
				"RegisterAsset": func(ctx context.Context) error {
					_, err := b.service.RegisterAsset(ctx, ledger.Asset{Code: "GOLD"})
					return err
				},
				"OpenAccount": func(ctx context.Context) error {
					_, err := b.service.OpenAccount(ctx, ledger.AccountRequest{ID: "new", Asset: usd})
					return err
				},
				"OpenAccounts": func(ctx context.Context) error {
					_, err := b.service.OpenAccounts(ctx, []ledger.AccountRequest{{ID: "new", Asset: usd}})
					return err
				},
				"ChangeAccount": func(ctx context.Context) error {
					_, err := b.service.ChangeAccount(ctx, "a", ledger.AccountChange{Status: ledger.StatusFrozen})
					return err
				},
				"Post": func(ctx context.Context) error { _, err := b.service.Post(ctx, move("one", "a", "b", 1)); return err },
				"PostBatch": func(ctx context.Context) error {
					_, err := b.service.PostBatch(ctx, []ledger.TransactionRequest{move("one", "a", "b", 1)})
					return err
				},
				"PostAtomic": func(ctx context.Context) error {
					_, err := b.service.PostAtomic(ctx, []ledger.TransactionRequest{move("one", "a", "b", 1)})
					return err
				},
				"DryRun": func(ctx context.Context) error { _, err := b.service.DryRun(ctx, move("one", "a", "b", 1)); return err },
				"Deposit": func(ctx context.Context) error {
					_, err := b.service.Deposit(ctx, ledger.Deposit{ID: "one", Account: "a", Asset: usd, Amount: units(1)})
					return err
				},
				"PostPending": func(ctx context.Context) error { _, err := b.service.PostPending(ctx, whole("held")); return err },
				"VoidPending": func(ctx context.Context) error {
					_, err := b.service.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: "held"})
					return err
				},
				"Reverse": func(ctx context.Context) error {
					_, err := b.service.Reverse(ctx, ledger.ReversalRequest{ID: "undo", Transaction: "funds"})
					return err
				},
			})
			if after := b.transaction("held"); !sameTransaction(after, held) {
				b.Errorf("the hold is %+v", after)
			}
			for _, id := range []string{"one", "undo"} {
				_, err := b.service.Transaction(b.Context(), id)
				b.failed(ledger.ErrNotFound, err)
			}
			_, err := b.service.Account(b.Context(), "new")
			b.failed(ledger.ErrNotFound, err)
			b.wantRegistered(ledger.Applied, ledger.Asset{Code: "GOLD"})
			b.check("a", "b")
		}},
		{"a read whose context has ended answers with that", func(b *books) {
			b.ready()
			b.endedCalls(map[string]func(context.Context) error{
				"Assets":      func(ctx context.Context) error { _, err := b.service.Assets(ctx); return err },
				"Account":     func(ctx context.Context) error { _, err := b.service.Account(ctx, "a"); return err },
				"Accounts":    func(ctx context.Context) error { _, err := b.service.Accounts(ctx, []string{"a"}); return err },
				"Transaction": func(ctx context.Context) error { _, err := b.service.Transaction(ctx, "funds"); return err },
				"Entries": func(ctx context.Context) error {
					_, err := b.service.Entries(ctx, ledger.EntryQuery{Account: "a"})
					return err
				},
				"FindAccounts": func(ctx context.Context) error {
					_, err := b.service.FindAccounts(ctx, ledger.AccountQuery{})
					return err
				},
				"FindTransactions": func(ctx context.Context) error {
					_, err := b.service.FindTransactions(ctx, ledger.TransactionQuery{Metadata: ledger.Metadata{"k": "v"}})
					return err
				},
				"BalanceAt": func(ctx context.Context) error { _, err := b.service.BalanceAt(ctx, "a", ledger.Moment{}); return err },
				"Statement": func(ctx context.Context) error {
					_, err := b.service.Statement(ctx, ledger.StatementQuery{Account: "a"})
					return err
				},
				"TrialBalance": func(ctx context.Context) error {
					_, err := b.service.TrialBalance(ctx, ledger.TrialBalanceQuery{})
					return err
				},
			})
		}},
	})
}

// endedCalls demands that calls with a context that has ended fail with its error,
// and leave the accounts of the test as they are.
func (b *books) endedCalls(calls map[string]func(context.Context) error) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	b.unchanged([]string{"a", "b", ledger.WorldID("USD")}, func() {
		for name, call := range calls {
			if err := call(ctx); !errors.Is(err, context.Canceled) {
				b.Errorf("%s gave error %v, want context.Canceled", name, err)
			}
		}
	})
}
