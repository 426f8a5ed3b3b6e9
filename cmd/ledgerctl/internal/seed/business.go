package seed

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// round is how many transactions there are before the holds among them are posted or
// voided, and purchases are reversed. Those are single requests, and transactions are
// best sent by the batch.
const round = 500

// business is what happens in the marketplace. It keeps what is available to everybody,
// so that nothing that it asks for is refused, and nothing that grows with the number of
// transactions.
type business struct {
	config Config
	random *rand.Rand
	// customers and merchants are what is available to each, merchants in each money.
	customers []int64
	merchants [][3]int64
	fees      [3]int64
	// n counts the transactions.
	n int64
	// due is what follows at the end of the round.
	due []followUp
	// lastPurchase is the id of the latest purchase and who made it.
	lastPurchase string
	lastCustomer int
}

// sale is what a customer pays to a merchant.
type sale struct {
	id                 string
	customer, merchant int
	money              int
	pays, fee          int64
}

// followUp is what becomes of a sale.
type followUp struct {
	sale
	what what
}

type what uint8

const (
	capture what = iota
	captureHalf
	void
	refund
)

// Requests yields the requests that make the data, in order, and the same ones each
// time. It takes as much memory for a billion as for a hundred thousand. A config that
// is not valid yields nothing.
func Requests(config Config) iter.Seq[Request] {
	return func(yield func(Request) bool) {
		if config.Validate() != nil {
			return
		}
		b := &business{
			config: config, random: rand.New(rand.NewPCG(config.Seed, uint64(config.Transactions))),
			customers: make([]int64, config.customers()), merchants: make([][3]int64, config.merchants()),
		}
		if !b.assets(yield) || !b.accounts(yield) {
			return
		}
		for b.n < config.Transactions {
			for i := 0; i < round && b.n < config.Transactions; i++ {
				request := b.next()
				if !yield(Request{Transaction: &request}) {
					return
				}
			}
			if !b.followUps(yield) {
				return
			}
		}
		b.statuses(yield)
	}
}

// money returns what a customer pays in.
func (b *business) money(customer int) money { return monies()[customer%10] }

// moneyIndex returns which of the three monies that is.
func (b *business) moneyIndex(customer int) int {
	switch b.money(customer).asset.Code {
	case "USD":
		return 0
	case "EUR":
		return 1
	default:
		return 2
	}
}

// next makes the next transaction.
func (b *business) next() ledger.TransactionRequest {
	b.n++
	if b.n == 2 {
		return b.depositToFrozen()
	}
	customer := b.random.IntN(len(b.customers))
	available, unit := b.customers[customer], b.money(customer).unit
	kind := b.random.IntN(100)
	switch {
	case available < 10*unit || kind < 25:
		return b.deposit(customer)
	case kind < 80:
		return b.purchase(customer, false)
	case kind < 89:
		return b.purchase(customer, true)
	case kind < 94:
		if request, ok := b.payout(); ok {
			return request
		}
	case b.lastPurchase != "":
		return b.reward()
	}
	return b.deposit(customer)
}

// id returns the id of the current transaction.
func (b *business) id(kind string) string { return fmt.Sprintf("%s-%07d", kind, b.n) }

// move makes a transaction of two entries.
func (b *business) move(kind, from, to string, asset ledger.Asset, amount int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: b.id(kind), Entries: []ledger.EntryRequest{
		{Account: from, Side: ledger.Debit, Asset: asset, Amount: ledger.NewAmount(amount)},
		{Account: to, Side: ledger.Credit, Asset: asset, Amount: ledger.NewAmount(amount)},
	}}
}

func (b *business) deposit(customer int) ledger.TransactionRequest {
	m := b.money(customer)
	amount := m.unit * (20 + b.random.Int64N(480))
	b.customers[customer] += amount
	request := b.move("deposit", ledger.WorldID(m.asset.Code), customerID(customer), m.asset, amount)
	channel := [3]string{"card", "transfer", "direct debit"}[b.random.IntN(3)]
	request.Description = "paid in by " + channel
	request.Metadata = ledger.Metadata{"kind": "deposit", "channel": channel}
	request.EffectiveAt = b.effectiveAt()
	return request
}

func (b *business) depositToFrozen() ledger.TransactionRequest {
	usd := monies()[0]
	request := b.move("deposit", ledger.WorldID(usd.asset.Code), frozenAccount, usd.asset, 250*usd.unit)
	request.Description = "paid in by card"
	request.Metadata = ledger.Metadata{"kind": "deposit", "channel": "card"}
	return request
}

// effectiveAt dates one of ten transactions back, by up to a year before the epoch: the
// earlier ones by more.
func (b *business) effectiveAt() time.Time {
	if b.random.IntN(10) != 0 {
		return time.Time{}
	}
	const year = 365 * 24 * 60 * 60
	left := float64(b.config.Transactions-b.n) / float64(b.config.Transactions)
	return b.config.epoch().Add(-time.Duration(left*year) * time.Second)
}

