package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/seed-d432d95b/ledger/ledger"
)

// maxProblems is the most problems that a report spells out.
const maxProblems = 20

// overdraft is what every account may be overdrawn by, in smallest units: more than any
// run moves. So the ledger judges a limit in each transfer, as it does for a customer,
// and yet refuses none, however the accounts are chosen.
const overdraft = 1_000_000_000_000_000_000

// books is what the accounts were before a run, and what was acknowledged in it.
type books struct {
	before []standing
	// moved is what acknowledged operations did to each account.
	moved []moved
	// deposited is the sum of the deposits.
	deposited atomic.Int64
}

// standing is how an account stands.
type standing struct {
	posted, pendingIn, pendingOut ledger.Amount
	entries                       uint64
}

func standingOf(a ledger.Account) standing {
	return standing{
		posted: a.Posted(), entries: a.Sequence,
		pendingIn: a.Balance.PendingIn(a.Normal), pendingOut: a.Balance.PendingOut(a.Normal),
	}
}

// moved is by how much a balance changed, in how many entries.
type moved struct{ net, entries atomic.Int64 }

// openBooks opens the accounts that are not there, and notes how all of them stand.
func openBooks(ctx context.Context, service ledger.Service, accounts []string) (*books, error) {
	b := &books{before: make([]standing, 0, len(accounts)), moved: make([]moved, len(accounts))}
	for ids := range slices.Chunk(accounts, ledger.MaxBatch) {
		requests := make([]ledger.AccountRequest, len(ids))
		for i, id := range ids {
			requests[i] = ledger.AccountRequest{ID: id, Asset: benchAsset(), MinBalance: ledger.NewAmount(-overdraft)}
		}
		outcomes, err := service.OpenAccounts(ctx, requests)
		if err != nil {
			return nil, fmt.Errorf("open accounts: %w", err)
		}
		for i, outcome := range outcomes {
			switch {
			case errors.Is(outcome.Err, ledger.ErrAccountExists):
				return nil, fmt.Errorf("the ledger has an account %q that is not of a bench; use another ledger: %w", ids[i], outcome.Err)
			case outcome.Err != nil:
				return nil, fmt.Errorf("open account %q: %w", ids[i], outcome.Err)
			case outcome.Account == nil:
				return nil, fmt.Errorf("open account %q: the service answers without the account", ids[i])
			}
			b.before = append(b.before, standingOf(*outcome.Account))
		}
	}
	return b, nil
}

// note counts an operation that was acknowledged.
func (b *books) note(op operation) {
	switch op.kind {
	case Deposit:
		b.add(op.account, op.amount)
		b.deposited.Add(op.amount)
	case Transfer:
		b.add(op.account, -op.amount)
		b.add(op.other, op.amount)
	case Hold:
		if !op.void {
			b.add(op.account, -op.amount)
			b.add(op.other, op.amount)
		}
	default:
		// A read moves nothing.
	}
}

func (b *books) add(account int, amount int64) {
	b.moved[account].net.Add(amount)
	b.moved[account].entries.Add(1)
}

// slack is what operations of which nobody knows may have done to an account, or not.
type slack struct{ low, high, entries, pending int64 }

// slacks returns the slack of each account, and of the deposits.
func slacks(unknown []operation) (accounts map[int]slack, deposits int64) {
	accounts = make(map[int]slack)
	add := func(account int, amount int64, op operation) {
		s := accounts[account]
		s.low += min(amount, 0)
		s.high += max(amount, 0)
		s.entries++
		if op.kind == Hold {
			s.pending += op.amount
		}
		accounts[account] = s
	}
	for _, op := range unknown {
		if op.kind == Deposit {
			add(op.account, op.amount, op)
			deposits += op.amount
			continue
		}
		add(op.account, -op.amount, op)
		add(op.other, op.amount, op)
	}
	return accounts, deposits
}

