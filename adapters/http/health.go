package http

import (
	"fmt"
	"net/http"
)

// healthz answers GET /healthz: the process is alive.
func (h *handler) healthz(*http.Request) answer {
	return answer{status: http.StatusOK, message: "alive"}
}

// readyz answers GET /readyz: whether requests should come here.
func (h *handler) readyz(r *http.Request) answer {
	if h.draining.Load() {
		return answer{status: http.StatusServiceUnavailable, message: "draining", last: true}
	}
	if err := h.config.Ready(r.Context()); err != nil {
		return answer{status: http.StatusServiceUnavailable, message: "not ready", err: fmt.Errorf("not ready: %w", err)}
	}
	return answer{status: http.StatusOK, message: "ready"}
}
