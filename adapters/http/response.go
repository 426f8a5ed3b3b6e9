package http

import "net/http"

// response notes what a request was answered with, for the log, and leaves out
// the body of an answer to HEAD.
type response struct {
	http.ResponseWriter
	head bool
	// status is 0 until the answer begins.
	status int
	// ended is the status of what ended an answer early that began well, or 0.
	ended int
	// route is the pattern of the path, empty if there is none.
	route string
	// body is that of the request.
	body countedBody
	// keeps, if set, says whether the connection stays open though the answer says
	// otherwise: other requests are on it, too.
	keeps func() bool
	// err and stack are why the answer is what it is, for the log alone.
	err   error
	stack []byte
}

// WriteHeader implements http.ResponseWriter.
func (r *response) WriteHeader(status int) {
	r.status = status
	if r.keeps != nil && r.keeps() {
		r.Header().Del("Connection")
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *response) Write(body []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.head {
		return len(body), nil
	}
	return r.ResponseWriter.Write(body)
}

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
