package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The statements that find accounts. Each walks one index from the account $1 on,
// or from the time $3 if $1 is empty, and has a text for each direction. The account
// $1 is among what it returns, so that it is known to be there.
const (
	findNewest = findHead + walkOpened + findWhere + towardsOldest + findTail
	findOldest = findHead + walkOpened + findWhere + towardsNewest + findTail

	findPrefixNewest = findHead + walkPrefix + findWhere + towardsOldest + findTail
	findPrefixOldest = findHead + walkPrefix + findWhere + towardsNewest + findTail

	findPairNewest = findHead + walkPair + findWhere + wherePair + towardsOldest + findTail
	findPairOldest = findHead + walkPair + findWhere + wherePair + towardsNewest + findTail

	findHead = accountsHead + `(
	WITH start AS MATERIALIZED (
		SELECT opened_at, id FROM ledger.accounts WHERE ledger = $2 AND id = $1::text
		UNION ALL
		SELECT $3::text::timestamptz, '' WHERE $1::text = ''
	)
	SELECT id FROM start WHERE id <> ''
	UNION ALL
	SELECT f.id FROM start AS s CROSS JOIN LATERAL (
		SELECT a.id FROM `

	// All accounts, in the order in which they were opened.
	walkOpened = `(SELECT ledger, id, opened_at FROM ledger.accounts WHERE opened_at > '-infinity')`
	// Those whose ids have a prefix; all of them are sorted for each page.
	walkPrefix = `(SELECT ledger, id, opened_at FROM ledger.accounts WHERE ledger = $2 AND id >= $7::text AND id < $8::text OFFSET 0)`
	// Those with a pair of metadata, in the order in which they were opened.
	walkPair = `(SELECT ledger, key, value, opened_at, account AS id FROM ledger.account_metadata)`

	// OFFSET keeps what is looked up for each account from becoming a join, or a
	// table that is read as a whole.
	findWhere = ` AS a
		WHERE a.ledger = $2
			AND ($5::text = '' AND $6::smallint = 0 OR EXISTS (
				SELECT FROM ledger.balances WHERE ledger = $2 AND account = a.id AND stripe = 0
					AND ($5 = '' OR asset = $5) AND ($6 = 0 OR status = $6)
				OFFSET 0
			))`
	wherePair = `
			AND a.key = $9::text AND a.value = $10::text AND a.id >= $7::text AND a.id < $8::text
			AND ($11::text = '' OR EXISTS (
				SELECT FROM ledger.accounts WHERE ledger = $2 AND id = a.id AND metadata @> nullif($11, '')::jsonb OFFSET 0
			))`

	towardsOldest = `
			AND (a.opened_at, a.id) < (s.opened_at, s.id)
		ORDER BY a.opened_at DESC, a.id DESC LIMIT $4`
	towardsNewest = `
			AND (a.opened_at, a.id) > (s.opened_at, s.id)
		ORDER BY a.opened_at, a.id LIMIT $4`

	findTail = `
	) AS f
)` + accountsTail
)

// accountFinder returns the statement that finds what the query describes, and what
// it takes.
func accountFinder(book int32, query ledger.AccountQuery) (statement string, arguments []any) {
	newest, oldest := findNewest, findOldest
	arguments = []any{query.After, book, start(query.OldestFirst), query.Limit, query.Asset, int16(query.Status)}
	if len(query.Metadata) > 0 || query.Prefix != "" {
		newest, oldest = findPrefixNewest, findPrefixOldest
		arguments = append(arguments, query.Prefix, pastPrefix(query.Prefix))
	}
	if len(query.Metadata) > 0 {
		newest, oldest = findPairNewest, findPairOldest
		key, others := firstPair(query.Metadata)
		arguments = append(arguments, key, query.Metadata[key], others)
	}
	if query.OldestFirst {
		return oldest, arguments
	}
	return newest, arguments
}

func findAccounts(ctx context.Context, q querier, book int32, query ledger.AccountQuery) ([]ledger.Account, error) {
	statement, arguments := accountFinder(book, query)
	found := make(map[string]ledger.Account)
	var row accountRow
	err := q.query(ctx, statement, arguments, row.fields(), func() error {
		account := row.read()
		found[account.ID] = account
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, ok := found[query.After]; !ok && query.After != "" {
		return nil, ledger.NoAccount(query.After)
	}
	delete(found, query.After)
	accounts := slices.SortedFunc(maps.Values(found), func(a, b ledger.Account) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), strings.Compare(a.ID, b.ID))
	})
	if !query.OldestFirst {
		slices.Reverse(accounts)
	}
	return accounts, nil
}

// start is the time that a walk starts from.
func start(oldestFirst bool) string {
	if oldestFirst {
		return "-infinity"
	}
	return "infinity"
}

// firstPair returns the key of the pair of metadata to find by, and all pairs as
// JSON, or nothing if there is no other.
func firstPair(metadata ledger.Metadata) (key, others string) {
	key = slices.Min(slices.Collect(maps.Keys(metadata)))
	if len(metadata) > 1 {
		others = pairsText(metadata)
	}
	return key, others
}

// pastPrefix returns a text that comes, in the order of bytes, after all ids with the
// prefix and before all that come after them. It has the next character in the place
// of the prefix's last, for it must be valid UTF-8.
func pastPrefix(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch last {
		case utf8.MaxRune:
		case surrogatesBegin - 1:
			return prefix + string(rune(surrogatesEnd))
		default:
			return prefix + string(last+1)
		}
	}
	return strings.Repeat(string(utf8.MaxRune), ledger.MaxID)
}

// The code points that UTF-8 leaves out.
const (
	surrogatesBegin = 0xd800
	surrogatesEnd   = 0xe000
)

// FindAccounts implements [ledger.Reader].
func (b *book) FindAccounts(ctx context.Context, query ledger.AccountQuery) (accounts []ledger.Account, err error) {
	err = b.read(ctx, func(ctx context.Context) (err error) {
		accounts, err = findAccounts(ctx, b.querier, b.id, query)
		return err
	})
	return accounts, err
}

// FindAccounts implements [ledger.Reader].
func (b *joinedBook) FindAccounts(ctx context.Context, query ledger.AccountQuery) (accounts []ledger.Account, err error) {
	err = b.read(func(q querier) (err error) {
		accounts, err = findAccounts(ctx, q, b.id, query)
		return err
	})
	return accounts, err
}
