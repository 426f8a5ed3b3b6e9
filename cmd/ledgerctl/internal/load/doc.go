// Package load puts a ledger under load and measures what it does: how many
// operations a second, how long each takes, and whether the books are right
// afterwards. It is the engine of ledgerctl bench, and knows [ledger.Service] alone,
// so that memory, a database and servers are measured by the same program.
//
// There are two ways to load a service. In a closed loop a number of callers each
// wait for their answer before they ask again: that finds the most that a service
// does, but a service that stalls is asked less, so its latencies look better than
// what users would see. With a fixed rate of arrivals each operation has a start that
// was planned before, and its latency counts from there, whether or not anybody was
// free to start it. Gil Tene calls what this avoids coordinated omission.
//
// After each run it compares the books with what was acknowledged, account by
// account. A measurement of a ledger that loses money is worth nothing.
package load
