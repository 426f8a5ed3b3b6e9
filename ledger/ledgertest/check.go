package ledgertest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// pendingIDs has the ids of pending transactions, for several goroutines.
type pendingIDs struct {
	mutex sync.Mutex
	ids   []string
}

// add notes those of the requests that are pending.
func (h *pendingIDs) add(requests ...ledger.TransactionRequest) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, request := range requests {
		if request.Pending && !slices.Contains(h.ids, request.ID) {
			h.ids = append(h.ids, request.ID)
		}
	}
}

// check proves, while nobody writes, that the books keep the rules that always hold:
// on the named accounts, those of the world in their assets, and all together.
func (b *books) check(ids ...string) {
	b.Helper()
	b.checkAccounts(ids...)
	b.checkTotals()
	b.verifySome(ids)
}

// checkTotals proves that every asset balances.
func (b *books) checkTotals() {
	b.Helper()
	balance, err := b.service.TrialBalance(b.Context(), ledger.TrialBalanceQuery{Limit: 1})
	if err != nil {
		b.Fatal(err)
	}
	for _, totals := range balance.Totals {
		if !totals.IsBalanced() {
			b.Errorf("the debits of %s are %s, the credits %s", totals.Asset, totals.Debits, totals.Credits)
		}
	}
}

// checkAccounts proves what check does of the accounts.
func (b *books) checkAccounts(ids ...string) {
	b.Helper()
	worlds := make(map[string]bool)
	for _, id := range ids {
		worlds[ledger.WorldID(b.account(id).Asset.Code)] = true
	}
	for world := range worlds {
		ids = append(ids, world)
	}
	reserved := b.reserved()
	accounts, err := b.service.Accounts(b.Context(), ids)
	if err != nil {
		b.Fatalf("accounts: %v", err)
	}
	totals := make(map[ledger.Asset]ledger.Amount)
	for _, account := range accounts {
		b.checkEntries(account)
		pending := ledger.Balance{PendingDebits: account.Balance.PendingDebits, PendingCredits: account.Balance.PendingCredits}
		if pending != reserved[account.ID] {
			b.Errorf("account %q has %+v pending, its holds make up %+v", account.ID, pending, reserved[account.ID])
		}
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

// reserved returns what the open holds reserve on each account. It waits for those
// that are about to expire.
func (b *books) reserved() map[string]ledger.Balance {
	b.Helper()
	sums := make(map[string]ledger.Balance)
	for _, id := range b.pending.ids {
		t := b.transaction(id)
		if soon := b.now().Add(10 * time.Second); t.Status == ledger.Pending && !t.ExpiresAt.IsZero() && t.ExpiresAt.Before(soon) {
			b.waitUntil(t.ExpiresAt)
			t = b.wantStatus(id, ledger.Expired)
		}
		for i, e := range t.Entries {
			if t.Status != ledger.Pending || ledger.IsWorldID(e.Account) {
				continue
			}
			moved := ledger.Balance{PendingCredits: t.Reserved[i]}
			if e.Side == ledger.Debit {
				moved = ledger.Balance{PendingDebits: t.Reserved[i]}
			}
			sum, err := sums[e.Account].Add(moved)
			if err != nil {
				b.Fatal(err)
			}
			sums[e.Account] = sum
		}
	}
	return sums
}

// checkEntries proves that the entries of an account are numbered without a gap
// in each stripe, that each has the totals of those before it, that their times
// never run backwards and are not before their effective ones, and that they make up
// the account's totals.
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
		if want := c.balance.Posted(account.Normal); e.Balance != want || e.Debits != c.balance.Debits || e.Totals(account.Normal) != c.balance {
			b.Errorf("entry %d of %q has balance %s and debits of %s, want %s and %s",
				e.Sequence, account.ID, e.Balance, e.Debits, want, c.balance.Debits)
		}
		if e.RecordedAt.Before(c.last.RecordedAt) {
			b.Errorf("entry %d of %q is recorded at %s, before the one before it", e.Sequence, account.ID, e.RecordedAt)
		}
		if e.EffectiveAt.After(e.RecordedAt) || e.EffectiveAt.IsZero() {
			b.Errorf("entry %d of %q is effective at %s and recorded at %s", e.Sequence, account.ID, e.EffectiveAt, e.RecordedAt)
		}
		c.last = e
	}
	posted := ledger.Balance{Debits: account.Balance.Debits, Credits: account.Balance.Credits}
	if total != posted {
		b.Errorf("account %q has totals %+v, its entries make up %+v", account.ID, posted, total)
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
