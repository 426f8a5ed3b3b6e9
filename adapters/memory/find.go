package memory

import (
	"context"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The pairs that accounts are listed by beside their metadata: one for all of them,
// and those of their assets, and of their statuses, whose names are no codes. That an
// account is open is no news, and not listed.
func allAccounts() pair                    { return pair{} }
func assetPair(code string) pair           { return pair{value: code} }
func statusPair(status ledger.Status) pair { return pair{value: status.String()} }

// few is what part of a list those items are few of which are cheaper put in order than
// the list is walked.
const few = 16

func (a *account) item() item { return newItem(a.state.OpenedAt, a.id) }

// list adds a new account, or the first stripe of a world account, to the lists.
func (b *book) list(a *account) {
	b.accountIndex.add(a.item(), append(pairsOf(a.state.Metadata), allAccounts(), assetPair(a.asset.Code)))
	b.ids.add(a.id)
}

// relist changes the lists of an account that comes into another state.
func (b *book) relist(a *account, state *ledger.AccountState) {
	if !isSame(a.state.Metadata, state.Metadata) {
		b.accountIndex.remove(a.item(), pairsOf(a.state.Metadata))
		b.accountIndex.add(a.item(), pairsOf(state.Metadata))
	}
	if a.state.Status == state.Status {
		return
	}
	if a.state.Status != ledger.StatusOpen {
		b.accountIndex.remove(a.item(), []pair{statusPair(a.state.Status)})
	}
	if state.Status != ledger.StatusOpen {
		b.accountIndex.add(a.item(), []pair{statusPair(state.Status)})
	}
}

// isSame says whether two are the same map: one that was written never changes, so
// another one is the sign of a change. To compare what they hold would cost each
// payment of an account that has some.
func isSame(a, b ledger.Metadata) bool {
	return len(a) == 0 && len(b) == 0 || reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
}

// FindAccounts implements [ledger.Reader].
func (b *book) FindAccounts(ctx context.Context, query ledger.AccountQuery) ([]ledger.Account, error) {
	b.lock(allShards)
	defer b.unlock(allShards)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.findAccounts(query, b.now())
}

// findAccounts is FindAccounts as of a time, while all shards are locked.
func (b *book) findAccounts(query ledger.AccountQuery, now time.Time) ([]ledger.Account, error) {
	var after *item
	if query.After != "" {
		chains := b.chains(query.After)
		if len(chains) == 0 {
			return nil, ledger.NoAccount(query.After)
		}
		after = new(chains[0].item())
	}
	var accounts []ledger.Account
	for found := range b.searchAccounts(query, after) {
		chains := b.chains(found.id)
		if state := &chains[0].state; query.Status != 0 && state.Status != query.Status || !strings.HasPrefix(found.id, query.Prefix) {
			continue
		}
		account, err := sum(chains, now)
		if err != nil {
			return nil, err
		}
		if accounts = append(accounts, account); len(accounts) == query.Limit {
			break
		}
	}
	return accounts, nil
}

// searchAccounts returns the accounts with the query's metadata, asset and status,
// unless that is open. If those with its prefix are few, it looks no further than them.
func (b *book) searchAccounts(query ledger.AccountQuery, after *item) iter.Seq[item] {
	pairs := pairsOf(query.Metadata)
	if query.Asset != "" {
		pairs = append(pairs, assetPair(query.Asset))
	}
	if query.Status != 0 && query.Status != ledger.StatusOpen {
		pairs = append(pairs, statusPair(query.Status))
	}
	if len(pairs) == 0 {
		pairs = append(pairs, allAccounts())
	}
	if query.Prefix != "" {
		if ids := b.ids.withPrefix(query.Prefix); len(ids) < b.accountIndex.shortest(pairs)/few {
			items := make([]item, len(ids))
			for i, id := range ids {
				items[i] = b.chains(id)[0].item()
			}
			slices.SortFunc(items, item.compare)
			return b.accountIndex.filter(items, pairs, after, query.OldestFirst)
		}
	}
	return b.accountIndex.search(pairs, after, query.OldestFirst)
}
