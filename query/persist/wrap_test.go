package persist_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

func TestWrap_savesWhatIsFetched(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		h.Advance(time.Minute)
		q, _ := order(h, p, 1, querytest.Value("packed"), querytest.Value("sent"))
		require.Equal(h, "packed", fetch(h, q))
		got, err := persist.Retrieve[string](h.Context(), p, q.Key)
		require.NoError(h, err)
		require.Equal(h, "packed", got.Data)
		require.True(h, h.Client().Now().Equal(got.UpdatedAt))

		h.Advance(time.Minute)
		require.Equal(h, "sent", fetch(h, q))
		got, err = persist.Retrieve[string](h.Context(), p, q.Key)
		require.NoError(h, err)
		require.Equal(h, "sent", got.Data)
		require.Equal(h, 2, s.sets)
	})
}

func TestWrap_savesNeitherFailuresNorWhatIsWrittenByHand(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		q, _ := order(h, p, 1, querytest.Fail[string](errors.New("no")), querytest.Value("packed"))
		_, err := query.Fetch(h.Context(), h.Client(), q)
		require.ErrorContains(h, err, "no")
		require.NoError(h, query.Set(h.Client(), q, "by hand"))
		h.Settle()
		require.Zero(h, s.sets)
		require.NoError(h, p.Close(h.Context()))
		require.Zero(h, s.sets)
	})
}

func TestWrap_restoresDataWithTheirAge(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "packed", h.Client().Now())
		h.Advance(time.Minute)
		p := persister(h, s, persist.QueryOptions{})
		q, server := order(h, p, 1, querytest.Value("sent"))
		q.Policy.StaleTime = query.StaleAfter(2 * time.Minute)
		r := querytest.Watch(h, q)
		require.Equal(h, "packed", r.Last().Data())
		require.True(h, r.Last().IsSuccess())
		require.False(h, r.Last().IsFetching())
		require.Equal(h, time.Minute, r.Last().Age())
		require.Zero(h, server.Calls())
		require.Zero(h, s.sets)

		h.Advance(time.Minute + time.Millisecond)
		require.True(h, r.Last().IsStale())
		for _, result := range r.All() {
			require.False(h, result.HasData() && result.Age() == 0, "restored data are never shown as fresh")
		}
	})
}

func TestWrap_refetchesInTheBackground(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode  query.RefetchMode
		stale query.StaleTime
		calls int
	}{
		{query.IfStale, query.StaleAfter(0), 1},
		{query.IfStale, query.StaleAfter(time.Hour), 0},
		{query.IfStale, query.StaleStatic(), 0},
		{query.Always, query.StaleAfter(time.Hour), 1},
		{query.Never, query.StaleAfter(0), 0},
	} {
		for _, observed := range []bool{true, false} {
			calls := c.calls
			if c.mode == query.IfStale && !observed {
				calls = 0 // left to the next fetch
			}
			t.Run(fmt.Sprint(c, observed), func(t *testing.T) {
				t.Parallel()
				querytest.Run(t, func(h *querytest.Harness) {
					s := new(storage)
					s.put(h, 1, "packed", h.Client().Now())
					h.Advance(time.Minute)
					p := persister(h, s, persist.QueryOptions{RefetchOnRestore: c.mode})
					q, server := order(h, p, 1, querytest.Value("sent").After(time.Second))
					q.Policy.StaleTime = c.stale
					if observed {
						r := querytest.Watch(h, q)
						require.Equal(h, "packed", r.Last().Data())
						require.Equal(h, calls == 1, r.Last().IsFetching())
					} else {
						require.Equal(h, "packed", fetch(h, q))
					}
					require.Equal(h, calls, server.Calls())
					h.Advance(time.Second)
					want := "packed"
					if calls > 0 {
						want = "sent"
					}
					require.Equal(h, want, dataOf(h, 1))
					require.Equal(h, calls, s.sets)
					require.Equal(h, 1, s.gets)
				})
			})
		}
	}
}

func TestWrap_restoresWithoutNetwork(t *testing.T) {
	t.Parallel()
	querytest.RunConfig(t, query.Config{Online: query.NewSignal(false)}, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "packed", h.Client().Now())
		p := persister(h, s, persist.QueryOptions{RefetchOnRestore: query.Never})
		q, _ := order(h, p, 1, querytest.Value("sent"))
		require.Equal(h, query.NetworkOfflineFirst, q.Policy.NetworkMode)
		require.Equal(h, "packed", fetch(h, q))

		plain := orderQuery(1)
		plain.Fetch = func(context.Context) (string, error) { return "", nil }
		plain.Policy.NetworkMode = query.NetworkAlways
		require.Equal(h, query.NetworkAlways, persist.Wrap(p, plain).Policy.NetworkMode)
	})
}

