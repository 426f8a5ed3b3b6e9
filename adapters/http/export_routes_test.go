package http

import (
	"maps"
	"slices"

	"github.com/gorilla/mux"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Routes returns the paths that are served, as the router has them, with their
// methods.
func Routes(service ledger.Service, config Config) map[string][]string {
	routes := make(map[string][]string)
	_ = newHandler(service, config.withDefaults()).routes().Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		routes[route.GetName()] = slices.Sorted(maps.Keys(route.GetHandler().(*resource).methods))
		return nil
	})
	return routes
}
