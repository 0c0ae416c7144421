package ours

import (
	"context"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// The prefix that all keys of parts have which are fetched through a family.
const (
	familyA = "seller"
	familyB = "orders"
)

// family is the definition of the orders of a seller: its prefix is given once, and
// entries are found by ID, without keys being made.
type family struct {
	client

	orders *query.Family[int, contest.Val]
}

func newFamily(cfg contest.Config) (contest.PartsCache, error) {
	c, err := newClient(query.Policy{}, nil)
	return family{c, &query.Family[int, contest.Val]{
		Prefix: querykey.Of(familyA, familyB),
		Fetch: func(ctx context.Context, id int) (contest.Val, error) {
			return cfg.LoadParts(ctx, contest.Parts{A: familyA, B: familyB, ID: id})
		},
		Policy: keeping(cfg),
	}}, err
}

func (f family) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	if a != familyA || b != familyB {
		return nil, errForeignKey
	}
	return query.FetchOf(ctx, f.Client, f.orders, id)
}

func (f family) SetParts(a, b string, id int, v contest.Val) error {
	if a != familyA || b != familyB {
		return errForeignKey
	}
	return query.SetOf(f.Client, f.orders, id, v)
}

// byText is a family whose argument is the string of a string key.
type byText struct {
	client

	texts    []string
	payloads *query.Family[string, contest.Val]
}

func newByText(cfg contest.Config) (contest.Cache, error) {
	if cfg.Bound > 0 {
		return nil, contest.ErrNotOffered
	}
	c, err := newClient(query.Policy{}, nil)
	return &byText{c, cfg.Keys.Text, &query.Family[string, contest.Val]{Fetch: cfg.Load, Policy: keeping(cfg)}}, err
}

func (f *byText) Fetch(ctx context.Context, i int) (contest.Val, error) {
	return query.FetchOf(ctx, f.Client, f.payloads, f.texts[i])
}

func (f *byText) Set(i int, v contest.Val) error {
	return query.SetOf(f.Client, f.payloads, f.texts[i], v)
}
