package ledgertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Expiry is the suite about pending transactions whose time runs out. It waits by
// the service's own clock, and shows of a hold that has not expired only what no
// delay can change.
func Expiry(t *testing.T, newService NewService) {
	t.Helper()
	runScenarios(t, newService, slices.Concat(expiredScenarios(), expiringScenarios()))
}

// shortly is how long a hold lives that a test waits for.
const shortly = 300 * time.Millisecond

// expiring makes a hold end after a while.
func (b *books) expiring(request ledger.TransactionRequest, after time.Duration) ledger.TransactionRequest {
	b.Helper()
	request = pending(request)
	request.ExpiresAt = b.now().Add(after)
	return request
}

// holdFor holds what is asked for, for a while. Where the request comes too late for
// that, it tries again with a longer one.
func (b *books) holdFor(request ledger.TransactionRequest, lifetime time.Duration) ledger.TransactionRequest {
	b.Helper()
	for ; lifetime < time.Minute; lifetime *= 2 {
		request = b.expiring(request, lifetime)
		outcome, err := b.service.Post(b.Context(), request)
		if errors.Is(err, ledger.ErrInvalidRequest) && !b.now().Before(request.ExpiresAt) {
			continue
		}
		if err != nil || outcome.Transaction.Status != ledger.Pending || !outcome.Transaction.ExpiresAt.Equal(request.ExpiresAt) {
			b.Fatalf("holding up to %s gave %+v, %v", request.ExpiresAt, outcome, err)
		}
		b.pending.add(request)
		return request
	}
	b.Fatalf("the service takes longer than %s to hold something", lifetime)
	return request
}

// expired posts requests as holds that end shortly, and waits until all have.
func (b *books) expired(requests ...ledger.TransactionRequest) []ledger.TransactionRequest {
	b.Helper()
	var last time.Time
	for i := range requests {
		requests[i] = b.holdFor(requests[i], shortly)
		if end := requests[i].ExpiresAt; end.After(last) {
			last = end
		}
	}
	b.waitUntil(last)
	return requests
}

// inTime holds what is asked for and takes steps on it before it expires. Where that
// comes too late, it tries again with another hold that lives longer. It returns the
// id of the hold.
func (b *books) inTime(request ledger.TransactionRequest, steps func(id string) error) string {
	b.Helper()
	id := request.ID
	for lifetime := shortly; ; lifetime *= 2 {
		request = b.holdFor(request, lifetime)
		err := steps(request.ID)
		if err == nil {
			b.waitUntil(request.ExpiresAt)
			return request.ID
		}
		if !errors.Is(err, ledger.ErrExpired) || b.now().Before(request.ExpiresAt) || lifetime > time.Minute {
			b.Fatalf("a step on %q, which expires at %s: %v", request.ID, request.ExpiresAt, err)
		}
		request.ID = fmt.Sprint(id, lifetime)
	}
}

