package memory

import (
	"math/bits"
	"sync"
)

// shardCount is the number of shards of a book, and stripeCount that of the
// stripes of a world account, which are spread over the shards.
const (
	shardCount  = 64
	stripeCount = 16
)

// shardOfStripe returns the number of the shard that has the stripe.
func shardOfStripe(stripe int) int { return stripe * (shardCount / stripeCount) }

// shard has the accounts and the transactions whose ids hash to it.
type shard struct {
	mu       sync.Mutex
	accounts map[string]*account
	// transactions finds the place of a transaction by the hash of its id, which
	// the journal has in full. Those whose hash another id took are in collided.
	transactions map[uint64]place
	collided     map[string]place
	journal      *journal
	// timeline has those transactions that never were pending.
	timeline timeline
	// pending are the pending transactions. Those that have expired stay here.
	pending map[string]*pendingTransaction
	// reversals has the id of the reversal of a transaction.
	reversals map[string]string
}

func newShard(number int) shard {
	return shard{
		accounts:     make(map[string]*account),
		transactions: make(map[uint64]place),
		collided:     make(map[string]place),
		journal:      newJournal(number),
		pending:      make(map[string]*pendingTransaction),
		reversals:    make(map[string]string),
	}
}

// findTransaction returns the place of the record of a transaction, which a pending one has
// none of.
func (s *shard) findTransaction(id string, hash uint64) (place, bool) {
	at, ok := s.transactions[hash]
	if !ok {
		return 0, false
	}
	if string(s.journal.id(at)) == id {
		return at, true
	}
	at, ok = s.collided[id]
	return at, ok
}

// addTransaction enters a transaction that is not there.
func (s *shard) addTransaction(id string, hash uint64, at place) {
	if _, taken := s.transactions[hash]; taken {
		s.collided[id] = at
		return
	}
	s.transactions[hash] = at
}

// shardOf returns the number of the shard of an id by its hash. It takes the top
// bits, for the maps of the shards use the lower ones.
func shardOf(hash uint64) int { return int(hash >> 58) }

// shardSet is a set of shards, a bit for each.
type shardSet uint64

const allShards = ^shardSet(0)

func setOf(shard int) shardSet { return 1 << shard }

// lock takes the locks of the shards, always in ascending order, so that no two
// callers can wait for each other.
func (b *book) lock(set shardSet) {
	for ; set != 0; set &= set - 1 {
		b.shards[bits.TrailingZeros64(uint64(set))].mu.Lock()
	}
}

func (b *book) unlock(set shardSet) {
	for ; set != 0; set &= set - 1 {
		b.shards[bits.TrailingZeros64(uint64(set))].mu.Unlock()
	}
}
