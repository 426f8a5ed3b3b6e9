package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Races is the suite about callers who race for what is pending, and to reverse.
func Races(t *testing.T, newService NewService) {
	t.Helper()
	world := ledger.WorldID("USD")
	runScenarios(t, newService, []scenario{
		{"of steps on one hold, one takes effect, and the others know of it", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			for round := range 8 {
				b.post(hold(fmt.Sprint("held", round), "a", "b", 4))
				b.raceSteps(fmt.Sprint("held", round), false)
			}
			b.check("a", "b")
		}},
		{"of steps on a hold that expires meanwhile, one takes effect or none", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			for round := range 6 {
				request := b.holdFor(move(fmt.Sprint("held", round), "a", "b", 4), shortly)
				if round > 0 {
					b.waitUntil(request.ExpiresAt.Add(time.Duration(round-5) * time.Millisecond))
				}
				b.raceSteps(request.ID, true)
			}
			b.check("a", "b")
		}},
		{"many holds at once never reserve more than there is", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("funds", "a", 100)
			var reserved atomic.Int64
			together(60, func(i int) {
				request := hold(fmt.Sprint("held", i), "a", []string{"b", "c"}[i%2], 3)
				_, err := b.service.Post(b.Context(), request)
				switch {
				case err == nil:
					reserved.Add(1)
					b.pending.add(request)
				case !errors.Is(err, ledger.ErrInsufficientFunds):
					b.Error(err)
				}
			})
			if reserved.Load() != 33 {
				b.Errorf("%d were reserved, want 33", reserved.Load())
			}
			b.wantBalance("a", 100, 0, 99)
			b.check("a", "b", "c")
		}},
		{"the same hold from many callers reserves once", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			var applied atomic.Int64
			request := hold("held", "a", "b", 7)
			together(50, func(int) {
				outcome, err := b.service.Post(b.Context(), request)
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
			b.pending.add(request)
			b.wantBalance("a", 100, 0, 7)
			b.check("a", "b")
		}},
		{"what one hold's end frees is taken once", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.post(hold("held", "a", "b", 10))
			var taken atomic.Int64
			together(40, func(i int) {
				if i == 20 {
					if _, err := b.service.PostPending(b.Context(), part("held", 3)); err != nil {
						b.Error(err)
					}
					return
				}
				_, err := b.service.Post(b.Context(), move(fmt.Sprint("tx", i), "a", "b", 2))
				switch {
				case err == nil:
					taken.Add(1)
				case !errors.Is(err, ledger.ErrInsufficientFunds):
					b.Error(err)
				}
			})
			if taken.Load() > 3 {
				b.Errorf("%d took 2 of the 7 that were free", taken.Load())
			}
			b.wantBalance("a", 7-2*taken.Load(), 0, 0)
			b.check("a", "b")
		}},
		{"of reversals with different ids, one wins", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			b.post(move("moved", "a", "b", 4))
			var applied, replayed atomic.Int64
			together(60, func(i int) {
				outcome, err := b.service.Reverse(b.Context(), ledger.ReversalRequest{ID: fmt.Sprint("undo", i%3), Transaction: "moved"})
				switch {
				case err == nil && outcome.Result == ledger.Applied:
					applied.Add(1)
				case err == nil && outcome.Result == ledger.Replayed:
					replayed.Add(1)
				case !errors.Is(err, ledger.ErrAlreadyReversed):
					b.Error(err)
				}
			})
			if applied.Load() != 1 || replayed.Load() != 19 {
				b.Errorf("%d were applied and %d replayed, want 1 and 19", applied.Load(), replayed.Load())
			}
			winner := b.transaction("moved").ReversedBy
			if got := b.transaction(winner); got.Reverses != "moved" {
				b.Errorf("the reversal is %+v", got)
			}
			b.wantBalance("a", 100, 0, 0)
			b.check("a", "b")
		}},
		{"a hold is posted and reversed by callers who hurry", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			for round := range 5 {
				id := fmt.Sprint("held", round)
				b.post(hold(id, "a", "b", 4))
				together(12, func(i int) {
					var err error
					if i%2 == 0 {
						_, err = b.service.PostPending(b.Context(), whole(id))
					} else {
						_, err = b.service.Reverse(b.Context(), ledger.ReversalRequest{ID: "undo-" + id, Transaction: id})
					}
					if err != nil && !errors.Is(err, ledger.ErrNotReversible) {
						b.Error(err)
					}
				})
				if b.wantStatus(id, ledger.Posted).ReversedBy == "" {
					b.reverse("undo-"+id, id)
				}
				b.wantBalance("a", 100, 0, 0)
			}
			b.check("a", "b")
		}},
		{"what is only tried beside a request leaves nothing to replay", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			together(90, func(i int) {
				request := hold(fmt.Sprint("tx", i/3), "a", "b", 1)
				var err error
				switch i % 3 {
				case 0:
					_, err = b.service.DryRun(b.Context(), request)
				case 1:
					_, err = b.service.PostAtomic(b.Context(), []ledger.TransactionRequest{request, move(fmt.Sprint("much", i), "a", "b", 1000)})
					if errors.Is(err, ledger.ErrInsufficientFunds) {
						err = nil
					}
				default:
					var outcome ledger.Outcome
					outcome, err = b.service.Post(b.Context(), request)
					b.pending.add(request)
					if outcome.Result != ledger.Applied {
						b.Errorf("transaction %q was %s", request.ID, outcome.Result)
					}
				}
				if err != nil {
					b.Error(err)
				}
			})
			for i := range 30 {
				b.wantStatus(fmt.Sprint("tx", i), ledger.Pending)
			}
			b.wantBalance("a", 100, 0, 30)
			b.check("a", "b")
		}},
		{"no hold slips into an account that is being closed", func(b *books) {
			b.open(ledger.AccountRequest{ID: "free", Unlimited: true})
			accounts := b.openMany(30)
			together(2*len(accounts), func(i int) {
				id := accounts[i/2]
				if i%2 == 0 {
					_, err := b.service.ChangeAccount(b.Context(), id, ledger.AccountChange{Status: ledger.StatusClosed})
					if err != nil && !errors.Is(err, ledger.ErrAccountNotEmpty) {
						b.Error(err)
					}
					return
				}
				request := hold("to-"+id, "free", id, 1)
				_, err := b.service.Post(b.Context(), request)
				if err == nil {
					b.pending.add(request)
				} else if !errors.Is(err, ledger.ErrAccountClosed) {
					b.Error(err)
				}
			})
			for _, id := range accounts {
				if account := b.account(id); (account.Status == ledger.StatusClosed) != (account.Balance == ledger.Balance{}) {
					b.Errorf("account %q is %s with %+v", id, account.Status, account.Balance)
				}
			}
			b.check(append(accounts, "free")...)
		}},
		{"readers see a hold or its entries, never both or neither", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 1000)
			done := make(chan struct{})
			var readers sync.WaitGroup
			for range 2 {
				readers.Go(func() {
					for {
						accounts, err := b.service.Accounts(b.Context(), []string{"a", "b"})
						if err != nil {
							b.Error(err)
							return
						}
						from, to := accounts[0].Balance, accounts[1].Balance
						if from.Debits != to.Credits || from.PendingDebits != to.PendingCredits || accounts[0].Sequence != accounts[1].Sequence+1 {
							b.Errorf("a reader saw %+v and %+v", from, to)
						}
						select {
						case <-done:
							return
						default:
						}
					}
				})
			}
			together(4, func(caller int) { b.holdOften(caller, 40) })
			close(done)
			readers.Wait()
			b.check("a", "b")
		}},
		{"holds, deposits, transfers and reversals at once", func(b *books) {
			accounts := b.openMany(8)
			for i, id := range accounts {
				b.deposit(fmt.Sprint("start", i), id, 50)
			}
			at := b.now()
			together(8, func(caller int) { b.doEverything(caller, accounts, at) })
			b.check(accounts...)
			b.checkTrialBalance(ledger.Moment{})
			now := b.instant()
			b.checkTrialBalance(recordedAt(now))
			b.checkTrialBalance(effectiveAt(now))
			if b.account(world).Balance.PendingDebits != units(0) {
				b.Error("something is pending on the world account")
			}
		}},
	})
}

