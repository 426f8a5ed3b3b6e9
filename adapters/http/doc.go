// Package http serves a ledger over HTTP. Import it as ledgerhttp.
//
// [NewHandler] is the API as an http.Handler, to be mounted in any server, and
// [Server] is a server of its own, with limits on everything and a shutdown that
// loses nothing. Both stand on a [ledger.Service] and know nothing of stores.
//
// Every answer under /users comes in one envelope, errors included, and has an
// X-Request-Id, which is also on every line that is logged.
package http
