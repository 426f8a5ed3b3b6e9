package transfer

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"github.com/seed-d432d95b/ledger/ledger"
)

// step is a line that there is no batch of, while it is being sent.
type step struct {
	item *item
	// before are the steps before it in the file that are about an account or a
	// transaction of its own.
	before []*step
	// done is closed when it was sent, or will not be for what err says.
	done    chan struct{}
	outcome ledger.Outcome
	err     error
}

// sendSteps sends the steps of a group at once, but for those that have to wait for
// others.
func (im *importer) sendSteps(ctx context.Context, items []*item, results map[*item]ledger.Outcome) error {
	if err := im.findAccounts(ctx, items); err != nil {
		return err
	}
	steps := chain(items)
	var sending sync.WaitGroup
	for _, s := range steps {
		sending.Go(func() {
			defer close(s.done)
			for _, before := range s.before {
				<-before.done
				if before.err != nil {
					// It was not decided, and so this one cannot be.
					s.err = before.err
					return
				}
			}
			s.outcome, s.err = im.one(ctx, func(ctx context.Context) (ledger.Outcome, error) { return im.make(ctx, s.item) })
		})
	}
	sending.Wait()
	errs := make([]error, len(steps))
	for i, s := range steps {
		results[s.item], errs[i] = s.outcome, s.err
	}
	// What is wrong with the ledger is the same for all of them.
	return cmp.Or(errs...)
}

// chain returns the steps of lines, each with those that it has to wait for.
func chain(items []*item) []*step {
	steps := make([]*step, len(items))
	ofID, ofAccount := make(map[string]*step), make(map[string]*step)
	for i, it := range items {
		s := &step{item: it, done: make(chan struct{})}
		follow := func(last map[string]*step, names []string) {
			for _, name := range names {
				if before := last[name]; before != nil && before != s {
					s.before = append(s.before, before)
				}
				last[name] = s
			}
		}
		follow(ofID, it.ids)
		follow(ofAccount, it.accounts)
		steps[i] = s
	}
	return steps
}

// findAccounts asks the ledger for the accounts of steps where they are not known, and
// order among them may matter.
func (im *importer) findAccounts(ctx context.Context, items []*item) error {
	if len(items) < 2 {
		return nil
	}
	errs := make([]error, len(items))
	var finding sync.WaitGroup
	for i, it := range items {
		if it.accounts != nil {
			continue
		}
		finding.Go(func() {
			var found ledger.Transaction
			err := im.retry(ctx, func() (err error) {
				found, err = im.service.Transaction(ctx, it.ids[len(it.ids)-1])
				return err
			})
			switch {
			case err == nil:
				for i := range found.Entries {
					it.accounts = append(it.accounts, found.Entries[i].Account)
				}
				it.accounts = withoutWorld(it.accounts)
			case !errors.Is(err, ledger.ErrNotFound): // The step will be told that.
				errs[i] = err
			}
		})
	}
	finding.Wait()
	return cmp.Or(errs...)
}
