package ours

import (
	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

type notifier struct {
	client

	keys  []querykey.Key
	stops []func()
}

func newNotifier(keys int) (contest.Notifier, error) {
	c, err := newClient(query.Policy{StaleTime: query.StaleNever()}, nil)
	if err != nil {
		return nil, err
	}
	n := &notifier{client: c, keys: make([]querykey.Key, keys)}
	for i := range n.keys {
		n.keys[i] = querykey.Of("k", i)
		// With data there is nothing to fetch when observing begins.
		if err := n.SetData(i, new(contest.Payload)); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (n *notifier) Observe(key int, f func(contest.Val)) error {
	o := query.Observe(n.Client, n.query(n.keys[key]))
	n.stops = append(n.stops, o.Subscribe(func(r query.Result[contest.Val]) { f(r.Data()) }))
	return nil
}

func (n *notifier) SetData(key int, v contest.Val) error {
	return query.Set(n.Client, n.query(n.keys[key]), v)
}

func (n *notifier) Close() error {
	for _, stop := range n.stops {
		stop()
	}
	return n.client.Close()
}
