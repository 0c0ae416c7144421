package share_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/share"
)

type node struct {
	Value int
	Next  *node
	Peers []*node
}

// ring is a circle of n nodes.
func ring(n int) *node {
	first := &node{}
	last := first
	for range n - 1 {
		last.Next = &node{}
		last = last.Next
	}
	last.Next = first
	return first
}

// clique is n nodes, each of which refers to all.
func clique(n int) *node {
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = &node{Value: i, Peers: nodes}
	}
	return nodes[0]
}

// diamonds is a chain in which 2^n paths lead to the last node.
func diamonds(n int) *node {
	last := &node{}
	for i := range n {
		last = &node{Value: i, Peers: []*node{last, last}}
	}
	return last
}

// layers has width^depth paths.
func layers(depth, width int) []*node {
	var below []*node
	for range depth {
		layer := make([]*node, width)
		for i := range layer {
			layer[i] = &node{Value: i, Peers: below}
		}
		below = layer
	}
	return below
}

func TestShare_circlesAreKeptWhole(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func() *node{
		"ring":        func() *node { return ring(3) },
		"single node": func() *node { return ring(1) },
		"clique":      func() *node { return clique(10) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old, next := build(), build()
			require.Same(t, old, share.Share(old, next))

			next.Value = -1
			require.Same(t, next, share.Share(old, next))
		})
	}
}

func TestShare_ringsOfOtherLengthAreEqualWhenUnrolled(t *testing.T) {
	t.Parallel()
	old := ring(2)
	require.Same(t, old, share.Share(old, ring(3)))
}

// thicket runs in circles by all kinds of references.
type thicket struct {
	Name  string
	ByKey map[string]*thicket
	Any   any
	Tree  map[string]any
}

func TestShare_circlesByMapsAndInterfaces(t *testing.T) {
	t.Parallel()
	build := func(name string) *thicket {
		out := &thicket{Name: name}
		out.ByKey = map[string]*thicket{"self": out}
		out.Any = list{out, out}
		out.Tree = object{"self": out}
		return out
	}
	old, next := build("x"), build("y")
	require.Same(t, old, share.Share(old, build("x")))
	require.Same(t, next, share.Share(old, next))
}

func TestShare_circlesInJSON(t *testing.T) {
	t.Parallel()
	build := func(leaf string) any {
		o := object{"leaf": leaf}
		l := list{o, nil}
		o["list"], l[1] = l, l
		return o
	}
	old, next := build("x"), build("y")
	require.True(t, share.Same(share.Share(old, build("x")), old))
	require.True(t, share.Same(share.Share(old, next), next))
}

func TestShare_aliasedPartsAreWalkedOnce(t *testing.T) {
	t.Parallel()
	old, next := diamonds(100), diamonds(100)
	require.Same(t, old, share.Share(old, next))

	changed := diamonds(100)
	changed.Value = -1
	out := as[*node](t, share.Share(old, changed))
	require.Equal(t, -1, out.Value)
	require.Same(t, old.Peers[0], out.Peers[0])

	wide := layers(20, 10)
	require.True(t, share.Same(share.Share(wide, layers(20, 10)), wide))
}

func TestShare_longChainIsTakenBelowDepthLimit(t *testing.T) {
	t.Parallel()
	chain := func() *node {
		var first *node
		for i := range 2000 {
			first = &node{Value: i, Next: first}
		}
		return first
	}
	old, next := chain(), chain()

	out := as[*node](t, share.Share(old, next))

	require.NotSame(t, old, out)
	require.Equal(t, next, out)
}
