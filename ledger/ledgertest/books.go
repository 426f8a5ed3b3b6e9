package ledgertest

import (
	"errors"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

var (
	usd = ledger.Asset{Code: "USD", Scale: 2}
	eur = ledger.Asset{Code: "EUR", Scale: 2}
	jpy = ledger.Asset{Code: "JPY", Scale: 0}
)

// books is a service under test, with the steps that tests are made of. A step
// that must succeed ends the test if it does not.
type books struct {
	testing.TB
	service ledger.Service
}

func units(n int64) ledger.Amount { return ledger.NewAmount(n) }

func (b *books) open(requests ...ledger.AccountRequest) {
	b.Helper()
	for _, request := range requests {
		if request.Asset == (ledger.Asset{}) {
			request.Asset = usd
		}
		if _, err := b.service.OpenAccount(b.Context(), request); err != nil {
			b.Fatalf("open account %q: %v", request.ID, err)
		}
	}
}

func (b *books) openAll(ids ...string) {
	b.Helper()
	for _, id := range ids {
		b.open(ledger.AccountRequest{ID: id})
	}
}

func (b *books) deposit(id, account string, amount int64) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.Deposit(b.Context(), ledger.Deposit{ID: id, Account: account, Asset: usd, Amount: units(amount)})
	if err != nil {
		b.Fatalf("deposit %q: %v", id, err)
	}
	if outcome.Result != ledger.Applied {
		b.Fatalf("deposit %q was %s", id, outcome.Result)
	}
	return *outcome.Transaction
}

// move is a transaction in US dollars that takes an amount from one account to
// another.
func move(id, from, to string, amount int64) ledger.TransactionRequest {
	return moveAsset(id, from, to, usd, amount)
}

func moveAsset(id, from, to string, asset ledger.Asset, amount int64) ledger.TransactionRequest {
	return ledger.TransactionRequest{ID: id, Entries: []ledger.EntryRequest{
		{Account: from, Side: ledger.Debit, Asset: asset, Amount: units(amount)},
		{Account: to, Side: ledger.Credit, Asset: asset, Amount: units(amount)},
	}}
}

func (b *books) post(request ledger.TransactionRequest) ledger.Transaction {
	b.Helper()
	outcome, err := b.service.Post(b.Context(), request)
	if err != nil {
		b.Fatalf("post %q: %v", request.ID, err)
	}
	if outcome.Result != ledger.Applied {
		b.Fatalf("post %q was %s", request.ID, outcome.Result)
	}
	return *outcome.Transaction
}

// refused posts a request and demands that it is refused with the code.
func (b *books) refused(code ledger.Code, request ledger.TransactionRequest) ledger.Error {
	b.Helper()
	outcome, err := b.service.Post(b.Context(), request)
	if outcome.Result != ledger.Rejected {
		b.Fatalf("post %q was %s, want rejected with %s", request.ID, outcome.Result, code)
	}
	return b.failed(code, err)
}

// failed demands that err has the code, and returns what it says.
func (b *books) failed(code ledger.Code, err error) ledger.Error {
	b.Helper()
	e, ok := errors.AsType[*ledger.Error](err)
	if !ok || e.Code != code || !errors.Is(err, code) {
		b.Fatalf("got error %v, want one with the code %s", err, code)
	}
	if e.Message == "" {
		b.Errorf("the error with code %s says nothing", code)
	}
	return *e
}

func (b *books) account(id string) ledger.Account {
	b.Helper()
	account, err := b.service.Account(b.Context(), id)
	if err != nil {
		b.Fatalf("account %q: %v", id, err)
	}
	return account
}

func (b *books) wantPosted(id string, want int64) {
	b.Helper()
	if got := b.account(id).Posted(); got != units(want) {
		b.Errorf("account %q has a balance of %s, want %d", id, got, want)
	}
}

