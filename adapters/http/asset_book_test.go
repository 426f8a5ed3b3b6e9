package http

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-d432d95b/ledger/adapters/http/wire"
	"github.com/seed-d432d95b/ledger/adapters/memory"
	"github.com/seed-d432d95b/ledger/ledger"
)

// counting is a service that counts what is read of accounts and assets.
type counting struct {
	ledger.Service
	accounts, assets atomic.Int64
	// fail, if set, says what reads fail with.
	fail atomic.Pointer[ledger.Error]
}

func (c *counting) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	c.accounts.Add(1)
	if err := c.fail.Load(); err != nil {
		return nil, err
	}
	return c.Service.Accounts(ctx, ids)
}

func (c *counting) Assets(ctx context.Context) ([]ledger.Asset, error) {
	c.assets.Add(1)
	if err := c.fail.Load(); err != nil {
		return nil, err
	}
	return c.Service.Assets(ctx)
}

func (c *counting) reads() (accounts, assets int64) { return c.accounts.Swap(0), c.assets.Swap(0) }

// newBookOf returns the book of a ledger in memory with n accounts in USD, "a0" and so on.
func newBookOf(t *testing.T, n int) (*book, *counting) {
	t.Helper()
	service, err := ledger.Open(t.Context(), memory.New(memory.Config{}), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	requests := make([]ledger.AccountRequest, n)
	for i := range requests {
		requests[i] = ledger.AccountRequest{ID: fmt.Sprintf("a%d", i), Asset: ledger.Asset{Code: "USD", Scale: 2}, Unlimited: true}
	}
	outcomes, err := service.OpenAccounts(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes {
		if outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
	}
	c := &counting{Service: service}
	return newBooks(c, nil).own, c
}

func payments(n int, from func(i int) string) []wire.TransactionRequest {
	requests := make([]wire.TransactionRequest, n)
	for i := range requests {
		requests[i] = wire.TransactionRequest{ID: fmt.Sprintf("t%d", i), From: from(i), To: "a0", Amount: "1.00"}
	}
	return requests
}

// TestAssetsOfMissingAccounts has batches in which accounts are missing: each of their
// transactions is refused for itself, after a bounded number of reads.
func TestAssetsOfMissingAccounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		missing func(i int) bool
		most    int64
	}{
		"none":   {func(int) bool { return false }, 1},
		"one":    {func(i int) bool { return i == 700 }, 1 + 2*10},
		"ten":    {func(i int) bool { return i%100 == 7 }, 1 + 10*2*10},
		"half":   {func(i int) bool { return i%2 == 1 }, 2*ledger.MaxBatch - 1},
		"all":    {func(int) bool { return true }, 2*ledger.MaxBatch - 1},
		"a pair": {func(i int) bool { return i == 1 || i == 999 }, 1 + 2*2*10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, c := newBookOf(t, ledger.MaxBatch)
			from := func(i int) string {
				if test.missing(i) {
					return fmt.Sprintf("missing%d", i)
				}
				return fmt.Sprintf("a%d", i)
			}
			requests := payments(ledger.MaxBatch, from)
			requests[0].To = "a1"
			outcomes, err := postMany(t.Context(), b, requests)
			if err != nil {
				t.Fatal(err)
			}
			for i, outcome := range outcomes {
				e := refusalOf(outcome.Err)
				switch {
				case !test.missing(i) && outcome.Result != ledger.Applied:
					t.Errorf("%d: %s, %v", i, outcome.Result, outcome.Err)
				case test.missing(i) && (e == nil || e.Code != ledger.ErrNotFound || e.Account != from(i) || e.Transaction != requests[i].ID):
					t.Errorf("%d: %s, %+v", i, outcome.Result, e)
				}
			}
			if accounts, assets := c.reads(); accounts > test.most || assets != 0 {
				t.Errorf("%d reads of accounts and %d of assets, at most %d and 0", accounts, assets, test.most)
			}
			// Those that are there are known from then on.
			if _, err := postMany(t.Context(), b, payments(2, func(i int) string { return fmt.Sprintf("a%d", 2+2*i) })); err != nil {
				t.Fatal(err)
			}
			if accounts, _ := c.reads(); test.most == 1 && accounts != 0 {
				t.Errorf("%d reads of what is known", accounts)
			}
		})
	}
}

