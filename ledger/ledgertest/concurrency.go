package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Concurrency is the suite about callers who race.
func Concurrency(t *testing.T, newService NewService) {
	t.Helper()
	world := ledger.WorldID("USD")
	runScenarios(t, newService, []scenario{
		{"the same deposit from 100 callers takes effect once", func(b *books) {
			b.openAll("a")
			var applied, replayed atomic.Int64
			together(100, func(int) {
				outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "one", Account: "a", Asset: usd, Amount: units(7)})
				if err != nil {
					b.Error(err)
					return
				}
				switch outcome.Result {
				case ledger.Applied:
					applied.Add(1)
				case ledger.Replayed:
					replayed.Add(1)
				default:
					b.Errorf("a deposit was %s", outcome.Result)
				}
				if got := outcome.Transaction.Entries[1]; got.Sequence != 1 || got.Balance != units(7) {
					b.Errorf("a caller was shown %+v", got)
				}
			})
			if applied.Load() != 1 || replayed.Load() != 99 {
				b.Errorf("%d were applied and %d replayed, want 1 and 99", applied.Load(), replayed.Load())
			}
			b.wantPosted("a", 7)
			b.check("a")
		}},
		{"the same id on 100 accounts takes effect on one", func(b *books) {
			accounts := b.openMany(100)
			var applied atomic.Int64
			together(100, func(i int) {
				outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "one", Account: accounts[i], Asset: usd, Amount: units(7)})
				switch {
				case err == nil && outcome.Result == ledger.Applied:
					applied.Add(1)
				case !errors.Is(err, ledger.ErrTransactionConflict):
					b.Errorf("got %s, %v", outcome.Result, err)
				}
			})
			if applied.Load() != 1 {
				b.Errorf("%d were applied, want 1", applied.Load())
			}
			b.wantPosted(world, 7)
			b.check(accounts...)
		}},
		{"many ids, each from several callers, in batches and alone", func(b *books) {
			accounts := b.openMany(10)
			const ids, callers = 200, 4
			request := func(i int) ledger.TransactionRequest {
				return move(fmt.Sprint("tx", i), world, accounts[i%len(accounts)], int64(i+1))
			}
			var applied atomic.Int64
			together(callers, func(caller int) {
				for start := 0; start < ids; start += 10 {
					requests := make([]ledger.TransactionRequest, 10)
					for i := range requests {
						requests[i] = request((start + i + caller*50) % ids)
					}
					if caller%2 == 0 {
						outcomes, err := b.service.PostBatch(b.Context(), requests)
						if err != nil {
							b.Error(err)
						}
						for _, outcome := range outcomes {
							if outcome.Result == ledger.Applied {
								applied.Add(1)
							}
						}
						continue
					}
					for _, r := range requests {
						outcome, err := b.service.Post(b.Context(), r)
						if err != nil {
							b.Error(err)
						}
						if outcome.Result == ledger.Applied {
							applied.Add(1)
						}
					}
				}
			})
			if applied.Load() != ids {
				b.Errorf("%d were applied, want %d", applied.Load(), ids)
			}
			b.wantPosted(world, ids*(ids+1)/2)
			b.check(accounts...)
		}},
		{"batches that lock the same accounts in opposite order", func(b *books) {
			accounts := b.openMany(20)
			for i, id := range accounts {
				b.deposit(fmt.Sprint("start", i), id, 1000)
			}
			const rounds = 30
			together(8, func(caller int) {
				for round := range rounds {
					var requests []ledger.TransactionRequest
					for i := range accounts {
						from, to := i, (i+1)%len(accounts)
						if caller%2 == 1 {
							from, to = len(accounts)-1-i, (2*len(accounts)-2-i)%len(accounts)
						}
						requests = append(requests, move(fmt.Sprintf("%d-%d-%d", caller, round, i), accounts[from], accounts[to], 1))
					}
					outcomes, err := b.service.PostBatch(b.Context(), requests)
					if err != nil {
						b.Error(err)
						return
					}
					for _, outcome := range outcomes {
						if outcome.Result != ledger.Applied {
							b.Errorf("got %s, %v", outcome.Result, outcome.Err)
						}
					}
				}
			})
			b.wantPosted(world, int64(1000*len(accounts)))
			b.check(accounts...)
		}},
		{"a limit holds however many spend at once", func(b *books) {
			b.openAll("a", "b")
			b.deposit("start", "a", 100)
			var spent atomic.Int64
			together(60, func(i int) {
				outcome, err := b.service.Post(b.Context(), move(fmt.Sprint("tx", i), "a", "b", 3))
				switch {
				case err == nil && outcome.Result == ledger.Applied:
					spent.Add(1)
				case !errors.Is(err, ledger.ErrInsufficientFunds):
					b.Errorf("got %s, %v", outcome.Result, err)
				}
			})
			if spent.Load() != 33 {
				b.Errorf("%d were applied, want 33", spent.Load())
			}
			b.wantPosted("a", 1)
			b.check("a", "b")
		}},
		{"readers always see debits equal credits", func(b *books) {
			accounts := b.openMany(20)
			for i, id := range accounts {
				b.deposit(fmt.Sprint("start", i), id, 1000)
			}
			everything := append([]string{world}, accounts...)
			var writers sync.WaitGroup
			for writer := range 4 {
				writers.Go(func() {
					for i := range 150 {
						from, to := (writer+i)%len(accounts), (writer+3*i+1)%len(accounts)
						request := move(fmt.Sprintf("%d-%d", writer, i), accounts[from], accounts[to], 5)
						if i%3 == 0 {
							request = move(request.ID, world, accounts[to], 5)
						}
						if _, err := b.service.Post(b.Context(), request); err != nil {
							b.Error(err)
						}
					}
				})
			}
			done := make(chan struct{})
			var readers sync.WaitGroup
			for range 3 {
				readers.Go(func() {
					for {
						b.wantZeroSum(everything)
						select {
						case <-done:
							return
						default:
						}
					}
				})
			}
			writers.Wait()
			close(done)
			readers.Wait()
			b.check(accounts...)
		}},
		{"a caller reads what was acknowledged to him", func(b *books) {
			b.openAll("a")
			together(16, func(caller int) {
				own := uint64(0)
				for i := range 40 {
					id := fmt.Sprintf("%d-%d", caller, i)
					outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: id, Account: "a", Asset: usd, Amount: units(1)})
					if err != nil {
						b.Error(err)
						return
					}
					own = max(own, outcome.Transaction.Entries[1].Sequence)
					account, err := b.service.Account(b.Context(), "a")
					if err != nil || account.Sequence < own || account.Posted().Cmp(units(int64(own))) < 0 {
						b.Errorf("after entry %d the account reads %+v, %v", own, account, err)
					}
					page, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: "a", Limit: 1})
					if err != nil || page.Entries[0].Sequence != page.Account.Sequence || page.Entries[0].Sequence < own ||
						page.Entries[0].Balance != page.Account.Posted() {
						b.Errorf("after entry %d the page reads %+v, %v", own, page, err)
					}
					if _, err = b.service.Transaction(b.Context(), id); err != nil {
						b.Error(err)
					}
				}
			})
			b.wantPosted("a", 16*40)
			b.check("a")
		}},
		{"a page and its account, and the world, are of one moment", func(b *books) {
			accounts := b.openMany(16)
			read := func(account string) {
				page, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: account, Limit: 1})
				if err != nil {
					b.Error(err)
					return
				}
				total, entries := page.Account.Posted(), units(int64(page.Account.Sequence))
				if total != entries {
					b.Errorf("account %q has %s after %s entries of 1", account, total, entries)
				}
				newest := page.Entries[0]
				if account != world && (newest.Sequence != page.Account.Sequence || newest.Balance != total) {
					b.Errorf("entry %d with balance %s is the newest of %d with %s", newest.Sequence, newest.Balance, page.Account.Sequence, total)
				}
			}
			for _, account := range accounts {
				b.deposit("to-"+account, account, 1)
			}
			done := make(chan struct{})
			var readers sync.WaitGroup
			for _, account := range []string{accounts[0], world} {
				readers.Go(func() {
					for {
						read(account)
						one, err := b.service.Account(b.Context(), account)
						if err != nil || one.Posted() != units(int64(one.Sequence)) {
							b.Errorf("account %q reads %+v, %v", account, one, err)
						}
						select {
						case <-done:
							return
						default:
						}
					}
				})
			}
			together(4, func(writer int) {
				for i := range 400 {
					id := fmt.Sprintf("%d-%d", writer, i)
					account := accounts[0]
					if i%2 == 0 {
						account = accounts[(writer+i)%len(accounts)]
					}
					_, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: id, Account: account, Asset: usd, Amount: units(1)})
					if err != nil {
						b.Error(err)
					}
					read(world)
				}
			})
			close(done)
			readers.Wait()
			b.check(accounts...)
		}},
		{"the same account opened by 100 callers is opened once", func(b *books) {
			var applied atomic.Int64
			together(100, func(int) {
				outcome, err := b.service.OpenAccount(b.Context(), ledger.AccountRequest{ID: "a", Asset: usd, OpeningBalance: units(5)})
				if err != nil {
					b.Error(err)
				}
				if outcome.Result == ledger.Applied {
					applied.Add(1)
				}
			})
			if applied.Load() != 1 {
				b.Errorf("%d were applied, want 1", applied.Load())
			}
			b.wantPosted("a", 5)
			b.check("a")
		}},
		{"an asset raced for with two scales has one", func(b *books) {
			var refused, applied atomic.Int64
			together(40, func(i int) {
				outcome, err := b.service.RegisterAsset(b.Context(), ledger.Asset{Code: "GOLD", Scale: uint8(i % 2)})
				switch {
				case errors.Is(err, ledger.ErrAssetExists):
					refused.Add(1)
				case err != nil:
					b.Error(err)
				case outcome.Result == ledger.Applied:
					applied.Add(1)
				}
			})
			if refused.Load() != 20 || applied.Load() != 1 {
				b.Errorf("%d were refused and %d applied, want 20 and 1", refused.Load(), applied.Load())
			}
		}},
		{"no deposit slips into an account that is being closed", func(b *books) {
			accounts := b.openMany(50)
			together(2*len(accounts), func(i int) {
				id := accounts[i/2]
				if i%2 == 0 {
					_, err := b.service.ChangeAccount(b.Context(), id, ledger.AccountChange{Status: ledger.StatusClosed})
					if err != nil && !errors.Is(err, ledger.ErrAccountNotEmpty) {
						b.Error(err)
					}
					return
				}
				_, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "to-" + id, Account: id, Asset: usd, Amount: units(1)})
				if err != nil && !errors.Is(err, ledger.ErrAccountClosed) {
					b.Error(err)
				}
			})
			for _, id := range accounts {
				if account := b.account(id); (account.Status == ledger.StatusClosed) != (account.Posted().Sign() == 0) {
					b.Errorf("account %q is %s with %s", id, account.Status, account.Posted())
				}
			}
			b.check(accounts...)
		}},
	})
}