func TestWrap_doesNotAskTheStorageForWhatIsCached(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "packed", h.Client().Now())
		p := persister(h, s, persist.QueryOptions{})
		q, server := order(h, p, 1, querytest.Value("sent"))
		require.NoError(h, query.Set(h.Client(), q, "mine"))
		require.Equal(h, "sent", fetch(h, q))
		require.Equal(h, 1, server.Calls())
		require.Zero(h, s.gets)
	})
}

func TestWrap_asksOncePerEntry(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		no := querytest.Fail[string](errors.New("no"))
		q, server := order(h, p, 1, no, no, querytest.Value("packed"))
		q.Policy.Retry, q.Policy.RetryDelay = query.Retries(2), query.ConstantDelay(time.Second)
		r := querytest.Watch(h, q)
		h.Advance(2 * time.Second)
		require.Equal(h, "packed", r.Last().Data())
		require.Equal(h, 3, server.Calls())
		require.Equal(h, 1, s.gets)

		require.NoError(h, h.Client().Reset(h.Context(), query.Filter{}))
		h.Settle()
		require.Equal(h, 4, server.Calls(), "a reset goes to the server")
		r.Stop()
		h.Client().Remove(query.Filter{})
		h.Settle()
		require.Equal(h, "packed", fetch(h, q))
		require.Equal(h, 2, s.gets, "of a new entry")
	})
}

func TestWrap_cancelledRestoreIsTriedAgain(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "packed", h.Client().Now())
		s.get = func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		p := persister(h, s, persist.QueryOptions{})
		q, server := order(h, p, 1, querytest.Value("sent"))
		q.Policy.StaleTime = query.StaleAfter(time.Hour)
		r := querytest.Watch(h, q)
		require.True(h, r.Last().IsFetching())
		r.Stop()
		h.Settle()
		s.get = nil
		require.Equal(h, "packed", querytest.Watch(h, q).Last().Data())
		require.Zero(h, server.Calls())
	})
}

func TestWrap_fetchesWhenNothingUsableIsStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o         persist.QueryOptions
		age       time.Duration
		edits     []string
		malformed bool
	}{
		"expired":          {age: 24*time.Hour + 1},
		"expired earlier":  {o: persist.QueryOptions{MaxAge: time.Minute}, age: time.Minute + 1},
		"busted":           {o: persist.QueryOptions{Buster: "v2"}},
		"foreign version":  {edits: []string{`"version":1`, `"version":2`}, malformed: true},
		"not JSON":         {edits: []string{`{`, `(`}, malformed: true},
		"another type":     {edits: []string{`"data":"packed"`, `"data":{"hunter2":1}`}, malformed: true},
		"another key":      {edits: []string{`["order",1]`, `["order",2]`}, malformed: true},
		"no key":           {edits: []string{`["order",1]`, `[]`}, malformed: true},
		"no data":          {edits: []string{`"data":"packed",`, ``}, malformed: true},
		"no age":           {edits: []string{`"dataUpdatedAt"`, `"other"`}, malformed: true},
		"a wrong age":      {edits: []string{`"dataUpdatedAt":"`, `"dataUpdatedAt":"hunter2`}, malformed: true},
		"an undecodable":   {o: persist.QueryOptions{Codec: persist.Codec{Decode: noCodec}}, malformed: true},
		"a key of no type": {edits: []string{`["order",1]`, `{"a":1}`}, malformed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				s := new(storage)
				s.set = func(context.Context) error { return errors.New("keep out") }
				h.Advance(48 * time.Hour)
				s.put(h, 1, "packed", h.Client().Now().Add(-c.age), c.edits...)
				var heard []error
				c.o.OnError = func(err error) {
					if errors.Is(err, persist.ErrMalformed) {
						heard = append(heard, err)
					}
				}
				p := persister(h, s, c.o)
				q, server := order(h, p, 1, querytest.Value("sent"))
				require.Equal(h, "sent", fetch(h, q))
				require.Equal(h, 1, server.Calls())
				require.False(h, s.has(h, 1), "it is removed")
				require.Equal(h, c.malformed, len(heard) == 1)
				for _, err := range heard {
					require.NotContains(h, err.Error(), "hunter2")
				}
			})
		})
	}
}

func noCodec([]byte) ([]byte, error) { return nil, errors.New("hunter2") }

func TestWrap_dataOfTheFutureAreAsOfNow(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "packed", h.Client().Now().Add(1000*time.Hour))
		p := persister(h, s, persist.QueryOptions{RefetchOnRestore: query.Never})
		q, _ := order(h, p, 1, querytest.Value("sent"))
		require.Equal(h, "packed", fetch(h, q))
		require.True(h, h.Client().Now().Equal(updatedAt(h, 1)))
	})
}

