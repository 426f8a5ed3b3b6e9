// Package http serves a ledger over HTTP, and is a client of such a server. Import it
// as ledgerhttp.
//
// [NewHandler] is the API as an http.Handler, to be mounted in any server, and
// [Server] is a server of its own, with limits on everything and a shutdown that
// loses nothing. Both stand on a [ledger.Service] and know nothing of stores.
//
// [Client] is the [ledger.Service] of a server, and [Client.Catalog] has its other
// ledgers: with the same errors as in one process, and with retries, which are safe,
// for every write has an id.
//
// Every answer under /users comes in one envelope, errors included, and has an
// X-Request-Id, which is also on every line that is logged.
package http