// entries returns all entries of an account, oldest first, read in pages.
func (b *books) entries(account string) []ledger.Entry {
	b.Helper()
	var all []ledger.Entry
	query := ledger.EntryQuery{Account: account, OldestFirst: true, Limit: 7}
	for {
		page, err := b.service.Entries(b.Context(), query)
		if err != nil {
			b.Fatalf("entries of %q: %v", account, err)
		}
		all = append(all, page.Entries...)
		if !page.More {
			return all
		}
		query.After = new(page.Entries[len(page.Entries)-1].Key())
	}
}

// check proves, while nobody writes, that the named accounts and the world
// accounts of their assets keep the rules that always hold.
func (b *books) check(ids ...string) {
	b.Helper()
	worlds := make(map[string]bool)
	for _, id := range ids {
		worlds[ledger.WorldID(b.account(id).Asset.Code)] = true
	}
	for world := range worlds {
		ids = append(ids, world)
	}
	accounts, err := b.service.Accounts(b.Context(), ids)
	if err != nil {
		b.Fatalf("accounts: %v", err)
	}
	totals := make(map[ledger.Asset]ledger.Amount)
	for _, account := range accounts {
		b.checkEntries(account)
		difference, err := account.Balance.Debits.Sub(account.Balance.Credits)
		if err != nil {
			b.Fatal(err)
		}
		if totals[account.Asset], err = totals[account.Asset].Add(difference); err != nil {
			b.Fatal(err)
		}
	}
	for asset, total := range totals {
		if total.Sign() != 0 {
			b.Errorf("debits less credits of %s are %s, want 0", asset, total)
		}
	}
}

// checkEntries proves that the entries of an account are numbered without a gap
// in each stripe, that each has the balance of those before it, that their times
// never run backwards, and that they make up the account's totals.
func (b *books) checkEntries(account ledger.Account) {
	b.Helper()
	var total ledger.Balance
	type chain struct {
		sequence uint64
		balance  ledger.Balance
		last     ledger.Entry
	}
	chains := make(map[uint8]*chain)
	count := uint64(0)
	for i, e := range b.entries(account.ID) {
		c := chains[e.Stripe]
		if c == nil {
			c = &chain{}
			chains[e.Stripe] = c
		}
		opening := e.Sequence == 0 && i == 0 && !ledger.IsWorldID(account.ID)
		if !opening {
			c.sequence++
			count++
		}
		addEntry(b, &total, e)
		addEntry(b, &c.balance, e)
		if e.Account != account.ID || e.Asset != account.Asset {
			b.Errorf("entry %d of %q is of account %q in %s", e.Sequence, account.ID, e.Account, e.Asset)
		}
		if e.Sequence != c.sequence {
			b.Errorf("an entry of %q has number %d, want %d", account.ID, e.Sequence, c.sequence)
		}
		if want := c.balance.Posted(account.Normal); e.Balance != want {
			b.Errorf("entry %d of %q has balance %s, want %s", e.Sequence, account.ID, e.Balance, want)
		}
		if e.RecordedAt.Before(c.last.RecordedAt) {
			b.Errorf("entry %d of %q is recorded at %s, before the one before it", e.Sequence, account.ID, e.RecordedAt)
		}
		c.last = e
	}
	if total != account.Balance {
		b.Errorf("account %q has totals %v, its entries make up %v", account.ID, account.Balance, total)
	}
	if count != account.Sequence {
		b.Errorf("account %q has sequence %d and %d entries", account.ID, account.Sequence, count)
	}
}

func addEntry(t testing.TB, total *ledger.Balance, e ledger.Entry) {
	t.Helper()
	moved := ledger.Balance{Credits: e.Amount}
	if e.Side == ledger.Debit {
		moved = ledger.Balance{Debits: e.Amount}
	}
	sum, err := total.Add(moved)
	if err != nil {
		t.Fatal(err)
	}
	*total = sum
}

func codeOf(err error) ledger.Code {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return e.Code
	}
	return ""
}