func expiredScenarios() []scenario {
	scenarios := []scenario{
		{"an expired hold reads so, and reserves nothing", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			request := b.expired(move("held", "a", "b", 4))[0]
			b.wantBalance("a", 10, 0, 0)
			b.wantBalance("b", 0, 0, 0)
			got := b.wantStatus("held", ledger.Expired)
			if !got.ResolvedAt.IsZero() || got.Entries[0].Sequence != 0 || got.Entries[0].Amount != units(4) || got.Reserved[1] != units(4) {
				b.Errorf("the transaction is %+v", got)
			}
			if again := b.replay(request); again.Status != ledger.Expired {
				b.Errorf("its request again answers with %+v", again)
			}
			for _, read := range []func() (ledger.Account, error){
				func() (ledger.Account, error) {
					page, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: "a"})
					return page.Account, err
				},
				func() (ledger.Account, error) {
					page, err := b.service.FindAccounts(b.Context(), ledger.AccountQuery{Prefix: "a"})
					return page.Accounts[0], err
				},
				func() (ledger.Account, error) {
					statement, err := b.service.Statement(b.Context(), ledger.StatementQuery{Account: "a"})
					return statement.Account, err
				},
				func() (ledger.Account, error) {
					return b.service.ChangeAccount(b.Context(), "a", ledger.AccountChange{Name: new("Ann")})
				},
				func() (ledger.Account, error) {
					balance, err := b.service.BalanceAt(b.Context(), "a", ledger.Moment{})
					return ledger.Account{Balance: balance.Balance}, err
				},
			} {
				if account, err := read(); err != nil || account.Balance != (ledger.Balance{Credits: units(10)}) {
					b.Errorf("the account reads %+v, %v", account, err)
				}
			}
			b.wantEntries("a", 10)
			b.check("a", "b")
		}},
		{"an expired hold has no steps", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			b.expired(move("held", "a", "b", 4))
			for range 2 {
				if e := b.notSettled(ledger.ErrExpired, whole("held")); e.Transaction != "held" {
					b.Errorf("the error names %q", e.Transaction)
				}
				b.notSettled(ledger.ErrExpired, part("held", 3))
				b.notVoided(ledger.ErrExpired, "held")
			}
			b.refused(ledger.ErrTransactionConflict, move("held", "a", "b", 4))
			b.post(move("all", "a", "b", 10))
			b.notVoided(ledger.ErrExpired, "held")
			b.check("a", "b")
		}},
	}
	return append(scenarios, expiryFreesScenarios()...)
}

// expiryFreesScenarios have an account that holds all it has, until that expires.
func expiryFreesScenarios() []scenario {
	var scenarios []scenario
	for name, act := range map[string]func(b *books){
		"a withdrawal":             func(b *books) { b.post(move("next", "a", "b", 10)) },
		"another hold":             func(b *books) { b.post(hold("next", "a", "b", 10)); b.wantBalance("a", 10, 0, 10) },
		"what is taken up to":      func(b *books) { b.wantMoved(upTo(move("next", "a", "b", 30)), 10) },
		"a condition":              func(b *books) { b.post(demanding(move("next", "b", "b", 1), withAvailable("a", 10))) },
		"a deposit":                func(b *books) { b.deposit("next", "a", 1); b.wantBalance("a", 11, 0, 0) },
		"an atomic batch":          func(b *books) { b.postAtomic(move("next", "a", "b", 4), hold("last", "a", "b", 6)) },
		"the closing of the other": func(b *books) { b.setStatus("c", ledger.StatusClosed) },
		"a dry run": func(b *books) {
			outcome, err := b.service.DryRun(b.Context(), move("next", "a", "b", 10))
			if err != nil || outcome.Result != ledger.Applied {
				b.Errorf("it is %s, %v", outcome.Result, err)
			}
		},
		"a batch": func(b *books) {
			b.wantOutcomes(b.postBatch(move("next", "a", "b", 4), hold("last", "a", "b", 6)), "applied", "applied")
		},
		"another hold's posting": func(b *books) { b.settle(whole("other")); b.wantBalance("a", 9, 0, 0) },
		"another hold's voiding": func(b *books) { b.void("other"); b.wantBalance("a", 10, 0, 0) },
	} {
		scenarios = append(scenarios, scenario{"what has expired is free for " + name, func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "a", OpeningBalance: units(10)}, ledger.AccountRequest{ID: "b", OpeningBalance: units(1)},
				ledger.AccountRequest{ID: "c"},
			)
			b.post(hold("other", "a", "b", 1))
			b.expired(move("held", "a", "b", 6), move("more", "a", "c", 3))
			if name != "another hold's posting" && name != "another hold's voiding" {
				b.void("other")
			}
			act(b)
			b.wantStatus("held", ledger.Expired)
			b.check("a", "b", "c")
		}})
	}
	return scenarios
}

