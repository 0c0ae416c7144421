package query

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/freshet-go/freshet/querykey"
)

// tree finds entries by the parts that their keys begin with, without looking at
// any others. It has a branch for each proper prefix of a key, and is guarded by
// the client's mutex.
//
// Prefixes are known by the text of the key, up to where the prefix ends: that of
// ["orders",17] is ["orders" and belongs to the branch at which its entry hangs.
type tree struct {
	root   branch
	byText map[string]*branch // all but the root
	most   int                // how many byText has had since it was made
}

// branch is a prefix. The keys of its members are one part longer.
type branch struct {
	c        *Client       // whose
	tally    *tally        // of the prefix, or the part of it that counts
	marks    atomic.Uint64 // how often all of them were marked stale; read without lock
	text     string
	parent   *branch // nil for the root
	depth    int     // parts of the prefix
	at       int     // place among the parent's children
	children []*branch
	members  []*entry // those with observers come first
	observed int      // how many members have observers
	beneath  int      // how many entries have, here and further down
}

const rootText = "["

// openText is the text of k without the closing bracket: that of k as a prefix.
func openText(k querykey.Key) string {
	text := k.String()
	return text[:len(text)-1]
}

// parentText drops the last part of a prefix or of a key. The root's is its own.
func parentText(text string) string {
	end, depth := len(rootText), 0
	for i := len(rootText); i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				end = i
			}
		}
	}
	return text[:end]
}

// scalarText drops the first list or object of a prefix and what follows it: keys
// match lists and objects in other ways than by text.
func scalarText(text string) string {
	if !strings.ContainsAny(text[len(rootText):], "[{") {
		return text
	}
	scalar := text
	for text != rootText {
		above := parentText(text)
		if last := strings.TrimPrefix(text[len(above):], ","); last[0] == '[' || last[0] == '{' {
			scalar = above
		}
		text = above
	}
	return scalar
}

// find returns the branch of a prefix, nil if no key has it.
func (t *tree) find(text string) *branch {
	if text == rootText {
		return &t.root
	}
	return t.byText[text]
}

// grow is find that makes the branch if it is missing.
func (t *tree) grow(text string) *branch {
	if b := t.find(text); b != nil {
		return b
	}
	parent := t.grow(parentText(text))
	b := &branch{c: parent.c, tally: parent.tally, text: strings.Clone(text), parent: parent, at: len(parent.children)}
	if b.depth = parent.depth + 1; b.depth <= max(b.c.tallies.depth, 1) {
		b.tally = b.c.tallies.of(b.text)
	}
	parent.children = append(parent.children, b)
	if t.byText == nil {
		t.byText = map[string]*branch{}
	}
	t.byText[b.text] = b
	t.most = max(t.most, len(t.byText))
	return b
}

// insert adds e, which has no observers yet.
func (t *tree) insert(e *entry) {
	b := t.grow(parentText(e.key.String())) // in place: short texts stay off the heap
	e.state.branch, e.state.at = b, int32(len(b.members))
	b.members = append(b.members, e)
}

// remove takes e out and drops the branches that end with it.
func (t *tree) remove(e *entry) {
	t.observe(e, false)
	e.state.leave()
	b := e.state.branch
	b.swap(int(e.state.at), len(b.members)-1)
	b.members = shrunk(b.members)
	for b.parent != nil && len(b.members) == 0 && len(b.children) == 0 {
		t.drop(b)
		b = b.parent
	}
}

// drop takes an empty branch out.
func (t *tree) drop(b *branch) {
	siblings := b.parent.children
	last := siblings[len(siblings)-1]
	siblings[b.at], last.at = last, b.at
	b.parent.children = shrunk(siblings)
	delete(t.byText, b.text)
	if t.most > 64 && len(t.byText) < t.most/4 { // maps never shrink by themselves
		left := make(map[string]*branch, len(t.byText))
		maps.Copy(left, t.byText)
		t.byText, t.most = left, len(left)
	}
}

// shrunk drops the last element, and memory once most of it is unused.
func shrunk[E any](list []E) []E {
	list = slices.Delete(list, len(list)-1, len(list))
	if cap(list) > 8 && len(list) < cap(list)/4 {
		return append(make([]E, 0, 2*len(list)), list...)
	}
	return list
}

// observe notes whether e, which may be gone, has observers.
func (t *tree) observe(e *entry, observed bool) {
	b := e.state.branch
	at := int(e.state.at)
	if e.removed() || observed == (at < b.observed) {
		return
	}
	by := 1
	if observed {
		b.swap(at, b.observed)
		b.observed++
	} else {
		by = -1
		b.observed--
		b.swap(at, b.observed)
	}
	for ; b != nil; b = b.parent {
		b.beneath += by
	}
}

// swap exchanges two members.
func (b *branch) swap(i, j int) {
	m := b.members
	m[i], m[j] = m[j], m[i]
	m[i].state.at, m[j].state.at = int32(i), int32(j)
}

// walk visits the entries under b, in no order, until visit returns false.
func (b *branch) walk(onlyObserved bool, visit func(*entry) bool) bool {
	members := b.members
	if onlyObserved {
		members = members[:b.observed]
	}
	for _, e := range members {
		if !visit(e) {
			return false
		}
	}
	for _, child := range b.children {
		if onlyObserved && child.beneath == 0 {
			continue
		}
		if !child.walk(onlyObserved, visit) {
			return false
		}
	}
	return true
}

// mark marks the entries under b stale. Nobody is told.
func (b *branch) mark() {
	b.marks.Add(1)
	for _, child := range b.children {
		child.mark()
	}
}

// under returns the branch of the keys that may match pattern, nil if there is
// none, and whether all of them do. The entry of pattern itself is not among them
// then, as it hangs further up.
func (x *index) under(pattern querykey.Key) (b *branch, all bool) {
	if pattern.Err() != nil {
		return nil, true // nothing matches
	}
	text := openText(pattern)
	scalar := scalarText(text)
	return x.tree.find(scalar), len(scalar) == len(text)
}

// matching iterates over the entries whose keys match pattern, in no order. It
// looks at no others, unless there are lists or objects in the pattern. With
// onlyObserved those longer than pattern are left out that nobody observes. It
// needs the client's mutex.
func (x *index) matching(pattern querykey.Key, onlyObserved bool) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		b, all := x.under(pattern)
		visit := yield
		if !all {
			visit = func(e *entry) bool { return !e.key.Matches(pattern) || yield(e) }
		} else if e := x.find(pattern); e != nil && pattern.Len() > 0 && !yield(e) {
			return
		}
		if b != nil {
			b.walk(onlyObserved, visit)
		}
	}
}
