package memory

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/seed-d432d95b/ledger/ledger"
)

// The pairs by which transactions that were made pending are listed beside their
// metadata: one for all of them, and one for each account that they are on.
func madePending() pair               { return pair{} }
func accountPair(account string) pair { return pair{value: account} }

func itemOf(t *ledger.Transaction) item { return newItem(t.RecordedAt, t.ID) }

// listedBy returns the pairs by which a new transaction is listed.
func listedBy(t *ledger.Transaction) []pair {
	if len(t.Metadata) == 0 && t.Reserved == nil {
		return nil
	}
	pairs := pairsOf(t.Metadata)
	if t.Reserved != nil {
		pairs = append(pairs, madePending())
		for _, account := range accountsOf(t) {
			pairs = append(pairs, accountPair(account))
		}
	}
	return pairs
}

// accountsOf returns the accounts of the transaction's entries, each once.
func accountsOf(t *ledger.Transaction) []string {
	accounts := make([]string, len(t.Entries))
	for i := range t.Entries {
		accounts[i] = t.Entries[i].Account
	}
	slices.Sort(accounts)
	return slices.Compact(accounts)
}

// FindTransactions implements [ledger.Reader].
func (b *book) FindTransactions(ctx context.Context, query ledger.TransactionQuery) ([]ledger.Transaction, error) {
	found, err := b.findTransactionsLocked(ctx, query)
	if err != nil {
		return nil, err
	}
	return b.readTransactions(found), nil
}

func (b *book) readTransactions(found []foundTransaction) []ledger.Transaction {
	transactions := make([]ledger.Transaction, len(found))
	for i := range found {
		transactions[i] = b.readTransaction(found[i])
	}
	return transactions
}

func (b *book) findTransactionsLocked(ctx context.Context, query ledger.TransactionQuery) ([]foundTransaction, error) {
	b.lock(allShards)
	defer b.unlock(allShards)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.findTransactions(ctx, query, b.now())
}

// findTransactions finds them as they stand at a time, while all shards are locked.
func (b *book) findTransactions(ctx context.Context, query ledger.TransactionQuery, now time.Time) ([]foundTransaction, error) {
	s := transactionSearch{TransactionQuery: query, book: b, now: now, period: allTime()}
	if !query.From.IsZero() {
		s.period.from = query.From.UnixMicro()
	}
	if !query.To.IsZero() {
		s.period.to = query.To.UnixMicro()
	}
	if query.Account != "" {
		if s.chains = b.chains(query.Account); len(s.chains) == 0 {
			return nil, ledger.NoAccount(query.Account)
		}
	}
	if query.After != "" {
		last, ok := b.findTransaction(query.After, s.now)
		if !ok {
			return nil, ledger.NoTransaction(query.After)
		}
		s.startBehind(itemOf(new(b.readTransaction(last))))
	}
	return s.find(ctx)
}

// transactionSearch is a search for transactions, while all shards are locked.
type transactionSearch struct {
	ledger.TransactionQuery
	book *book
	now  time.Time
	// chains are those of the account, if one is asked for.
	chains []*account
	period period
	// after is what is to come before all that is found, if hasAfter.
	after    item
	hasAfter bool
}

// startBehind leaves out what comes before an item, and it.
func (s *transactionSearch) startBehind(after item) {
	s.after, s.hasAfter = after, true
	if s.OldestFirst {
		s.period.from = max(s.period.from, after.at)
	} else {
		s.period.to = min(s.period.to, after.at+1)
	}
}

// find returns the page, unless ctx ends: those who write wait for it meanwhile.
func (s *transactionSearch) find(ctx context.Context) (found []foundTransaction, err error) {
	const seldom = 1024
	seen := 0
	for c := range s.merge(s.lines()) {
		if seen++; seen%seldom == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.hasAfter && s.compare(c.item, s.after) <= 0 {
			continue
		}
		transaction, ok := s.match(c)
		if !ok {
			continue
		}
		if found = append(found, transaction); len(found) == s.Limit {
			break
		}
	}
	return found, nil
}

// compare orders items as the query asks for.
func (s *transactionSearch) compare(a, b item) int {
	if s.OldestFirst {
		return a.compare(b)
	}
	return b.compare(a)
}

