package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// verifier is a verification under way.
type verifier struct {
	query      VerifyQuery
	inspection Inspection
	now        time.Time
	done       Verification
	// err ends the verification.
	err error
	// assets are those that the ledger has totals of, by their codes.
	assets map[string]Asset
	// sums are those of all entries, if the scope is whole.
	sums map[Asset]Balance
	// tight are the accounts about which the reservations decide whether they keep to
	// their limits.
	tight map[string]*tightAccount
}

func newVerifier(query VerifyQuery) *verifier {
	return &verifier{query: query, assets: make(map[string]Asset), sums: make(map[Asset]Balance), tight: make(map[string]*tightAccount)}
}

// verify does all of it.
func (v *verifier) verify(ctx context.Context, inspection Inspection) error {
	v.inspection, v.now = inspection, inspection.Now()
	v.done.Now = v.now
	for _, part := range []func(context.Context){
		v.verifyTotals, v.verifyChains, v.verifySums, v.verifyRecords, v.verifyTight, v.verifyFlaws,
	} {
		if part(ctx); v.err != nil {
			return v.err
		}
	}
	v.tellProgress()
	return nil
}

// goesOn says whether to go on reading.
func (v *verifier) goesOn(ctx context.Context) bool {
	if v.err == nil {
		v.err = ctx.Err()
	}
	return v.err == nil
}

// report tells of a finding.
func (v *verifier) report(f Finding) {
	if v.err != nil {
		return
	}
	v.done.Findings++
	if v.query.Found != nil {
		v.err = v.query.Found(f)
	}
}

// isUnreadable says whether what was yielded beside err is of no use, for it cannot be
// read, which is a finding at its place, or because the verification ends.
func (v *verifier) isUnreadable(err error, place Finding) bool {
	switch {
	case err == nil:
		return false
	case !errors.Is(err, ErrInternal):
		v.err = err
	default:
		place.Check, place.Message = CheckStored, err.Error()
		v.report(place)
	}
	return true
}

// progressEvery is how many accounts, entries and transactions are read between two
// calls of Progress.
const progressEvery = 1024

// counted tells the progress, after one of the counts went up.
func (v *verifier) counted() {
	if p := v.done.Counts; (p.Accounts+p.Entries+p.Transactions)%progressEvery == 0 {
		v.tellProgress()
	}
}

func (v *verifier) tellProgress() {
	if v.query.Progress != nil {
		v.query.Progress(v.done.Counts)
	}
}

// verifyTotals proves that every asset balances.
func (v *verifier) verifyTotals(ctx context.Context) {
	if v.query.Account != "" {
		return
	}
	totals, err := v.inspection.Totals(ctx)
	if v.isUnreadable(err, Finding{}); v.err != nil {
		return
	}
	for _, t := range totals {
		if !t.IsBalanced() {
			v.report(Finding{Check: CheckBalanced, Message: fmt.Sprintf("all accounts in %s were debited %s and credited %s, which should be equal",
				t.Asset.Code, t.Asset.Format(t.Debits), t.Asset.Format(t.Credits))})
		}
		if _, has := v.assets[t.Asset.Code]; !has {
			v.assets[t.Asset.Code] = t.Asset
		}
		if v.query.IsWhole() {
			// What the entries add up to is taken off again.
			v.sums[t.Asset] = Balance{Debits: t.Debits, Credits: t.Credits}
		}
	}
}

// addSum counts an entry of the ledger as a whole.
func (v *verifier) addSum(e *Entry) {
	if !v.query.IsWhole() {
		return
	}
	left := v.sums[e.Asset]
	if e.Side == Debit {
		left.Debits = left.Debits.wrappingSub(e.Amount)
	} else {
		left.Credits = left.Credits.wrappingSub(e.Amount)
	}
	v.sums[e.Asset] = left
}

// verifySums proves that the totals of each asset are those of all entries.
func (v *verifier) verifySums(context.Context) {
	for _, asset := range sortedAssets(v.sums) {
		left := v.sums[asset]
		if left.Debits.Sign() == 0 && left.Credits.Sign() == 0 {
			continue
		}
		v.report(Finding{Check: CheckSums, Message: fmt.Sprintf(
			"the totals of all accounts in %s should be those of all entries; the debits are %s more, the credits %s",
			asset.Code, asset.Format(left.Debits), asset.Format(left.Credits))})
	}
}

// verifyFlaws passes on what the store finds wrong itself.
func (v *verifier) verifyFlaws(ctx context.Context) {
	for flaw, err := range v.inspection.Flaws(ctx, v.query.Scope) {
		if !v.goesOn(ctx) {
			return
		}
		if !v.isUnreadable(err, flaw) {
			v.report(flaw)
		}
	}
}

// money is an amount of an asset for people; in units, if the asset is not known.
func money(asset Asset, amount Amount) string {
	if asset == (Asset{}) {
		return amount.String() + " units"
	}
	return asset.Format(amount) + " " + asset.Code
}

// nameOf names an account, or a stripe of a world account, for people.
func nameOf(account string, stripe uint8) string {
	if !IsWorldID(account) {
		return fmt.Sprintf("account %q", account)
	}
	return fmt.Sprintf("stripe %d of account %q", stripe, account)
}

// units is an amount on a side whose asset is not known, for people.
func units(side Side, amount Amount) string {
	return fmt.Sprintf("a %s of %s units", side, amount)
}
