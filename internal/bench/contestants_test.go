package main

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/internal/bench/bound"
	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/internal/bench/ours"
)

// These tests hold the behaviour that the workloads rely on, for each contestant.

func eachContestant(t *testing.T, f func(t *testing.T, s contest.Spec)) {
	t.Helper()
	for _, s := range chosen(nil) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			f(t, s)
		})
	}
}

func closing(t *testing.T, what interface{ Close() error }) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, what.Close()) })
}

func TestCaches_loadOnceAndServe(t *testing.T) {
	t.Parallel()
	eachContestant(t, func(t *testing.T, s contest.Spec) {
		if s.NewCache == nil || s.Name == "floor" {
			return
		}
		var loads atomic.Int64
		keys, loaded, written := contest.StringKeys("k/", 3), new(contest.Payload), new(contest.Payload)
		c, err := s.NewCache(contest.Config{
			Keys: keys, Hint: 100, Stale: time.Minute, GC: time.Hour,
			Load: func(_ context.Context, key string) (contest.Val, error) {
				loads.Add(1)
				if key != keys.Text[1] {
					return nil, contest.ErrNotOffered
				}
				return loaded, nil
			},
		})
		require.NoError(t, err)
		closing(t, c)
		if s.Name != "ristretto" { // writes behind, and may drop
			for range 3 {
				v, err := c.Fetch(t.Context(), 1)
				require.NoError(t, err)
				require.Same(t, loaded, v)
			}
			require.EqualValues(t, 1, loads.Load())
		}
		require.NoError(t, c.Set(2, written))
		c.Len()
		v, err := c.Fetch(t.Context(), 2)
		require.NoError(t, err)
		require.Same(t, written, v)
	})
}

func TestPartsCaches_keepKeysApart(t *testing.T) {
	t.Parallel()
	eachContestant(t, func(t *testing.T, s contest.Spec) {
		if s.NewParts == nil || s.Name == "floor" {
			return
		}
		made := map[contest.Parts]contest.Val{}
		c, err := s.NewParts(contest.Config{
			Hint: 100, Stale: time.Minute, GC: time.Hour,
			LoadParts: func(_ context.Context, k contest.Parts) (contest.Val, error) {
				made[k] = new(contest.Payload)
				return made[k], nil
			},
		})
		require.NoError(t, err)
		closing(t, c)
		keys := []contest.Parts{{A: "a", B: "b", ID: 1}, {A: "a", B: "b", ID: 11}, {A: "a", B: "c", ID: 1}, {A: "b", B: "b", ID: 1}}
		if s.Name == ours.FamilyName { // has the keys of one prefix, and refuses all others
			for _, k := range keys {
				_, err := c.FetchParts(t.Context(), k.A, k.B, k.ID)
				require.Error(t, err)
			}
		}
		if s.Name == ours.FamilyName || s.Name == bound.FamilyName {
			keys = []contest.Parts{{A: "seller", B: "orders", ID: 1}, {A: "seller", B: "orders", ID: 11}, {A: "seller", B: "orders", ID: 111}, {A: "seller", B: "orders", ID: -1}}
		}
		for _, k := range keys {
			v, err := c.FetchParts(t.Context(), k.A, k.B, k.ID)
			require.NoError(t, err)
			require.Same(t, made[k], v)
		}
		require.Len(t, made, 4)
		written := new(contest.Payload)
		require.NoError(t, c.SetParts(keys[0].A, keys[0].B, 2, written))
		if s.Name != "ristretto" { // writes behind
			v, err := c.FetchParts(t.Context(), keys[0].A, keys[0].B, 2)
			require.NoError(t, err)
			require.Same(t, written, v)
		}
	})
}

func TestTrees_invalidateOneTenantAlone(t *testing.T) {
	t.Parallel()
	const tenants, orders = 12, 25
	eachContestant(t, func(t *testing.T, s contest.Spec) {
		if s.NewTree == nil {
			return
		}
		tree, err := s.NewTree(tenants * orders)
		require.NoError(t, err)
		closing(t, tree)
		for tenant := range tenants {
			for id := range orders {
				require.NoError(t, tree.Put(tenant, id, new(contest.Payload)))
			}
		}
		require.NoError(t, tree.InvalidateTenant(1))
		for tenant := range tenants { // 1 begins 10 and 11, too
			require.Equal(t, tenant != 1, tree.Fresh(tenant, 3), "tenant %d", tenant)
		}
		require.NoError(t, tree.Put(1, 3, new(contest.Payload)))
		require.True(t, tree.Fresh(1, 3))
	})
}

func TestNotifiers_tellAllObserversOfTheKey(t *testing.T) {
	t.Parallel()
	eachContestant(t, func(t *testing.T, s contest.Spec) {
		if s.NewNotifier == nil {
			return
		}
		n, err := s.NewNotifier(1)
		require.NoError(t, err)
		closing(t, n)
		heard := make(chan contest.Val, 3)
		for range 3 {
			require.NoError(t, n.Observe(0, func(v contest.Val) { heard <- v }))
		}
		v := &contest.Payload{7}
		require.NoError(t, n.SetData(0, v))
		for range 3 {
			require.Same(t, v, <-heard)
		}
	})
}

func TestSharers_keepWhatIsEqual(t *testing.T) {
	t.Parallel()
	eachContestant(t, func(t *testing.T, s contest.Spec) {
		if s.NewSharer == nil {
			return
		}
		sharer, err := s.NewSharer()
		require.NoError(t, err)
		closing(t, sharer)
		prev := contest.Orders(5, -1)
		require.NoError(t, sharer.Prime(prev))
		kept, err := sharer.Replace(contest.Orders(5, 2))
		require.NoError(t, err)
		require.Equal(t, contest.Orders(5, 2), kept)
		for i := range kept {
			require.Equal(t, i != 2, kept[i] == prev[i], "element %d", i)
		}
	})
}

func TestRawSharers_keepWhatIsEqual(t *testing.T) {
	t.Parallel()
	eachContestant(t, func(t *testing.T, s contest.Spec) {
		if s.NewRaw == nil {
			return
		}
		sharer, err := s.NewRaw()
		require.NoError(t, err)
		closing(t, sharer)
		same, err := contest.Encode(contest.Orders(5, -1))
		require.NoError(t, err)
		other, err := contest.Encode(contest.Orders(5, 2))
		require.NoError(t, err)
		list, err := sharer.Prime(same)
		require.NoError(t, err)
		prev := append([]*contest.Order{}, list...)
		for _, body := range [][]byte{same, other, same} {
			kept, err := sharer.Refetch(body)
			require.NoError(t, err)
			want, err := contest.Decode(body)
			require.NoError(t, err)
			require.Equal(t, want, kept)
			require.Same(t, prev[4], kept[4])
		}
	})
}

func TestContestants_areNamedOnce(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range chosen(nil) {
		require.False(t, names[s.Name], s.Name)
		require.NotEmpty(t, s.Note, s.Name)
		names[s.Name] = true
	}
	require.True(t, names[ours.Name])
	require.Len(t, chosen([]string{"otter", ours.Name}), 4, "Freshet in three variants")
}
