package ledger

import (
	"cmp"
	"container/heap"
)

// exportOrder yields the nodes of a moment in a topological order.
type exportOrder struct {
	each func(Request) error
	// ready are those that may come now, wanted holds that others wait for, and stuck those
	// that should come later but may have to come now.
	ready, wanted, stuck nodeHeap
	left                 int
	err                  error
}

func (o *exportOrder) run() error {
	for o.left > 0 && o.err == nil {
		switch {
		case o.ready.Len() > 0:
			o.take(heap.Pop(&o.ready).(*exportNode))
		case o.wanted.Len() > 0:
			o.take(heap.Pop(&o.wanted).(*exportNode))
		case o.stuck.Len() > 0:
			o.take(heap.Pop(&o.stuck).(*exportNode))
		default:
			return broken("what was recorded at once has no order in which it can have been")
		}
	}
	return o.err
}

// offer queues a node if nothing has to come before it any more. A hold waits for its
// posting, or for all others; a node that would better come later waits for those.
func (o *exportOrder) offer(n *exportNode) {
	if n.done || n.waits > 0 {
		return
	}
	if n.kind == exportHold && n.post != nil && n.post.waits == 0 {
		o.offer(n.post)
	}
	if n.hold != nil && !n.hold.done && n.hold.waits > 0 {
		return
	}
	isStuck := n.kind == exportHold || n.softWaits > 0
	switch {
	case n.isWanted() && n.softWaits == 0:
		heap.Push(&o.wanted, n)
	case isStuck && !n.isStuck:
		n.isStuck = true
		heap.Push(&o.stuck, n)
	case !isStuck && !n.isReady:
		n.isReady = true
		heap.Push(&o.ready, n)
	}
}

// take yields a node, behind the hold that it posts, and offers what waited for it.
func (o *exportOrder) take(n *exportNode) {
	if n.done || o.err != nil {
		return
	}
	if n.hold != nil {
		o.take(n.hold)
	}
	n.done = true
	o.left--
	for _, request := range n.requests {
		if o.err == nil {
			o.err = o.each(request)
		}
	}
	for _, next := range n.next {
		next.waits--
		o.offer(next)
	}
	for _, next := range n.softNext {
		next.softWaits--
		o.offer(next)
	}
}

// nodeHeap has the node that should come first on top.
type nodeHeap []*exportNode

func (h nodeHeap) Len() int      { return len(h) }
func (h nodeHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h nodeHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].rank(), h[j].rank()), cmp.Compare(h[i].id(), h[j].id())) < 0
}

// Push implements [heap.Interface].
func (h *nodeHeap) Push(node any) { *h = append(*h, node.(*exportNode)) }

// Pop implements [heap.Interface].
func (h *nodeHeap) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = nil
	*h = (*h)[:len(*h)-1]
	return last
}

func (n *exportNode) id() string { return n.requests[0].Recorded.ID }

// rank says which comes first if there is a choice: a void, for it only releases; then a
// hold that others wait for; and at the very end a hold that nobody waits for.
func (n *exportNode) rank() int {
	const void, wanted, brief, write, unwanted = 0, 1, 2, 3, 4
	switch {
	case n.kind == exportVoid:
		return void
	case n.isWanted():
		return wanted
	case n.kind == exportHold:
		return unwanted
	case n.kind == exportBrief:
		return brief
	}
	return write
}

// isWanted says whether it is a hold that others wait for.
func (n *exportNode) isWanted() bool { return n.kind == exportHold && len(n.next) > 0 }
