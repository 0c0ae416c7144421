package ours

import (
	"github.com/freshet-go/freshet/internal/bench/contest"
	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// sharer writes lists, and structural sharing does the rest.
type sharer struct {
	client

	list query.Query[[]*contest.Order]
}

func newSharing() (sharer, error) {
	c, err := newClient(query.Policy{}, nil)
	return sharer{c, query.Query[[]*contest.Order]{Key: querykey.Of("orders")}}, err
}

func newSharer() (contest.Sharer, error) { return newSharing() }

func (s sharer) Prime(prev []*contest.Order) error {
	s.Remove(query.Filter{Key: s.list.Key, Exact: true})
	return query.Set(s.Client, s.list, prev)
}

func (s sharer) Replace(next []*contest.Order) ([]*contest.Order, error) {
	if err := query.Set(s.Client, s.list, next); err != nil {
		return nil, err
	}
	kept, _ := query.Get(s.Client, s.list)
	return kept, nil
}

// rawSharer decodes every body: the cache does not see bodies yet.
type rawSharer struct{ sharer }

func newRaw() (contest.RawSharer, error) {
	s, err := newSharing()
	return rawSharer{s}, err
}

func (s rawSharer) Prime(body []byte) ([]*contest.Order, error) {
	list, err := contest.Decode(body)
	if err != nil {
		return nil, err
	}
	return list, s.sharer.Prime(list)
}

func (s rawSharer) Refetch(body []byte) ([]*contest.Order, error) {
	next, err := contest.Decode(body)
	if err != nil {
		return nil, err
	}
	return s.Replace(next)
}
