package ledger

import "fmt"

// validLimit returns the limit of a page, or why it is none.
func validLimit(limit int) (int, error) {
	if limit == 0 {
		return DefaultLimit, nil
	}
	if limit < 1 || limit > MaxLimit {
		return 0, &Error{
			Code: ErrInvalidRequest, Field: "limit",
			Message: fmt.Sprintf("limit should be between 1 and %d, not %d", MaxLimit, limit),
		}
	}
	return limit, nil
}

// cut returns a page of what was found up to one more than the limit, and whether
// there is more.
func cut[T any](found []T, limit int) ([]T, bool) {
	if len(found) > limit {
		return found[:limit], true
	}
	return found, false
}

// checkBatch refuses a batch of transactions that is too large.
func checkBatch(requests []TransactionRequest) error {
	if len(requests) > MaxBatch {
		return errBatchTooLarge(len(requests))
	}
	entries := 0
	for _, request := range requests {
		entries += len(request.Entries)
	}
	if entries > MaxBatchEntries {
		return &Error{
			Code: ErrInvalidRequest, Field: "entries",
			Message: fmt.Sprintf("a batch should have at most %d entries in all, not %d", MaxBatchEntries, entries),
		}
	}
	return nil
}

func errBatchTooLarge(n int) error {
	return &Error{Code: ErrInvalidRequest, Message: fmt.Sprintf("a batch should have at most %d members, not %d", MaxBatch, n)}
}