func expiringScenarios() []scenario {
	return []scenario{
		{"the end of a hold is ahead, and no other transaction has one", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			now := b.now()
			for name, at := range map[string]time.Time{"now": now, "past": now.Add(-time.Hour), "long past": time.Unix(0, 0), "year 10000": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
				request := hold("held", "a", "b", 4)
				request.ExpiresAt = at
				if e := b.refused(ledger.ErrInvalidRequest, request); e.Field != "expires_at" {
					b.Errorf("%s: the error names the field %q", name, e.Field)
				}
			}
			request := move("held", "a", "b", 4)
			request.ExpiresAt = now.Add(time.Hour)
			if e := b.refused(ledger.ErrInvalidRequest, request); e.Field != "expires_at" {
				b.Errorf("the error names the field %q", e.Field)
			}
			b.wantBalance("a", 10, 0, 0)
			b.post(hold("held", "a", "b", 4))
		}},
		{"a hold of the past has expired when it is made, and reserves nothing", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("funds", "a", 10)
			now := b.now()
			request := hold("held", "a", "b", 40)
			request.ExpiresAt, request.EffectiveAt = now.Add(-time.Hour), now.Add(-2*time.Hour)
			request.Metadata = ledger.Metadata{"of": "the past"}
			b.unchanged([]string{"a", "b"}, func() {
				made := b.post(request)
				if made.Status != ledger.Expired || made.EffectiveAt != request.EffectiveAt || made.ExpiresAt != request.ExpiresAt ||
					len(made.Reserved) != 2 || made.Reserved[0] != units(40) {
					b.Errorf("it is %+v", made)
				}
				b.replay(request)
				b.wantStatus("held", ledger.Expired)
				b.notSettled(ledger.ErrExpired, whole("held"))
				b.notVoided(ledger.ErrExpired, "held")
			})
			for _, query := range []ledger.TransactionQuery{
				{Status: ledger.Expired}, {Status: ledger.Expired, Account: "a"}, {Account: "b"}, {Metadata: request.Metadata},
			} {
				if page, err := b.service.FindTransactions(b.Context(), query); err != nil || len(page.Transactions) != 1 {
					b.Errorf("%+v finds %v, %v", query, page.Transactions, err)
				}
			}
			if page, err := b.service.FindTransactions(b.Context(), ledger.TransactionQuery{Status: ledger.Pending}); err != nil || len(page.Transactions) != 0 {
				b.Errorf("what is pending is %v, %v", page.Transactions, err)
			}
			// Beside it, one that has yet to expire.
			b.post(b.expiring(move("held-too", "a", "c", 10), time.Hour))
			b.wantBalance("a", 10, 0, 10)
			b.check("a", "b", "c")
		}},
		{"a hold of the past has had some time", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			now := b.now()
			for _, lasted := range []time.Duration{0, -time.Microsecond} {
				request := hold("held", "a", "b", 4)
				request.EffectiveAt = now.Add(-time.Hour)
				request.ExpiresAt = request.EffectiveAt.Add(lasted)
				if e := b.refused(ledger.ErrInvalidRequest, request); e.Field != "expires_at" {
					b.Errorf("the error names the field %q", e.Field)
				}
			}
			// A time limit that is ahead needs no effective time, and may have one.
			request := b.expiring(move("held", "a", "b", 4), time.Hour)
			request.EffectiveAt = now.Add(-time.Hour)
			b.post(request)
			b.wantBalance("a", 10, 0, 4)
		}},
		{"times count to the microsecond, in any zone", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			request := b.expiring(move("held", "a", "b", 4), time.Hour)
			want := request.ExpiresAt
			request.ExpiresAt = want.Add(999).In(time.FixedZone("", 3600))
			if got := b.post(request); got.ExpiresAt != want {
				b.Errorf("it expires at %s, want %s", got.ExpiresAt, want)
			}
			request.ExpiresAt = want
			b.replay(request)
			request.ExpiresAt = want.Add(time.Microsecond)
			b.refused(ledger.ErrTransactionConflict, request)
		}},
		{"what was posted in time stays so", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			id := b.inTime(move("held", "a", "b", 4), func(id string) error {
				_, err := b.service.PostPending(b.Context(), part(id, 3))
				return err
			})
			b.wantStatus(id, ledger.Posted)
			b.wantBalance("a", 7, 0, 0)
			b.unchanged([]string{"a", "b"}, func() { b.settleAgain(part(id, 3)) })
			b.notSettled(ledger.ErrAlreadyResolved, whole(id))
			b.notVoided(ledger.ErrAlreadyResolved, id)
			b.check("a", "b")
		}},
		{"what was voided in time stays so", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 10)
			id := b.inTime(move("held", "a", "b", 4), func(id string) error {
				_, err := b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: id})
				return err
			})
			b.wantStatus(id, ledger.Voided)
			b.voidAgain(id)
			b.notSettled(ledger.ErrAlreadyResolved, whole(id))
			b.wantBalance("a", 10, 0, 0)
			b.check("a", "b")
		}},
		{"all entries of a hold expire, on every account", func(b *books) {
			b.openAll("a", "b", "c", "d")
			b.deposit("funds", "a", 10)
			b.expired(split("split"), move("in", ledger.WorldID("USD"), "a", 7))
			for id, want := range map[string]int64{"a": 10, "b": 0, "c": 0, "d": 0, ledger.WorldID("USD"): 10} {
				b.wantBalance(id, want, 0, 0)
			}
			b.post(hold("again", "a", "b", 10))
			b.wantBalance("a", 10, 0, 10)
			b.check("a", "b", "c", "d")
		}},
		{"of two assets in one hold, both are free again", func(b *books) {
			b.open(
				ledger.AccountRequest{ID: "ann-usd", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "ann-eur", Asset: eur},
				ledger.AccountRequest{ID: "desk-usd"}, ledger.AccountRequest{ID: "desk-eur", Asset: eur, OpeningBalance: units(50)},
			)
			b.expired(exchange("fx", 100, 50))
			b.post(exchange("again", 100, 50))
			b.check("ann-usd", "ann-eur", "desk-usd", "desk-eur")
		}},
		{"many holds on one account, that end at different times and in different ways", manyExpire},
	}
}

