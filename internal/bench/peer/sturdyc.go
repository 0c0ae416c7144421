package peer

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/viccon/sturdyc"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

const sturdycShards = 64

// sturdycRoom is a capacity that no workload reaches; one is compulsory.
const sturdycRoom = 4_000_000

type sturdycClient struct {
	*sturdyc.Client[contest.Val]

	clock *mortalClock
}

func newSturdyc(c contest.Config) sturdycClient {
	clock := newMortalClock()
	opts := []sturdyc.Option{sturdyc.WithClock(clock), sturdyc.WithLog(slog.New(slog.DiscardHandler))}
	capacity := max(2*c.Hint, sturdycRoom)
	if c.Bound > 0 {
		capacity = c.Bound
	}
	if c.Stale > 0 {
		opts = append(opts, sturdyc.WithEarlyRefreshes(c.Stale, c.Stale, max(c.GC, c.Stale), 10*time.Millisecond))
	}
	return sturdycClient{sturdyc.New[contest.Val](capacity, sturdycShards, c.GC, 10, opts...), clock}
}

func (s sturdycClient) Close() error {
	s.clock.end()
	return nil
}

type sturdycCache struct {
	sturdycClient

	keys []string
	load func(context.Context, string) (contest.Val, error)
}

func newSturdycCache(c contest.Config) (contest.Cache, error) {
	return &sturdycCache{newSturdyc(c), c.Keys.Text, c.Load}, nil
}

func (s *sturdycCache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	k := s.keys[i]
	return s.GetOrFetch(ctx, k, func(ctx context.Context) (contest.Val, error) { return s.load(ctx, k) })
}

func (s *sturdycCache) Set(i int, v contest.Val) error {
	s.Client.Set(s.keys[i], v)
	return nil
}

func (s *sturdycCache) Len() int { return s.Size() }

type sturdycParts struct {
	sturdycClient

	load func(context.Context, contest.Parts) (contest.Val, error)
}

func newSturdycParts(c contest.Config) (contest.PartsCache, error) {
	return &sturdycParts{newSturdyc(c), c.LoadParts}, nil
}

func (s *sturdycParts) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return s.GetOrFetch(ctx, contest.Joined(a, b, id), func(ctx context.Context) (contest.Val, error) {
		return s.load(ctx, contest.Parts{A: a, B: b, ID: id})
	})
}

func (s *sturdycParts) SetParts(a, b string, id int, v contest.Val) error {
	s.Set(contest.Joined(a, b, id), v)
	return nil
}

type sturdycTree struct{ sturdycClient }

func newSturdycTree(entries int) (contest.Tree, error) {
	return sturdycTree{newSturdyc(contest.Config{Hint: entries, GC: time.Hour})}, nil
}

func (s sturdycTree) Put(tenant, id int, v contest.Val) error {
	s.Set(contest.TreeKey(tenant, id), v)
	return nil
}

func (s sturdycTree) Fresh(tenant, id int) bool {
	_, ok := s.Get(contest.TreeKey(tenant, id))
	return ok
}

func (s sturdycTree) InvalidateTenant(tenant int) error {
	prefix := contest.TreePrefix(tenant)
	for _, k := range s.ScanKeys() {
		if strings.HasPrefix(k, prefix) {
			s.Delete(k)
		}
	}
	return nil
}

type sturdycPoller struct {
	sturdycClient

	d    *driver
	keys []string
	load []sturdyc.FetchFn[contest.Val]
}

func newSturdycPoller(interval time.Duration, n int, poll func(i int)) (contest.Poller, error) {
	s := &sturdycPoller{
		sturdycClient: newSturdyc(contest.Config{Hint: n, GC: time.Hour, Stale: interval * 9 / 10}),
		keys:          contest.StringKeys("poll/", n).Text,
		load:          make([]sturdyc.FetchFn[contest.Val], n),
	}
	v := new(contest.Payload)
	for i := range n {
		s.load[i] = func(context.Context) (contest.Val, error) {
			poll(i)
			return v, nil
		}
	}
	s.d = newDriver(interval, func(i int) { _ = s.read(i) }) // the loader never fails
	return s, nil
}

func (s *sturdycPoller) read(i int) error {
	_, err := s.GetOrFetch(context.Background(), s.keys[i], s.load[i])
	return err
}

func (s *sturdycPoller) Start(i int) error {
	s.d.start(i)
	return s.read(i)
}

func (s *sturdycPoller) Stop() error {
	s.d.stop()
	return s.Close()
}

type sturdycExpiring struct {
	sturdycClient

	keys []string
}

func newSturdycExpiring(keys contest.Keys, lifetime time.Duration) (contest.Expiring, error) {
	return sturdycExpiring{newSturdyc(contest.Config{Hint: len(keys.Text), GC: lifetime}), keys.Text}, nil
}

func (s sturdycExpiring) Set(i int, v contest.Val, _ time.Duration) error {
	s.Client.Set(s.keys[i], v)
	return nil
}

func (s sturdycExpiring) Get(i int) (contest.Val, bool) { return s.Client.Get(s.keys[i]) }
func (s sturdycExpiring) Len() int                      { return s.Size() }

func coldSturdyc() error {
	c := sturdyc.New[contest.Val](1000, sturdycShards, time.Hour, 10, sturdyc.WithNoContinuousEvictions(),
		sturdyc.WithEarlyRefreshes(time.Minute, time.Minute, time.Hour, time.Second))
	_, err := c.GetOrFetch(context.Background(), "k", func(context.Context) (contest.Val, error) {
		return new(contest.Payload), nil
	})
	return err
}

func sturdycSpec() contest.Spec {
	return contest.Spec{
		Name: "sturdyc",
		Note: "v1.1.5, 64 shards, WithEarlyRefreshes. No prefixes: users scan ScanKeys and drop. Refreshes when read: W6 reads " +
			"every key once per interval. One lifetime for the whole cache. No observers, no change detection, no Close.",
		NewCache:    newSturdycCache,
		NewParts:    newSturdycParts,
		NewTree:     newSturdycTree,
		NewPoller:   newSturdycPoller,
		NewExpiring: newSturdycExpiring,
		Cold:        coldSturdyc,
		Minimal:     "sturdyc",
	}
}
