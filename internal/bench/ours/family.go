package ours

import (
	"context"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
)

// family finds entries by their parts, without making keys of them.
type family struct {
	client

	payloads *query.Family[contest.Parts, contest.Val]
}

func newFamily(cfg contest.Config) (contest.PartsCache, error) {
	c, err := newClient(query.Policy{}, nil)
	return family{c, &query.Family[contest.Parts, contest.Val]{Fetch: cfg.LoadParts, Policy: keeping(cfg)}}, err
}

func (f family) FetchParts(ctx context.Context, a, b string, id int) (contest.Val, error) {
	return query.FetchOf(ctx, f.Client, f.payloads, contest.Parts{A: a, B: b, ID: id})
}

func (f family) SetParts(a, b string, id int, v contest.Val) error {
	return query.SetOf(f.Client, f.payloads, contest.Parts{A: a, B: b, ID: id}, v)
}
