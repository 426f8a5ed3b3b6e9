package main

import (
	"errors"
	"math"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	ledgerhttp "github.com/seed-d432d95b/ledger/adapters/http"
)

// limitSettings are about how much is taken on.
type limitSettings struct {
	ratePerToken   float64
	ratePerAddress float64
	trustedProxies []netip.Prefix
	maxInFlight    int
	// maxBodyBytes is 0 for what fits into the memory limit.
	maxBodyBytes int64
	drainDelay   time.Duration
}

// addFlags defines the flags, whose defaults are what s has.
func (s *limitSettings) addFlags(command *cobra.Command) {
	flags := command.Flags()
	usage := func(flag, text string) string { return text + " [" + variable(flag) + "]" }
	rate := func(target *float64, name, help string) {
		flags.Var(&setting[float64]{target, "number", parseRate, func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }}, name, usage(name, help))
	}
	rate(&s.ratePerToken, "rate-per-token", "requests per second of one token or principal, of which two seconds' may come at once; 0 is any number")
	rate(&s.ratePerAddress, "rate-per-address", "requests per second from one address; 0 is any number")
	flags.Var(&setting[[]netip.Prefix]{&s.trustedProxies, "networks", parsePrefixes, formatPrefixes},
		"trusted-proxies", usage("trusted-proxies", "where proxies are whose X-Forwarded-For is believed, such as 10.0.0.0/8"))
	flags.Var(&setting[int]{&s.maxInFlight, "number", parseCount, strconv.Itoa},
		"max-in-flight", usage("max-in-flight", "requests that are answered at once; 0 is as many as there are connections"))
	flags.Var(&setting[int64]{&s.maxBodyBytes, "size", parseSize, formatSize},
		"max-body-bytes", usage("max-body-bytes", "how much of requests' bodies is held at once, from 16MiB on; 0 is a sixth of GOMEMLIMIT, or else 256MiB"))
	flags.Var(&setting[time.Duration]{&s.drainDelay, "duration", parseDelay, time.Duration.String},
		"drain-delay", usage("drain-delay", "how long a server that is told to stop says so before it closes, for balancers to see"))
}

// limitFlags are the names of the flags.
func limitFlags() []string {
	return []string{"rate-per-token", "rate-per-address", "trusted-proxies", "max-in-flight", "max-body-bytes", "drain-delay"}
}

// configure puts the limits into what is served.
func (s *limitSettings) configure(config *ledgerhttp.Config) {
	config.RatePerToken, config.RatePerAddress = s.ratePerToken, s.ratePerAddress
	config.TrustedProxies, config.MaxInFlight, config.DrainDelay = s.trustedProxies, s.maxInFlight, s.drainDelay
	if config.MaxBodyBytes = s.maxBodyBytes; s.maxBodyBytes == 0 {
		config.MaxBodyBytes = bodiesWithin(debug.SetMemoryLimit(-1))
	}
}

// minBodyBytes is what the largest request has.
const minBodyBytes = 16 << 20

// bodiesWithin returns how much of bodies may be held where memory is limited; 0 is the
// default. What bodies say takes two to five times what they are.
func bodiesWithin(memory int64) int64 {
	if memory == math.MaxInt64 {
		return 0
	}
	return max(memory/6, minBodyBytes)
}

func parseRate(text string) (float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || rate < 0 || math.IsNaN(rate) || math.IsInf(rate, 0) {
		return 0, errors.New("should be a number of requests per second, or 0")
	}
	return rate, nil
}

func parseCount(text string) (int, error) {
	count, err := strconv.Atoi(text)
	if err != nil || count < 0 {
		return 0, errors.New("should be a whole number, or 0")
	}
	return count, nil
}

// sizeUnit is a unit of sizes.
type sizeUnit struct {
	suffix string
	bytes  int64
}

// sizeUnits are those that GOMEMLIMIT knows, and plain bytes.
func sizeUnits() []sizeUnit {
	return []sizeUnit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}
}

func parseSize(text string) (int64, error) {
	for _, unit := range sizeUnits() {
		number, ok := strings.CutSuffix(text, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n != 0 && (n < 0 || n > math.MaxInt64/unit.bytes || n*unit.bytes < minBodyBytes) {
			break
		}
		return n * unit.bytes, nil
	}
	return 0, errors.New("should be a size such as 64MiB, of 16MiB or more, or 0")
}

func formatSize(size int64) string {
	for _, unit := range sizeUnits() {
		if size%unit.bytes == 0 && size != 0 {
			return strconv.FormatInt(size/unit.bytes, 10) + unit.suffix
		}
	}
	return "0"
}

func parseDelay(text string) (time.Duration, error) {
	delay, err := time.ParseDuration(text)
	if err != nil || delay <= 0 || delay > time.Minute {
		return 0, errors.New("should be a time such as 5s, of up to a minute")
	}
	return delay, nil
}

func parsePrefixes(text string) (prefixes []netip.Prefix, err error) {
	for word := range strings.SplitSeq(text, ",") {
		prefix, err := netip.ParsePrefix(word)
		if err != nil {
			address, notAddress := netip.ParseAddr(word)
			if notAddress != nil {
				return nil, errors.New("should be networks or addresses, such as 10.0.0.0/8,192.0.2.1")
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

func formatPrefixes(prefixes []netip.Prefix) string {
	words := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		words[i] = prefix.String()
	}
	return joined(words)
}