// raceSteps has many callers post, post in part, and void a hold of four, and
// demands that one step took effect, or none of a hold that expired.
func (b *books) raceSteps(id string, expires bool) {
	b.Helper()
	before := b.transaction(id)
	from, to := before.Entries[0].Account, before.Entries[1].Account
	posted := b.account(from).Posted()
	var applied, voided atomic.Int64
	together(30, func(i int) {
		var outcome ledger.Outcome
		var err error
		switch i % 3 {
		case 0:
			outcome, err = b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
		case 1:
			outcome, err = b.service.PostPending(b.Context(), whole(id))
		default:
			outcome, err = b.service.PostPending(b.Context(), part(id, 3))
		}
		switch {
		case err == nil && outcome.Result == ledger.Applied:
			applied.Add(1)
			if i%3 == 0 {
				voided.Add(1)
			}
		case err == nil && outcome.Result == ledger.Replayed, errors.Is(err, ledger.ErrAlreadyResolved):
		case expires && errors.Is(err, ledger.ErrExpired):
		default:
			b.Errorf("a step was %s, %v", outcome.Result, err)
		}
		if err == nil && (outcome.Transaction.Status == ledger.Voided) != (i%3 == 0) {
			b.Errorf("a step %d of three made it %s", i%3, outcome.Transaction.Status)
		}
	})
	after := b.transaction(id)
	moved := units(0)
	switch {
	case applied.Load() == 0 && expires && after.Status == ledger.Expired:
	case applied.Load() == 1 && voided.Load() == 1 && after.Status == ledger.Voided:
	case applied.Load() == 1 && voided.Load() == 0 && after.Status == ledger.Posted:
		moved = after.Entries[0].Amount
	default:
		b.Errorf("%d steps took effect, %d of them voids, and it is %s", applied.Load(), voided.Load(), after.Status)
	}
	if left, err := posted.Sub(moved); err != nil || b.account(from).Posted() != left {
		b.Errorf("account %q has %s, want %s", from, b.account(from).Posted(), left)
	}
	for _, account := range []string{from, to} {
		if balance := b.account(account).Balance; balance.PendingDebits != units(0) || balance.PendingCredits != units(0) {
			b.Errorf("account %q has %+v", account, balance)
		}
	}
}

