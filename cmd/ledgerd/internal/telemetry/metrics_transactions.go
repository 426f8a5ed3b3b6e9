package telemetry

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-d432d95b/ledger/ledger"
)

// transactionMetrics is about what is written.
type transactionMetrics struct {
	total *prometheus.CounterVec
}

// The kinds of what is written about a transaction.
const (
	kindTransaction = "transaction"
	kindPending     = "pending"
	kindPost        = "post"
	kindVoid        = "void"
	kindReversal    = "reversal"
)

// The outcomes. A rejected one was judged, and a failed one was not, or it is not
// known whether it took effect.
const (
	outcomeApplied  = "applied"
	outcomeReplayed = "replayed"
	outcomeRejected = "rejected"
	outcomeFailed   = "failed"
)

func newTransactionMetrics() transactionMetrics {
	m := transactionMetrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ledger_transactions_total",
		Help: "Transactions, and steps on pending ones, that were asked for, opening balances and members of batches among them, and dry runs not. " +
			"What was rejected was judged and refused; what failed was not, or is not known to have taken effect; a batch of a stream fails anew each time that it is tried. The code says why; it is empty for the others.",
	}, []string{"kind", "outcome", "code"})}
	for _, kind := range []string{kindTransaction, kindPending, kindPost, kindVoid, kindReversal} {
		m.total.WithLabelValues(kind, outcomeApplied, "")
		m.total.WithLabelValues(kind, outcomeReplayed, "")
	}
	return m
}

// judgement is what became of what was asked for.
type judgement struct{ outcome, code string }

// judge returns what became of one thing that was asked for. err is the outcome's own if
// it was refused.
func judge(outcome ledger.Outcome, err error) judgement {
	if err == nil {
		err = outcome.Err
	}
	switch {
	case err != nil:
		return judgeError(err)
	case outcome.Result == ledger.Replayed:
		return judgement{outcome: outcomeReplayed}
	default:
		return judgement{outcome: outcomeApplied}
	}
}

func judgeError(err error) judgement {
	code := codeOf(err)
	switch code {
	case codeCanceled, string(ledger.ErrOverloaded), string(ledger.ErrUnavailable), string(ledger.ErrInternal):
		return judgement{outcomeFailed, code}
	default:
		return judgement{outcomeRejected, code}
	}
}

// codeCanceled stands for the code of what nobody waited for any longer.
const codeCanceled = "canceled"

// codeOf returns the code of the outermost of the ledger's errors, and one of the
// ledger's codes for any other error: a time limit that was met says as little as a
// store that is away.
func codeOf(err error) string {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return known(e.Code)
	}
	if code, ok := errors.AsType[ledger.Code](err); ok {
		return known(code)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return codeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return string(ledger.ErrUnavailable)
	default:
		return string(ledger.ErrInternal)
	}
}

// known returns the code if it is one of the ledger's, so that nothing else can become
// a series.
func known(code ledger.Code) string {
	switch code {
	case ledger.ErrInvalidRequest, ledger.ErrNotFound, ledger.ErrAccountExists, ledger.ErrAssetExists,
		ledger.ErrTransactionConflict, ledger.ErrAlreadyResolved, ledger.ErrExpired, ledger.ErrAlreadyReversed,
		ledger.ErrNotReversible, ledger.ErrAccountNotEmpty, ledger.ErrConditionFailed, ledger.ErrInsufficientFunds,
		ledger.ErrAccountFrozen, ledger.ErrAccountClosed, ledger.ErrUnbalanced, ledger.ErrAssetMismatch,
		ledger.ErrUnknownAsset, ledger.ErrAmountOutOfRange, ledger.ErrUnauthorized, ledger.ErrForbidden,
		ledger.ErrTokenExists, ledger.ErrOverloaded, ledger.ErrUnavailable, ledger.ErrInternal:
		return string(code)
	default:
		return string(ledger.ErrInternal)
	}
}

func (m *transactionMetrics) count(kind string, j judgement) {
	m.total.WithLabelValues(kind, j.outcome, j.code).Inc()
}

// countAll counts the members of a batch. err says that none was decided, or that all
// were refused for the sake of one.
func (m *transactionMetrics) countAll(requests []ledger.TransactionRequest, outcomes []ledger.Outcome, err error) {
	type series struct {
		kind string
		judgement
	}
	counts := make(map[series]int)
	for i, request := range requests {
		var outcome ledger.Outcome
		if err == nil && i < len(outcomes) {
			outcome = outcomes[i]
		}
		counts[series{kindOf(request), judge(outcome, err)}]++
	}
	for s, n := range counts {
		m.total.WithLabelValues(s.kind, s.outcome, s.code).Add(float64(n))
	}
}

func kindOf(request ledger.TransactionRequest) string {
	if request.Pending {
		return kindPending
	}
	return kindTransaction
}
