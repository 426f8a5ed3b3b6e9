package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/seed-d432d95b/ledger/ledger"
)

const (
	// zipfExponent is how steep the Zipf distribution is: with 10,000 accounts the
	// first is in about one of seven operations.
	zipfExponent = 1.1
	// maxAmount is the largest amount of an operation, in smallest units.
	maxAmount = 1000
	// entriesRead is how many entries a read asks for.
	entriesRead = 20
)

// benchAsset is what the accounts hold.
func benchAsset() ledger.Asset { return ledger.Asset{Code: "USD", Scale: 2} }

// operation is one operation of a run. It says all that is needed to ask again.
type operation struct {
	number int64
	kind   Kind
	// account is the one that a deposit credits, a transfer or hold debits, and a read
	// reads; other is the one that a transfer or hold credits.
	account, other int
	amount         int64
	// void says that a hold is voided, and not posted.
	void bool
}

// planner makes the operations of a run. It is for one goroutine.
type planner struct {
	config Config
	source *rand.PCG
	random *rand.Rand
	zipf   *rand.Zipf
}

func newPlanner(config Config) *planner {
	source := rand.NewPCG(0, 0)
	random := rand.New(source)
	return &planner{
		config: config, source: source, random: random,
		zipf: rand.NewZipf(random, zipfExponent, 1, uint64(config.Accounts-1)),
	}
}

// plan returns the n-th operation. It depends on the seed and n alone, and not on who
// performs it, so that runs of the same seed do the same whatever their timing.
func (p *planner) plan(n int64) operation {
	p.source.Seed(p.config.Seed, scatter(uint64(n)))
	op := operation{
		number: n,
		kind:   p.config.Mix.kind(p.random.IntN(p.config.Mix.sum())),
		amount: 1 + p.random.Int64N(maxAmount),
		void:   p.random.IntN(2) == 0,
	}
	switch p.config.Spread {
	case Zipf:
		op.account = int(p.zipf.Uint64())
	case Hot:
		op.account = 0
	default:
		op.account = p.random.IntN(p.config.Accounts)
	}
	if op.kind == Transfer || op.kind == Hold {
		// Any but the account itself.
		op.other = (op.account + 1 + p.random.IntN(p.config.Accounts-1)) % p.config.Accounts
	}
	return op
}

// scatter makes numbers that follow each other far apart, as SplitMix64 does, for a
// generator that is seeded with neighbours begins alike.
func scatter(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// performer asks a service for operations.
type performer struct {
	service ledger.Service
	// run begins the ids of a run's transactions.
	run      string
	accounts []string
}

// perform asks for an operation, and again if it was asked for before. What it fails
// with may be a *[inconsistency]. begun says that it failed when a part was done.
func (p performer) perform(ctx context.Context, op operation) (begun bool, err error) {
	id := p.run + "-" + strconv.FormatInt(op.number, 36)
	account := p.accounts[op.account]
	switch op.kind {
	case Deposit:
		_, err = p.service.Deposit(ctx, ledger.Deposit{
			ID: id, Account: account, Asset: benchAsset(), Amount: ledger.NewAmount(op.amount),
		})
		return false, err
	case Transfer:
		_, err = p.service.Post(ctx, p.move(id, op))
		return false, err
	case Hold:
		request := p.move(id, op)
		request.Pending = true
		if _, err := p.service.Post(ctx, request); err != nil {
			return false, err
		}
		if op.void {
			_, err = p.service.VoidPending(ctx, ledger.VoidPendingRequest{Transaction: id})
		} else {
			_, err = p.service.PostPending(ctx, ledger.PostPendingRequest{Transaction: id})
		}
		return err != nil, err
	default:
		return false, p.read(ctx, account)
	}
}

// move is what an operation takes from its account to the other one.
func (p performer) move(id string, op operation) ledger.TransactionRequest {
	amount := ledger.NewAmount(op.amount)
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: p.accounts[op.account], Side: ledger.Debit, Asset: benchAsset(), Amount: amount},
		{Account: p.accounts[op.other], Side: ledger.Credit, Asset: benchAsset(), Amount: amount},
	}}
}

// inconsistency is an answer that contradicts itself, or one before it.
type inconsistency struct{ message string }

func (i *inconsistency) Error() string { return i.message }

// read reads an account and its latest entries, which must be of one moment, and no
// earlier than what was answered before.
func (p performer) read(ctx context.Context, id string) error {
	account, err := p.service.Account(ctx, id)
	if err != nil {
		return err
	}
	page, err := p.service.Entries(ctx, ledger.EntryQuery{Account: id, Limit: entriesRead})
	if err != nil {
		return err
	}
	var latest uint64
	var balance ledger.Amount
	if len(page.Entries) > 0 {
		latest, balance = page.Entries[0].Sequence, page.Entries[0].Balance
	}
	switch {
	case page.Account.Sequence < account.Sequence:
		return &inconsistency{fmt.Sprintf("account %q was read with %d entries after it had been read with %d",
			id, page.Account.Sequence, account.Sequence)}
	case page.Account.Sequence != latest || page.Account.Posted() != balance:
		return &inconsistency{fmt.Sprintf("account %q was read with a balance of %s after %d entries, together with a latest entry %d that says %s",
			id, page.Account.Posted(), page.Account.Sequence, latest, balance)}
	}
	return nil
}
