package ours

import (
	"context"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

type tree struct{ client }

func newTree(int) (contest.Tree, error) {
	c, err := newClient(keeping(contest.Config{Stale: time.Hour, GC: time.Hour}), nil)
	return tree{c}, err
}

func treeKey(tenant, id int) querykey.Key { return querykey.Of("t", tenant, "orders", id) }

func (t tree) Put(tenant, id int, v contest.Val) error {
	return query.Set(t.Client, t.query(treeKey(tenant, id)), v)
}

// Fresh needs no look at the clock: nothing here is an hour old.
func (t tree) Fresh(tenant, id int) bool {
	s, ok := t.State(treeKey(tenant, id))
	return ok && s.HasData() && !s.IsInvalidated()
}

func (t tree) InvalidateTenant(tenant int) error {
	return t.Invalidate(context.Background(), query.Filter{
		Key:     querykey.Of("t", tenant),
		Refetch: query.RefetchOptions{Type: query.RefetchNone},
	})
}
