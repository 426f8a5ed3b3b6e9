package memory

import "hash/maphash"

// idIndex finds a transaction by its id. It keeps a hash of each id and not the
// id, which the journal has; ids whose hash was taken are kept apart.
type idIndex struct {
	hash   func(id string) uint64
	places map[uint64]place
	apart  map[string]place
}

func newIDIndex() idIndex {
	seed := maphash.MakeSeed()
	return idIndex{
		hash:   func(id string) uint64 { return maphash.String(seed, id) },
		places: make(map[uint64]place),
		apart:  make(map[string]place),
	}
}

func (x *idIndex) find(id string, j *journal) (place, bool) {
	at, ok := x.places[x.hash(id)]
	if !ok {
		return 0, false
	}
	if string(j.id(at)) == id {
		return at, true
	}
	at, ok = x.apart[id]
	return at, ok
}

// add enters an id that is not in the index.
func (x *idIndex) add(id string, at place) {
	hash := x.hash(id)
	if _, taken := x.places[hash]; taken {
		x.apart[id] = at
		return
	}
	x.places[hash] = at
}
