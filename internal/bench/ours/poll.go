package ours

import (
	"context"
	"time"

	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// poller observes each key with a refetch interval.
type poller struct {
	client

	poll  func(i int)
	stops []func()
	v     contest.Val
}

func newPoller(interval time.Duration, n int, poll func(i int)) (contest.Poller, error) {
	c, err := newClient(query.Policy{
		StaleTime:                   query.StaleAfter(100 * interval),
		RefetchInterval:             query.Every(interval),
		RefetchIntervalInBackground: query.On,
	}, nil)
	return &poller{client: c, poll: poll, stops: make([]func(), 0, n), v: new(contest.Payload)}, err
}

func (p *poller) Start(i int) error {
	q := p.query(querykey.Of("poll", i))
	q.Fetch = func(context.Context) (contest.Val, error) {
		p.poll(i)
		return p.v, nil
	}
	p.stops = append(p.stops, query.Observe(p.Client, q).Subscribe(func(query.Result[contest.Val]) {}))
	return nil
}

func (p *poller) Stop() error {
	for _, stop := range p.stops {
		stop()
	}
	return p.Close()
}
