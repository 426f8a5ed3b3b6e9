package seed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Summary is how far a run came.
type Summary struct {
	// Accounts and Transactions count those that are in the ledger, reversals among the
	// transactions, and Steps the holds that were posted or voided.
	Accounts     int64 `json:"accounts"`
	Transactions int64 `json:"transactions"`
	Steps        int64 `json:"steps"`
	// Applied and Replayed tell what of all this, and of the assets, this run did, and
	// what was there.
	Applied  int64 `json:"applied"`
	Replayed int64 `json:"replayed"`
	// Complete says that all is there.
	Complete bool `json:"complete"`
}

// Run makes the data in a ledger. progress, if it is not nil, is told after each batch.
// When ctx ends it stops between two batches and fails with ctx's error; whenever it
// fails, the summary says how far it came, and to run again with the same config goes
// on from there.
func Run(ctx context.Context, service ledger.Service, config Config, progress func(Summary)) (Summary, error) {
	if err := config.Validate(); err != nil {
		return Summary{}, err
	}
	if err := checkTime(ctx, service, config); err != nil {
		return Summary{}, err
	}
	if progress == nil {
		progress = func(Summary) {}
	}
	s := &seeder{service: service, progress: progress}
	for request := range Requests(config) {
		if err := s.take(ctx, request); err != nil {
			return s.summary, err
		}
	}
	if err := s.flush(ctx); err != nil {
		return s.summary, err
	}
	s.summary.Complete = true
	return s.summary, nil
}

// checkTime refuses a config whose times the ledger would refuse.
func checkTime(ctx context.Context, service ledger.Service, config Config) error {
	trial, err := service.TrialBalance(ctx, ledger.TrialBalanceQuery{Limit: 1})
	if err != nil {
		return err
	}
	const form = time.RFC3339
	switch now := trial.Now; {
	case config.epoch().After(now):
		return fmt.Errorf("the epoch %s is ahead of the ledger's time, %s; give one that is past", config.epoch().Format(form), now.Format(form))
	case !now.Before(holdsExpire()):
		return fmt.Errorf("the ledger's time, %s, is past the end of the holds, %s", now.Format(form), holdsExpire().Format(form))
	}
	return nil
}

// seeder sends requests, those of a kind by the batch.
type seeder struct {
	service      ledger.Service
	progress     func(Summary)
	summary      Summary
	accounts     []ledger.AccountRequest
	transactions []ledger.TransactionRequest
}

// take sends a request, or keeps it for a batch.
func (s *seeder) take(ctx context.Context, request Request) error {
	isOther := request.Account == nil && len(s.accounts) > 0 || request.Transaction == nil && len(s.transactions) > 0
	if isOther || len(s.accounts) == ledger.MaxBatch || len(s.transactions) == ledger.MaxBatch {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	switch {
	case request.Account != nil:
		s.accounts = append(s.accounts, *request.Account)
		if s.summary.Accounts == 0 {
			// The first says which data it is: other data is found out by it alone.
			return s.flush(ctx)
		}
		return nil
	case request.Transaction != nil:
		s.transactions = append(s.transactions, *request.Transaction)
		return nil
	}
	return s.single(ctx, request)
}

// flush sends the batch.
func (s *seeder) flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case len(s.accounts) > 0:
		outcomes, err := s.service.OpenAccounts(ctx, s.accounts)
		if err != nil {
			return fmt.Errorf("open accounts: %w", err)
		}
		for i, outcome := range outcomes {
			if err := s.count(Request{Account: &s.accounts[i]}, outcome, outcome.Err, &s.summary.Accounts); err != nil {
				return err
			}
		}
		s.accounts = s.accounts[:0]
	case len(s.transactions) > 0:
		outcomes, err := s.service.PostBatch(ctx, s.transactions)
		if err != nil {
			return fmt.Errorf("post transactions: %w", err)
		}
		for i, outcome := range outcomes {
			if err := s.count(Request{Transaction: &s.transactions[i]}, outcome, outcome.Err, &s.summary.Transactions); err != nil {
				return err
			}
		}
		s.transactions = s.transactions[:0]
	default:
		return nil
	}
	s.progress(s.summary)
	return nil
}

// single sends a request that there is no batch of.
func (s *seeder) single(ctx context.Context, request Request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var outcome ledger.Outcome
	var err error
	counter := &s.summary.Steps
	switch {
	case request.Asset != nil:
		outcome, err = s.service.RegisterAsset(ctx, *request.Asset)
		counter = new(int64)
	case request.Post != nil:
		outcome, err = s.service.PostPending(ctx, *request.Post)
	case request.Void != nil:
		outcome, err = s.service.VoidPending(ctx, *request.Void)
	case request.Reversal != nil:
		outcome, err = s.service.Reverse(ctx, *request.Reversal)
		counter = &s.summary.Transactions
	default:
		if _, err := s.service.ChangeAccount(ctx, request.Status.Account, ledger.AccountChange{Status: request.Status.Status}); err != nil {
			return explain(request, err)
		}
		return nil
	}
	return s.count(request, outcome, err, counter)
}

// count counts what was done, or says why it was not.
func (s *seeder) count(request Request, outcome ledger.Outcome, err error, counter *int64) error {
	if err != nil {
		return explain(request, err)
	}
	*counter++
	if outcome.Result == ledger.Replayed {
		s.summary.Replayed++
	} else {
		s.summary.Applied++
	}
	return nil
}

// explain says what an error is about, and what to do.
func explain(request Request, err error) error {
	if errors.Is(err, ledger.ErrAccountExists) || errors.Is(err, ledger.ErrTransactionConflict) {
		return fmt.Errorf("the ledger has other data; seed an empty ledger, or repeat the seed, size and epoch of that data: %s: %w", request, err)
	}
	return fmt.Errorf("%s: %w", request, err)
}
