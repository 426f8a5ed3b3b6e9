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
	// err and stack are why the answer is what it is, for the log alone.
	err   error
	stack []byte
}

// WriteHeader implements http.ResponseWriter.
func (r *response) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *response) Write(body []byte) (int, error) {
	if r.head {
		return len(body), nil
	}
	return r.ResponseWriter.Write(body)
}

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }
