package ledger

import (
	"cmp"
	"slices"
	"time"
)

// exportMoment is what was recorded at one time. Lists have it in the order of ids, but
// it happened in another: one in which every account's entries have their numbers, and
// enough was available for each hold. It is found as a topological order.
//
// Within a moment holds reserve as little as they can, so that nothing is refused that
// was not refused then: those made before are voided first; one that was posted in the
// same moment is made right before that, one that was voided in it is made when most is
// available on its accounts, and one that outlasts the moment is made last.
type exportMoment struct {
	at       time.Time
	accounts []*exportAccount
	nodes    []*exportNode
	// makes has the node that makes a transaction, and writes the one that writes its
	// entries, which may be the same.
	makes, writes map[string]*exportNode
}

// exportNode is a request of a moment, or two that belong together.
type exportNode struct {
	requests []Request
	kind     exportKind
	// hold makes what this node posts, in the same moment; post is the other way round.
	hold, post *exportNode
	// next are those that have to come later, and last those that have to come before.
	// softNext are those for which it would only be better to come later.
	next, last, softNext []*exportNode
	// waits counts the nodes that have to come before, softWaits those that would better.
	waits, softWaits int
	// isStuck and isReady say in which queues it is.
	done, isStuck, isReady bool
}

// exportKind is what sort of node it is.
type exportKind uint8

const (
	exportVoid exportKind = iota
	exportWrite
	// exportBrief is a hold that was made and voided in the moment.
	exportBrief
	// exportHold is a hold that was made in the moment, and posted in it or outlasts it.
	exportHold
)

func newExportMoment(at time.Time) *exportMoment {
	return &exportMoment{
		at: at, makes: make(map[string]*exportNode), writes: make(map[string]*exportNode),
	}
}

func (m *exportMoment) addAccount(account *exportAccount) {
	if !IsWorldID(account.ID) {
		m.accounts = append(m.accounts, account)
	}
}

// addTransaction adds a transaction that was recorded in the moment.
func (m *exportMoment) addTransaction(t *Transaction) {
	if isOpeningID(t.ID) {
		// It is part of the request that opened the account.
		return
	}
	node := m.add(exportWrite, madeBy(t))
	m.makes[t.ID] = node
	switch {
	case t.Reserved == nil:
		m.writes[t.ID] = node
	case t.Status == Voided && t.ResolvedAt.Equal(m.at):
		node.kind = exportBrief
	case t.Status != Expired:
		node.kind = exportHold
	}
}

// addStep adds a transaction that was posted or voided in the moment, after those that
// were recorded in it.
func (m *exportMoment) addStep(t *Transaction) {
	made := m.makes[t.ID]
	switch {
	case t.Status == Voided && made != nil:
		made.requests = append(made.requests, resolvedBy(t))
	case t.Status == Voided:
		m.add(exportVoid, resolvedBy(t))
	default:
		node := m.add(exportWrite, resolvedBy(t))
		m.writes[t.ID] = node
		if made != nil {
			node.hold, made.post = made, node
		}
	}
}

func (m *exportMoment) add(kind exportKind, request Request) *exportNode {
	node := &exportNode{requests: []Request{request}, kind: kind}
	m.nodes = append(m.nodes, node)
	return node
}

func (n *exportNode) before(later *exportNode) {
	n.next, later.last = append(n.next, later), append(later.last, n)
	later.waits++
}

// inOrder calls each with the requests of the moment. normal tells the normal side of an
// account.
func (m *exportMoment) inOrder(each func(Request) error, normal func(account string) (Side, error)) error {
	if len(m.nodes) > 1 {
		chains := m.link()
		for _, node := range m.nodes {
			if node.kind != exportBrief && !node.isWanted() {
				continue
			}
			if err := node.place(chains, normal); err != nil {
				return err
			}
		}
	}
	order := &exportOrder{each: each, left: len(m.nodes)}
	for _, node := range m.nodes {
		order.offer(node)
	}
	return order.run()
}

// link says which nodes come before which, and returns the entries of each account in
// their order.
func (m *exportMoment) link() map[string][]exportPlace {
	chains := make(map[string][]exportPlace)
	for _, node := range m.nodes {
		t := node.requests[0].Recorded
		if made := m.makes[t.Related]; made != nil && m.makes[t.ID] == node {
			made.before(node)
		}
		if written := m.writes[t.Reverses]; written != nil {
			written.before(node)
		}
		if m.writes[t.ID] != node {
			continue
		}
		for i := range t.Entries {
			if entry := &t.Entries[i]; !IsWorldID(entry.Account) {
				chains[entry.Account] = append(chains[entry.Account], exportPlace{node, entry})
			}
		}
	}
	for account, chain := range chains {
		slices.SortFunc(chain, func(a, b exportPlace) int { return cmp.Compare(a.entry.Sequence, b.entry.Sequence) })
		chains[account] = chain
		for i := 1; i < len(chain); i++ {
			if chain[i-1].node != chain[i].node {
				chain[i-1].node.before(chain[i].node)
			}
		}
	}
	return chains
}

// exportPlace is an entry of an account, and the node that writes it.
type exportPlace struct {
	node  *exportNode
	entry *Entry
}

// place puts a hold that was voided at once where most is available on each of the
// accounts on which it lowers that, and one that others wait for behind all that need not
// wait for it.
func (n *exportNode) place(chains map[string][]exportPlace, normal func(account string) (Side, error)) error {
	held, later, earlier := n.requests[0].Recorded, make(map[*exportNode]bool), make(map[*exportNode]bool)
	n.follow(later, (*exportNode).followers)
	n.follow(earlier, (*exportNode).forerunners)
	for i := range held.Entries {
		e := &held.Entries[i]
		chain := chains[e.Account]
		if len(chain) == 0 {
			continue
		}
		grows, err := normal(e.Account)
		if err != nil {
			return err
		}
		if e.Side == grows {
			continue
		}
		from, to := 0, len(chain)
		for k := range chain {
			if earlier[chain[k].node] {
				from = k + 1
			}
			if later[chain[k].node] {
				to = min(to, k)
			}
		}
		best := to
		if n.kind == exportBrief {
			best = mostAvailable(chain[:to], from, e.Side)
		}
		if best > 0 {
			chain[best-1].node.softlyBefore(n)
		}
		if best < len(chain) && n.kind == exportBrief {
			n.softlyBefore(chain[best].node)
		}
	}
	return nil
}

// follow adds all nodes that are reached by going on from each.
func (n *exportNode) follow(reached map[*exportNode]bool, on func(*exportNode) []*exportNode) {
	left := []*exportNode{n}
	for len(left) > 0 {
		node := left[len(left)-1]
		left = left[:len(left)-1]
		for _, next := range on(node) {
			if !reached[next] {
				reached[next] = true
				left = append(left, next)
			}
		}
	}
}

// followers are the nodes that have to come later than this one.
func (n *exportNode) followers() []*exportNode {
	if n.post != nil {
		return append(slices.Clip(n.next), n.post)
	}
	return n.next
}

// forerunners are the nodes that have to come before this one.
func (n *exportNode) forerunners() []*exportNode {
	if n.hold != nil {
		return append(slices.Clip(n.last), n.hold)
	}
	return n.last
}

func (n *exportNode) softlyBefore(later *exportNode) {
	n.softNext = append(n.softNext, later)
	later.softWaits++
}

// mostAvailable returns after how many of the entries of an account, which are lowered
// on a side, most is available, but not after less than from.
func mostAvailable(chain []exportPlace, from int, lowered Side) int {
	var available, most Amount
	best := from
	for i, place := range chain {
		available = available.wrappingAdd(place.adds(lowered))
		isWhole := i == len(chain)-1 || chain[i+1].node != place.node
		if i+1 == from || isWhole && i >= from && available.Cmp(most) > 0 {
			most, best = available, i+1
		}
	}
	return best
}

// adds returns what the entry adds to what is available on an account that it lowers on
// a side: with it a hold of an earlier moment gives back what it reserved.
func (p exportPlace) adds(lowered Side) Amount {
	if p.entry.Side != lowered {
		return p.entry.Amount
	}
	t := p.node.requests[0].Recorded
	if t.Reserved != nil && p.node.hold == nil {
		for i := range t.Entries {
			if &t.Entries[i] == p.entry {
				return t.Reserved[i].wrappingSub(p.entry.Amount)
			}
		}
	}
	return p.entry.Amount.Neg()
}
