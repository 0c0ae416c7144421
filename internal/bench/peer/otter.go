package peer

import (
	"context"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

type otterCache struct {
	c     *otter.Cache[string, contest.Val]
	keys  []string
	load  otter.Loader[string, contest.Val]
	clock *otter.CoarseClock // nil unless coarse
}

// newOtter returns a cache on the clock, nil for the precise one.
func newOtter[K comparable](c contest.Config, clock *otter.CoarseClock) (*otter.Cache[K, contest.Val], error) {
	o := &otter.Options[K, contest.Val]{MaximumSize: c.Bound}
	if clock != nil {
		o.Clock = clock
	}
	if c.GC > 0 {
		o.ExpiryCalculator = otter.ExpiryWriting[K, contest.Val](c.GC)
	}
	if c.Stale > 0 {
		o.RefreshCalculator = otter.RefreshWriting[K, contest.Val](c.Stale)
	}
	return otter.New(o)
}

func newOtterCache(c contest.Config, clock *otter.CoarseClock) (contest.Cache, error) {
	o, err := newOtter[string](c, clock)
	return &otterCache{o, c.Keys.Text, otter.LoaderFunc[string, contest.Val](c.Load), clock}, err
}

func (o *otterCache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	return o.c.Get(ctx, o.keys[i], o.load)
}

func (o *otterCache) Set(i int, v contest.Val) error {
	o.c.Set(o.keys[i], v)
	return nil
}

func (o *otterCache) Len() int { return o.c.EstimatedSize() }

func (o *otterCache) Close() error { return closeOtter(o.c, o.clock) }

func closeOtter[K comparable](c *otter.Cache[K, contest.Val], clock *otter.CoarseClock) error {
	c.StopAllGoroutines()
	if clock != nil {
		clock.Stop()
	}
	return nil
}

type otterParts struct {
	c     *otter.Cache[contest.Parts, contest.Val]
	load  otter.Loader[contest.Parts, contest.Val]
	clock *otter.CoarseClock
}

func newOtterParts(c contest.Config, clock *otter.CoarseClock) (contest.PartsCache, error) {
	o, err := newOtter[contest.Parts](c, clock)
	return &otterParts{o, otter.LoaderFunc[contest.Parts, contest.Val](c.LoadParts), clock}, err
}

func (o *otterParts) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return o.c.Get(ctx, contest.Parts{A: a, B: b, ID: id}, o.load)
}

func (o *otterParts) SetParts(a, b string, id int, v contest.Val) error {
	o.c.Set(contest.Parts{A: a, B: b, ID: id}, v)
	return nil
}

func (o *otterParts) Close() error { return closeOtter(o.c, o.clock) }

type otterTree struct {
	c *otter.Cache[string, contest.Val]
}

func newOtterTree(int) (contest.Tree, error) {
	c, err := newOtter[string](contest.Config{GC: time.Hour, Stale: time.Hour}, nil)
	return otterTree{c}, err
}

func (o otterTree) Put(tenant, id int, v contest.Val) error {
	o.c.Set(contest.TreeKey(tenant, id), v)
	return nil
}

func (o otterTree) Fresh(tenant, id int) bool {
	_, ok := o.c.GetIfPresent(contest.TreeKey(tenant, id))
	return ok
}

func (o otterTree) InvalidateTenant(tenant int) error {
	prefix := contest.TreePrefix(tenant)
	for k := range o.c.Keys() {
		if strings.HasPrefix(k, prefix) {
			o.c.Invalidate(k)
		}
	}
	return nil
}

func (o otterTree) Close() error { return closeOtter(o.c, nil) }

type otterPoller struct {
	c    *otter.Cache[int, contest.Val]
	load otter.Loader[int, contest.Val]
	d    *driver
}

func newOtterPoller(interval time.Duration, _ int, poll func(i int)) (contest.Poller, error) {
	c, err := newOtter[int](contest.Config{GC: time.Hour, Stale: interval * 9 / 10}, nil)
	if err != nil {
		return nil, err
	}
	v := new(contest.Payload)
	o := &otterPoller{c: c, load: otter.LoaderFunc[int, contest.Val](func(_ context.Context, i int) (contest.Val, error) {
		poll(i)
		return v, nil
	})}
	o.d = newDriver(interval, func(i int) { _ = o.read(i) }) // the loader never fails
	return o, nil
}

func (o *otterPoller) read(i int) error {
	_, err := o.c.Get(context.Background(), i, o.load)
	return err
}

func (o *otterPoller) Start(i int) error {
	o.d.start(i)
	return o.read(i)
}

func (o *otterPoller) Stop() error {
	o.d.stop()
	return closeOtter(o.c, nil)
}

type otterExpiring struct {
	c    *otter.Cache[string, contest.Val]
	keys []string
}

func newOtterExpiring(keys contest.Keys, lifetime time.Duration) (contest.Expiring, error) {
	c, err := newOtter[string](contest.Config{GC: lifetime}, nil)
	return otterExpiring{c, keys.Text}, err
}

func (o otterExpiring) Set(i int, v contest.Val, ttl time.Duration) error {
	o.c.Set(o.keys[i], v)
	o.c.SetExpiresAfter(o.keys[i], ttl)
	return nil
}

func (o otterExpiring) Get(i int) (contest.Val, bool) { return o.c.GetIfPresent(o.keys[i]) }
func (o otterExpiring) Len() int                      { return o.c.EstimatedSize() }
func (o otterExpiring) Close() error                  { return closeOtter(o.c, nil) }

func coldOtter() error {
	c, err := newOtter[string](contest.Config{GC: time.Hour, Stale: time.Minute}, nil)
	if err != nil {
		return err
	}
	load := otter.LoaderFunc[string, contest.Val](func(context.Context, string) (contest.Val, error) {
		return new(contest.Payload), nil
	})
	_, err = c.Get(context.Background(), "k", load)
	c.StopAllGoroutines()
	return err
}

func otterSpec() contest.Spec {
	return contest.Spec{
		Name: "otter",
		Note: "v2.4.0, ExpiryWriting and RefreshWriting, precise clock. No prefixes: users scan Keys and drop. Refreshes " +
			"when read: W6 reads every key once per interval. No observers, no change detection.",
		NewCache:    func(c contest.Config) (contest.Cache, error) { return newOtterCache(c, nil) },
		NewParts:    func(c contest.Config) (contest.PartsCache, error) { return newOtterParts(c, nil) },
		NewTree:     newOtterTree,
		NewPoller:   newOtterPoller,
		NewExpiring: newOtterExpiring,
		Cold:        coldOtter,
		Minimal:     "otter",
	}
}

func coarseOtterSpec() contest.Spec {
	clock := func() *otter.CoarseClock { return otter.NewCoarseClock(time.Millisecond) }
	return contest.Spec{
		Name:     "otter-coarse",
		Note:     "otter with its CoarseClock of a millisecond",
		NewCache: func(c contest.Config) (contest.Cache, error) { return newOtterCache(c, clock()) },
		NewParts: func(c contest.Config) (contest.PartsCache, error) { return newOtterParts(c, clock()) },
	}
}