// TestMissingAccountIsOpened: that an account is not there is not remembered.
func TestMissingAccountIsOpened(t *testing.T) {
	t.Parallel()
	b, c := newBookOf(t, 1)
	late := func(int) string { return "late" }
	outcomes, err := postMany(t.Context(), b, payments(1, late))
	if err != nil || !errors.Is(outcomes[0].Err, ledger.ErrNotFound) {
		t.Fatalf("%v, %v", outcomes, err)
	}
	request := ledger.AccountRequest{ID: "late", Asset: ledger.Asset{Code: "USD", Scale: 2}, Unlimited: true}
	if _, err := c.OpenAccount(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	outcomes, err = postMany(t.Context(), b, payments(1, late))
	if err != nil || outcomes[0].Err != nil {
		t.Errorf("%v, %v", outcomes, err)
	}
}

// TestAssetIsRegisteredLater: an asset that was unknown is found once it is known, and
// then without asking for all assets again.
func TestAssetIsRegisteredLater(t *testing.T) {
	t.Parallel()
	b, c := newBookOf(t, 0)
	assetOf := func(code string) (asset ledger.Asset, err error) {
		assets, err := resolve(t.Context(), b.assets, func(a wire.Assets) { _, _ = a.ByCode(code) })
		if err != nil {
			return asset, err
		}
		byCode, err := assets.ByCode(code)
		byWorld, worldErr := assets.ByAccount(ledger.WorldID(code))
		if byWorld != byCode || (err == nil) != (worldErr == nil) {
			t.Errorf("%v, %v and %v, %v", byCode, err, byWorld, worldErr)
		}
		return byCode, err
	}
	for range 3 {
		if asset, err := assetOf("BTC"); !errors.Is(err, ledger.ErrUnknownAsset) {
			t.Errorf("%v, %v", asset, err)
		}
	}
	btc := ledger.Asset{Code: "BTC", Scale: 8}
	if _, err := c.RegisterAsset(t.Context(), btc); err != nil {
		t.Fatal(err)
	}
	if asset, err := assetOf("BTC"); err != nil || asset != btc {
		t.Errorf("%v, %v", asset, err)
	}
	c.reads()
	for _, code := range []string{"BTC", "USD", "JPY"} {
		if _, err := assetOf(code); err != nil {
			t.Error(err)
		}
	}
	if accounts, assets := c.reads(); accounts+assets != 0 {
		t.Errorf("%d reads of accounts and %d of assets that are known", accounts, assets)
	}
}

// TestAssetsCannotBeRead: a store that is away is not an account that is missing.
func TestAssetsCannotBeRead(t *testing.T) {
	t.Parallel()
	b, c := newBookOf(t, 10)
	away := &ledger.Error{Code: ledger.ErrUnavailable, Message: "the store is away"}
	byCode := []wire.TransactionRequest{{ID: "t1", From: "a1", To: "a2", Amount: "1", Asset: "USD"}}
	for _, requests := range [][]wire.TransactionRequest{payments(10, func(i int) string { return fmt.Sprintf("a%d", i) }), byCode} {
		for _, post := range []func(context.Context, *book, []wire.TransactionRequest) ([]ledger.Outcome, error){postMany, postAtomic} {
			c.fail.Store(away)
			if outcomes, err := post(t.Context(), b, requests); !errors.Is(err, ledger.ErrUnavailable) || outcomes != nil {
				t.Errorf("%v, %v", outcomes, err)
			}
			c.fail.Store(nil)
		}
	}
	// It went away between two reads.
	calls := 0
	b.assets.service = flaky{c.Service, func() error {
		if calls++; calls > 2 {
			return away
		}
		return nil
	}}
	_, err := postMany(t.Context(), b, payments(9, func(i int) string { return fmt.Sprintf("missing%d", i) }))
	if !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("after %d reads: %v", calls, err)
	}
}

// flaky is a service whose reads of accounts fail as fault says.
type flaky struct {
	ledger.Service
	fault func() error
}

func (f flaky) Accounts(ctx context.Context, ids []string) ([]ledger.Account, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.Service.Accounts(ctx, ids)
}

