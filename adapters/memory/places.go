package memory

// places is a growing list of places that is never copied as a whole, so that an
// entry costs an account with a million of them what it costs a new one.
type places struct {
	full []*[placesPage]place
	tail []place
}

const placesPage = 64

func (p *places) append(at place) {
	if len(p.tail) == placesPage {
		page := [placesPage]place(p.tail)
		p.full = append(p.full, &page)
		p.tail = p.tail[:0]
	}
	p.tail = append(p.tail, at)
}

func (p *places) count() uint64 { return uint64(len(p.full)*placesPage + len(p.tail)) }

func (p *places) at(i uint64) place {
	if page := i / placesPage; page < uint64(len(p.full)) {
		return p.full[page][i%placesPage]
	}
	return p.tail[i%placesPage]
}
