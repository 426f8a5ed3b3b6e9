package ledgertest

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-d432d95b/ledger/ledger"
)

// verifier is a service that can prove its books. One over a server cannot.
type verifier interface {
	Verify(ctx context.Context, query ledger.VerifyQuery) (ledger.Verification, error)
	Count(ctx context.Context) (ledger.Counts, error)
}

// verify demands that nothing is found wrong in the scope, if the service can tell.
func verify(t testing.TB, service ledger.Service, scope ledger.Scope) (done ledger.Verification) {
	t.Helper()
	v, ok := service.(verifier)
	if !ok {
		return done
	}
	done, err := v.Verify(t.Context(), ledger.VerifyQuery{Scope: scope, Found: func(f ledger.Finding) error {
		t.Errorf("to verify %+v found %+v", scope, f)
		return nil
	}})
	if errors.Is(err, ledger.ErrInvalidRequest) {
		// It is inside a database transaction of the caller's, where there is no proof.
		return done
	}
	if err != nil || done.Findings > 0 {
		t.Errorf("to verify %+v made %+v, %v", scope, done, err)
	}
	return done
}

// verifyWhole proves all of the books.
func (b *books) verifyWhole() ledger.Verification {
	b.Helper()
	return verify(b, b.service, ledger.Scope{})
}

// verifySome proves the books of the first of the accounts and its world account, and
// what was written since some of their entries were. Over a database each proof counts.
func (b *books) verifySome(ids []string) {
	b.Helper()
	if _, ok := b.service.(verifier); !ok {
		return
	}
	for _, id := range ids[:min(1, len(ids))] {
		account := b.account(id)
		b.verifyAccount(id)
		b.verifyAccount(ledger.WorldID(account.Asset.Code))
		verify(b, b.service, ledger.Scope{Since: account.OpenedAt})
	}
}

// verifyAccount proves the books of an account, and those of all since its entries.
func (b *books) verifyAccount(id string) {
	b.Helper()
	verify(b, b.service, ledger.Scope{Account: id})
	page, err := b.service.Entries(b.Context(), ledger.EntryQuery{Account: id, Limit: 50})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < len(page.Entries); i += 1 + len(page.Entries)/2 {
		at := page.Entries[i].RecordedAt
		verify(b, b.service, ledger.Scope{Since: at})
		verify(b, b.service, ledger.Scope{Since: at, Account: id})
	}
}

// verify proves the books of this check's accounts, and all since some of its times.
func (r *random) verify() {
	for id := range r.model.accounts {
		verify(r.testing, r.service, ledger.Scope{Account: id})
	}
	for i := 0; i < len(r.times); i += 1 + len(r.times)/4 {
		// What took effect earlier would have all other checks' books verified.
		if at := r.times[i]; !at.Before(r.began) {
			verify(r.testing, r.service, ledger.Scope{Since: at})
		}
	}
}