// TestTooManyEntries: a batch with more entries than are taken reads nothing.
func TestTooManyEntries(t *testing.T) {
	t.Parallel()
	b, c := newBookOf(t, 1)
	many := make([]wire.EntryRequest, ledger.MaxEntries+1)
	for i := range many {
		many[i] = wire.EntryRequest{Account: fmt.Sprintf("missing%d", i), Side: "debit", Amount: "1"}
	}
	conditions := make([]wire.Condition, ledger.MaxConditions+1)
	for i := range conditions {
		conditions[i] = wire.Condition{Account: fmt.Sprintf("missing%d", i), MinAvailable: "1"}
	}
	outcomes, err := postMany(t.Context(), b, []wire.TransactionRequest{
		{ID: "t1", Entries: many}, {ID: "t2", From: "a0", To: "a1", Amount: "1", Asset: "USD/2", Conditions: conditions},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes {
		if !errors.Is(outcome.Err, ledger.ErrInvalidRequest) {
			t.Errorf("got %v", outcome.Err)
		}
	}
	large := make([]wire.TransactionRequest, 11)
	for i := range large {
		large[i] = wire.TransactionRequest{ID: fmt.Sprintf("t%d", i), Entries: many[:ledger.MaxEntries]}
	}
	if _, err := postMany(t.Context(), b, large); !errors.Is(err, ledger.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
	if accounts, assets := c.reads(); accounts+assets != 0 {
		t.Errorf("%d reads of accounts and %d of assets", accounts, assets)
	}
}

// TestAccountAssetsAreBounded keeps more than is remembered: no more than twice the
// young ones are, and what is asked for again and again is among them.
func TestAccountAssetsAreBounded(t *testing.T) {
	t.Parallel()
	known := newAccountAssets()
	b := &assetBook{accounts: known}
	keyOf := func(i int) accountKey { return accountKey{b, fmt.Sprintf("a%d", i)} }
	assetOf := func(i int) ledger.Asset { return ledger.Asset{Code: "USD", Scale: uint8(i % 39)} }
	for i := range 5 * maxYoung {
		known.keep(keyOf(i), assetOf(i))
		if asset, found := known.find(keyOf(0)); i%(maxYoung/2) == 0 && (!found || asset != assetOf(0)) {
			t.Fatalf("after %d: what is asked for is forgotten", i)
		}
		if n := len(known.young) + len(known.old); n > 2*maxYoung {
			t.Fatalf("after %d: %d are remembered", i, n)
		}
	}
	found := 0
	for i := range 5 * maxYoung {
		if asset, ok := known.find(keyOf(i)); ok {
			found++
			if asset != assetOf(i) {
				t.Fatalf("%d is %s", i, asset)
			}
		}
	}
	if found < maxYoung || found > 2*maxYoung {
		t.Errorf("%d of %d are remembered", found, 5*maxYoung)
	}
}

// TestForgottenAccountAsset: what is forgotten between the question and the answer is
// looked up again.
func TestForgottenAccountAsset(t *testing.T) {
	t.Parallel()
	b, c := newBookOf(t, 2)
	ask := func(a wire.Assets) { _, _ = a.ByAccount("a1") }
	if _, err := resolve(t.Context(), b.assets, ask); err != nil {
		t.Fatal(err)
	}
	assets, err := resolve(t.Context(), b.assets, ask)
	if err != nil {
		t.Fatal(err)
	}
	c.reads()
	clear(b.assets.accounts.young)
	asset, err := assets.ByAccount("a1")
	if accounts, _ := c.reads(); err != nil || asset.Code != "USD" || accounts != 1 {
		t.Errorf("%s, %v after %d reads", asset, err, accounts)
	}
	clear(b.assets.accounts.young)
	c.fail.Store(&ledger.Error{Code: ledger.ErrOverloaded})
	assets, err = resolve(t.Context(), b.assets, func(wire.Assets) {})
	if err == nil {
		_, err = assets.ByAccount("a1")
	}
	if !errors.Is(err, ledger.ErrOverloaded) {
		t.Errorf("got %v", err)
	}
}

// TestAssetBookAtOnce is for the race detector: many resolve while accounts are opened,
// assets registered, and all is forgotten again and again.
func TestAssetBookAtOnce(t *testing.T) {
	t.Parallel()
	b, c := newBookOf(t, 100)
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			for i := range 200 {
				code := fmt.Sprintf("C%d_%d", worker, i/20)
				asset := ledger.Asset{Code: code, Scale: uint8(worker)}
				if _, err := c.RegisterAsset(t.Context(), asset); err != nil {
					t.Error(err)
				}
				id := fmt.Sprintf("a%d", (i*7+worker)%100)
				assets, err := resolve(t.Context(), b.assets, func(a wire.Assets) { _, _ = a.ByAccount(id); _, _ = a.ByCode(code); _, _ = a.ByAccount("missing") })
				if err != nil {
					t.Error(err)
					return
				}
				byAccount, err := assets.ByAccount(id)
				byCode, codeErr := assets.ByCode(code)
				_, missing := assets.ByAccount("missing")
				if errors.Join(err, codeErr) != nil || byAccount.Code != "USD" || byCode != asset || !errors.Is(missing, ledger.ErrNotFound) {
					t.Errorf("%v, %v, %v, %v, %v", byAccount, err, byCode, codeErr, missing)
				}
				if i%50 == 0 {
					b.assets.accounts.mu.Lock()
					clear(b.assets.accounts.young)
					b.assets.accounts.mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
}
