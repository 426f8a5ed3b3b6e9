package postgres

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/seed-d432d95b/ledger/ledger"
)

// flaw is a way in which the books can be broken that [ledger.Ledger.Verify] does not see
// in what it reads.
type flaw struct {
	check ledger.Check
	// statement returns a row for each finding: the account, the stripe and the
	// transaction that it is about, and two texts for the message, in which they stand for
	// @account, @stripe, @transaction, @a and @b.
	statement, message string
	// ofWhole is set if only all of the books can tell it.
	ofWhole bool
}

// flawRow is a row of a flaw's statement.
type flawRow struct {
	account, transaction string
	stripe               uint8
	a, b                 string
}

func readFlawRow(r *row) flawRow {
	return flawRow{account: r.text(), stripe: uint8(r.number("stripe", 0, stripes-1)), transaction: r.text(), a: r.text(), b: r.text()}
}

// finding returns what is told of the row.
func (f *flaw) finding(r *flawRow) ledger.Finding {
	message := strings.NewReplacer(
		"@account", strconv.Quote(r.account), "@stripe", strconv.Itoa(int(r.stripe)), "@transaction", strconv.Quote(r.transaction),
		"@a", r.a, "@b", r.b, "@qa", strconv.Quote(r.a), "@qb", strconv.Quote(r.b),
	).Replace(f.message)
	return ledger.Finding{Check: f.check, Account: r.account, Stripe: r.stripe, Transaction: r.transaction, Message: message}
}

// Flaws implements [ledger.Inspection]. Rows that should not be there of metadata, of
// what is listed as pending, and of keys that are there twice, are looked for in the
// whole of the books alone, and so are sums of corrections unless the scope is an account:
// a part has no key to find them by.
func (i *inspection) Flaws(ctx context.Context, scope ledger.Scope) iter.Seq2[ledger.Finding, error] {
	return func(yield func(ledger.Finding, error) bool) {
		if err := i.keep(ctx, scope); err != nil {
			yield(ledger.Finding{}, err)
			return
		}
		for _, f := range allFlaws() {
			if f.ofWhole && !scope.IsWhole() {
				continue
			}
			for found, err := range newCursor(i, scope, f.statement, readFlawRow).all(ctx) {
				if err != nil {
					yield(ledger.Finding{}, err)
					return
				}
				if !yield(f.finding(found), nil) {
					return
				}
			}
		}
		if scope.Since.IsZero() {
			i.correctionFlaws(ctx, scope, yield)
		}
	}
}

func allFlaws() []flaw {
	var flaws []flaw
	for _, some := range [][]flaw{accountFlaws(), transactionFlaws(), pendingFlaws(), metadataFlaws(), keyFlaws()} {
		flaws = append(flaws, some...)
	}
	return flaws
}

// accountFlaws are those of accounts and their balances.
func accountFlaws() []flaw {
	return []flaw{
		{check: ledger.CheckLinks, ofWhole: true, message: "the ledger has no row of its own; it should be in ledger.ledgers under the number @a", statement: `
SELECT '', 0, '', $1::text, '' WHERE NOT EXISTS (SELECT FROM ledger.ledgers WHERE id = $1)`},
		{check: ledger.CheckLinks, message: "account @account has no balance, and should have one", statement: `@with
SELECT a.id, 0, '', '', '' FROM @accounts AS a
WHERE NOT EXISTS (SELECT FROM ledger.balances WHERE ledger = $1 AND account = a.id@each)`},
		{check: ledger.CheckLinks, message: "stripe @stripe of account @account has a balance, but there is no such account", statement: `@with
SELECT b.account, b.stripe, '', '', '' FROM @balances AS b
WHERE NOT EXISTS (SELECT FROM ledger.accounts WHERE ledger = $1 AND id = b.account@each)`},
		{check: ledger.CheckStored, message: "account @account has @a stripes; a world account should have 16, 0 to 15", statement: `@with
SELECT b.account, 0, '', count(DISTINCT b.stripe)::text, '' FROM @stripes AS b
WHERE b.account LIKE 'world:%' GROUP BY b.account HAVING count(DISTINCT b.stripe) <> 16`},
		{check: ledger.CheckLinks, ofWhole: true, message: "there are accounts in @qa, and should be its world account, @account", statement: `
SELECT 'world:' || b.asset, 0, '', b.asset, '' FROM (SELECT DISTINCT asset FROM ledger.balances WHERE ledger = $1) AS b
WHERE NOT EXISTS (SELECT FROM ledger.balances WHERE ledger = $1 AND account = 'world:' || b.asset)`},
		{check: ledger.CheckStored, message: "account @account has a fingerprint of @a bytes; it should have 32", statement: `@with
SELECT a.id, 0, '', coalesce(octet_length(a.fingerprint), 0)::text, '' FROM @accounts AS a WHERE octet_length(a.fingerprint) IS DISTINCT FROM 32`},
	}
}

// transactionFlaws are those of transactions.
func transactionFlaws() []flaw {
	return []flaw{
		{check: ledger.CheckStored, message: "transaction @transaction has a fingerprint of @a bytes; it should have 32", statement: `@with
SELECT '', 0, t.id, coalesce(octet_length(t.fingerprint), 0)::text, '' FROM @transactions AS t WHERE octet_length(t.fingerprint) IS DISTINCT FROM 32`},
		{check: ledger.CheckLinks, message: "transaction @transaction is related to @qa, which is not there", statement: `@with
SELECT '', 0, t.id, t.related, '' FROM @transactions AS t
WHERE t.related IS NOT NULL AND NOT EXISTS (SELECT FROM ledger.transactions WHERE ledger = $1 AND id = t.related@each)`},
	}
}
