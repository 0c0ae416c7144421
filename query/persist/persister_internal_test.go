package persist

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// deafened returns a persister that hears only of what a test tells it, and a
// wrapped query.
func deafened(h *querytest.Harness, s Storage) (*Persister, query.Query[int]) {
	h.Helper()
	p := NewPersister(h.Context(), h.Client(), s, QueryOptions{})
	h.Cleanup(func() { _ = p.Close(context.WithoutCancel(h.Context())) })
	p.deaf()
	n := 0
	return p, Wrap(p, query.Query[int]{
		Key:   querykey.Of("n"),
		Fetch: func(context.Context) (int, error) { n++; return n, nil },
	})
}

func fetched(h *querytest.Harness, q query.Query[int]) query.Event {
	h.Helper()
	_, err := query.Fetch(h.Context(), h.Client(), q)
	require.NoError(h, err)
	e := h.Client().Entries(query.Filter{Key: q.Key, Exact: true})[0]
	return query.Event{Kind: query.EventUpdated, Action: query.ActionSuccess, Query: &e}
}

func stored(h *querytest.Harness, p *Persister, q query.Query[int]) int {
	h.Helper()
	h.Settle()
	found, err := Retrieve[int](h.Context(), p, q.Key)
	if err != nil {
		require.ErrorIs(h, err, ErrAbsent)
	}
	return found.Data
}

func TestHear_lateEventsSaveWhatCameLast(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		p, q := deafened(h, new(Memory))
		first := fetched(h, q)
		second := fetched(h, q)
		require.Zero(h, stored(h, p, q))
		p.hear(first)
		require.Equal(h, 2, stored(h, p, q))
		require.NoError(h, p.storage.Remove(h.Context(), p.name(q.Key)))
		p.hear(second)
		require.Equal(h, 2, stored(h, p, q))
	})
}

func TestHear_lostEventsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		p, q := deafened(h, new(Memory))
		fetched(h, q)
		p.hear(query.Event{Kind: query.EventLost, Lost: 1})
		require.Equal(h, 1, stored(h, p, q))
		require.Len(h, p.known, 1)

		h.Client().Remove(query.Filter{})
		p.hear(query.Event{Kind: query.EventLost, Lost: 1})
		h.Settle()
		require.Empty(h, p.known)
	})
}

func TestHear_forgetsEntriesThatAreGone(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		p, q := deafened(h, new(Memory))
		old := fetched(h, q)
		h.Client().Remove(query.Filter{})
		fetched(h, q)
		old.Kind = query.EventRemoved
		p.hear(old)
		require.Len(h, p.known, 1, "a later entry has taken its place")

		young := h.Client().Entries(query.Filter{})[0]
		p.hear(query.Event{Kind: query.EventRemoved, Query: &young})
		require.Empty(h, p.known)
		p.hear(query.Event{Kind: query.EventRemoved, Mutation: new(query.MutationInfo)})
	})
}
