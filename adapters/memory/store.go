// Package memory is a [ledger.Store] in memory: the embedded default, and the
// fastest. Nothing in it survives the process.
//
// A ledger is spread over shards, each with a lock that is held while a batch is
// decided and saved, so that writers of different accounts work at the same
// time. That is about a microsecond for each entry, so the largest batch that
// the ledger takes holds others up for some ten milliseconds; a context that
// ends is noticed before and after, not while waiting for a lock. What is written is kept as bytes in large
// blocks without pointers, so that the garbage collector has nothing to trace
// however many transactions there are: a deposit takes about 150 bytes in all. A
// pending transaction is a few values of its own until it is posted or voided, and
// then bytes as well.
//
// What is asked of all accounts or transactions, to find some or for a trial balance,
// is one snapshot, for which writers wait: to find a page takes about a microsecond
// for each that is looked at, the totals of a trial balance as much for each account.
// They wait as long as a ledger is verified or exported, too, which takes some
// microseconds for each entry; what is called meanwhile must not use that ledger.
package memory

import (
	"sync"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Config is how a store works. Its zero value works.
type Config struct {
	// Now is the clock that recorded times are taken from; nil is [time.Now]. It
	// is called by many goroutines at once, while they hold locks, so it must not
	// use the store.
	Now func() time.Time
}

// Store keeps ledgers in memory. Make it with [New]. It is safe for any number of
// goroutines.
type Store struct {
	now func() time.Time

	mu    sync.RWMutex
	books map[string]placedBook
	// names has the ledgers in the order in which they were made.
	names  []string
	tokens tokens
}

var _ ledger.Store = (*Store)(nil)

// New returns an empty store.
func New(config Config) *Store {
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Store{now: config.Now, books: make(map[string]placedBook)}
}
