package query

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/querykey"
)

func (x *index) keys() []querykey.Key {
	var keys []querykey.Key
	for _, e := range x.all() {
		keys = append(keys, e.key)
	}
	return keys
}

func TestIndex_findsWhatAModelFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var x index
		x.tree.root.c = new(Client)
		var id uint64
		model := map[querykey.Key]*entry{}
		var order []querykey.Key
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			k := querykey.Of(rapid.IntRange(0, 60).Draw(t, "key"))
			if e := model[k]; e != nil {
				x.remove(e)
				delete(model, k)
				order = slices.DeleteFunc(order, func(o querykey.Key) bool { return o == k })
			} else {
				id++
				e := &entry{id: id, key: k}
				x.insert(e, &blank)
				model[k], order = e, append(order, k)
			}
		}
		for n := range 61 {
			k := querykey.Of(n)
			if got := x.find(k); got != model[k] {
				t.Fatalf("find %s: %v, want %v", k, got, model[k])
			}
		}
		require.True(t, slices.Equal(order, x.keys()), "oldest first: %v, want %v", x.keys(), order)
		require.Len(t, order, x.size)
	})
}

func TestIndex_emptyFindsNothing(t *testing.T) {
	t.Parallel()
	var x index
	x.tree.root.c = new(Client)
	require.Nil(t, x.find(querykey.Of("a")))
	require.Empty(t, x.keys())
}

func TestIndex_growsAndShrinks(t *testing.T) {
	t.Parallel()
	var x index
	x.tree.root.c = new(Client)
	var all []*entry
	for n := range 1000 {
		e := &entry{key: querykey.Of(n)}
		all = append(all, e)
		x.insert(e, &blank)
	}
	require.GreaterOrEqual(t, crowded(len(*x.buckets.Load())), 1000)
	for _, e := range all {
		require.Same(t, e, x.find(e.key))
		x.remove(e)
		require.Nil(t, x.find(e.key))
	}
	require.Zero(t, x.size)
	require.Len(t, *x.buckets.Load(), 1)
}

func TestIndex_readersNeedNoLock(t *testing.T) {
	t.Parallel()
	var x index
	x.tree.root.c = new(Client)
	stays := &entry{key: querykey.Of("stays")}
	x.insert(stays, &blank)
	var wrong atomic.Int64
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if x.find(stays.key) != stays {
					wrong.Add(1)
				}
				if e := x.find(querykey.Of(n % 500)); e != nil && e.key != querykey.Of(n%500) {
					wrong.Add(1)
				}
			}
		})
	}
	for range 20 {
		var added []*entry
		for n := range 500 {
			e := &entry{key: querykey.Of(n)}
			x.insert(e, &blank)
			added = append(added, e)
		}
		for _, e := range added {
			x.remove(e)
		}
	}
	close(done)
	readers.Wait()
	require.Zero(t, wrong.Load())
}
