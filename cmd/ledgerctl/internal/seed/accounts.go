package seed

import (
	"context"
	"fmt"
	"strconv"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The accounts beside those of customers and merchants.
const (
	frozenAccount = "customer-frozen"
	closedAccount = "customer-closed"
)

// money is an asset that people pay in.
type money struct {
	asset ledger.Asset
	// unit is what something cheap costs, in smallest units.
	unit int64
}

// monies are the assets that people pay in, by how many of ten customers have them.
func monies() [10]money {
	usd := money{asset: ledger.Asset{Code: "USD", Scale: 2}, unit: 100}
	eur := money{asset: ledger.Asset{Code: "EUR", Scale: 2}, unit: 100}
	jpy := money{asset: ledger.Asset{Code: "JPY", Scale: 0}, unit: 100}
	return [10]money{usd, eur, usd, jpy, usd, eur, usd, eur, usd, usd}
}

// points is what customers are rewarded with: an asset that is no currency.
func points() ledger.Asset { return ledger.Asset{Code: "POINTS", Scale: 0} }

func customerID(i int) string { return fmt.Sprintf("customer-%05d", i+1) }

func pointsID(i int) string { return customerID(i) + ":points" }

func merchantID(i int, asset ledger.Asset) string {
	return fmt.Sprintf("merchant-%03d:%s", i+1, asset.Code)
}

func feesID(asset ledger.Asset) string { return "fees:" + asset.Code }

// name returns the i-th of the names that there are.
func name(i int) string {
	first := [...]string{
		"Ada", "Bruno", "Chiyo", "Dalia", "Emil", "Farah", "Goran", "Hanna", "Ivo", "Jun",
		"Kemal", "Lucia", "Mira", "Nils", "Oona", "Pablo", "Quinn", "Rosa", "Sven", "Tala",
	}
	last := [...]string{
		"Abe", "Berg", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Haddad", "Ito", "Jansen",
		"Kaya", "Lopez", "Meyer", "Novak", "Okafor", "Petrov", "Rossi", "Silva", "Tanaka",
	}
	return first[i%len(first)] + " " + last[i/len(first)%len(last)]
}

// shop returns the name of the i-th merchant.
func shop(i int) string {
	kinds := [...]string{"Books", "Bicycles", "Coffee", "Flowers", "Games", "Lamps", "Records", "Shoes", "Tea", "Tools", "Toys"}
	return last(name(i*7)) + " " + kinds[i%len(kinds)]
}

// last returns the last name.
func last(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == ' ' {
			return name[i+1:]
		}
	}
	return name
}

// assets yields what is no currency.
func (b *business) assets(yield func(Request) bool) bool {
	asset := points()
	return yield(Request{Asset: &asset})
}

// CheckLedger refuses a ledger that has other books than those of demo data: they would
// be mixed up for good. It looks at who was there first.
func CheckLedger(ctx context.Context, service ledger.Service) error {
	page, err := service.FindAccounts(ctx, ledger.AccountQuery{OldestFirst: true})
	if err != nil {
		return err
	}
	for i := range page.Accounts {
		if a := &page.Accounts[i]; !ledger.IsWorldID(a.ID) && a.Metadata["data"] == "" {
			return fmt.Errorf("the ledger has other books, with account %q; demo data is for a ledger of its own: name one with --ledger, and --create to make it", a.ID)
		} else if !ledger.IsWorldID(a.ID) {
			break
		}
	}
	return nil
}

// accounts yields all accounts. The first ones say which data it is, so that other data
// finds out before anything is written.
func (b *business) accounts(yield func(Request) bool) bool {
	data := strconv.FormatInt(b.config.Transactions, 10) + "/" + strconv.FormatUint(b.config.Seed, 10) + "/" + b.config.epoch().Format("2006-01-02T15:04:05Z")
	open := func(request ledger.AccountRequest) bool { return yield(Request{Account: &request}) }
	for _, code := range [3]int{0, 1, 3} {
		asset := monies()[code].asset
		if !open(ledger.AccountRequest{
			ID: feesID(asset), Name: "Fees in " + asset.Code, Asset: asset, Metadata: ledger.Metadata{"kind": "fees", "data": data},
		}) {
			return false
		}
	}
	for i := range b.merchants {
		for code, asset := range b.assetsOfMoney() {
			if !open(ledger.AccountRequest{
				ID: merchantID(i, asset), Name: shop(i), Asset: asset,
				Metadata: ledger.Metadata{"kind": "merchant", "merchant": strconv.Itoa(i + 1), "settles": [3]string{"daily", "weekly", "monthly"}[code]},
			}) {
				return false
			}
		}
	}
	for i := range b.customers {
		metadata := ledger.Metadata{"kind": "customer", "tier": [4]string{"basic", "basic", "plus", "gold"}[i%4]}
		if !open(ledger.AccountRequest{ID: customerID(i), Name: name(i), Asset: b.money(i).asset, Metadata: metadata}) ||
			!open(ledger.AccountRequest{ID: pointsID(i), Name: name(i), Asset: points(), Metadata: ledger.Metadata{"kind": "points", "customer": customerID(i)}}) {
			return false
		}
	}
	usd := monies()[0].asset
	return open(ledger.AccountRequest{ID: frozenAccount, Name: "Vera Frost", Asset: usd, Metadata: ledger.Metadata{"kind": "customer", "frozen_for": "inquiry"}}) &&
		open(ledger.AccountRequest{ID: closedAccount, Name: "Otto Ende", Asset: usd, Metadata: ledger.Metadata{"kind": "customer", "closed_for": "moved away"}})
}

// assetsOfMoney returns what merchants have an account in each.
func (b *business) assetsOfMoney() [3]ledger.Asset {
	m := monies()
	return [3]ledger.Asset{m[0].asset, m[1].asset, m[3].asset}
}

// statuses yields the changes of status, which come last.
func (b *business) statuses(yield func(Request) bool) bool {
	return yield(Request{Status: &StatusChange{Account: frozenAccount, Status: ledger.StatusFrozen}}) &&
		yield(Request{Status: &StatusChange{Account: closedAccount, Status: ledger.StatusClosed}})
}
