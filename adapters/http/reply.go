package http

import (
	"net/http"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

const problemType = "application/problem+json"

// reply is what a request under /v1 is answered with: a body, or a problem.
type reply struct {
	status  int
	header  map[string]string
	body    any
	problem *wire.Problem
	// err is why, for the log alone.
	err error
	// last says that the connection should be closed after the answer.
	last bool
}

// ok is the answer of a read.
func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// written is the answer of a write that was not refused: with the status of what is
// made if it took effect, and otherwise marked as a replay.
func written(result ledger.Result, made int, body any) reply {
	if result == ledger.Replayed {
		return reply{status: http.StatusOK, header: map[string]string{"Idempotent-Replayed": "true"}, body: body}
	}
	return reply{status: made, body: body}
}
