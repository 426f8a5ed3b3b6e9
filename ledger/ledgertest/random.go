package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Random is the suite that does random things to a service and to a naive model
// of one, and looks for a difference.
func Random(t *testing.T, newService NewService) {
	t.Helper()
	service, checks := newService(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		// Each check has accounts and assets of its own, which is as good as books
		// of its own, and costs no store anything.
		checks++
		r := newRandom(rt, t, service, checks)
		for range rapid.IntRange(0, 6).Draw(rt, "opened before") {
			r.open(rt)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"open":    r.step(r.open),
			"change":  r.step(r.change),
			"post":    r.step(r.post),
			"batch":   r.step(r.batch),
			"atomic":  r.step(r.atomic),
			"dry":     r.step(r.dryRun),
			"settle":  r.step(r.settle),
			"void":    r.step(r.void),
			"reverse": r.step(r.reverse),
			"wait":    r.step(r.wait),
			"past":    r.step(r.compareBalanceAt),
			"period":  r.step(r.compareStatement),
			"find":    r.step(r.compareList),
			"":        r.step(r.compareOne),
		})
		r.compareAll()
		r.verify()
	})
	b := &books{TB: t, service: service}
	b.checkTotals()
	b.verifyWhole()
}

// random is one check: what was asked for so far, and what should have come of it.
type random struct {
	*rapid.T
	testing testing.TB
	books   *books
	service ledger.Service
	model   *model
	posted  []ledger.TransactionRequest
	// times are some at which something was recorded or took effect.
	times []time.Time
	clock randomClock
	// began is a time before all that this check has written, and after all that others
	// have.
	began time.Time
	// prefix begins the ids of this check.
	prefix      string
	drawAccount *rapid.Generator[string]
	drawAsset   *rapid.Generator[ledger.Asset]
	drawAmount  *rapid.Generator[int64]
	drawTag     *rapid.Generator[ledger.Metadata]
}

func newRandom(rt *rapid.T, t testing.TB, service ledger.Service, check int) *random {
	t.Helper()
	prefix := fmt.Sprint(check, "-")
	first := ledger.Asset{Code: fmt.Sprint("A", check), Scale: 2}
	second := ledger.Asset{Code: fmt.Sprint("B", check), Scale: 2}
	other, unknown := ledger.Asset{Code: first.Code, Scale: 3}, ledger.Asset{Code: fmt.Sprint("C", check)}
	accounts := []string{prefix + "a", prefix + "A", prefix + "b", prefix + "b.", prefix + "c", prefix + "d"}
	r := &random{
		T: rt, testing: t, books: &books{TB: t, service: service, clock: ledger.WorldID(first.Code)},
		service: service, model: newModel(), prefix: prefix,
		drawAccount: rapid.SampledFrom(accounts),
		drawAsset:   rapid.SampledFrom([]ledger.Asset{first, first, first, first, first, first, second, second, second, other, unknown}),
		drawAmount:  rapid.OneOf(rapid.Int64Range(1, 30), rapid.Int64Range(1, 30), rapid.Int64Range(1, 1<<62)),
		drawTag: rapid.SampledFrom([]ledger.Metadata{
			nil, nil, {"check": prefix}, {"check": prefix, "kind": "x"}, {"check": prefix, "kind": "y"},
		}),
	}
	start := time.Now()
	for _, asset := range []ledger.Asset{first, second} {
		r.books.register(asset)
		r.model.register(asset)
	}
	r.clock.start(rt, time.Since(start))
	r.model.now = r.books.instant()
	r.began = r.model.now.Add(time.Microsecond)
	return r
}

// maxNearEnds is how many holds of a check end while it runs, for each costs the
// time that it takes.
const maxNearEnds = 6

// randomClock sees to it that there is no doubt whether a hold has expired. The
// service has a clock of its own, so holds end either far ahead or so soon that it
// can be waited for; and a step that was under way at such an end proves nothing.
type randomClock struct {
	// lifetime is how long a hold lives whose end is near, or zero if no end of this
	// check is; no step begins when less than a third of that is left.
	lifetime time.Duration
	// ends are the near ends that are ahead.
	ends []time.Time
	// left is how many more there may be.
	left int
	// inDoubt says that a step was too slow, and that the check is over.
	inDoubt bool
}

// start draws whether ends of this check are near, for a store that has taken so
// long to write twice.
func (c *randomClock) start(t *rapid.T, pace time.Duration) {
	if rapid.IntRange(0, 3).Draw(t, "near ends?") == 0 {
		c.lifetime, c.left = (6*time.Millisecond + 20*pace).Truncate(time.Microsecond), maxNearEnds
	}
}

// step returns a step that is taken while no hold is about to end.
func (r *random) step(do func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if r.clock.inDoubt {
			return
		}
		r.passEnds(r.clock.lifetime / 3)
		do(t)
	}
}

// passEnds waits for the ends that are no further ahead than a margin.
func (r *random) passEnds(margin time.Duration) {
	if len(r.clock.ends) == 0 {
		return
	}
	now := r.books.now()
	for _, end := range r.clock.ends {
		if end.Sub(now) < margin {
			r.books.waitUntil(end)
		}
	}
	now = r.books.now()
	var ahead []time.Time
	for _, end := range r.clock.ends {
		if end.After(now) {
			ahead = append(ahead, end)
		}
	}
	r.clock.ends = ahead
	r.model.pass(now)
}

// isInDoubt says whether an end has passed since the step began, so that nobody
// knows on which side of it the step was judged.
func (r *random) isInDoubt() bool {
	if len(r.clock.ends) > 0 {
		now := r.books.now()
		for _, end := range r.clock.ends {
			r.clock.inDoubt = r.clock.inDoubt || !end.After(now)
		}
	}
	return r.clock.inDoubt
}

// wait lets the near ends pass.
func (r *random) wait(*rapid.T) { r.passEnds(time.Hour) }

// drawEnd draws when a hold ends, if it does by itself.
func (r *random) drawEnd(t *rapid.T) time.Time {
	switch end := rapid.IntRange(0, 3).Draw(t, "end"); {
	case end == 0:
		return r.model.now.Add(1000 * time.Hour)
	case end > 1 && r.clock.left > 0:
		r.clock.left--
		near := r.books.now().Add(r.clock.lifetime)
		r.clock.ends = append(r.clock.ends, near)
		return near
	}
	return time.Time{}
}

func (r *random) open(t *rapid.T) {
	request := ledger.AccountRequest{
		ID:        r.drawAccount.Draw(t, "account"),
		Asset:     r.drawAsset.Draw(t, "asset"),
		Normal:    rapid.SampledFrom([]ledger.Side{ledger.Credit, ledger.Credit, ledger.Debit}).Draw(t, "normal"),
		Unlimited: rapid.Bool().Draw(t, "unlimited"),
		Metadata:  r.drawTag.Draw(t, "tag"),
	}
	if !request.Unlimited {
		request.MinBalance = units(rapid.Int64Range(-20, 10).Draw(t, "minimum"))
	}
	if rapid.IntRange(0, 2).Draw(t, "opening?") == 0 {
		request.OpeningBalance = units(r.drawAmount.Draw(t, "opening"))
		if request.OpeningBalance.Sign() > 0 && len(r.times) > 0 && rapid.Bool().Draw(t, "opened earlier?") {
			request.EffectiveAt = rapid.SampledFrom(r.times).Draw(t, "effective")
		}
	}
	outcome, err := r.service.OpenAccount(r.testing.Context(), request)
	if r.isInDoubt() {
		return
	}
	want(t, fmt.Sprintf("open %+v", request), r.model.open(request), outcome.Result, err)
	if outcome.Result != ledger.Applied {
		return
	}
	r.model.accounts[request.ID].openedAt = outcome.Account.OpenedAt
	if request.OpeningBalance.Sign() > 0 {
		opening := r.books.transaction(ledger.OpeningID(request.ID))
		r.learn(t, opening)
		r.compareTransaction(t, opening)
	}
}

func (r *random) change(t *rapid.T) {
	id := r.drawAccount.Draw(t, "account")
	change := ledger.AccountChange{
		Status: rapid.SampledFrom([]ledger.Status{
			0, 0, ledger.StatusOpen, ledger.StatusOpen, ledger.StatusOpen, ledger.StatusFrozen, ledger.StatusClosed,
		}).Draw(t, "status"),
	}
	if rapid.IntRange(0, 3).Draw(t, "tag?") == 0 {
		change.Metadata = r.drawTag.Draw(t, "tag")
	}
	_, err := r.service.ChangeAccount(r.testing.Context(), id, change)
	if r.isInDoubt() {
		return
	}
	want(t, fmt.Sprintf("change %q to %+v", id, change), r.model.change(id, change), ledger.Applied, err)
}

// want compares what became of something with what should have.
func want(t *rapid.T, what, want string, result ledger.Result, err error) {
	got := result.String()
	if err != nil {
		got = string(codeOf(err))
	}
	if got != want {
		t.Fatalf("%s\ngave %s (%v), want %s", what, got, err, want)
	}
}
