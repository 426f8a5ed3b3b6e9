// Ledgerctl is the admin tool of a ledger. See ledgerctl --help.
package main

//go:generate env UPDATE_GOLDEN=1 go test -count=1 -run ^TestReference$ .

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-d432d95b/ledger/cmd/ledgerctl/internal/console"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal stops cleanly; the next finds the default handling, which ends
	// the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, console.New(os.Stdin, os.Stdout, os.Stderr)))
}
