package http

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// answer is what a request is answered with, in the envelope.
type answer struct {
	status  int
	message string
	// data is JSON, or nil for none.
	data []byte
	// err is why, for the log alone.
	err error
	// last says that the connection should be closed after the answer.
	last bool
}

// send writes the answer.
func (a answer) send(w http.ResponseWriter) {
	header := w.Header()
	setStatusHeaders(header, a.status, a.err)
	if a.last {
		header.Set("Connection", "close")
	}
	body := a.appendEnvelope(make([]byte, 0, len(a.data)+len(a.message)+80))
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	// If the client is gone there is nobody to tell.
	_, _ = w.Write(body) //nolint:gosec // It is JSON, is said to be, and browsers are told not to guess.
}

// setStatusHeaders sets what every answer with the status has, for the error that it is
// of.
func setStatusHeaders(header http.Header, status int, err error) {
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		header.Set("Retry-After", retryAfterFor(err))
	}
}

// appendEnvelope appends the envelope and a newline.
func (a answer) appendEnvelope(b []byte) []byte {
	b = append(b, `{"success":`...)
	b = strconv.AppendBool(b, a.status < 400)
	b = append(b, `,"message":`...)
	b = appendString(b, a.message)
	b = append(b, `,"status_code":`...)
	b = strconv.AppendInt(b, int64(a.status), 10)
	if a.data != nil {
		b = append(b, `,"data":`...)
		b = append(b, a.data...)
	}
	return append(b, "}\n"...)
}

// appendString appends a JSON string, escaping no more than JSON demands.
func appendString(b []byte, text string) []byte {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, string(utf8.RuneError))
	}
	b = append(b, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			const hex = "0123456789abcdef"
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
