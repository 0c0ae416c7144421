package ours

import (
	"context"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// family is a cache of parts of which all but the last never change, as in a
// program that has one definition for orders by ID.
type family struct {
	client

	orders *query.Family[int, contest.Val]
}

func newFamily(cfg contest.Config) (contest.PartsCache, error) {
	c, err := newClient(query.Policy{}, nil)
	return family{c, &query.Family[int, contest.Val]{
		Prefix: querykey.Of("seller", "orders"),
		Fetch: func(ctx context.Context, id int) (contest.Val, error) {
			return cfg.LoadParts(ctx, contest.Parts{A: "seller", B: "orders", ID: id})
		},
		Policy: keeping(cfg),
	}}, err
}

func (f family) FetchParts(ctx context.Context, _, _ string, id int) (contest.Val, error) {
	return query.FetchOf(ctx, f.Client, f.orders, id)
}

func (f family) SetParts(_, _ string, id int, v contest.Val) error {
	return query.SetOf(f.Client, f.orders, id, v)
}
