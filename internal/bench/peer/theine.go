package peer

import (
	"context"
	"strings"
	"time"

	"github.com/Yiling-J/theine-go"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// theineRoom is a size that no workload without a hint reaches; one is
// compulsory.
const theineRoom = 3_000_000

func newTheine[K comparable](
	c contest.Config, load func(context.Context, K) (contest.Val, error),
) (*theine.LoadingCache[K, contest.Val], error) {
	size := theineRoom
	switch {
	case c.Bound > 0:
		size = c.Bound
	case c.Hint > 0:
		size = 2 * c.Hint
	}
	return theine.NewBuilder[K, contest.Val](int64(size)).BuildWithLoader(
		func(ctx context.Context, k K) (theine.Loaded[contest.Val], error) {
			v, err := load(ctx, k)
			return theine.Loaded[contest.Val]{Value: v, Cost: 1, TTL: c.GC}, err
		})
}

type theineCache struct {
	c    *theine.LoadingCache[string, contest.Val]
	keys []string
	gc   time.Duration
}

func newTheineCache(c contest.Config) (contest.Cache, error) {
	t, err := newTheine(c, c.Load)
	return theineCache{t, c.Keys.Text, c.GC}, err
}

func (t theineCache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	return t.c.Get(ctx, t.keys[i])
}

func (t theineCache) Set(i int, v contest.Val) error {
	t.c.SetWithTTL(t.keys[i], v, 1, t.gc)
	return nil
}

func (t theineCache) Len() int {
	t.c.Wait()
	return t.c.Len()
}

func (t theineCache) Close() error {
	t.c.Close()
	return nil
}

type theineParts struct {
	c  *theine.LoadingCache[contest.Parts, contest.Val]
	gc time.Duration
}

func newTheineParts(c contest.Config) (contest.PartsCache, error) {
	t, err := newTheine(c, c.LoadParts)
	return theineParts{t, c.GC}, err
}

func (t theineParts) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return t.c.Get(ctx, contest.Parts{A: a, B: b, ID: id})
}

func (t theineParts) SetParts(a, b string, id int, v contest.Val) error {
	t.c.SetWithTTL(contest.Parts{A: a, B: b, ID: id}, v, 1, t.gc)
	return nil
}

func (t theineParts) Close() error {
	t.c.Close()
	return nil
}

// theinePlain is a cache without loader.
type theinePlain struct {
	c    *theine.Cache[string, contest.Val]
	keys []string
}

func newTheinePlain(keys []string, n int) (theinePlain, error) {
	t, err := theine.NewBuilder[string, contest.Val](int64(2 * n)).Build()
	return theinePlain{t, keys}, err
}

func newTheineTree(entries int) (contest.Tree, error) {
	t, err := newTheinePlain(nil, entries)
	return theineTree{t}, err
}

func newTheineExpiring(keys contest.Keys, _ time.Duration) (contest.Expiring, error) {
	return newTheinePlain(keys.Text, len(keys.Text))
}

func (t theinePlain) Set(i int, v contest.Val, ttl time.Duration) error {
	t.c.SetWithTTL(t.keys[i], v, 1, ttl)
	return nil
}

func (t theinePlain) Get(i int) (contest.Val, bool) { return t.c.Get(t.keys[i]) }
func (t theinePlain) Len() int                      { return t.c.Len() }

func (t theinePlain) Close() error {
	t.c.Close()
	return nil
}

type theineTree struct{ theinePlain }

func (t theineTree) Put(tenant, id int, v contest.Val) error {
	t.c.SetWithTTL(contest.TreeKey(tenant, id), v, 1, time.Hour)
	return nil
}

func (t theineTree) Fresh(tenant, id int) bool {
	_, ok := t.c.Get(contest.TreeKey(tenant, id))
	return ok
}

func (t theineTree) InvalidateTenant(tenant int) error {
	prefix := contest.TreePrefix(tenant)
	var found []string
	t.c.Range(func(k string, _ contest.Val) bool {
		if strings.HasPrefix(k, prefix) {
			found = append(found, k)
		}
		return true
	})
	for _, k := range found {
		t.c.Delete(k)
	}
	return nil
}

func coldTheine() error {
	t, err := newTheine(contest.Config{Hint: 500, GC: time.Hour}, func(context.Context, string) (contest.Val, error) {
		return new(contest.Payload), nil
	})
	if err != nil {
		return err
	}
	_, err = t.Get(context.Background(), "k")
	t.Close()
	return err
}

func theineSpec() contest.Spec {
	return contest.Spec{
		Name: "theine",
		Note: "v0.6.3, loading cache of size 2n. Fresh until expiry. No prefixes: users Range and drop. No refresh, no " +
			"observers, no change detection.",
		NewCache:    newTheineCache,
		NewParts:    newTheineParts,
		NewTree:     newTheineTree,
		NewExpiring: newTheineExpiring,
		Cold:        coldTheine,
		Minimal:     "theine",
	}
}
