package http

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Limit is one of the limits of a [Config] on requests.
type Limit string

// The limits.
const (
	// LimitAddressRate is [Config.RatePerAddress].
	LimitAddressRate Limit = "address_rate"
	// LimitTokenRate is [Config.RatePerToken].
	LimitTokenRate Limit = "token_rate"
	// LimitInFlight is [Config.MaxInFlight].
	LimitInFlight Limit = "in_flight"
	// LimitBodies is [Config.MaxBodyBytes].
	LimitBodies Limit = "bodies"
)

// LimitError is the cause of the error of a request that a limit refuses.
type LimitError struct {
	Limit Limit
	// RetryAfter is after how long the same request would pass, or 0 if that is not known.
	RetryAfter time.Duration
}

// Error returns which limit it is.
func (e *LimitError) Error() string { return "the limit " + string(e.Limit) + " is reached" }

// limits are those that the requests of a handler have in common.
type limits struct {
	addresses *rates[netip.Addr]
	tokens    *rates[string]
	proxies   []netip.Prefix
	// hosts is nil if those of requests are not looked at.
	hosts    *hosts
	inFlight atomic.Int64
	most     int64
	bodies   budget
}

func newLimits(config *Config) *limits {
	l := &limits{
		addresses: newRates[netip.Addr](config.RatePerAddress), tokens: newRates[string](config.RatePerToken),
		proxies: config.TrustedProxies, most: int64(config.MaxInFlight),
	}
	if config.Authenticator == nil {
		l.hosts = newHosts(config.Hosts)
	}
	l.bodies.most = config.MaxBodyBytes
	return l
}

// enter counts a request that is about to be answered, until it leaves, or says why it is
// refused.
func (l *limits) enter(r *http.Request) error {
	if l.hosts != nil {
		if err := l.hosts.check(r); err != nil {
			return err
		}
	}
	if l.addresses != nil {
		if wait := l.addresses.take(callerOf(r, l.proxies), time.Now()); wait > 0 {
			return tooMany(LimitAddressRate, wait)
		}
	}
	if l.inFlight.Add(1) > l.most {
		l.leave()
		return &ledger.Error{Code: ledger.ErrOverloaded, Message: busy, Cause: &LimitError{Limit: LimitInFlight}}
	}
	return nil
}

func (l *limits) leave() { l.inFlight.Add(-1) }

// around applies the limits to what is no route.
func (l *limits) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := l.enter(r); err != nil {
			turnAway(w, r, err)
			return
		}
		defer l.leave()
		next.ServeHTTP(w, r)
	})
}

// ofPrincipal refuses a request if whoever sends it has asked too often.
func (l *limits) ofPrincipal(p ledger.Principal) error {
	if l.tokens == nil {
		return nil
	}
	if wait := l.tokens.take(p.Name, time.Now()); wait > 0 {
		return tooMany(LimitTokenRate, wait)
	}
	return nil
}

func tooMany(limit Limit, wait time.Duration) error {
	cause := &LimitError{Limit: limit, RetryAfter: wait}
	return &ledger.Error{
		Code: ErrTooManyRequests, Message: fmt.Sprintf("too many requests; ask again after %s s", retryAfterFor(cause)), Cause: cause,
	}
}

// retryAfterFor returns the Retry-After of an answer with the error: whole seconds, after
// which the request may pass.
func retryAfterFor(err error) string {
	seconds := 1.0
	if limited := limitOf(err); limited != nil {
		seconds = max(seconds, math.Ceil(limited.RetryAfter.Seconds()))
	}
	return strconv.FormatFloat(seconds, 'f', 0, 64)
}