// merge walks all lines at once.
func (s *transactionSearch) merge(lines []line) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		times := make([]int64, 0, len(lines))
		lines = slices.DeleteFunc(lines, func(l line) bool {
			at, ok := l.next()
			if ok {
				times = append(times, at)
			}
			return !ok
		})
		var candidates []candidate
		for len(lines) > 0 {
			next := slices.Max(times)
			if s.OldestFirst {
				next = slices.Min(times)
			}
			candidates = candidates[:0]
			for i := len(lines) - 1; i >= 0; i-- {
				if times[i] != next {
					continue
				}
				candidates = lines[i].take(candidates)
				var ok bool
				if times[i], ok = lines[i].next(); !ok {
					times, lines = slices.Delete(times, i, i+1), slices.Delete(lines, i, i+1)
				}
			}
			slices.SortFunc(candidates, func(a, b candidate) int { return s.compare(a.item, b.item) })
			for _, c := range candidates {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// lines returns the lines that have all that is asked for between them, each of it
// once, and as little else as is known beforehand.
func (s *transactionSearch) lines() []line {
	pairs, made := pairsOf(s.Metadata), madePending()
	if s.Account != "" {
		made = accountPair(s.Account)
	}
	switch {
	case s.Status > ledger.Posted:
		return []line{s.pendingLine(append(pairs, made))}
	case len(pairs) > 0 && (s.Account == "" || s.book.transactionIndex.shortest(pairs) <= s.entries()):
		return []line{s.itemLine(pairs)}
	}
	lines := []line{s.itemLine(append(pairs, made))}
	for _, a := range s.chains {
		lines = append(lines, s.recordLine(a.span(), func(n uint64) place {
			at := a.at(n)
			return s.book.shards[at.shard()].journal.recordOf(at)
		}))
	}
	if s.Account != "" {
		return lines
	}
	for i := range s.book.shards {
		t := &s.book.shards[i].timeline
		lines = append(lines, s.recordLine(span{0, t.records.count()}, t.records.at))
		if len(t.late) > 0 {
			lines = append(lines, (&itemLine{items: t.late, oldestFirst: s.OldestFirst}).within(s.period))
		}
	}
	return lines
}

// entries returns the number of the account's entries and transactions that were
// pending.
func (s *transactionSearch) entries() (n int) {
	for _, a := range s.chains {
		n += int(a.state.Sequence)
	}
	return n + len(s.book.transactionIndex.lists[accountPair(s.Account)])
}

func (s *transactionSearch) recordLine(all span, at func(uint64) place) *recordLine {
	return (&recordLine{book: s.book, at: at, left: all, oldestFirst: s.OldestFirst}).within(s.period)
}

// itemLine returns the shortest of the lists of the pairs.
func (s *transactionSearch) itemLine(pairs []pair) *itemLine {
	index := s.book.transactionIndex
	walked := index.rarest(pairs)
	others := slices.DeleteFunc(pairs, func(p pair) bool { return p == walked })
	return (&itemLine{items: index.lists[walked], index: index, pairs: others, oldestFirst: s.OldestFirst}).within(s.period)
}

// pendingLine is itemLine for transactions that were made pending and have the pairs.
// If those that are to be posted or voided yet are few, it looks no further than them.
func (s *transactionSearch) pendingLine(pairs []pair) *itemLine {
	unresolved, index := 0, s.book.transactionIndex
	for i := range s.book.shards {
		unresolved += len(s.book.shards[i].pending)
	}
	if s.Status == ledger.Voided || unresolved >= index.shortest(pairs)/few {
		return s.itemLine(pairs)
	}
	items := make([]item, 0, unresolved)
	for i := range s.book.shards {
		for _, p := range s.book.shards[i].pending {
			items = append(items, itemOf(&p.recorded.Transaction))
		}
	}
	slices.SortFunc(items, item.compare)
	return (&itemLine{items: items, index: index, pairs: pairs, oldestFirst: s.OldestFirst}).within(s.period)
}

// match returns the candidate's transaction, and whether it is all that the query says.
// What its line has seen to is not looked at again.
func (s *transactionSearch) match(c candidate) (foundTransaction, bool) {
	if c.isPosted {
		reversedBy := s.book.shards[c.record.shard()].reversals[c.id]
		found := foundTransaction{at: c.record, reversedBy: reversedBy, numbered: s.book.numbered}
		return found, len(s.Metadata) == 0 || s.book.readTransaction(found).Metadata.Contains(s.Metadata)
	}
	found, _ := s.book.findTransaction(c.id, s.now)
	if s.Status == 0 && s.Account == "" {
		return found, true
	}
	if isUnresolved := found.pending != nil; s.Status != 0 && isUnresolved != (s.Status == ledger.Pending || s.Status == ledger.Expired) {
		return found, false
	}
	t := s.book.readTransaction(found)
	return found, (s.Status == 0 || t.Status == s.Status) &&
		(s.Account == "" || slices.ContainsFunc(t.Entries, func(e ledger.Entry) bool { return e.Account == s.Account }))
}
