package ours

import (
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

type expiring struct {
	client

	keys []querykey.Key
}

func newExpiring(keys contest.Keys, _ time.Duration) (contest.Expiring, error) {
	c, err := newClient(query.Policy{}, nil)
	return expiring{c, keys.Key}, err
}

func (e expiring) Set(i int, v contest.Val, ttl time.Duration) error {
	q := e.query(e.keys[i])
	q.Policy.GCTime = query.GCAfter(ttl)
	return query.Set(e.Client, q, v)
}

func (e expiring) Get(i int) (contest.Val, bool) {
	return query.Get(e.Client, e.query(e.keys[i]))
}