// holdOften holds one unit at a time, and posts or voids it.
func (b *books) holdOften(caller, times int) {
	for i := range times {
		id := fmt.Sprintf("%d-%d", caller, i)
		_, err := b.service.Post(b.Context(), hold(id, "a", "b", 1))
		if err == nil && i%3 == 0 {
			_, err = b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
		} else if err == nil {
			_, err = b.service.PostPending(b.Context(), whole(id))
		}
		if err != nil {
			b.Error(err)
		}
	}
}

// doEverything writes all kinds of things, some effective at a time that is past.
// They may be refused for want of funds.
func (b *books) doEverything(caller int, accounts []string, at time.Time) {
	now := at
	for i := range 40 {
		id := fmt.Sprintf("%d-%d", caller, i)
		from, to := accounts[(caller+i)%len(accounts)], accounts[(caller*3+i*5+1)%len(accounts)]
		request := move(id, from, to, int64(1+i%20))
		request.Pending = i%4 < 2
		if i%8 == 1 {
			request.ExpiresAt = now.Add(time.Duration(20+i) * time.Millisecond)
		}
		if i%4 == 3 {
			request.EffectiveAt = at
		}
		_, err := b.service.Post(b.Context(), request)
		if err == nil {
			b.pending.add(request)
			switch i % 8 {
			case 0:
				_, err = b.service.PostPending(b.Context(), part(id, 1))
			case 2, 3:
				_, err = b.service.Reverse(b.Context(), ledger.ReversalRequest{ID: "undo-" + id, Transaction: id})
			case 4:
				_, err = b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
			}
		}
		late := errors.Is(err, ledger.ErrInvalidRequest) && !request.ExpiresAt.IsZero()
		if err != nil && !late && !errors.Is(err, ledger.ErrInsufficientFunds) {
			b.Error(err)
		}
		outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: "to-" + id, Account: to, Asset: usd, Amount: units(1)})
		if err != nil {
			b.Error(err)
			return
		}
		now = outcome.Transaction.RecordedAt
	}
}
