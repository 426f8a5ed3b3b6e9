package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

func recordedAt(t time.Time) ledger.Moment { return ledger.Moment{RecordedAt: t} }

func effectiveAt(t time.Time) ledger.Moment { return ledger.Moment{EffectiveAt: t} }

// wantAt compares an account's balance as of a moment.
func (b *books) wantAt(account string, at ledger.Moment, want int64) {
	b.Helper()
	got, err := b.service.BalanceAt(b.Context(), account, at)
	if err != nil {
		b.Fatalf("balance of %q as of %+v: %v", account, at, err)
	}
	if got.Posted() != units(want) || got.Account != account {
		b.Errorf("account %q has a balance of %s as of %+v, want %d", got.Account, got.Posted(), at, want)
	}
	if got.Balance.PendingDebits != units(0) || got.Balance.PendingCredits != units(0) {
		b.Errorf("account %q has something pending as of %+v", account, at)
	}
}

// backdated makes a request effective at a time.
func backdated(request ledger.TransactionRequest, at time.Time) ledger.TransactionRequest {
	request.EffectiveAt = at
	return request
}

// Times is the suite about effective and recorded time, and balances as of a
// moment.
func Times(t *testing.T, newService NewService) {
	t.Helper()
	world := ledger.WorldID("USD")
	runScenarios(t, newService, []scenario{
		{"an effective time is the recorded one, or an earlier one that was asked for", func(b *books) {
			b.openAll("a")
			now := b.deposit("now", "a", 1)
			if !now.EffectiveAt.Equal(now.RecordedAt) || !now.Entries[0].EffectiveAt.Equal(now.RecordedAt) {
				b.Errorf("the transaction is %+v", now)
			}
			for i, at := range []time.Time{now.RecordedAt, now.RecordedAt.Add(-time.Hour), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)} {
				got := b.post(backdated(move(fmt.Sprint("early", i), world, "a", 1), at.Add(300).In(time.FixedZone("", -7200))))
				if got.EffectiveAt != at || got.RecordedAt.Before(now.RecordedAt) || got.Entries[1].EffectiveAt != at || !got.Entries[1].RecordedAt.Equal(got.RecordedAt) {
					b.Errorf("the transaction is %+v, want it effective at %s", got, at)
				}
				if read := b.transaction(got.ID); !sameTransaction(read, got) {
					b.Errorf("it reads as %+v, want %+v", read, got)
				}
			}
			b.check("a")
		}},
		{"an effective time ahead is refused", func(b *books) {
			b.openAll("a")
			for _, request := range []ledger.TransactionRequest{move("one", world, "a", 1), hold("one", world, "a", 1)} {
				for _, at := range []time.Time{b.now().Add(time.Hour), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
					if e := b.refused(ledger.ErrInvalidRequest, backdated(request, at)); e.Field != "effective_at" {
						b.Errorf("the error names the field %q", e.Field)
					}
				}
			}
			b.wantBalance("a", 0, 0, 0)
		}},
		{"a balance at each recorded time", func(b *books) {
			b.openAll("other")
			t0 := b.instant()
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(100)})
			opened := b.entries("a")[0].RecordedAt
			instants, entries := []time.Time{b.instant()}, []time.Time{opened}
			for i := range 5 {
				entries = append(entries, b.deposit(fmt.Sprint("tx", i), "a", 1).RecordedAt)
				instants = append(instants, b.instant())
			}
			for _, of := range []func(time.Time) ledger.Moment{recordedAt, effectiveAt} {
				b.wantAt("a", of(t0), 0)
				b.wantAt(world, of(t0), 0)
				b.wantAt("a", of(time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)), 0)
				for i := range entries {
					for _, id := range []string{"a", world} {
						b.wantAt(id, of(entries[i].Add(-time.Microsecond)), int64(100+i-1)*min(int64(i), 1))
						b.wantAt(id, of(entries[i]), int64(100+i))
						b.wantAt(id, of(entries[i].Add(999)), int64(100+i))
						b.wantAt(id, of(instants[i]), int64(100+i))
					}
				}
				b.wantAt("other", of(opened), 0)
			}
			b.wantAt("a", ledger.Moment{}, 105)
			b.wantAt("a", recordedAt(b.now()), 105)
		}},
		{"entries of one moment all count", func(b *books) {
			b.openAll("a")
			var times []time.Time
			sums := []int64{0}
			for i, size := range []int{1, 14, 1, 15, 17, 40, 2} {
				request := move(fmt.Sprint("many", i), world, "a", 1)
				for range size - 1 {
					request.Entries = append(request.Entries, request.Entries[:2]...)
				}
				times = append(times, b.post(request).RecordedAt)
				sums = append(sums, sums[i]+int64(size))
				b.instant()
			}
			for i, at := range times {
				for _, id := range []string{"a", world} {
					b.wantAt(id, recordedAt(at), sums[i+1])
					b.wantAt(id, effectiveAt(at), sums[i+1])
					b.wantAt(id, recordedAt(at.Add(-time.Microsecond)), sums[i])
				}
			}
		}},
		{"what was recorded later with an earlier effective time counts from then on", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "b"})
			t0 := b.instant()
			b.deposit("one", "a", 10)
			t1 := b.instant()
			b.deposit("two", "a", 20)
			t2 := b.instant()
			b.post(backdated(move("late", "a", "b", 3), t1))
			t3 := b.instant()
			b.post(backdated(move("later", world, "a", 1000), t0.Add(-time.Hour)))
			t4 := b.instant()
			for _, step := range []struct {
				at                                time.Time
				recorded, effective, b, bRecorded int64
			}{
				{t0.Add(-2 * time.Hour), 0, 0, 0, 0},
				{t0.Add(-time.Hour - time.Microsecond), 0, 0, 0, 0},
				{t0.Add(-time.Hour), 0, 1000, 0, 0},
				{t0, 100, 1100, 0, 0},
				{t1.Add(-time.Microsecond), 110, 1110, 0, 0},
				{t1, 110, 1107, 3, 0},
				{t2, 130, 1127, 3, 0},
				{t3, 127, 1127, 3, 3},
				{t4, 1127, 1127, 3, 3},
			} {
				b.wantAt("a", recordedAt(step.at), step.recorded)
				b.wantAt("a", effectiveAt(step.at), step.effective)
				b.wantAt("b", effectiveAt(step.at), step.b)
				b.wantAt("b", recordedAt(step.at), step.bRecorded)
			}
			b.wantAt(world, effectiveAt(t0), 1100)
			b.wantAt(world, recordedAt(t3), 130)
			b.check("a", "b")
		}},
		{"the years between effective and recorded time don't matter", func(b *books) {
			b.openAll("a")
			now := b.instant()
			ago := []time.Duration{1, 31, 32, 1000, 1 << 15, 1 << 25, 1 << 35, 1 << 45, 1 << 52}
			for i, n := range ago {
				b.post(backdated(move(fmt.Sprint("ago", i), world, "a", 1<<i), now.Add(-n*time.Microsecond)))
			}
			for i, n := range ago {
				b.wantAt("a", effectiveAt(now.Add(-n*time.Microsecond)), 1<<len(ago)-1<<i)
				b.wantAt("a", effectiveAt(now.Add(-n*time.Microsecond-time.Microsecond)), 1<<len(ago)-1<<(i+1))
				b.wantAt("a", recordedAt(now.Add(-n*time.Microsecond)), 0)
			}
			b.wantAt(world, effectiveAt(now), 1<<len(ago)-1)
			b.wantAt("a", effectiveAt(b.now()), 1<<len(ago)-1)
		}},
		{"a backdated entry changes nothing of what was recorded", func(b *books) {
			b.openAll("a", "b")
			b.deposit("one", "a", 10)
			at := b.instant()
			b.deposit("two", "a", 20)
			before, then := b.entries("a"), b.instant()
			got := b.post(backdated(move("early", "a", "b", 5), at)).Entries[0]
			if got.Sequence != 3 || got.Balance != units(25) || !got.RecordedAt.After(then) || !got.EffectiveAt.Equal(at) {
				b.Errorf("the entry is %+v", got)
			}
			after := b.entries("a")
			if len(after) != 3 || after[0] != before[0] || after[1] != before[1] || after[2] != got {
				b.Errorf("the entries are %+v, and were %+v", after, before)
			}
			b.wantAt("a", recordedAt(then), 30)
			b.wantAt("a", effectiveAt(at), 5)
			b.check("a", "b")
		}},
		{"a limit judges what is there now, not what was", func(b *books) {
			b.openAll("a", "b")
			early := b.instant()
			b.deposit("one", "a", 10)
			b.post(backdated(move("early", "a", "b", 10), early))
			b.wantAt("a", effectiveAt(early), -10)
			b.wantAt("a", effectiveAt(b.now()), 0)
			b.refused(ledger.ErrInsufficientFunds, backdated(move("more", "a", "b", 1), early))
			b.check("a", "b")
		}},
		{"a hold counts from when it was posted, or from its effective time", func(b *books) {
			b.openAll("a", "b")
			b.deposit("funds", "a", 100)
			t0 := b.instant()
			b.post(hold("plain", "a", "b", 1))
			b.post(backdated(hold("early", "a", "b", 10), t0))
			t1 := b.instant()
			b.settle(whole("plain"))
			b.settle(part("early", 5))
			t2 := b.instant()
			for at, want := range map[time.Time][2]int64{t0.Add(-time.Microsecond): {0, 0}, t0: {0, 5}, t1: {0, 5}, t2: {6, 6}} {
				b.wantAt("b", recordedAt(at), want[0])
				b.wantAt("b", effectiveAt(at), want[1])
			}
			b.check("a", "b")
		}},
		{"a moment that is none", func(b *books) {
			b.openAll("a")
			b.deposit("one", "a", 1)
			now := b.now()
			for field, at := range map[string]ledger.Moment{
				"recorded_at":  recordedAt(now.Add(time.Hour)),
				"effective_at": effectiveAt(now.Add(time.Hour)),
			} {
				_, err := b.service.BalanceAt(b.Context(), "a", at)
				if e := b.failed(ledger.ErrInvalidRequest, err); e.Field != field {
					b.Errorf("the error names the field %q, want %q", e.Field, field)
				}
			}
			_, err := b.service.BalanceAt(b.Context(), "a", ledger.Moment{RecordedAt: now, EffectiveAt: now})
			b.failed(ledger.ErrInvalidRequest, err)
			for _, id := range []string{"nobody", "", "\x00"} {
				for _, at := range []ledger.Moment{{}, recordedAt(now), effectiveAt(now)} {
					_, err = b.service.BalanceAt(b.Context(), id, at)
					b.failed(ledger.ErrNotFound, err)
				}
			}
		}},
	})
}
