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

// rawSharer does what a fetch by query.Body does: it holds the body against the one
// before, and writes what comes of it.
type rawSharer struct {
	sharer

	answer *query.Decoded[[]*contest.Order]
}

func newRaw() (contest.RawSharer, error) {
	s, err := newSharing()
	return &rawSharer{sharer: s}, err
}

func (s *rawSharer) Prime(body []byte) (list []*contest.Order, err error) {
	if s.answer, err = (query.Body[[]*contest.Order]{}).Next(nil, body); err != nil {
		return nil, err
	}
	return s.answer.Data(), s.sharer.Prime(s.answer.Data())
}

func (s *rawSharer) Refetch(body []byte) ([]*contest.Order, error) {
	next, err := (query.Body[[]*contest.Order]{}).Next(s.answer, body)
	if err != nil {
		return nil, err
	}
	if next == s.answer { // not modified
		kept, _ := query.Get(s.Client, s.list)
		return kept, nil
	}
	s.answer = next
	return s.Replace(next.Data())
}
