package sched

import (
	"maps"
	"time"
)

// agenda holds the alarms that wait. Those of one moment are a list, so that
// setting and stopping one does not grow with their number; the moments are a
// heap. The zero agenda is empty.
type agenda struct {
	waiting int // alarms
	moments map[time.Duration]*moment
	heap    []slot
	spare   *moment // the last one that has passed, for the next that comes
}

// moment is a time at which alarms go off.
type moment struct {
	at          time.Duration
	place       int // in the heap
	first, last *Alarm
}

// slot is a moment in the heap, beside its time: comparing it reads nothing else.
type slot struct {
	at time.Duration
	m  *moment
}

const (
	branches = 4  // of the heap: half as deep as with two, each level one cache line
	minHeap  = 64 // slots that are kept in any case
)

// next returns the earliest moment, nil if no alarm waits.
func (g *agenda) next() *moment {
	if len(g.heap) == 0 {
		return nil
	}
	return g.heap[0].m
}

// due returns the alarm that goes off first, nil if none is to by now.
func (g *agenda) due(now time.Duration) *Alarm {
	for m := g.next(); m != nil && m.at <= now; m = g.next() {
		if a := m.first; !g.movesOn(a) {
			return a
		}
	}
	return nil
}

// movesOn moves an alarm that was postponed to where it is to be, and reports
// whether there was any need to.
func (g *agenda) movesOn(a *Alarm) bool {
	at := a.until
	if at == 0 || at <= a.moment.Load().at {
		return false
	}
	g.remove(a)
	g.add(a, at)
	return true
}

// postpone has a, if it waits for a moment before the given one, move there when
// that has come, and reports whether it does. What is set again and again before
// it goes off need not be moved each time.
func (g *agenda) postpone(a *Alarm, at time.Duration) bool {
	m := a.moment.Load()
	if m == nil || m.at > at {
		return false
	}
	a.until = at
	return true
}

// add has a wait for the given moment, behind the others there.
func (g *agenda) add(a *Alarm, at time.Duration) {
	m := g.moments[at]
	if m == nil {
		m = g.begin(at)
	}
	a.moment.Store(m)
	if a.prev = m.last; a.prev != nil {
		a.prev.next = a
	} else {
		m.first = a
	}
	m.last = a
	g.waiting++
}

// remove takes a out and reports whether it was waiting.
func (g *agenda) remove(a *Alarm) bool {
	m := a.moment.Load()
	if m == nil {
		return false
	}
	if a.prev != nil {
		a.prev.next = a.next
	} else {
		m.first = a.next
	}
	if a.next != nil {
		a.next.prev = a.prev
	} else {
		m.last = a.prev
	}
	a.moment.Store(nil)
	a.prev, a.next, a.until = nil, nil, 0
	g.waiting--
	if m.first == nil {
		g.end(m)
	}
	return true
}

// clear takes all alarms out.
func (g *agenda) clear() {
	for _, s := range g.heap {
		for a := s.m.first; a != nil; {
			next := a.next
			a.moment.Store(nil)
			a.prev, a.next, a.until = nil, nil, 0
			a = next
		}
	}
	*g = agenda{}
}

// begin puts a moment without alarms into the heap.
func (g *agenda) begin(at time.Duration) *moment {
	m := g.spare
	if g.spare = nil; m == nil {
		m = new(moment)
	}
	m.at = at
	if g.moments == nil {
		g.moments = make(map[time.Duration]*moment)
	}
	g.moments[at] = m
	g.heap = append(g.heap, slot{})
	g.rise(len(g.heap)-1, slot{at, m})
	return m
}

// end takes a moment without alarms out of the heap, which gives back what it does
// not need any more.
func (g *agenda) end(m *moment) {
	delete(g.moments, m.at)
	g.spare = m
	n := len(g.heap) - 1
	last := g.heap[n]
	g.heap[n] = slot{}
	g.heap = g.heap[:n]
	if last.m != m {
		g.sink(m.place, last)
	}
	if cap(g.heap) > minHeap && n < cap(g.heap)/4 {
		g.heap = append(make([]slot, 0, cap(g.heap)/2), g.heap...)
		g.moments = maps.Clone(g.moments) // a map does not shrink by itself
	}
}

// rise puts s into the free place i, or as far above it as it belongs.
func (g *agenda) rise(i int, s slot) {
	for i > 0 {
		parent := (i - 1) / branches
		if g.heap[parent].at <= s.at {
			break
		}
		g.put(i, g.heap[parent])
		i = parent
	}
	g.put(i, s)
}

// sink puts s into the free place i, or where it belongs instead.
func (g *agenda) sink(i int, s slot) {
	for {
		first := i*branches + 1
		if first >= len(g.heap) {
			break
		}
		least := first
		for j := first + 1; j < min(first+branches, len(g.heap)); j++ {
			if g.heap[j].at < g.heap[least].at {
				least = j
			}
		}
		if g.heap[least].at >= s.at {
			break
		}
		g.put(i, g.heap[least])
		i = least
	}
	g.rise(i, s)
}

func (g *agenda) put(i int, s slot) {
	g.heap[i] = s
	s.m.place = i
}
