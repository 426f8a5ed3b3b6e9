// Package ledger is a double-entry ledger: it moves money exactly once and can
// prove it.
//
// A [Ledger] is a named book of accounts and transactions in a [Store]. A
// transaction is an immutable set of debits and credits that balance in every
// asset; its id is the caller's idempotency key, so a request can be repeated
// until it is answered. An account's entries are numbered without a gap, and
// each has the running balance.
//
// Beside what is posted at once there are pending transactions, which reserve what
// they would move until they are posted in full or in part, voided, or expire; and
// reversals, which undo another transaction, once. Balances can be asked for as of
// a moment that is past, by when the ledger wrote what it knows or by when it
// happened in business. docs/concepts.md of the repository explains the words, with
// a sale from the order to the refund.
//
// [Ledger], the requests and the queries are for programs. [Book], [Operation],
// [Decider], [Decision], [View] and the states and corrections that they speak of are
// for those who write a store.
//
// The package decides, and stores remember. What a batch of requests does to
// the books is worked out by a [Decider], which is pure: no I/O, no clock, no
// randomness. Every store asks it, so a ledger behaves the same on all of them.
// Nothing here imports more than the standard library.
//
// [Service] is what programs should depend on: a Ledger is one, and a client of
// a ledger server can be another. A program that serves several ledgers finds them by
// name in a [Catalog].
package ledger
