// Package rawjson tells the elements of a JSON array apart without decoding them,
// and finds those that are, byte for byte, elements of another text. It looks at no
// more than it needs to, so what it says is true of valid JSON alone: whoever
// decodes all that is new, and the rest of the text, sees whether it is.
package rawjson

import (
	"bytes"
	"hash/maphash"
	"math"
	"slices"
)

// List is a text and where the elements of its array are. It is immutable.
type List struct {
	text       []byte
	member     string
	begin, end uint32 // of the array
	spans      []span
	sums       []uint64 // of the elements
	seed       maphash.Seed
}

type span struct{ begin, end uint32 }

// Split finds the elements of the array that text is or, unless member is empty,
// that the member of that name of the object text is. It is false if there is no
// such array or any doubt. Text must not change any more.
func Split(text []byte, member string) (*List, bool) {
	return (&List{member: member, seed: maphash.MakeSeed()}).split(text, nil)
}

// Next splits a text of the same kind, and tells for each of its elements which one
// of l it is, -1 if it is new. None of l is found twice.
func (l *List) Next(text []byte) (next *List, from []int, ok bool) {
	m := &matcher{list: l, used: make([]bool, len(l.spans)), from: make([]int, 0, len(l.spans)+1)}
	next, ok = l.split(text, m)
	return next, m.from, ok
}

// Len returns the number of elements.
func (l *List) Len() int { return len(l.spans) }

// Text returns what was split.
func (l *List) Text() []byte { return l.text }

// Element returns the text of element i.
func (l *List) Element(i int) []byte { return l.text[l.spans[i].begin:l.spans[i].end] }

// Rest returns the text with nothing in the array.
func (l *List) Rest() []byte {
	rest := make([]byte, 0, len(l.text)-int(l.end-l.begin)+2)
	rest = append(rest, l.text[:l.begin]...)
	rest = append(rest, "[]"...)
	return append(rest, l.text[l.end:]...)
}

// split splits text as l was, with the help of m if there is one.
func (l *List) split(text []byte, m *matcher) (*List, bool) {
	if len(text) > math.MaxUint32 {
		return nil, false
	}
	next := &List{text: text, member: l.member, seed: l.seed}
	next.spans = make([]span, 0, len(l.spans)+1)
	next.sums = make([]uint64, 0, len(l.spans)+1)
	i, ok := array(text, l.member)
	if !ok {
		return nil, false
	}
	next.begin = uint32(i)
	i = skip(text, i+1)
	for more := !at(text, i, ']'); more; {
		end, known := m.known(next, i)
		if !known {
			if end, ok = value(text, i); !ok {
				return nil, false
			}
			sum := maphash.Bytes(l.seed, text[i:end])
			next.spans = append(next.spans, span{uint32(i), uint32(end)})
			next.sums = append(next.sums, sum)
			m.search(text[i:end], sum)
		}
		i = skip(text, end)
		if more = at(text, i, ','); more {
			i = skip(text, i+1)
		}
	}
	if !at(text, i, ']') {
		return nil, false
	}
	next.end = uint32(i + 1)
	return next, ends(text, i+1, l.member)
}

// maxRun is how many elements are compared at once at most.
const maxRun = 64

// fewSearches is how many elements are searched for without an index.
const fewSearches = 8

// matcher finds elements of a list again. A nil matcher finds none.
type matcher struct {
	list   *List
	cursor int // the element that is expected next
	run    int // how many are expected to follow each other
	used   []bool
	from   []int

	searches int
	index    map[uint64]int // elements by sum, once there are many searches
}

// known adds to next the elements from i on if they are those that are expected, and
// tells where they end.
func (m *matcher) known(next *List, i int) (end int, ok bool) {
	if m == nil {
		return i, false
	}
	for m.run = min(max(1, 2*m.run), maxRun, len(m.used)-m.cursor); m.run > 0; m.run /= 2 {
		if last := m.cursor + m.run; !slices.Contains(m.used[m.cursor:last], true) {
			if end, ok = m.same(next.text, i, last); ok {
				m.takeRun(next, i, last)
				return end, true
			}
		}
	}
	return i, false
}

// same reports whether the elements from the cursor to last stand at i.
func (m *matcher) same(text []byte, i, last int) (end int, ok bool) {
	begin, stop := m.list.spans[m.cursor].begin, m.list.spans[last-1].end
	if !bytes.HasPrefix(text[i:], m.list.text[begin:stop]) {
		return i, false
	}
	end = i + int(stop-begin)
	after := skip(text, end)
	return end, at(text, after, ',') || at(text, after, ']') // else a number goes on
}

// takeRun adds to next the elements from the cursor to last, which stand at i.
func (m *matcher) takeRun(next *List, i, last int) {
	first := m.list.spans[m.cursor].begin
	for _, s := range m.list.spans[m.cursor:last] {
		begin := uint32(i) + s.begin - first
		next.spans = append(next.spans, span{begin, begin + s.end - s.begin})
	}
	next.sums = append(next.sums, m.list.sums[m.cursor:last]...)
	for m.cursor < last {
		m.take(m.cursor)
	}
}

// search looks for an element that is not the one which is expected.
func (m *matcher) search(element []byte, sum uint64) {
	if m == nil {
		return
	}
	if i := m.find(sum); i >= 0 && !m.used[i] && bytes.Equal(m.list.Element(i), element) {
		m.take(i)
		return
	}
	m.from = append(m.from, -1)
	m.cursor = min(m.cursor+1, len(m.used))
}

// find returns an element with the sum, -1 if there is none.
func (m *matcher) find(sum uint64) int {
	if m.searches++; m.searches <= fewSearches {
		return slices.Index(m.list.sums, sum)
	}
	if m.index == nil {
		m.index = make(map[uint64]int, len(m.used))
		for i, s := range m.list.sums {
			if !m.used[i] {
				m.index[s] = i
			}
		}
	}
	if i, ok := m.index[sum]; ok {
		return i
	}
	return -1
}

func (m *matcher) take(i int) {
	m.used[i] = true
	m.from = append(m.from, i)
	m.cursor = i + 1
}
