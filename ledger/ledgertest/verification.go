package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// Verification is the suite about proving books that are right: nothing is found
// wrong, whatever they have. It takes stores, for over a server there is no proof.
func Verification(t *testing.T, newStore NewStore) {
	t.Helper()
	world, later := ledger.WorldID("USD"), time.Hour
	runScenarios(t, FromStore(newStore), []scenario{
		{"an empty ledger is right", func(b *books) {
			if done := b.verifyWhole(); done.Counts != (ledger.Counts{}) || done.Now.IsZero() {
				b.Errorf("got %+v", done)
			}
		}},
		{"what is read is counted", func(b *books) {
			b.openAll("a", "b")
			b.open(ledger.AccountRequest{ID: "c", OpeningBalance: units(5)})
			b.deposit("d", "a", 10)
			b.post(hold("h", "a", "b", 3))
			want := ledger.Counts{Accounts: 4, Entries: 4, Transactions: 3}
			if done := b.verifyWhole(); done.Counts != want {
				b.Errorf("all of it has %+v, want %+v", done.Counts, want)
			}
			// An opening balance has no number, but the world's entry has.
			want.Entries--
			if counts, err := b.service.(verifier).Count(b.Context()); err != nil || counts != want {
				b.Errorf("it is said to have %+v, %v, want %+v", counts, err, want)
			}
			want = ledger.Counts{Accounts: 1, Entries: 1, Transactions: 2}
			if done := verify(b, b.service, ledger.Scope{Account: "a"}); done.Counts != want {
				b.Errorf("the account has %+v, want %+v", done.Counts, want)
			}
			at := b.instant()
			b.deposit("d2", "a", 10)
			// The entries before those on the account, and on the stripe if it had one.
			done := verify(b, b.service, ledger.Scope{Since: at.Add(time.Microsecond)})
			if done.Accounts != 2 || done.Transactions != 1 || done.Entries < 3 || done.Entries > 4 {
				b.Errorf("since then it has %+v", done.Counts)
			}
			done = verify(b, b.service, ledger.Scope{Since: b.now().Add(later)})
			if done.Counts != (ledger.Counts{}) {
				b.Errorf("what is ahead has %+v", done.Counts)
			}
		}},
		{"an account that is not there is not found", func(b *books) {
			for _, id := range []string{"nobody", "a\x00b", world} {
				_, err := b.service.(verifier).Verify(b.Context(), ledger.VerifyQuery{Scope: ledger.Scope{Account: id}})
				b.failed(ledger.ErrNotFound, err)
			}
		}},
		{"whoever asks is told how far it is, and can end it", func(b *books) {
			b.openAll("a")
			b.deposit("d", "a", 1)
			var told ledger.Counts
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			query := ledger.VerifyQuery{Progress: func(p ledger.Counts) { told = p }}
			done, err := b.service.(verifier).Verify(ctx, query)
			if err != nil || told != done.Counts || told.Entries != 2 {
				b.Errorf("was told %+v of %+v, %v", told, done, err)
			}
			cancel()
			if _, err := b.service.(verifier).Verify(ctx, query); !errors.Is(err, context.Canceled) {
				b.Errorf("got %v", err)
			}
		}},
		{"of holds, in every state", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", OpeningBalance: units(100)}, ledger.AccountRequest{ID: "b", Normal: ledger.Debit, Unlimited: true})
			b.post(hold("whole", "a", "b", 5))
			b.settle(whole("whole"))
			b.post(hold("part", "a", "b", 5))
			b.settle(part("part", 2))
			b.reverse("undo-part", "part")
			b.post(hold("void", "a", "b", 5))
			b.void("void")
			b.post(hold("open", "a", "b", 5))
			b.post(hold("inside", "a", "a", 5))
			b.post(pending(ledger.TransactionRequest{ID: "many", Entries: []ledger.EntryRequest{
				leg("a", ledger.Debit, 3), leg("a", ledger.Debit, 4), leg("b", ledger.Credit, 2), leg(world, ledger.Credit, 5),
			}}))
			b.post(hold("world", world, world, 5))
			b.settle(part("world", 4))
			b.post(hold("world-open", world, world, 5))
			ends := b.holdFor(move("ends", "a", "b", 5), shortly)
			b.verifySome([]string{"a", "b"})
			b.waitUntil(ends.ExpiresAt)
			b.verifySome([]string{"a", "b"})
			b.deposit("sweeps", "a", 1)
			b.verifySome([]string{"a", "b"})
		}},
		{"of an account below its minimum from the start", func(b *books) {
			b.open(ledger.AccountRequest{ID: "a", MinBalance: units(50), OpeningBalance: units(20)}, ledger.AccountRequest{ID: "b", MinBalance: units(50)})
			b.deposit("d", "a", 1)
			b.verifySome([]string{"a", "b"})
		}},
		{"of what is reserved beyond the minimum by holds that have expired", func(b *books) {
			b.openAll("a", "b", "c")
			b.deposit("d", "a", 10)
			ends := b.holdFor(move("ends", "a", "b", 8), shortly)
			b.waitUntil(ends.ExpiresAt)
			b.post(move("out", "a", "b", 7))
			b.post(move("back", "b", "a", 7))
			second := b.holdFor(move("second", "a", "c", 9), shortly)
			b.waitUntil(second.ExpiresAt)
			b.post(move("rest", "a", "b", 10))
			if _, err := b.service.ChangeAccount(b.Context(), "c", ledger.AccountChange{Status: ledger.StatusClosed}); err != nil {
				b.Error(err)
			}
			b.verifySome([]string{"a", "b", "c"})
		}},
		{"of transactions of many entries, and several on one account", func(b *books) {
			accounts := b.openMany(10)
			request := ledger.TransactionRequest{ID: "many"}
			for i := range ledger.MaxEntries {
				side := ledger.Credit
				if i%2 == 0 {
					side = ledger.Debit
				}
				account := world
				if i%4 > 0 {
					account = accounts[i/4%10]
				}
				request.Entries = append(request.Entries, leg(account, side, 1))
			}
			for i, id := range accounts {
				b.deposit(fmt.Sprint("d", i), id, 1000)
			}
			b.post(request)
			b.reverse("undo", "many")
			b.post(pending(ledger.TransactionRequest{ID: "held", Entries: request.Entries}))
			b.verifySome(accounts)
			b.settle(whole("held"))
			b.verifySome(accounts)
		}},
		{"of what took effect earlier", func(b *books) {
			b.openAll("a", "b")
			early := move("early", world, "a", 5)
			early.EffectiveAt = b.now().Add(-later)
			b.post(early)
			held := hold("held", "a", "b", 2)
			held.EffectiveAt = early.EffectiveAt
			b.post(held)
			b.settle(whole("held"))
			b.post(hold("plain", "a", "b", 2))
			b.settle(whole("plain"))
			b.verifySome([]string{"a", "b"})
		}},
	})
}
