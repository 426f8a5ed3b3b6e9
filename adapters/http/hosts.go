package http

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// hosts refuses requests that come by a name that may be anybody's: on a loopback address,
// and on any if it is told by which names the server is known. A page of any site can have
// its own name point to this machine, and a browser then takes the server for a part of
// that site.
type hosts struct{ known []string }

func newHosts(known []string) *hosts {
	h := &hosts{}
	for _, name := range known {
		h.known = append(h.known, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	return h
}

func (h *hosts) check(r *http.Request) error {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return nil
	}
	address, isAddress := addressIn(local.String())
	if isChecked := len(h.known) > 0 || isAddress && address.IsLoopback(); !isChecked || h.isKnown(r.Host) {
		return nil
	}
	return &ledger.Error{
		Code: ErrForbidden, Message: "the Host header names a site that this server is not known to be: ask it by its address, or as localhost",
	}
}

// isKnown says whether a host is no site of somebody else's.
func (h *hosts) isKnown(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	isAbsolute := strings.HasSuffix(host, ".")
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	// A name without dots is of this machine or of its network, unless it is said to be
	// one of all the world's.
	isLocal := name == "localhost" || strings.HasSuffix(name, ".localhost") || !isAbsolute && !strings.Contains(name, ".")
	return isLocal || slices.Contains(h.known, name)
}
