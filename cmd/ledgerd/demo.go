package main

import (
	"context"
	"fmt"

	"github.com/seed-d432d95b/ledger/ledger"
)

// demoUser is the id of the demo user.
const demoUser = "6d7750a1-c3f2-4765-bf8f-33bc80f3f809"

// openDemo opens the demo user with 100 of the asset. It changes nothing if
// that was done before.
func openDemo(ctx context.Context, service ledger.Service, asset ledger.Asset) error {
	balance, err := asset.Parse("100")
	if err != nil {
		return fmt.Errorf("100 %s: %w", asset, err)
	}
	_, err = service.OpenAccount(ctx, ledger.AccountRequest{ID: demoUser, Name: "Test", Asset: asset, OpeningBalance: balance})
	return err
}