func TestWrap_storageThatFailsIsPassedBy(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return down },
		"panic": func(context.Context) error { panic(down) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			querytest.Run(t, func(h *querytest.Harness) {
				s := new(storage)
				s.get, s.set = fail, fail
				var heard []error
				p := persister(h, s, persist.QueryOptions{OnError: func(err error) { heard = append(heard, err) }})
				q, _ := order(h, p, 1, querytest.Value("sent"))
				require.Equal(h, "sent", fetch(h, q))
				require.Len(h, heard, 2)
				for _, err := range heard {
					require.ErrorIs(h, err, down)
					require.NotContains(h, err.Error(), "sent")
				}
			})
		})
	}
}

func TestWrap_filterChoosesWhatIsKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter query.Filter
		kept   bool
	}{
		{query.Filter{}, true},
		{query.Filter{Key: querykey.Of("order")}, true},
		{query.Filter{Key: querykey.Of("user")}, false},
		{query.Filter{Key: querykey.Of("order"), Exact: true}, false},
		{query.Filter{Key: querykey.Of("order", 1), Exact: true}, true},
		{query.Filter{Predicate: func(s query.State[any]) bool { return s.Meta()["keep"] == true }}, true},
		{query.Filter{Predicate: func(s query.State[any]) bool { return s.Meta()["keep"] != true }}, false},
	} {
		querytest.Run(t, func(h *querytest.Harness) {
			s := new(storage)
			p := persister(h, s, persist.QueryOptions{Filter: c.filter})
			q, _ := order(h, p, 1, querytest.Value("packed"))
			q.Meta = map[string]any{"keep": true}
			fetch(h, q)
			require.Equal(h, c.kept, s.has(h, 1), c.filter)
			require.Equal(h, c.kept, s.gets == 1)
		})
	}
}

func TestWrap_leavesQueriesAloneThatItCannotServe(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		p := persister(h, new(storage), persist.QueryOptions{})
		require.Nil(h, persist.Wrap(p, orderQuery(1)).Fetch)
		skipped := orderQuery(1)
		skipped.Skip = true
		require.Equal(h, skipped.Policy, persist.Wrap(p, skipped).Policy)
		unwrapped, _ := order(h, nil, 1, querytest.Value("sent"))
		require.Equal(h, "sent", fetch(h, unwrapped))
		require.Nil(h, persist.WrapInfinite(p, query.InfiniteQuery[string, int]{}).Fetch)
	})
}

func TestWrap_aRefetchMeanwhileIsNotTakenForTheRestore(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		s.put(h, 1, "packed", h.Client().Now())
		release := make(chan struct{})
		s.get = func(context.Context) error { <-release; return nil } // heeds nothing
		p := persister(h, s, persist.QueryOptions{})
		q, _ := order(h, p, 1, querytest.Value("sent").After(time.Second))
		q.Policy.StaleTime = query.StaleAfter(time.Hour)
		r := querytest.Watch(h, q)
		require.NoError(h, query.Set(h.Client(), q, "mine"))
		require.NoError(h, h.Client().Refetch(h.Context(), query.Filter{Refetch: query.RefetchOptions{NoWait: true}}))
		close(release)
		h.Settle()
		require.Equal(h, "mine", r.Last().Data())
		require.True(h, r.Last().IsFetching())
		h.Advance(time.Second)
		require.Equal(h, "sent", r.Last().Data())
	})
}

func TestWrap_optimisticPatchesAreNotSaved(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		q, _ := order(h, p, 1, querytest.Value("packed"), querytest.Value("sent"))
		fetch(h, q)
		button := query.ObserveMutation(h.Client(), query.Mutation[string, string]{
			Optimistic: func(tx *query.Tx, v string) {
				query.Patch(tx, orderQuery(1), func(string, bool) (string, bool) { return v, true })
			},
			Do: func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		})
		require.NoError(h, button.Start(h.Context(), "confirmed", query.MutateCallbacks[string, string]{}))
		h.Settle()
		require.Equal(h, "confirmed", dataOf(h, 1))
		require.NoError(h, p.Save(h.Context(), q.Key))
		got, err := persist.Retrieve[string](h.Context(), p, q.Key)
		require.NoError(h, err)
		require.Equal(h, "packed", got.Data)
	})
}

// list is an infinite query whose pages are numbers.
func list(asked *[]int) query.InfiniteQuery[string, int] {
	return query.InfiniteQuery[string, int]{
		Key: querykey.Of("list"),
		Fetch: func(_ context.Context, page query.PageRequest[int]) (string, error) {
			*asked = append(*asked, page.Param)
			return fmt.Sprint("page ", page.Param), nil
		},
		InitialPageParam: 1,
		NextPageParam: func(_ string, all query.Pages[string, int]) (int, bool) {
			return len(all.Pages) + 1, len(all.Pages) < 3
		},
		Policy: query.Policy{StaleTime: query.StaleAfter(time.Hour)},
	}
}

