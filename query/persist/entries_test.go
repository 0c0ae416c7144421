package persist_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

func TestSave_keepsAnyEntryByItsKey(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{Filter: query.Filter{Key: querykey.Of("none")}})
		require.NoError(h, query.Set(h.Client(), orderQuery(1), "by hand"))
		query.Observe(h.Client(), orderQuery(2)) // an entry without data
		for id := range 4 {
			require.NoError(h, p.Save(h.Context(), querykey.Of("order", id)))
		}
		require.NoError(h, p.Save(h.Context(), querykey.Key{}))
		require.Equal(h, 1, s.sets)
		got, err := persist.Retrieve[string](h.Context(), p, querykey.Of("order", 1))
		require.NoError(h, err)
		require.Equal(h, "by hand", got.Data)
	})
}

func TestSave_errorsNameTheKeyAndNotTheData(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		down := errors.New("down")
		s := &storage{set: func(context.Context) error { return down }}
		p := persister(h, s, persist.QueryOptions{})
		require.NoError(h, query.Set(h.Client(), orderQuery(1), "hunter2"))
		err := p.Save(h.Context(), querykey.Of("order", 1))
		require.ErrorIs(h, err, down)
		require.ErrorContains(h, err, `["order",1]`)
		require.NotContains(h, err.Error(), "hunter2")

		require.NoError(h, query.Set(h.Client(), query.Query[func()]{Key: querykey.Of("f")}, func() {}))
		require.ErrorContains(h, p.Save(h.Context(), querykey.Of("f")), "cannot be encoded")
		require.NoError(h, query.Set(h.Client(), query.Query[secret]{Key: querykey.Of("s")}, secret{}))
		err = p.Save(h.Context(), querykey.Of("s"))
		require.ErrorContains(h, err, "cannot be encoded")
		require.NotContains(h, err.Error(), "hunter2")
	})
}

// secret cannot be encoded, and tells all when it fails.
type secret struct{}

func (secret) MarshalJSON() ([]byte, error) { return nil, errors.New("hunter2") }

func TestRetrieve_saysWhyThereIsNothing(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{MaxAge: time.Minute})
		key := querykey.Of("order", 1)
		_, err := persist.Retrieve[string](h.Context(), p, key)
		require.ErrorIs(h, err, persist.ErrAbsent)

		h.Advance(time.Hour)
		s.put(h, 1, "packed", h.Client().Now().Add(-time.Hour))
		_, err = persist.Retrieve[string](h.Context(), p, key)
		require.ErrorIs(h, err, persist.ErrAbsent)
		require.False(h, s.has(h, 1))

		s.put(h, 1, "packed", h.Client().Now())
		_, err = persist.Retrieve[int](h.Context(), p, key)
		require.ErrorIs(h, err, persist.ErrMalformed)
		require.NotContains(h, err.Error(), "packed")
		require.False(h, s.has(h, 1))

		down := errors.New("down")
		s.put(h, 1, "packed", h.Client().Now())
		s.drop = func(context.Context) error { return down }
		_, err = persist.Retrieve[int](h.Context(), p, key)
		require.ErrorIs(h, err, persist.ErrMalformed)
		require.ErrorIs(h, err, down)

		s.get = s.drop
		_, err = persist.Retrieve[string](h.Context(), p, key)
		require.ErrorIs(h, err, down)
		require.NotErrorIs(h, err, persist.ErrAbsent)
	})
}

func TestGC_removesWhatIsOfNoUse(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		var heard []error
		p := persister(h, s, persist.QueryOptions{
			MaxAge: time.Minute, Buster: "", OnError: func(err error) { heard = append(heard, err) },
		})
		h.Advance(time.Hour)
		now := h.Client().Now()
		s.put(h, 1, "good", now)
		s.put(h, 2, "old", now.Add(-time.Hour))
		s.put(h, 3, "busted", now, `"version":1`, `"version":1,"buster":"v0"`)
		s.put(h, 4, "garbled", now, `{`, `(`)
		s.put(h, 5, "misplaced", now, `["order",5]`, `["order",1]`)
		require.NoError(h, s.Memory.Set(h.Context(), "of somebody else", []byte("hands off")))

		require.NoError(h, p.GC(h.Context()))
		for id, kept := range map[int]bool{1: true, 2: false, 3: false, 4: false, 5: false} {
			require.Equal(h, kept, s.has(h, id), id)
		}
		_, err := s.Memory.Get(h.Context(), "of somebody else")
		require.NoError(h, err)
		require.Len(h, heard, 2)
	})
}

func TestRestoreQueries_fillsTheCache(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choose persist.Selection
		want   []int
	}{
		"all":         {persist.Selection{}, []int{1, 2}},
		"all exactly": {persist.Selection{Exact: true}, []int{1, 2}},
		"prefix":      {persist.Selection{Key: querykey.Of("order")}, []int{1, 2}},
		"one":         {persist.Selection{Key: querykey.Of("order", 2), Exact: true}, []int{2}},
		"none":        {persist.Selection{Key: querykey.Of("user")}, nil},
		"no such one": {persist.Selection{Key: querykey.Of("order"), Exact: true}, nil},
		"a bad one":   {persist.Selection{Key: querykey.Of("order", 3), Exact: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				s := new(storage)
				made := h.Client().Now()
				s.put(h, 1, "a", made)
				s.put(h, 2, "b", made)
				s.put(h, 3, "c", made, `"version":1`, `"version":1,"buster":"v0"`)
				h.Advance(time.Minute)
				p := persister(h, s, persist.QueryOptions{})
				require.NoError(h, p.RestoreQueries(h.Context(), c.choose))
				require.Len(h, h.Client().Entries(query.Filter{}), len(c.want))
				for _, id := range c.want {
					require.True(h, made.Equal(updatedAt(h, id)))
					require.Equal(h, map[int]string{1: "a", 2: "b"}[id], dataOf(h, id))
				}
			})
		})
	}
}

