package http

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/seed-d432d95b/ledger/adapters/http/internal/strictjson"
	"github.com/seed-d432d95b/ledger/ledger"
)

// maxBody is the most bytes of a body.
const maxBody = 64 << 10

// add answers POST /users/{uid}/add.
func (h *handler) add(r *http.Request) answer {
	body, refusal := readAdd(r)
	if refusal != nil {
		return *refusal
	}
	deposit, refusal := depositOf(body, h.config.Asset)
	if refusal != nil {
		return *refusal
	}
	var ok bool
	if deposit.Account, ok = user(r); !ok {
		return noSuchUser()
	}
	var err error
	// Nobody is named in the body.
	if deposit.Actor, err = actorOf(r.Context(), ""); err != nil {
		return usersError(err)
	}
	outcome, err := h.service.Deposit(r.Context(), deposit)
	switch {
	case errors.Is(err, ledger.ErrTransactionConflict), err == nil && outcome.Result == ledger.Replayed:
		return h.processed(r, deposit.Account)
	case err != nil:
		return usersError(err)
	}
	balance, err := balanceAfter(outcome, deposit)
	if err != nil {
		return usersError(err)
	}
	data := append([]byte(nil), `{"current_balance":`...)
	data = appendAmount(data, deposit.Asset, balance)
	return answer{status: http.StatusAccepted, message: "transaction successful!", data: append(data, '}')}
}

// processed answers a deposit whose id was processed before, perhaps for
// another user. That is told only of a user who exists.
func (h *handler) processed(r *http.Request, id string) answer {
	account, err := h.service.Account(r.Context(), id)
	if err != nil {
		return usersError(err)
	}
	if !h.isUser(account) {
		return noSuchUser()
	}
	return usersError(ledger.ErrTransactionConflict)
}

// balanceAfter returns the user's balance right after the deposit.
func balanceAfter(outcome ledger.Outcome, deposit ledger.Deposit) (ledger.Amount, error) {
	if outcome.Transaction != nil {
		for _, entry := range outcome.Transaction.Entries {
			if entry.Account == deposit.Account {
				return entry.Balance, nil
			}
		}
	}
	return ledger.Amount{}, &ledger.Error{
		Code: ledger.ErrInternal, Account: deposit.Account, Transaction: deposit.ID,
		Message: fmt.Sprintf("the outcome of transaction %q has no entry on account %q", deposit.ID, deposit.Account),
	}
}

// readAdd reads the body of a deposit, or says why it is refused.
func readAdd(r *http.Request) ([]byte, *answer) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, badBody()
	}
	if r.ContentLength > maxBody {
		return nil, tooLarge(r)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case errors.Is(err, ledger.ErrOverloaded):
		return nil, new(usersError(err))
	case err != nil:
		return nil, badBody()
	case len(body) > maxBody:
		return nil, tooLarge(r)
	}
	return body, nil
}

// drain reads on for a while, for a client that is still sending might not read the
// answer before the connection is reset.
func drain(r *http.Request) {
	const patience = 8 << 20
	if r.Header.Get("Expect") == "" {
		// What it reads, and how that ends, makes no difference to the answer.
		_, _ = io.CopyN(io.Discard, uncounted(r.Body), patience)
	}
}

func tooLarge(r *http.Request) *answer {
	drain(r)
	return &answer{status: http.StatusRequestEntityTooLarge, message: "request body too large", last: true}
}

func isJSON(contentType string) bool {
	const want = "application/json"
	if contentType == want {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == want
}

// depositOf reads a deposit to a user who is not yet known, or says why it is
// refused. The checks are in the order that the API promises.
func depositOf(body []byte, asset ledger.Asset) (ledger.Deposit, *answer) {
	object, err := strictjson.Decode(body)
	if err != nil {
		return ledger.Deposit{}, badBody()
	}
	amountText, hasAmount, err := object.Number("amount")
	if err != nil {
		return ledger.Deposit{}, badBody()
	}
	id, _, err := object.String("transaction_id")
	if err != nil {
		return ledger.Deposit{}, badBody()
	}
	if !hasAmount || !isPositive(amountText) {
		return ledger.Deposit{}, badRequest("not a valid amount. amount should be a positive value")
	}
	amount, err := asset.Parse(amountText)
	if err != nil {
		return ledger.Deposit{}, badRequest("not a valid amount. " + reason(err))
	}
	if id == "" {
		return ledger.Deposit{}, badRequest("valid transaction id required")
	}
	if !strings.HasPrefix(id, "tx_") {
		return ledger.Deposit{}, badRequest("valid transaction id should have prefix tx_")
	}
	if err := ledger.ValidateID(id); err != nil {
		// Its sentence begins with the name of the field, "id".
		return ledger.Deposit{}, badRequest("valid transaction " + reason(err))
	}
	return ledger.Deposit{ID: id, Asset: asset, Amount: amount}, nil
}

func badBody() *answer { return badRequest("not a valid request body") }

func badRequest(message string) *answer {
	return &answer{status: http.StatusBadRequest, message: message}
}