// manyExpire has holds that end one after the other, some of them resolved before,
// and looks all the while.
func manyExpire(b *books) {
	const holds = 24
	b.openAll("a", "b")
	b.deposit("funds", "a", 1<<holds)
	start := b.now()
	ends, posted := map[string]time.Time{}, int64(0)
	for i := range holds {
		request := hold(fmt.Sprint("hold", i), "a", "b", 1<<i)
		// The ends are not in the order of the holds.
		request.ExpiresAt = start.Add(shortly + time.Duration(i*7%holds)*20*time.Millisecond)
		if _, err := b.service.Post(b.Context(), request); errors.Is(err, ledger.ErrInvalidRequest) && !b.now().Before(request.ExpiresAt) {
			continue // This machine is too slow for it.
		} else if err != nil {
			b.Fatal(err)
		}
		b.pending.add(request)
		var err error
		switch i % 3 {
		case 0:
			_, err = b.service.PostPending(b.Context(), whole(request.ID))
		case 1:
			_, err = b.service.VoidPending(b.Context(), ledger.VoidPendingRequest{Transaction: request.ID})
		}
		switch {
		case errors.Is(err, ledger.ErrExpired) && !b.now().Before(request.ExpiresAt), i%3 == 2:
			ends[request.ID] = request.ExpiresAt
		case err != nil:
			b.Fatal(err)
		case i%3 == 0:
			posted += 1 << i
		}
	}
	reserved := func(at time.Time) (sum int64) {
		for i := range holds {
			if end, open := ends[fmt.Sprint("hold", i)]; open && at.Before(end) {
				sum += 1 << i
			}
		}
		return sum
	}
	for open := true; open; {
		before := b.now()
		out, _ := b.account("a").Balance.PendingDebits.Int64()
		after := b.now()
		if out > reserved(before) || out < reserved(after) {
			b.Fatalf("between %s and %s there are %d reserved, want %d to %d", before, after, out, reserved(after), reserved(before))
		}
		open = reserved(after) > 0
		time.Sleep(10 * time.Millisecond)
	}
	for id := range ends {
		b.wantStatus(id, ledger.Expired)
	}
	b.wantBalance("a", 1<<holds-posted, 0, 0)
	b.wantBalance("b", posted, 0, 0)
	b.post(move("rest", "a", "b", 1<<holds-posted))
	b.check("a", "b")
}