func TestRestoreQueries_newerDataStay(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "old", h.Client().Now())
		h.Advance(time.Minute)
		p := persister(h, s, persist.QueryOptions{})
		require.NoError(h, query.Set(h.Client(), orderQuery(1), "new"))
		require.NoError(h, p.RestoreQueries(h.Context(), persist.Selection{}))
		require.Equal(h, "new", dataOf(h, 1))
	})
}

func TestRestoreQueries_closedClientIsOneError(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		for id := range 3 {
			s.put(h, id, "x", h.Client().Now())
		}
		p := persister(h, s, persist.QueryOptions{})
		require.NoError(h, h.Client().Close(h.Context()))
		require.ErrorIs(h, p.RestoreQueries(h.Context(), persist.Selection{}), query.ErrClosed)
		one := persist.Selection{Key: querykey.Of("order", 1), Exact: true}
		require.ErrorIs(h, p.RestoreQueries(h.Context(), one), query.ErrClosed)
		require.True(h, s.has(h, 1))
	})
}

func TestRemoveQueries_leavesTheCacheAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choose persist.Selection
		left   []int
	}{
		"all":    {persist.Selection{}, nil},
		"prefix": {persist.Selection{Key: querykey.Of("order")}, nil},
		"other":  {persist.Selection{Key: querykey.Of("user")}, []int{1, 2}},
		"one":    {persist.Selection{Key: querykey.Of("order", 2), Exact: true}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				s := new(storage)
				p := persister(h, s, persist.QueryOptions{})
				for id := range 3 {
					if id > 0 {
						s.put(h, id, "x", h.Client().Now())
						require.NoError(h, query.Set(h.Client(), orderQuery(id), "x"))
					}
				}
				require.NoError(h, p.RemoveQueries(h.Context(), c.choose))
				var left []int
				for _, id := range []int{1, 2} {
					if s.has(h, id) {
						left = append(left, id)
					}
					require.Equal(h, "x", dataOf(h, id))
				}
				require.Equal(h, c.left, left)
			})
		})
	}
}

func TestPersister_storageThatIsNotListedServesSingleKeys(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "x", h.Client().Now())
		p := persister(h, keyed{s}, persist.QueryOptions{})
		require.ErrorIs(h, p.GC(h.Context()), persist.ErrNotListed)
		require.ErrorIs(h, p.RestoreQueries(h.Context(), persist.Selection{}), persist.ErrNotListed)
		require.ErrorIs(h, p.RemoveQueries(h.Context(), persist.Selection{}), persist.ErrNotListed)

		one := persist.Selection{Key: querykey.Of("order", 1), Exact: true}
		require.NoError(h, p.RestoreQueries(h.Context(), one))
		require.Equal(h, "x", dataOf(h, 1))
		require.NoError(h, p.RemoveQueries(h.Context(), one))
		require.False(h, s.has(h, 1))
	})
}

// broken lists one entry that is damaged, one that is sound, and then fails.
type broken struct {
	*storage

	last error
}

func (b broken) Entries(ctx context.Context) iter.Seq2[persist.Item, error] {
	return func(yield func(persist.Item, error) bool) {
		if !yield(persist.Item{}, persist.ErrTooLarge) {
			return
		}
		for item, err := range b.Memory.Entries(ctx) {
			if !yield(item, err) {
				return
			}
		}
		yield(persist.Item{}, b.last)
	}
}

func TestPersister_storageThatFailsToListIsAnError(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		down := errors.New("down")
		s := broken{new(storage), down}
		s.put(h, 1, "x", h.Client().Now())
		s.drop = func(context.Context) error { panic(down) }
		var heard []error
		p := persister(h, s, persist.QueryOptions{OnError: func(err error) { heard = append(heard, err) }})
		require.ErrorIs(h, p.RestoreQueries(h.Context(), persist.Selection{}), down)
		require.Equal(h, "x", dataOf(h, 1))
		require.Equal(h, []error{persist.ErrTooLarge}, heard)

		require.ErrorIs(h, p.RemoveQueries(h.Context(), persist.Selection{}), down)
		one := persist.Selection{Key: querykey.Of("order", 1), Exact: true}
		require.ErrorIs(h, p.RemoveQueries(h.Context(), one), down)
	})
}

func FuzzPersister(f *testing.F) {
	f.Add([]byte(`{"version":1,"query":{"key":["order",1],"status":"success","data":"x","dataUpdatedAt":"1970-01-01T00:00:00Z"}}`))
	f.Add([]byte(`{"version":1,"query":{"key":["order",1],"data":null,"dataUpdatedAt":"2999-01-01T00:00:00Z","dataUpdateCount":-1}}`))
	f.Add([]byte(`{"version":1,"query":null}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, value []byte) {
		querytest.Run(t, func(h *querytest.Harness) {
			s := new(storage)
			require.NoError(h, s.Memory.Set(h.Context(), nameOf(1), value))
			p := persister(h, s, persist.QueryOptions{OnError: func(error) {}})
			require.NoError(h, p.RestoreQueries(h.Context(), persist.Selection{}))
			h.Client().Clear()
			q, server := order(h, p, 1, querytest.Value("sent"))
			got := fetch(h, q)
			if server.Calls() == 0 {
				require.True(h, s.has(h, 1))
			} else {
				require.True(h, got == "sent" || s.has(h, 1))
			}
			require.NoError(h, p.GC(h.Context()))
		})
	})
}
