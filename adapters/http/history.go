package http

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// timeLayout is RFC 3339 with up to microseconds, for times in UTC.
const timeLayout = "2006-01-02T15:04:05.999999Z07:00"

// history answers GET /users/{uid}/history.
func (h *handler) history(r *http.Request) answer {
	query, refusal := historyQuery(r)
	if refusal != nil {
		return *refusal
	}
	var ok bool
	if query.Account, ok = user(r); !ok {
		return noSuchUser()
	}
	page, err := h.service.Entries(r.Context(), query)
	if err != nil {
		return usersError(err)
	}
	if !h.isUser(page.Account) {
		return noSuchUser()
	}
	return successful(historyData(page, query.Limit))
}

// historyQuery reads what page is asked for, of a user who is not yet known, or
// says why it is refused. The checks are in the order that the API promises.
func historyQuery(r *http.Request) (ledger.EntryQuery, *answer) {
	// Of a query with a part that cannot be read, the parts that can are kept: to
	// take a mangled cursor for none would start again with the first page.
	parameters, malformed := url.ParseQuery(r.URL.RawQuery)
	size, ok := parseInteger(parameters.Get("page_size"))
	switch {
	case !ok:
		return ledger.EntryQuery{}, badRequest("page size should be a valid integer")
	case size < 1:
		return ledger.EntryQuery{}, badRequest("page size should be greater than 0")
	}
	if malformed != nil {
		return ledger.EntryQuery{}, badRequest("invalid pagination cursor")
	}
	query := ledger.EntryQuery{Limit: int(min(size, ledger.MaxLimit))}
	if cursor := parameters.Get("page"); cursor != "" {
		sequence, ok := parseCursor(cursor)
		if !ok {
			return ledger.EntryQuery{}, badRequest("invalid pagination cursor")
		}
		query.After = &ledger.EntryKey{Sequence: sequence}
	}
	return query, nil
}

// parseInteger reads an integer of up to 18 digits.
func parseInteger(text string) (n int64, ok bool) {
	digits := strings.TrimPrefix(text, "-")
	if !isDigits(digits) {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// isDigits says whether text is 1 to 18 decimal digits, which fit an int64.
func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= 18
}

func historyData(page ledger.EntryPage, pageSize int) []byte {
	shown := page.Entries
	// Number 0, the last of all, is the opening balance, which is not history.
	if n := len(shown); n > 0 && shown[n-1].Sequence == 0 {
		shown = shown[:n-1]
	}
	next, more := "", false
	if n := len(shown); n > 0 {
		last := shown[n-1].Sequence
		next, more = formatCursor(last), last > 1
	}
	const entryBytes = 110 // about that many
	b := append(make([]byte, 0, (len(shown)+1)*entryBytes), `{"total":`...)
	b = strconv.AppendUint(b, page.Account.Sequence, 10)
	b = append(b, `,"page_size":`...)
	b = strconv.AppendInt(b, int64(pageSize), 10)
	b = append(b, `,"next_page":"`...)
	b = append(b, next...)
	b = append(b, `","has_more":`...)
	b = strconv.AppendBool(b, more)
	b = append(b, `,"histories":[`...)
	for i, entry := range shown {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEntry(b, entry)
	}
	return append(b, "]}"...)
}

func appendEntry(b []byte, entry ledger.Entry) []byte {
	amount := entry.Amount
	if entry.Side == ledger.Debit {
		amount = amount.Neg()
	}
	b = append(b, `{"created_at":"`...)
	b = entry.RecordedAt.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","amount":`...)
	b = appendAmount(b, entry.Asset, amount)
	b = append(b, `,"transaction_id":`...)
	b = appendString(b, entry.Transaction)
	return append(b, '}')
}
