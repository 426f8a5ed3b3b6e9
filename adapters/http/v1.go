package http

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/seed-d432d95b/ledger/ledger"
)

// addV1 adds the routes of /v1: those of a ledger for the handler's own and for any
// that is named in the path.
func (h *handler) addV1(router *mux.Router) {
	add := func(path string, taken map[string]call) {
		resource := make(methods)
		for method, c := range taken {
			resource[method] = h.inTime(h.guard(needFor(method, path), h.v1(c)))
		}
		h.addRoute(router, path, resource, http.HandlerFunc(v1Method))
	}
	add("/v1/ledgers", map[string]call{http.MethodGet: h.listLedgers, http.MethodPost: h.openLedger})
	for _, prefix := range []string{"/v1", "/v1/ledgers/{ledger}"} {
		one := map[string]call{http.MethodGet: getAccount, http.MethodPatch: changeAccount}
		add(prefix+"/assets", map[string]call{http.MethodGet: listAssets, http.MethodPost: registerAsset})
		add(prefix+"/accounts", map[string]call{http.MethodGet: listAccounts, http.MethodPost: openAccount})
		// Beside being paths of their own, these are ids that an account may have.
		add(prefix+"/accounts/{id:batch}", with(one, http.MethodPost, openAccounts))
		add(prefix+"/accounts/{id:lookup}", with(one, http.MethodPost, lookUpAccounts))
		add(prefix+"/accounts/{id}", one)
		add(prefix+"/accounts/{id}/balance", map[string]call{http.MethodGet: getBalance})
		add(prefix+"/accounts/{id}/entries", map[string]call{http.MethodGet: listEntries})
		add(prefix+"/accounts/{id}/statement", map[string]call{http.MethodGet: getStatement})

		transaction := map[string]call{http.MethodGet: getTransaction}
		add(prefix+"/transactions", map[string]call{http.MethodGet: listTransactions, http.MethodPost: postTransaction})
		add(prefix+"/transactions/{id:batch}", with(transaction, http.MethodPost, postTransactions))
		stream := prefix + "/transactions/{id:stream}"
		h.addRoute(router, stream, methods{
			http.MethodGet:  h.inTime(h.guard(needFor(http.MethodGet, stream), h.v1(getTransaction))),
			http.MethodPost: h.guard(needFor(http.MethodPost, stream), http.HandlerFunc(h.postStream)),
		}, http.HandlerFunc(v1Method))
		add(prefix+"/transactions/{id}", transaction)
		add(prefix+"/transactions/{id}/post", map[string]call{http.MethodPost: postPending})
		add(prefix+"/transactions/{id}/void", map[string]call{http.MethodPost: voidPending})
		add(prefix+"/transactions/{id}/reverse", map[string]call{http.MethodPost: reverseTransaction})
		add(prefix+"/trial-balance", map[string]call{http.MethodGet: getTrialBalance})
	}
}

// with returns the calls with one more.
func with(calls map[string]call, method string, c call) map[string]call {
	more := maps.Clone(calls)
	more[method] = c
	return more
}

// isV1 says whether errors of a request are told as /v1 does.
func isV1(r *http.Request) bool {
	return r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/")
}

// call answers a request under /v1 on a ledger.
type call func(r *http.Request, b *book) reply

// v1 finds the ledger that the path names, and answers with what the call says.
func (h *handler) v1(c call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.answer(r, c).send(r, w)
	})
}

func (h *handler) answer(r *http.Request, c call) reply {
	if h.draining.Load() {
		a := refuse(r.Context(), ledger.ErrUnavailable)
		a.problem.Detail, a.last, a.err = draining, true, nil
		return a
	}
	if h.crossOrigin.Check(r) != nil {
		return refuse(r.Context(), &ledger.Error{
			Code: ErrForbidden, Message: "a page of another site asks for this, which only pages of this server may",
		})
	}
	b, err := h.book(r)
	if err != nil {
		return refuse(r.Context(), err)
	}
	return c(r, b)
}

// book returns the ledger that the path names, or the handler's own.
func (h *handler) book(r *http.Request) (*book, error) {
	if _, named := mux.Vars(r)["ledger"]; !named {
		return h.books.own, nil
	}
	name, err := pathID(r, "ledger")
	if err != nil {
		return nil, err
	}
	return h.books.find(r.Context(), name)
}

func noRoute(r *http.Request) error {
	return &ledger.Error{
		Code: ledger.ErrNotFound, Message: fmt.Sprintf("there is no path %.200q; see /docs for those there are", r.URL.Path),
	}
}

func v1Method(w http.ResponseWriter, r *http.Request) {
	refuse(r.Context(), &ledger.Error{
		Code: ErrMethodNotAllowed, Message: fmt.Sprintf("the path does not take %.20s; the Allow header has what it takes", r.Method),
	}).send(r, w)
}

// pathID returns an id in the path. One that cannot be unescaped names nothing.
func pathID(r *http.Request, name string) (string, error) {
	id, ok := segment(r, name)
	if !ok {
		return "", noRoute(r)
	}
	return id, nil
}

// encode returns a body of JSON with a newline. Nothing in it is escaped that JSON
// does not demand.
func encode(body any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return b.Bytes(), nil
}

// send writes the answer and tells the log why it is what it is.
func (a reply) send(r *http.Request, w http.ResponseWriter) {
	header := w.Header()
	body, err := a.encode()
	if err != nil {
		a = refuse(r.Context(), err)
		body, _ = a.encode()
	}
	if response, ok := w.(*response); ok {
		response.err = a.err
	}
	for name, value := range a.header {
		header.Set(name, value)
	}
	// What a balance was should not be taken for what it is.
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "application/json")
	if a.problem != nil {
		header.Set("Content-Type", problemType)
	}
	setStatusHeaders(header, a.status, a.err)
	if a.last {
		header.Set("Connection", "close")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	// If the client is gone there is nobody to tell.
	_, _ = w.Write(body) //nolint:gosec // It is JSON, is said to be, and browsers are told not to guess.
}

func (a reply) encode() ([]byte, error) {
	if a.problem != nil {
		return encode(a.problem)
	}
	return encode(a.body)
}

// refuse returns the answer of an error.
func refuse(ctx context.Context, err error) reply {
	problem := problemOf(ctx, err)
	return reply{status: problem.Status, problem: &problem, err: err, last: codeOf(err) == ErrTooLarge}
}
