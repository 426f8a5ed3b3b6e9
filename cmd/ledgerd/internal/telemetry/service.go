package telemetry

import (
	"context"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Service returns a service that counts what is asked of another.
func (m *Metrics) Service(counted ledger.Service) ledger.Service {
	return &service{counted, &m.transactions}
}

// service counts what is written. All else is the other's own.
type service struct {
	ledger.Service
	metrics *transactionMetrics
}

// OpenAccount implements [ledger.Service].
func (s *service) OpenAccount(ctx context.Context, request ledger.AccountRequest) (ledger.Outcome, error) {
	outcome, err := s.Service.OpenAccount(ctx, request)
	s.countOpening(request, outcome, err)
	return outcome, err
}

// OpenAccounts implements [ledger.Service].
func (s *service) OpenAccounts(ctx context.Context, requests []ledger.AccountRequest) ([]ledger.Outcome, error) {
	outcomes, err := s.Service.OpenAccounts(ctx, requests)
	for i, request := range requests {
		var outcome ledger.Outcome
		if err == nil && i < len(outcomes) {
			outcome = outcomes[i]
		}
		s.countOpening(request, outcome, err)
	}
	return outcomes, err
}

// countOpening counts the transaction that an opening balance is.
func (s *service) countOpening(request ledger.AccountRequest, outcome ledger.Outcome, err error) {
	if request.OpeningBalance.Sign() != 0 {
		s.metrics.count(kindTransaction, judge(outcome, err))
	}
}

// Post implements [ledger.Service].
func (s *service) Post(ctx context.Context, request ledger.TransactionRequest) (ledger.Outcome, error) {
	outcome, err := s.Service.Post(ctx, request)
	s.metrics.count(kindOf(request), judge(outcome, err))
	return outcome, err
}

// PostBatch implements [ledger.Service].
func (s *service) PostBatch(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	outcomes, err := s.Service.PostBatch(ctx, requests)
	s.metrics.countAll(requests, outcomes, err)
	return outcomes, err
}

// PostAtomic implements [ledger.Service].
func (s *service) PostAtomic(ctx context.Context, requests []ledger.TransactionRequest) ([]ledger.Outcome, error) {
	outcomes, err := s.Service.PostAtomic(ctx, requests)
	s.metrics.countAll(requests, outcomes, err)
	return outcomes, err
}

// Deposit implements [ledger.Service].
func (s *service) Deposit(ctx context.Context, deposit ledger.Deposit) (ledger.Outcome, error) {
	outcome, err := s.Service.Deposit(ctx, deposit)
	s.metrics.count(kindTransaction, judge(outcome, err))
	return outcome, err
}

// PostPending implements [ledger.Service].
func (s *service) PostPending(ctx context.Context, request ledger.PostPendingRequest) (ledger.Outcome, error) {
	outcome, err := s.Service.PostPending(ctx, request)
	s.metrics.count(kindPost, judge(outcome, err))
	return outcome, err
}

// VoidPending implements [ledger.Service].
func (s *service) VoidPending(ctx context.Context, request ledger.VoidPendingRequest) (ledger.Outcome, error) {
	outcome, err := s.Service.VoidPending(ctx, request)
	s.metrics.count(kindVoid, judge(outcome, err))
	return outcome, err
}

// Reverse implements [ledger.Service].
func (s *service) Reverse(ctx context.Context, request ledger.ReversalRequest) (ledger.Outcome, error) {
	outcome, err := s.Service.Reverse(ctx, request)
	s.metrics.count(kindReversal, judge(outcome, err))
	return outcome, err
}

// Catalog returns a catalog of the services of another, that counts what is asked of
// them.
func (m *Metrics) Catalog(counted ledger.Catalog) ledger.Catalog {
	return &catalog{counted, m}
}

type catalog struct {
	ledger.Catalog
	metrics *Metrics
}

// Ledger implements [ledger.Catalog].
func (c *catalog) Ledger(ctx context.Context, name string) (ledger.Service, error) {
	found, err := c.Catalog.Ledger(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.metrics.Service(found), nil
}
