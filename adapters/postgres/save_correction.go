package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/seed-d432d95b/ledger/ledger"
)

// addCorrections adds to the nodes of accounts that are locked, each of which is
// named once.
const addCorrections = `
INSERT INTO ledger.corrections AS c (ledger, account, stripe, level, span, debits, credits)
SELECT $1, u.account, u.stripe, u.level, u.span, u.debits::numeric, u.credits::numeric
FROM unnest($2::text[], $3::smallint[], $4::smallint[], $5::bigint[], $6::text[], $7::text[])
	AS u(account, stripe, level, span, debits, credits)
ON CONFLICT (ledger, account, stripe, level, span)
DO UPDATE SET debits = c.debits + excluded.debits, credits = c.credits + excluded.credits`

func (b *batch) queueCorrections(requests *pgx.Batch) {
	var c correctionColumns
	for i := range b.decision.Corrections {
		c.add(&b.decision.Corrections[i])
	}
	if len(c.account) > 0 {
		requests.Queue(addCorrections, b.ledger, c.account, c.stripe, c.level, c.span, c.debits, c.credits)
	}
}

type correctionColumns struct {
	account, debits, credits []string
	stripe, level            []int16
	span                     []int64
}

func (c *correctionColumns) add(correction *ledger.Correction) {
	c.account = append(c.account, correction.Account)
	c.stripe = append(c.stripe, int16(correction.Stripe))
	c.level = append(c.level, int16(correction.Level))
	c.span = append(c.span, correction.Span)
	c.debits = append(c.debits, correction.Debits.String())
	c.credits = append(c.credits, correction.Credits.String())
}