// purchase makes a sale, at once or held first.
func (b *business) purchase(customer int, held bool) ledger.TransactionRequest {
	m := b.money(customer)
	s := sale{customer: customer, merchant: b.random.IntN(len(b.merchants)), money: b.moneyIndex(customer)}
	// At least four units, so that half of a fee is something.
	s.pays = 4*m.unit + b.random.Int64N(b.customers[customer]/2-4*m.unit+1)
	s.fee = s.pays * 3 / 100
	b.customers[customer] -= s.pays
	order := strconv.FormatInt(b.n, 10)
	request := ledger.TransactionRequest{
		Description: fmt.Sprintf("order %s at %s", order, shop(s.merchant)),
		Metadata:    ledger.Metadata{"kind": "purchase", "order": order, "merchant": strconv.Itoa(s.merchant + 1)},
	}
	if held {
		s.id = b.id("hold")
		request.Pending, request.ExpiresAt = true, holdsExpire()
		request.Metadata["kind"] = "hold"
		if kind := b.random.IntN(10); kind < 8 { // the rest stays open
			b.due = append(b.due, followUp{s, [8]what{capture, capture, capture, capture, captureHalf, captureHalf, void, void}[kind]})
		}
	} else {
		s.id = b.id("purchase")
		request.EffectiveAt = b.effectiveAt()
		b.merchants[s.merchant][s.money] += s.pays - s.fee
		b.fees[s.money] += s.fee
		b.lastPurchase, b.lastCustomer = s.id, customer
		if b.random.IntN(25) == 0 {
			b.due = append(b.due, followUp{s, refund})
		}
	}
	request.ID, request.Entries = s.id, s.entries(1)
	return request
}

// entries are those of the sale, or of a part of it.
func (s sale) entries(part int64) []ledger.EntryRequest {
	asset := monies()[[3]int{0, 1, 3}[s.money]].asset
	pays, fee := s.pays/part, s.fee/part
	return []ledger.EntryRequest{
		{Account: customerID(s.customer), Side: ledger.Debit, Asset: asset, Amount: ledger.NewAmount(pays)},
		{Account: merchantID(s.merchant, asset), Side: ledger.Credit, Asset: asset, Amount: ledger.NewAmount(pays - fee)},
		{Account: feesID(asset), Side: ledger.Credit, Asset: asset, Amount: ledger.NewAmount(fee)},
	}
}

// payout pays a merchant a part of what it has, if that is enough to be worth it.
func (b *business) payout() (ledger.TransactionRequest, bool) {
	merchant := b.random.IntN(len(b.merchants))
	for i, available := range b.merchants[merchant] {
		if available < 10_000 {
			continue
		}
		amount := available / 2
		b.merchants[merchant][i] -= amount
		asset := b.assetsOfMoney()[i]
		request := b.move("payout", merchantID(merchant, asset), ledger.WorldID(asset.Code), asset, amount)
		request.Description = "payout to " + shop(merchant)
		request.Metadata = ledger.Metadata{"kind": "payout", "merchant": strconv.Itoa(merchant + 1)}
		return request, true
	}
	return ledger.TransactionRequest{}, false
}

// reward gives points for the latest purchase.
func (b *business) reward() ledger.TransactionRequest {
	request := b.move("reward", ledger.WorldID(points().Code), pointsID(b.lastCustomer), points(), 1+b.random.Int64N(100))
	request.Description = "points for a purchase"
	request.Metadata = ledger.Metadata{"kind": "reward"}
	request.Related = b.lastPurchase
	return request
}

// followUps yields what becomes of the sales of a round.
func (b *business) followUps(yield func(Request) bool) bool {
	for _, f := range b.due {
		if request, ok := b.followUp(f); ok && !yield(request) {
			return false
		}
	}
	b.due = b.due[:0]
	return true
}

func (b *business) followUp(f followUp) (Request, bool) {
	net := f.pays - f.fee
	switch f.what {
	case capture:
		b.merchants[f.merchant][f.money] += net
		b.fees[f.money] += f.fee
		return Request{Post: &ledger.PostPendingRequest{Transaction: f.id}}, true
	case captureHalf:
		pays, fee := f.pays/2, f.fee/2
		b.customers[f.customer] += f.pays - pays
		b.merchants[f.merchant][f.money] += pays - fee
		b.fees[f.money] += fee
		return Request{Post: &ledger.PostPendingRequest{Transaction: f.id, Entries: f.entries(2)}}, true
	case void:
		b.customers[f.customer] += f.pays
		return Request{Void: &ledger.VoidPendingRequest{Transaction: f.id}}, true
	default:
		// A merchant that was paid out since may not have it any more.
		if b.n == b.config.Transactions || b.merchants[f.merchant][f.money] < net || b.fees[f.money] < f.fee {
			return Request{}, false
		}
		b.n++
		b.merchants[f.merchant][f.money] -= net
		b.fees[f.money] -= f.fee
		b.customers[f.customer] += f.pays
		return Request{Reversal: &ledger.ReversalRequest{
			ID: b.id("refund"), Transaction: f.id, Description: "goods returned", Metadata: ledger.Metadata{"kind": "refund"},
		}}, true
	}
}
