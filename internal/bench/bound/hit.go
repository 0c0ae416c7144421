package bound

import (
	"context"
	"hash/maphash"
	"math/bits"

	"github.com/freshet-go/freshet/internal/bench/contest"
)

// texts are entries under strings.
type texts struct {
	*table[string]

	cfg  contest.Config
	seed maphash.Seed
}

func newStrings(cfg contest.Config) (contest.Cache, error) {
	if cfg.Bound > 0 {
		return nil, contest.ErrNotOffered
	}
	return &texts{newTable[string](), cfg, maphash.MakeSeed()}, nil
}

func (c *texts) hash(key *string) uint64 { return maphash.String(c.seed, *key) }

func (c *texts) Fetch(ctx context.Context, i int) (contest.Val, error) {
	key := &c.cfg.Keys.Text[i]
	if v := c.fresh(key, c.hash(key)); v != nil {
		return v, nil
	}
	e := c.enter(*key, c.hash) // which others would wait at
	v, err := c.cfg.Load(ctx, *key)
	if err == nil {
		c.store(e, v, c.cfg)
	}
	return v, err
}

func (c *texts) Set(i int, v contest.Val) error {
	c.store(c.enter(c.cfg.Keys.Text[i], c.hash), v, c.cfg)
	return nil
}

func (c *texts) Close() error { return nil }

// parts are entries under keys of parts.
type parts struct {
	*table[contest.Parts]

	cfg  contest.Config
	seed maphash.Seed
}

func newParts(cfg contest.Config) (contest.PartsCache, error) {
	return &parts{newTable[contest.Parts](), cfg, maphash.MakeSeed()}, nil
}

func (c *parts) hash(key *contest.Parts) uint64 { return maphash.Comparable(c.seed, *key) }

func (c *parts) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	key := contest.Parts{A: a, B: b, ID: id}
	if v := c.fresh(&key, c.hash(&key)); v != nil {
		return v, nil
	}
	e := c.enter(key, c.hash)
	v, err := c.cfg.LoadParts(ctx, key)
	if err == nil {
		c.store(e, v, c.cfg)
	}
	return v, err
}

func (c *parts) SetParts(a, b string, id int, v contest.Val) error {
	c.store(c.enter(contest.Parts{A: a, B: b, ID: id}, c.hash), v, c.cfg)
	return nil
}

func (c *parts) Close() error { return nil }

// family are entries under the last part alone.
type family struct {
	*table[int]

	cfg contest.Config
}

func newFamily(cfg contest.Config) (contest.PartsCache, error) {
	return &family{newTable[int](), cfg}, nil
}

func hashInt(key *int) uint64 {
	high, low := bits.Mul64(uint64(*key)^0x243f6a8885a308d3, 0x9e3779b97f4a7c15)
	return high ^ low
}

func (c *family) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	if v := c.fresh(&id, hashInt(&id)); v != nil {
		return v, nil
	}
	e := c.enter(id, hashInt)
	v, err := c.cfg.LoadParts(ctx, contest.Parts{A: a, B: b, ID: id})
	if err == nil {
		c.store(e, v, c.cfg)
	}
	return v, err
}

func (c *family) SetParts(_, _ string, id int, v contest.Val) error {
	c.store(c.enter(id, hashInt), v, c.cfg)
	return nil
}

func (c *family) Close() error { return nil }
