package query

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type peg struct{ hash uint64 }

func hashOfPeg(p *peg) uint64 { return p.hash }

// holds looks p up by identity, as index.find does by key.
func holds(t *table[peg], p *peg) bool {
	b := t.buckets.Load()
	for i := p.hash; b != nil; i++ {
		at := &(*b)[i&uint64(len(*b)-1)]
		tags := at.tags.Load()
		for m := matches(tags, tagOf(p.hash)); m != 0; m &= m - 1 {
			if at.elems[placeOf(m)].Load() == p {
				return true
			}
		}
		if ends(tags) {
			return false
		}
	}
	return false
}

// Hashes of a few values alone make buckets overflow, and places that are passed over.
func TestTable_findsWhatAModelFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SampledFrom([]uint64{0, 1, 2, 1 << 57, 1<<57 | 1, 1 << 63, 1<<64 - 1, 1<<64 - 2})
		var tab table[peg]
		var in, out []*peg
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(in) > 0 && rapid.IntRange(0, 9).Draw(t, "what") < 4 {
				i := rapid.IntRange(0, len(in)-1).Draw(t, "which")
				p := in[i]
				in = append(in[:i], in[i+1:]...)
				out = append(out, p)
				tab.remove(p, p.hash, hashOfPeg)
			} else {
				p := &peg{hashes.Draw(t, "hash")}
				in = append(in, p)
				tab.insert(p, p.hash, hashOfPeg)
			}
		}
		for _, p := range in {
			require.True(t, holds(&tab, p))
		}
		for _, p := range out {
			require.False(t, holds(&tab, p))
		}
		require.Equal(t, len(in), tab.size)
		n := 0
		tab.each(func(*peg) { n++ })
		require.Equal(t, len(in), n)
	})
}

func TestTable_comingAndGoingDoesNotMakeItGrow(t *testing.T) {
	t.Parallel()
	var tab table[peg]
	for n := range uint64(10_000) {
		p := &peg{n * 0x9e3779b97f4a7c15}
		tab.insert(p, p.hash, hashOfPeg)
		tab.remove(p, p.hash, hashOfPeg)
	}
	require.Len(t, *tab.buckets.Load(), 1)
}

func TestTable_removesNothingThatIsNotThere(t *testing.T) {
	t.Parallel()
	var tab table[peg]
	there := &peg{1}
	tab.insert(there, 1, hashOfPeg)
	tab.remove(&peg{1}, 1, hashOfPeg)
	tab.remove(&peg{2}, 2, hashOfPeg)
	require.True(t, holds(&tab, there))
	require.Equal(t, 1, tab.size)
}
