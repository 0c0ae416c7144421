package peer

import (
	"context"
	"strings"
	"time"

	gocache "github.com/patrickmn/go-cache"
	"golang.org/x/sync/singleflight"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

type goCacheClient struct {
	c     *gocache.Cache
	loads singleflight.Group
}

func (g *goCacheClient) value(k string) (contest.Val, bool) {
	v, ok := g.c.Get(k)
	if !ok {
		return nil, false
	}
	val, ok := v.(contest.Val)
	return val, ok
}

func (g *goCacheClient) fetch(k string, load func() (contest.Val, error)) (contest.Val, error) {
	if v, ok := g.value(k); ok {
		return v, nil
	}
	v, err, _ := g.loads.Do(k, func() (any, error) {
		v, err := load()
		if err == nil {
			g.c.Set(k, v, gocache.DefaultExpiration)
		}
		return v, err
	})
	val, _ := v.(contest.Val)
	return val, err
}

func (g *goCacheClient) Len() int     { return g.c.ItemCount() }
func (g *goCacheClient) Close() error { return nil } // its janitor ends with the last reference

type goCache struct {
	goCacheClient

	keys []string
	load func(context.Context, string) (contest.Val, error)
}

func newGoCache(c contest.Config) (contest.Cache, error) {
	if c.Bound > 0 {
		return nil, contest.ErrNotOffered
	}
	g := &goCache{keys: c.Keys.Text, load: c.Load}
	g.c = gocache.New(c.GC, 10*time.Minute)
	return g, nil
}

func (g *goCache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	k := g.keys[i]
	return g.fetch(k, func() (contest.Val, error) { return g.load(ctx, k) })
}

func (g *goCache) Set(i int, v contest.Val) error {
	g.c.Set(g.keys[i], v, gocache.DefaultExpiration)
	return nil
}

type goCacheParts struct {
	goCacheClient

	load func(context.Context, contest.Parts) (contest.Val, error)
}

func newGoCacheParts(c contest.Config) (contest.PartsCache, error) {
	g := &goCacheParts{load: c.LoadParts}
	g.c = gocache.New(c.GC, 10*time.Minute)
	return g, nil
}

func (g *goCacheParts) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return g.fetch(contest.Joined(a, b, id), func() (contest.Val, error) {
		return g.load(ctx, contest.Parts{A: a, B: b, ID: id})
	})
}

func (g *goCacheParts) SetParts(a, b string, id int, v contest.Val) error {
	g.c.Set(contest.Joined(a, b, id), v, gocache.DefaultExpiration)
	return nil
}

type goCacheTree struct{ goCacheClient }

func newGoCacheTree(int) (contest.Tree, error) {
	g := &goCacheTree{}
	g.c = gocache.New(time.Hour, 10*time.Minute)
	return g, nil
}

func (g *goCacheTree) Put(tenant, id int, v contest.Val) error {
	g.c.Set(contest.TreeKey(tenant, id), v, gocache.DefaultExpiration)
	return nil
}

func (g *goCacheTree) Fresh(tenant, id int) bool {
	_, ok := g.value(contest.TreeKey(tenant, id))
	return ok
}

func (g *goCacheTree) InvalidateTenant(tenant int) error {
	prefix := contest.TreePrefix(tenant)
	for k := range g.c.Items() {
		if strings.HasPrefix(k, prefix) {
			g.c.Delete(k)
		}
	}
	return nil
}

type goCacheExpiring struct {
	goCacheClient

	keys []string
}

func newGoCacheExpiring(keys contest.Keys, lifetime time.Duration) (contest.Expiring, error) {
	g := &goCacheExpiring{keys: keys.Text}
	g.c = gocache.New(lifetime, time.Second)
	return g, nil
}

func (g *goCacheExpiring) Set(i int, v contest.Val, ttl time.Duration) error {
	g.c.Set(g.keys[i], v, ttl)
	return nil
}

func (g *goCacheExpiring) Get(i int) (contest.Val, bool) { return g.value(g.keys[i]) }

func coldGoCache() error {
	g := &goCacheClient{c: gocache.New(time.Hour, 10*time.Minute)}
	_, err := g.fetch("k", func() (contest.Val, error) { return new(contest.Payload), nil })
	return err
}

func goCacheSpec() contest.Spec {
	return contest.Spec{
		Name: "go-cache",
		Note: "v2.1.0 with x/sync/singleflight, one map under one RWMutex. Fresh until expiry, no bound. No prefixes: users scan " +
			"Items, a copy of the map, and drop. No refresh, no observers, no change detection.",
		NewCache:    newGoCache,
		NewParts:    newGoCacheParts,
		NewTree:     newGoCacheTree,
		NewExpiring: newGoCacheExpiring,
		Cold:        coldGoCache,
		Minimal:     "gocache",
	}
}
