package http

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// TestAssetsOfTwoLedgers: an account's asset in one ledger says nothing of another.
func TestAssetsOfTwoLedgers(t *testing.T) {
	t.Parallel()
	catalog := ledger.NewCatalog(memory.New(memory.Config{}))
	all := newBooks(nil, catalog)
	for i, name := range []string{"x", "y"} {
		if _, err := catalog.OpenLedger(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		service, err := catalog.Ledger(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		asset := ledger.Asset{Code: "BTC", Scale: uint8(i)}
		if _, err := service.RegisterAsset(t.Context(), asset); err != nil {
			t.Fatal(err)
		}
		if _, err := service.OpenAccount(t.Context(), ledger.AccountRequest{ID: "a", Asset: asset}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for i, name := range []string{"x", "y"} {
			b, err := all.find(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			assets, err := resolve(t.Context(), b.assets, func(a wire.Assets) { _, _ = a.ByAccount("a"); _, _ = a.ByCode("BTC") })
			if err != nil {
				t.Fatal(err)
			}
			byAccount, err := assets.ByAccount("a")
			byCode, codeErr := assets.ByCode("BTC")
			if want := (ledger.Asset{Code: "BTC", Scale: uint8(i)}); errors.Join(err, codeErr) != nil || byAccount != want || byCode != want {
				t.Errorf("%s: %v, %v, %v, %v", name, byAccount, err, byCode, codeErr)
			}
		}
	}
}

// TestBooksAreBounded finds more ledgers than are remembered.
func TestBooksAreBounded(t *testing.T) {
	t.Parallel()
	catalog := ledger.NewCatalog(memory.New(memory.Config{}))
	all := newBooks(nil, catalog)
	for i := range maxBooks + 10 {
		name := fmt.Sprintf("l%d", i)
		if _, err := catalog.OpenLedger(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		first, err := all.find(t.Context(), name)
		again, againErr := all.find(t.Context(), name)
		if errors.Join(err, againErr) != nil || first != again {
			t.Fatalf("%s: %v, %v", name, err, againErr)
		}
		if len(all.named) > maxBooks {
			t.Fatalf("%d are remembered", len(all.named))
		}
	}
	if _, err := all.find(t.Context(), "none"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
