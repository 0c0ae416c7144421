package ours

import (
	"context"
	"errors"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// errForeignKey means that a loader was called for a key of another workload.
var errForeignKey = errors.New("bench: key of another shape")

// cache has its keys made beforehand, as a definition of a query has.
type cache struct {
	client

	keys []querykey.Key
}

func newCache(cfg contest.Config) (contest.Cache, error) {
	c, err := newStringClient(cfg)
	return &cache{c, cfg.Keys.Key}, err
}

func newStringClient(cfg contest.Config) (client, error) {
	return newBounded(keeping(cfg), int64(cfg.Bound), func(ctx context.Context, info query.FetchInfo) (any, error) {
		text, ok := info.Key.Part(0).(string)
		if !ok {
			return nil, errForeignKey
		}
		return cfg.Load(ctx, text)
	})
}

func (c *cache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	return query.Fetch(ctx, c.Client, query.Query[contest.Val]{Key: c.keys[i], Policy: c.policy})
}

func (c *cache) Set(i int, v contest.Val) error {
	return query.Set(c.Client, c.query(c.keys[i]), v)
}

// callCache makes its keys in each call.
type callCache struct {
	client

	texts []string
}

func newCallCache(cfg contest.Config) (contest.Cache, error) {
	c, err := newStringClient(cfg)
	return &callCache{c, cfg.Keys.Text}, err
}

func (c *callCache) Fetch(ctx context.Context, i int) (contest.Val, error) {
	return query.Fetch(ctx, c.Client, query.Query[contest.Val]{Key: querykey.Of(c.texts[i]), Policy: c.policy})
}

func (c *callCache) Set(i int, v contest.Val) error {
	return query.Set(c.Client, c.query(querykey.Of(c.texts[i])), v)
}

// partsCache makes its keys of parts in each call.
type partsCache struct{ client }

func newParts(cfg contest.Config) (contest.PartsCache, error) {
	c, err := newClient(keeping(cfg), func(ctx context.Context, info query.FetchInfo) (any, error) {
		a, okA := info.Key.Part(0).(string)
		b, okB := info.Key.Part(1).(string)
		id, okID := info.Key.Part(2).(int64)
		if !okA || !okB || !okID {
			return nil, errForeignKey
		}
		return cfg.LoadParts(ctx, contest.Parts{A: a, B: b, ID: int(id)})
	})
	return partsCache{c}, err
}

func (c partsCache) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return query.Fetch(ctx, c.Client, query.Query[contest.Val]{Key: querykey.Of3(a, b, id), Policy: c.policy})
}

func (c partsCache) SetParts(a, b string, id int, v contest.Val) error {
	return query.Set(c.Client, c.query(querykey.Of3(a, b, id)), v)
}
