package query

import (
	"cmp"
	"slices"
)

// line is who waits for a place. The zero line is empty.
type line struct {
	byTurn []*ticket // those whose entries were turned to last are last
	byAge  []*ticket // the oldest first
	taken  int
}

// fairShare is of how many places one goes to the oldest ticket, so that nobody
// waits for ever.
const fairShare = 4

// add puts tickets in line, which sort is to be called for.
func (l *line) add(t *ticket) {
	l.byTurn = append(l.byTurn, t)
	l.byAge = append(l.byAge, t)
}

// sort also lets go of those who do not wait any more.
func (l *line) sort() {
	gone := func(t *ticket) bool { return !t.waits() }
	l.byAge = slices.DeleteFunc(l.byAge, gone)
	l.byTurn = slices.DeleteFunc(l.byTurn, gone)
	slices.SortStableFunc(l.byTurn, func(a, b *ticket) int {
		return cmp.Or(cmp.Compare(a.turned, b.turned), cmp.Compare(b.e.id, a.e.id))
	})
}

// take returns the ticket that is next, nil if none is.
func (l *line) take() *ticket {
	next := l.latest
	if l.taken++; l.taken%fairShare == 0 {
		next = l.oldest
	}
	for t := next(); t != nil; t = next() {
		if t.waits() {
			t.over = true
			return t
		}
	}
	*l = line{taken: l.taken}
	return nil
}

func (l *line) latest() *ticket {
	n := len(l.byTurn)
	if n == 0 {
		return nil
	}
	t := l.byTurn[n-1]
	l.byTurn[n-1] = nil
	l.byTurn = l.byTurn[:n-1]
	return t
}

func (l *line) oldest() *ticket {
	if len(l.byAge) == 0 {
		return nil
	}
	t := l.byAge[0]
	l.byAge[0] = nil
	l.byAge = l.byAge[1:]
	return t
}

// waits reports whether the ticket is still good for something.
func (t *ticket) waits() bool { return !t.over && (t.again == nil || !t.again.settled) }