func TestWrapInfinite_keepsAllPagesTogether(t *testing.T) {
	t.Parallel()
	s := new(storage)
	var made time.Time
	querytest.Run(t, func(h *querytest.Harness) {
		var asked []int
		h.Advance(time.Minute)
		q := persist.WrapInfinite(persister(h, s, persist.QueryOptions{}), list(&asked))
		o := query.Observe(h.Client(), q.Query())
		r := querytest.Record(h, o)
		_, err := o.FetchNextPage(h.Context(), query.RefetchOptions{})
		require.NoError(h, err)
		h.Settle()
		require.Equal(h, []string{"page 1", "page 2"}, r.Last().Data().Pages)
		require.Equal(h, []int{1, 2}, asked)
		require.Equal(h, 2, s.sets)
		made = h.Client().Now()
	})
	querytest.Run(t, func(h *querytest.Harness) {
		var asked []int
		h.Advance(10 * time.Minute)
		q := persist.WrapInfinite(persister(h, s, persist.QueryOptions{}), list(&asked))
		o := query.Observe(h.Client(), q.Query())
		r := querytest.Record(h, o)
		require.Equal(h, []string{"page 1", "page 2"}, r.Last().Data().Pages)
		require.Equal(h, []int{1, 2}, r.Last().Data().PageParams)
		require.True(h, made.Equal(r.Last().DataUpdatedAt()))
		require.False(h, r.Last().IsFetching())
		require.Empty(h, asked)
		_, err := o.FetchNextPage(h.Context(), query.RefetchOptions{})
		require.NoError(h, err)
		h.Settle()
		require.Equal(h, []int{3}, asked)
		require.Len(h, r.Last().Data().Pages, 3)
	})
}

func TestWrapInfinite_asksTheStorageOnceForManyPages(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		var asked []int
		q := list(&asked)
		q.Pages = 3
		kept := persist.WrapInfinite(persister(h, s, persist.QueryOptions{}), q)
		_, err := query.Fetch(h.Context(), h.Client(), kept.Query())
		require.NoError(h, err)
		h.Settle()
		require.Equal(h, []int{1, 2, 3}, asked)
		require.Equal(h, 1, s.gets)
		require.Equal(h, 1, s.sets)
	})
}

func TestClose_savesWhatIsNotSavedYet(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		q, _ := order(h, p, 1, querytest.Value("packed"))
		_, err := query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
		require.NoError(h, p.Close(h.Context())) // whether or not it has heard of the fetch
		require.True(h, s.has(h, 1))
		require.NoError(h, p.Close(h.Context()))

		other, _ := order(h, p, 2, querytest.Value("packed"))
		require.Equal(h, "packed", fetch(h, other))
		require.False(h, s.has(h, 2), "nothing is kept once it is closed")
		require.Equal(h, 1, s.gets, "nor restored")
	})
}

func TestClose_afterTheClientStillSaves(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		q, _ := order(h, p, 1, querytest.Value("packed"))
		_, err := query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
		require.NoError(h, h.Client().Close(h.Context()))
		require.NoError(h, p.Close(h.Context()))
		require.True(h, s.has(h, 1))
	})
}

func TestClose_doesNotWaitForAStorageThatHangs(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		s := &storage{set: func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		var heard []error
		p := persister(h, s, persist.QueryOptions{OnError: func(err error) { heard = append(heard, err) }})
		q, _ := order(h, p, 1, querytest.Value("packed"))
		require.Equal(h, "packed", fetch(h, q), "data do not wait for the storage")
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(h.Context())
		cancel(enough)
		require.ErrorIs(h, p.Close(ctx), enough)
		h.Settle()
		require.Len(h, heard, 1)
		require.ErrorIs(h, heard[0], enough)
	})
}

func TestWrap_manyAtOnceAreAllSaved(t *testing.T) {
	t.Parallel()
	const n = 1500 // more than wait for a slow subscriber
	querytest.Run(t, func(h *querytest.Harness) {
		s := new(storage)
		p := persister(h, s, persist.QueryOptions{})
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				q := orderQuery(i)
				q.Fetch = func(context.Context) (string, error) { return "packed", nil }
				if _, err := query.Fetch(h.Context(), h.Client(), persist.Wrap(p, q)); err != nil {
					h.Error(err)
				}
			})
		}
		all.Wait()
		require.NoError(h, p.Close(h.Context()))
		for i := range n {
			require.True(h, s.has(h, i), i)
		}
	})
}
