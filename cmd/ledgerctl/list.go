package main

import (
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
	"github.com/seed-d432d95b/ledger/ledger"
)

// listFlags are the flags of commands that list.
type listFlags struct {
	limit int
	all   bool
	// after is the key of the last item of the page before.
	after       string
	oldestFirst bool
	// more says, once a list has ended, whether something follows what was shown, and
	// last is the key of the last that was.
	more bool
	last string
}

func (l *listFlags) add(command *cobra.Command, after string) {
	l.addPages(command, after)
	command.Flags().BoolVar(&l.oldestFirst, "oldest-first", false, "list the oldest first")
}

// addPages adds the flags of a list that has one order.
func (l *listFlags) addPages(command *cobra.Command, after string) {
	flags := command.Flags()
	flags.IntVar(&l.limit, "limit", ledger.DefaultLimit, fmt.Sprintf("how many to list, up to %d", ledger.MaxLimit))
	flags.BoolVar(&l.all, "all", false, "list all, page by page")
	flags.StringVar(&l.after, "after", "", after)
	command.MarkFlagsMutuallyExclusive("limit", "all")
}

// page returns how many to ask for at once.
func (l *listFlags) page() (int, error) {
	switch {
	case l.all:
		return ledger.MaxLimit, nil
	case l.limit < 1 || l.limit > ledger.MaxLimit:
		return 0, usageError(fmt.Errorf("--limit should be between 1 and %d, not %d; --all lists all", ledger.MaxLimit, l.limit))
	}
	return l.limit, nil
}

// paged yields what find finds, page by page if all is asked for.
func paged[T any](l *listFlags, find func(after string, limit int) ([]T, bool, error), key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		limit, err := l.page()
		if err != nil {
			yield(none, err)
			return
		}
		for after := l.after; ; {
			items, more, err := find(after, limit)
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range items {
				l.last = key(item)
				if !yield(item, nil) {
					return
				}
			}
			l.more, after = more, l.last
			if !l.all || !more {
				return
			}
		}
	}
}

// listAll prints a list, and says how to go on if it is only a part.
func listAll[T any](a *app, l *listFlags, columns []console.Column[T], items iter.Seq2[T, error]) error {
	if err := console.List(a.console, a.settings.Output, columns, items); err != nil {
		return err
	}
	l.noteMore(a)
	return nil
}

// noteMore says how to go on, if there is more.
func (l *listFlags) noteMore(a *app) {
	if l.more {
		a.console.Note("there are more: --after %s, or --all", console.Quote(l.last))
	}
}
