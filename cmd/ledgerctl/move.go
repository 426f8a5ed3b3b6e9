package main

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

// plan is what a command that moves money will do, as it says before it asks.
type plan struct {
	// id makes it safe to repeat, and repeat is what to repeat.
	id, repeat string
	verb       string
	entries    []plannedEntry
	// details are lines about all else.
	details []string
}

type plannedEntry struct{ account, side, amount, asset string }

// newID returns an id for what was given none.
func newID() string { return "ctl-" + strings.ToLower(rand.Text()) }

// confirm says what will be done, and asks.
func (a *app) confirm(ctx context.Context, p plan) error {
	a.show(p)
	return a.ask(ctx)
}

// ask asks whether to proceed, unless that was answered beforehand.
func (a *app) ask(ctx context.Context) error {
	if a.settings.Yes {
		return nil
	}
	err := a.console.Confirm(ctx, "Proceed?")
	if errors.Is(err, console.ErrNobodyToAsk) {
		return usageError(err)
	}
	return err
}

func (a *app) show(p plan) {
	a.console.Say("id %s: repeat with %s if the answer is lost", console.Escape(p.id), p.repeat)
	a.console.Say("%s on %s:", p.verb, a.place)
	var widths [3]int
	for _, e := range p.entries {
		for i, text := range []string{e.side, console.Escape(e.account), e.amount} {
			widths[i] = max(widths[i], console.Width(text))
		}
	}
	for _, e := range p.entries {
		account := console.Escape(e.account)
		a.console.Say("  %-*s  %s%s  %*s %s", widths[0], e.side, account, strings.Repeat(" ", widths[1]-console.Width(account)), widths[2], e.amount, e.asset)
	}
	for _, detail := range p.details {
		a.console.Say("  %s", detail)
	}
}

// howToRepeat adds to an error after which nobody knows whether the command took effect
// how to repeat it: as it was given, with what it was given in addition.
func (a *app) howToRepeat(command *cobra.Command, args, extra []string, err error) error {
	refusal, isRefusal := errors.AsType[*ledger.Error](err)
	if isRefusal && !slices.Contains([]ledger.Code{ledger.ErrUnavailable, ledger.ErrOverloaded, ledger.ErrInternal}, refusal.Code) {
		return err
	}
	words := strings.Fields(command.CommandPath())
	for _, arg := range args {
		words = append(words, console.Quote(arg))
	}
	command.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains(extra, "--"+flag.Name) && flag.Name != "expires-in" {
			words = append(words, flagWords(flag)...)
		}
	})
	for _, word := range extra {
		words = append(words, console.Quote(word))
	}
	hint := "repeating it is safe, whether or not it took effect: " + strings.Join(words, " ")
	if flag := command.Flags().Lookup("entries"); flag != nil && flag.Value.String() == stdin {
		hint += " (with the same input)"
	}
	return &hintError{err: err, hint: hint}
}

// flagWords returns a flag as it was given, but for a secret.
func flagWords(flag *pflag.Flag) []string {
	name := "--" + flag.Name
	switch value := flag.Value.(type) {
	case pflag.SliceValue:
		var words []string
		for _, v := range value.GetSlice() {
			words = append(words, name, console.Quote(v))
		}
		return words
	default:
		switch text := value.String(); {
		case flag.Name == "dsn" || flag.Name == "token":
			return []string{name, "…"}
		case value.Type() == "bool":
			if text == strconv.FormatBool(true) {
				return []string{name}
			}
			return []string{name + "=" + text}
		default:
			return []string{name, console.Quote(text)}
		}
	}
}

// plain returns a refusal of a request in words that suit a command line.
func plain(err error) error {
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok {
		return err
	}
	said := *e
	said.Message = strings.Replace(e.Message, " in a string", "", 1)
	return &said
}
