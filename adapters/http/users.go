package http

import (
	"net/http"

	"github.com/seed-d432d95b/ledger/ledger"
)

// user returns the id of the user whom the path names, and whether there can be
// one. The world's accounts are no users.
func user(r *http.Request) (id string, ok bool) {
	id, ok = segment(r, "uid")
	return id, ok && ledger.ValidateID(id) == nil && !ledger.IsWorldID(id)
}

// isUser says whether an account is a user's.
func (h *handler) isUser(account ledger.Account) bool {
	return account.Normal == ledger.Credit && account.Asset == h.config.Asset
}

func noSuchUser() answer { return usersError(ledger.ErrNotFound) }

func successful(data []byte) answer {
	return answer{status: http.StatusOK, message: "request successful!", data: data}
}

// balance answers GET /users/{uid}/balance.
func (h *handler) balance(r *http.Request) answer {
	id, ok := user(r)
	if !ok {
		return noSuchUser()
	}
	account, err := h.service.Account(r.Context(), id)
	if err != nil {
		return usersError(err)
	}
	if !h.isUser(account) {
		return noSuchUser()
	}
	data := append([]byte(nil), `{"balance":`...)
	data = appendAmount(data, account.Asset, account.Posted())
	return successful(append(data, '}'))
}
