package peer

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/jellydator/ttlcache/v3"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

var errNotLoaded = errors.New("bench: nothing loaded")

// ttlClient is a cache with the goroutine that expires its entries.
type ttlClient[K comparable] struct {
	*ttlcache.Cache[K, contest.Val]

	ended chan struct{} // closed when the goroutine is over
}

func newTTL[K comparable](c contest.Config, load func(context.Context, K) (contest.Val, error)) ttlClient[K] {
	opts := []ttlcache.Option[K, contest.Val]{
		ttlcache.WithTTL[K, contest.Val](c.GC),
		ttlcache.WithDisableTouchOnHit[K, contest.Val](),
	}
	if c.Bound > 0 {
		opts = append(opts, ttlcache.WithCapacity[K, contest.Val](uint64(c.Bound)))
	}
	if load != nil {
		l := ttlcache.LoaderFunc[K, contest.Val](func(t *ttlcache.Cache[K, contest.Val], k K) *ttlcache.Item[K, contest.Val] {
			v, err := load(context.Background(), k)
			if err != nil {
				return nil
			}
			return t.Set(k, v, ttlcache.DefaultTTL)
		})
		opts = append(opts, ttlcache.WithLoader(ttlcache.NewSuppressedLoader(l, nil)))
	}
	t := ttlClient[K]{ttlcache.New(opts...), make(chan struct{})}
	go func() {
		defer close(t.ended)
		t.Start()
	}()
	return t
}

func (t ttlClient[K]) Close() error {
	for {
		t.Stop() // which does nothing before Start has begun
		select {
		case <-t.ended:
			return nil
		default:
			runtime.Gosched() // Start gives no sign of having begun
		}
	}
}

func (t ttlClient[K]) value(k K) (contest.Val, bool) {
	item := t.Get(k)
	if item == nil {
		return nil, false
	}
	return item.Value(), true
}

func (t ttlClient[K]) loaded(k K) (contest.Val, error) {
	v, ok := t.value(k)
	if !ok {
		return nil, errNotLoaded
	}
	return v, nil
}

type ttlCache struct {
	ttlClient[string]

	keys []string
}

func newTTLCache(c contest.Config) (contest.Cache, error) {
	return ttlCache{newTTL(c, c.Load), c.Keys.Text}, nil
}

func (t ttlCache) Fetch(_ context.Context, i int) (contest.Val, error) { return t.loaded(t.keys[i]) }

func (t ttlCache) Set(i int, v contest.Val) error {
	t.Cache.Set(t.keys[i], v, ttlcache.DefaultTTL)
	return nil
}

type ttlParts struct{ ttlClient[contest.Parts] }

func newTTLParts(c contest.Config) (contest.PartsCache, error) {
	return ttlParts{newTTL(c, c.LoadParts)}, nil
}

func (t ttlParts) FetchParts(_ context.Context, a, b string, id int) (contest.Val, error) {
	return t.loaded(contest.Parts{A: a, B: b, ID: id})
}

func (t ttlParts) SetParts(a, b string, id int, v contest.Val) error {
	t.Set(contest.Parts{A: a, B: b, ID: id}, v, ttlcache.DefaultTTL)
	return nil
}

type ttlTree struct{ ttlClient[string] }

func newTTLTree(int) (contest.Tree, error) {
	return ttlTree{newTTL[string](contest.Config{GC: time.Hour}, nil)}, nil
}

func (t ttlTree) Put(tenant, id int, v contest.Val) error {
	t.Set(contest.TreeKey(tenant, id), v, ttlcache.DefaultTTL)
	return nil
}

func (t ttlTree) Fresh(tenant, id int) bool { return t.Has(contest.TreeKey(tenant, id)) }

func (t ttlTree) InvalidateTenant(tenant int) error {
	prefix := contest.TreePrefix(tenant)
	var found []string
	t.Range(func(item *ttlcache.Item[string, contest.Val]) bool {
		if strings.HasPrefix(item.Key(), prefix) {
			found = append(found, item.Key())
		}
		return true
	})
	for _, k := range found {
		t.Delete(k)
	}
	return nil
}

type ttlNotifier struct{ ttlClient[int] }

func newTTLNotifier(keys int) (contest.Notifier, error) {
	if keys > 1 {
		return nil, contest.ErrNotOffered // each handler hears of all keys, in a goroutine of its own
	}
	t := newTTL[int](contest.Config{GC: time.Hour}, nil)
	t.Set(0, new(contest.Payload), ttlcache.DefaultTTL) // only updates are told
	return ttlNotifier{t}, nil
}

func (t ttlNotifier) Observe(key int, f func(contest.Val)) error {
	t.OnUpdate(func(_ context.Context, item *ttlcache.Item[int, contest.Val]) {
		if item.Key() == key {
			f(item.Value())
		}
	})
	return nil
}

func (t ttlNotifier) SetData(key int, v contest.Val) error {
	t.Set(key, v, ttlcache.DefaultTTL)
	return nil
}

type ttlExpiring struct {
	ttlClient[string]

	keys []string
}

func newTTLExpiring(keys contest.Keys, lifetime time.Duration) (contest.Expiring, error) {
	return ttlExpiring{newTTL[string](contest.Config{GC: lifetime}, nil), keys.Text}, nil
}

func (t ttlExpiring) Set(i int, v contest.Val, ttl time.Duration) error {
	t.Cache.Set(t.keys[i], v, ttl)
	return nil
}

func (t ttlExpiring) Get(i int) (contest.Val, bool) { return t.value(t.keys[i]) }

func coldTTL() error {
	t := newTTL(contest.Config{GC: time.Hour}, func(context.Context, string) (contest.Val, error) {
		return new(contest.Payload), nil
	})
	_, err := t.loaded("k")
	return errors.Join(err, t.Close())
}

func ttlcacheSpec() contest.Spec {
	return contest.Spec{
		Name: "ttlcache",
		Note: "v3.4.1, SuppressedLoader, no touch on hit. Fresh until expiry. No prefixes: users Range and drop. Observers " +
			"are cache-wide, each call in a new goroutine. No refresh, no change detection.",
		NewCache:    newTTLCache,
		NewParts:    newTTLParts,
		NewTree:     newTTLTree,
		NewNotifier: newTTLNotifier,
		NewExpiring: newTTLExpiring,
		Cold:        coldTTL,
		Minimal:     "ttlcache",
	}
}
