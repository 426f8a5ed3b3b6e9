package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/ledger"
)

// timeFlag is a flag that is a time: as RFC 3339 has it, or a day, which stands for its
// beginning in UTC.
type timeFlag struct{ time.Time }

// Set implements the flag package's Value.
func (f *timeFlag) Set(text string) error {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		f.Time = day
		return nil
	}
	at, err := wire.ParseTime("", text)
	if err != nil {
		return errors.New("should be a time such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31, which is its beginning in UTC")
	}
	f.Time = at
	return nil
}

// String implements the flag package's Value.
func (f *timeFlag) String() string {
	if f.IsZero() {
		return ""
	}
	return wire.FormatTime(f.Time)
}

// Type implements the flag package's Value.
func (f *timeFlag) Type() string { return "time" }

// momentFlags are the flags that say as of when a balance is asked for.
type momentFlags struct{ at, recordedAt timeFlag }

func (m *momentFlags) add(command *cobra.Command) {
	command.Flags().Var(&m.at, "at", "as of this moment in business, such as 2026-01-31 or 2026-01-31T12:00:00Z")
	command.Flags().Var(&m.recordedAt, "recorded-at", "as the books stood at this moment")
	command.MarkFlagsMutuallyExclusive("at", "recorded-at")
}

func (m *momentFlags) domain() ledger.Moment {
	return ledger.Moment{EffectiveAt: m.at.Time, RecordedAt: m.recordedAt.Time}
}

func (m *momentFlags) isNow() bool { return m.domain().Time().IsZero() }

// explain returns a refusal of the moment in the words of the flags.
func (m *momentFlags) explain(err error) error {
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok {
		return err
	}
	for field, flag := range map[string]string{"effective_at": "--at", "at": "--at", "recorded_at": "--recorded-at"} {
		if rest, found := strings.CutPrefix(e.Message, field+" should"); found {
			return usageError(errors.New(flag + " should" + rest))
		}
	}
	return err
}

// addMetadata adds the flag that parsePairs reads.
func addMetadata(command *cobra.Command, pairs *[]string, usage string) {
	command.Flags().StringArrayVar(pairs, "metadata", nil, usage+", as `KEY=VALUE`; may be given several times")
}

// parsePairs reads the pairs of a flag. No pairs are nil.
func parsePairs(flag string, texts []string) (map[string]string, error) {
	if len(texts) == 0 {
		return nil, nil //nolint:nilnil // Nil is a map without pairs.
	}
	pairs := make(map[string]string, len(texts))
	for _, text := range texts {
		key, value, found := strings.Cut(text, "=")
		if !found || key == "" {
			return nil, usageError(fmt.Errorf("--%s %q should be KEY=VALUE", flag, text))
		}
		if _, isThere := pairs[key]; isThere {
			return nil, usageError(fmt.Errorf("--%s has %q twice", flag, key))
		}
		pairs[key] = value
	}
	return pairs, nil
}
