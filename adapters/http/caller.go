package http

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// networkBits is how much of an address of IPv6 tells whose it is: one customer has all
// that begin so.
const networkBits = 64

// callerOf returns where a request comes from, as far as that is believed: the other end
// of the connection, or if that is a proxy the last address of X-Forwarded-For that is
// none. Of IPv6 it is the network. All whose address is not known are one.
func callerOf(r *http.Request, proxies []netip.Prefix) netip.Addr {
	caller, _ := addressIn(r.RemoteAddr)
	if isProxy(caller, proxies) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			address, ok := addressIn(strings.TrimSpace(hop))
			if !ok {
				// Whatever stands before it was written by nobody who is known.
				break
			}
			caller = address
			if !isProxy(caller, proxies) {
				break
			}
		}
	}
	if caller.Is6() {
		if network, err := caller.Prefix(networkBits); err == nil {
			return network.Addr()
		}
	}
	return caller
}

func isProxy(address netip.Addr, proxies []netip.Prefix) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// addressIn reads an address, with a port or without.
func addressIn(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}