// check compares the books with what was acknowledged. Operations that are unknown
// widen what is right. The error is about books that could not be read.
func (b *books) check(ctx context.Context, service ledger.Service, unknown []operation, faults []string) (Books, error) {
	result := Books{Unknown: int64(len(unknown))}
	for _, fault := range faults {
		result.add(fault)
	}
	trial, err := service.TrialBalance(ctx, ledger.TrialBalanceQuery{Limit: 1})
	if err != nil {
		return result, err
	}
	for _, total := range trial.Totals {
		if !total.IsBalanced() {
			result.add(fmt.Sprintf("the ledger's debits in %s are %s, and its credits %s; they must be equal",
				total.Asset, total.Asset.Format(total.Debits), total.Asset.Format(total.Credits)))
		}
	}
	if err := b.checkAccounts(ctx, service, unknown, &result); err != nil {
		return result, err
	}
	result.Checked = true
	return result, nil
}

func (b *books) checkAccounts(ctx context.Context, service ledger.Service, unknown []operation, result *Books) error {
	slacks, deposits := slacks(unknown)
	var change ledger.Amount
	at := 0
	for n := 0; n < len(b.before); n += ledger.MaxBatch {
		ids := make([]string, min(ledger.MaxBatch, len(b.before)-n))
		for i := range ids {
			ids[i] = fmt.Sprintf("bench-%d", n+i)
		}
		accounts, err := service.Accounts(ctx, ids)
		if err != nil {
			return err
		}
		if len(accounts) != len(ids) {
			return fmt.Errorf("%d accounts were asked for, and %d answered", len(ids), len(accounts))
		}
		for i, account := range accounts {
			c := comparison{account: ids[i], before: b.before[at], after: standingOf(account), slack: slacks[at]}
			c.net, c.entries = b.moved[at].net.Load(), b.moved[at].entries.Load()
			moved, err := c.compare(result)
			if err != nil {
				return err
			}
			if change, err = change.Add(moved); err != nil {
				return err
			}
			at++
		}
	}
	deposited := b.deposited.Load()
	if !within(change, deposited, deposited+deposits) {
		result.add(fmt.Sprintf("the accounts have %s more than before, but deposits of %s were acknowledged", money(change), money(ledger.NewAmount(deposited))))
	}
	return nil
}

// comparison is of one account with what it should be.
type comparison struct {
	account       string
	before, after standing
	slack         slack
	net, entries  int64
}

// compare adds what is wrong to the result, and returns what the balance changed by.
func (c *comparison) compare(result *Books) (ledger.Amount, error) {
	change, err := c.after.posted.Sub(c.before.posted)
	if err != nil {
		return ledger.Amount{}, err
	}
	// Both count from the opening of the account, and entries are never deleted.
	entries := int64(c.after.entries - c.before.entries)
	switch {
	case entries < c.entries:
		result.add(fmt.Sprintf("account %q lost %d of %d entries that were acknowledged; its balance changed by %s instead of %s",
			c.account, c.entries-entries, c.entries, money(change), money(ledger.NewAmount(c.net))))
	case entries > c.entries+c.slack.entries:
		result.add(fmt.Sprintf("account %q has %d entries beyond the %d that were acknowledged; they were written twice, or by another program at the same time",
			c.account, entries-c.entries-c.slack.entries, c.entries))
	case !within(change, c.net+c.slack.low, c.net+c.slack.high):
		result.add(fmt.Sprintf("account %q changed by %s, but what was acknowledged makes %s", c.account, money(change), money(ledger.NewAmount(c.net))))
	}
	for _, pending := range [][2]ledger.Amount{{c.before.pendingIn, c.after.pendingIn}, {c.before.pendingOut, c.after.pendingOut}} {
		more, err := pending[1].Sub(pending[0])
		if err != nil {
			return ledger.Amount{}, err
		}
		// A hold of an earlier run may have been left, and expired since.
		if more.Cmp(ledger.NewAmount(c.slack.pending)) > 0 {
			result.add(fmt.Sprintf("account %q has %s more pending than before, but every hold was posted or voided", c.account, money(more)))
		}
	}
	return change, nil
}

func within(amount ledger.Amount, low, high int64) bool {
	return amount.Cmp(ledger.NewAmount(low)) >= 0 && amount.Cmp(ledger.NewAmount(high)) <= 0
}

func money(amount ledger.Amount) string {
	return benchAsset().Format(amount) + " " + benchAsset().Code
}
