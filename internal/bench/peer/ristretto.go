package peer

import (
	"context"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"golang.org/x/sync/singleflight"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

type ristrettoClient struct {
	c      *ristretto.Cache[string, contest.Val]
	gc     time.Duration
	loads  singleflight.Group
	writes int
}

func newRistretto(c contest.Config) (*ristrettoClient, error) {
	n := max(c.Hint, 1000)
	bound := 2 * n
	if c.Bound > 0 {
		bound, n = c.Bound, c.Bound
	}
	r, err := ristretto.NewCache(&ristretto.Config[string, contest.Val]{
		NumCounters: int64(10 * n), MaxCost: int64(bound), BufferItems: 64, IgnoreInternalCost: true,
	})
	return &ristrettoClient{c: r, gc: c.GC}, err
}

func (r *ristrettoClient) fetch(k string, load func() (contest.Val, error)) (contest.Val, error) {
	if v, ok := r.c.Get(k); ok {
		return v, nil
	}
	v, err, _ := r.loads.Do(k, func() (any, error) {
		v, err := load()
		if err == nil {
			r.c.SetWithTTL(k, v, 1, r.gc) // may be dropped under load, as its documentation says
		}
		return v, err
	})
	val, _ := v.(contest.Val)
	return val, err
}

// fill writes and waits now and then, so that no write is dropped.
func (r *ristrettoClient) fill(k string, v contest.Val, ttl time.Duration) error {
	for !r.c.SetWithTTL(k, v, 1, ttl) {
		r.c.Wait()
	}
	if r.writes++; r.writes%8192 == 0 {
		r.c.Wait()
	}
	return nil
}

func (r *ristrettoClient) Close() error {
	r.c.Close()
	return nil
}

type ristrettoCache struct {
	*ristrettoClient

	keys []string
	load func(context.Context, string) (contest.Val, error)
}

func newRistrettoCache(c contest.Config) (contest.Cache, error) {
	if c.Bound == 0 && c.Hint == 0 {
		c.Hint = len(c.Keys.Text) // it drops what is beyond its size, which must be given
	}
	r, err := newRistretto(c)
	return &ristrettoCache{ristrettoClient: r, keys: c.Keys.Text, load: c.Load}, err
}

func (r *ristrettoCache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	k := r.keys[i]
	return r.fetch(k, func() (contest.Val, error) { return r.load(ctx, k) })
}

func (r *ristrettoCache) Set(i int, v contest.Val) error { return r.fill(r.keys[i], v, r.gc) }

func (r *ristrettoCache) Len() int {
	r.c.Wait()
	return -1
}

type ristrettoParts struct {
	*ristrettoClient

	load func(context.Context, contest.Parts) (contest.Val, error)
}

func newRistrettoParts(c contest.Config) (contest.PartsCache, error) {
	r, err := newRistretto(c)
	return &ristrettoParts{ristrettoClient: r, load: c.LoadParts}, err
}

func (r *ristrettoParts) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return r.fetch(contest.Joined(a, b, id), func() (contest.Val, error) {
		return r.load(ctx, contest.Parts{A: a, B: b, ID: id})
	})
}

func (r *ristrettoParts) SetParts(a, b string, id int, v contest.Val) error {
	return r.fill(contest.Joined(a, b, id), v, r.gc)
}

type ristrettoExpiring struct {
	*ristrettoClient

	keys []string
}

func newRistrettoExpiring(keys contest.Keys, _ time.Duration) (contest.Expiring, error) {
	r, err := newRistretto(contest.Config{Hint: len(keys.Text)})
	return &ristrettoExpiring{ristrettoClient: r, keys: keys.Text}, err
}

func (r *ristrettoExpiring) Set(i int, v contest.Val, ttl time.Duration) error {
	return r.fill(r.keys[i], v, ttl)
}

func (r *ristrettoExpiring) Get(i int) (contest.Val, bool) { return r.c.Get(r.keys[i]) }

func (r *ristrettoExpiring) Len() int { return int(r.c.MaxCost() - r.c.RemainingCost()) }

func coldRistretto() error {
	r, err := newRistretto(contest.Config{Hint: 1000, GC: time.Hour})
	if err != nil {
		return err
	}
	_, err = r.fetch("k", func() (contest.Val, error) { return new(contest.Payload), nil })
	r.c.Close()
	return err
}

func ristrettoSpec() contest.Spec {
	return contest.Spec{
		Name: "ristretto",
		Note: "v2.4.2 with x/sync/singleflight, NumCounters 10n, MaxCost 2n. Fresh until expiry, may drop writes. Keeps " +
			"hashes of keys only, so there is nothing to scan. No refresh, no observers, no change detection.",
		NewCache:    newRistrettoCache,
		NewParts:    newRistrettoParts,
		NewExpiring: newRistrettoExpiring,
		Cold:        coldRistretto,
		Minimal:     "ristretto",
	}
}