// together calls do with 0 to n-1, all at once.
func together(n int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	group.Wait()
}

func (b *books) openMany(n int) []string {
	b.Helper()
	ids := make([]string, n)
	requests := make([]ledger.AccountRequest, n)
	for i := range ids {
		ids[i] = fmt.Sprint("account-", i)
		requests[i] = ledger.AccountRequest{ID: ids[i], Asset: usd}
	}
	b.clock = ids[0]
	outcomes, err := b.service.OpenAccounts(b.Context(), requests)
	if err != nil {
		b.Fatal(err)
	}
	for _, outcome := range outcomes {
		if outcome.Result != ledger.Applied {
			b.Fatalf("opening gave %s, %v", outcome.Result, outcome.Err)
		}
	}
	return ids
}

// wantZeroSum reads the accounts as of one moment and demands that their debits
// equal their credits.
func (b *books) wantZeroSum(ids []string) {
	accounts, err := b.service.Accounts(b.Context(), ids)
	if err != nil {
		b.Error(err)
		return
	}
	var sum ledger.Balance
	for _, account := range accounts {
		if sum, err = sum.Add(account.Balance); err != nil {
			b.Error(err)
		}
	}
	if sum.Debits != sum.Credits {
		b.Errorf("a reader saw debits of %s and credits of %s", sum.Debits, sum.Credits)
	}
}
