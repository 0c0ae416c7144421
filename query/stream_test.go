package query_test

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
)

// ticker yields first, first+1… every 50 milliseconds.
type ticker struct {
	first, n int
	opened   atomic.Int64
	watches  bool                          // whether it looks at its context
	fail     func(opened, chunk int) error // before that chunk
}

func (s *ticker) open(ctx context.Context) iter.Seq2[int, error] {
	opened := int(s.opened.Add(1))
	first := s.first
	return func(yield func(int, error) bool) {
		for i := range s.n {
			if !s.watches {
				time.Sleep(50 * time.Millisecond)
			} else {
				select {
				case <-time.After(50 * time.Millisecond):
				case <-ctx.Done():
					return
				}
			}
			var err error
			if s.fail != nil {
				err = s.fail(opened, i)
			}
			if !yield(first+i, err) {
				return
			}
		}
	}
}

func (s *ticker) query(mode query.StreamMode) query.Streamed[[]int, int] {
	return query.Streamed[[]int, int]{Key: key("ticks"), Source: s.open, Mode: mode}
}

// breaksOnce fails before the third chunk of the first stream.
func breaksOnce(opened, chunk int) error {
	if opened == 1 && chunk == 2 {
		return errRefused
	}
	return nil
}

const tick = 50 * time.Millisecond

type look struct {
	status query.Status
	doing  query.FetchStatus
	data   []int
}

func lookAt(r query.Result[[]int]) look { return look{r.Status(), r.FetchStatus(), r.Data()} }

func TestStreamed_showsEachChunkAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		o := query.Observe(c, (&ticker{n: 3}).query(query.StreamReset).Query())
		defer o.Subscribe(ignore)()
		require.Equal(t, look{query.StatusPending, query.FetchFetching, nil}, lookAt(o.Current()))
		pass(tick)
		require.Equal(t, look{query.StatusSuccess, query.FetchFetching, []int{0}}, lookAt(o.Current()))
		first := o.Current()
		pass(tick)
		require.Equal(t, look{query.StatusSuccess, query.FetchFetching, []int{0, 1}}, lookAt(o.Current()))
		require.Equal(t, tick, o.Current().DataUpdatedAt().Sub(first.DataUpdatedAt()))
		pass(tick)
		require.Equal(t, look{query.StatusSuccess, query.FetchIdle, []int{0, 1, 2}}, lookAt(o.Current()))
		require.Equal(t, []int{0}, first.Data(), "what was shown does not change")
		st, _ := c.State(key("ticks"))
		require.Equal(t, 4, st.DataUpdateCount(), "three chunks and the outcome")
	})
}

func TestStreamed_fetchWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := (&ticker{n: 3}).query(query.StreamReset)
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, v)
	})
}

func TestStreamed_withoutChunksIsTheInitialValue(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := (&ticker{}).query(query.StreamReset)
		q.InitialValue = []int{7}
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{7}, v)

		bare := (&ticker{}).query(query.StreamReset)
		bare.Key = key("bare")
		r, err := query.Observe(c, bare.Query()).Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.True(t, r.HasData())
		require.Empty(t, r.Data())
	})
}

func TestStreamed_initialDataAreTheBeginning(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := (&ticker{n: 1}).query(query.StreamReset)
		q.InitialData = query.Initial([]int{7})
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{7, 0}, v)
	})
}

func TestStreamed_refetchByMode(t *testing.T) {
	t.Parallel()
	for mode, want := range map[query.StreamMode][]look{
		query.StreamReset: {
			{query.StatusPending, query.FetchFetching, nil},
			{query.StatusSuccess, query.FetchFetching, []int{100}},
			{query.StatusSuccess, query.FetchIdle, []int{100, 101}},
		},
		query.StreamAppend: {
			{query.StatusSuccess, query.FetchFetching, []int{0, 1}},
			{query.StatusSuccess, query.FetchFetching, []int{0, 1, 100}},
			{query.StatusSuccess, query.FetchIdle, []int{0, 1, 100, 101}},
		},
		query.StreamReplace: {
			{query.StatusSuccess, query.FetchFetching, []int{0, 1}},
			{query.StatusSuccess, query.FetchFetching, []int{0, 1}},
			{query.StatusSuccess, query.FetchIdle, []int{100, 101}},
		},
	} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 2}
			o := query.Observe(c, src.query(mode).Query())
			defer o.Subscribe(ignore)()
			pass(2 * tick)
			require.Equal(t, look{query.StatusSuccess, query.FetchIdle, []int{0, 1}}, lookAt(o.Current()))
			src.first = 100
			_, err := o.Refetch(t.Context(), query.RefetchOptions{NoWait: true})
			require.NoError(t, err)
			synctest.Wait()
			var seen []look
			for range want {
				seen = append(seen, lookAt(o.Current()))
				pass(tick)
			}
			require.Equal(t, want, seen, "mode %d", mode)
		})
	}
}

func TestStreamed_refetchAfterAnErrorResetsToo(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 1, fail: func(opened, _ int) error {
			if opened == 1 {
				return errRefused
			}
			return nil
		}}
		q := src.query(query.StreamReset)
		q.InitialData = query.Initial([]int{7})
		q.Policy.Retry = query.NoRetry()
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		pass(tick)
		require.Equal(t, look{query.StatusError, query.FetchIdle, []int{7}}, lookAt(o.Current()))
		_, err := o.Refetch(t.Context(), query.RefetchOptions{NoWait: true})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, look{query.StatusSuccess, query.FetchFetching, []int{7}}, lookAt(o.Current()))
		require.NoError(t, o.Current().Err())
		pass(tick)
		require.Equal(t, look{query.StatusSuccess, query.FetchIdle, []int{7, 0}}, lookAt(o.Current()))
	})
}

func TestStreamed_errorKeepsTheChunksThatCame(t *testing.T) {
	t.Parallel()
	for _, mode := range []query.StreamMode{query.StreamReset, query.StreamAppend, query.StreamReplace} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 4, fail: breaksOnce}
			_, err := query.Fetch(t.Context(), c, src.query(mode).Query())
			require.ErrorIs(t, err, errRefused)
			require.Equal(t, []int{0, 1}, value(t, c, src.query(mode).Query()))
			st, _ := c.State(key("ticks"))
			require.Equal(t, query.StatusError, st.Status())
		})
	}
}

// T-STREAM-1: query-core shows 0, 1, 0, 1… in append mode.
func TestStreamed_retryTakesTheChunksOfTheFailedAttemptBack(t *testing.T) {
	t.Parallel()
	for mode, want := range map[query.StreamMode]struct{ backingOff, retried, done []int }{
		query.StreamReset:   {[]int{0, 1}, []int{0}, []int{0, 1, 2, 3}},
		query.StreamAppend:  {[]int{0, 1}, []int{0}, []int{0, 1, 2, 3}},
		query.StreamReplace: {[]int{0, 1}, []int{0, 1}, []int{0, 1, 2, 3}},
	} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 4, fail: breaksOnce}
			o := query.Observe(c, src.query(mode).Query())
			defer o.Subscribe(ignore)()
			pass(3 * tick)
			require.Equal(t, 1, o.Current().FailureCount())
			require.Equal(t, want.backingOff, o.Current().Data())
			pass(time.Second + tick)
			require.Equal(t, want.retried, o.Current().Data())
			pass(3 * tick)
			require.Equal(t, look{query.StatusSuccess, query.FetchIdle, want.done}, lookAt(o.Current()), "mode %d", mode)
			require.EqualValues(t, 2, src.opened.Load())
		})
	}
}

func TestStreamed_retriedAppendGoesOnFromTheDataBefore(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{first: 10, n: 3, fail: breaksOnce}
		q := src.query(query.StreamAppend).Query()
		require.NoError(t, query.Set(c, q, []int{1}))
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(3 * tick)
		require.Equal(t, []int{1, 10, 11}, o.Current().Data())
		pass(time.Second)
		require.Equal(t, []int{1, 10, 11}, o.Current().Data(), "until there is a first chunk")
		pass(3 * tick)
		require.Equal(t, []int{1, 10, 11, 12}, o.Current().Data())
	})
}

func TestStreamed_retryWithoutChunksTakesBackAll(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{first: 10, n: 3, fail: breaksOnce}
		q := src.query(query.StreamAppend)
		open := q.Source
		q.Source = func(ctx context.Context) iter.Seq2[int, error] {
			if src.opened.Load() == 1 {
				return func(func(int, error) bool) {}
			}
			return open(ctx)
		}
		require.NoError(t, query.Set(c, q.Query(), []int{1}))
		o := query.Observe(c, q.Query())
		defer o.Subscribe(ignore)()
		pass(time.Minute)
		require.Equal(t, look{query.StatusSuccess, query.FetchIdle, []int{1}}, lookAt(o.Current()))
	})
}

func TestStreamed_retryLeavesWhatOthersWrote(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{first: 10, n: 3, fail: breaksOnce}
		q := src.query(query.StreamAppend).Query()
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(tick)
		require.NoError(t, query.Set(c, q, []int{5})) // between two chunks
		pass(2 * tick)
		require.Equal(t, []int{5, 11}, o.Current().Data())
		pass(time.Second + tick)
		require.Equal(t, []int{5, 10}, o.Current().Data(), "the first chunk of the retry is on top of what was written")
		pass(time.Minute)
		require.Equal(t, []int{5, 10, 11, 12}, o.Current().Data())
	})
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{first: 10, n: 3, fail: breaksOnce}
		q := src.query(query.StreamAppend).Query()
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(3 * tick)
		require.NoError(t, query.Set(c, q, []int{5})) // between two attempts
		pass(time.Minute)
		require.Equal(t, []int{5, 10, 11, 12}, o.Current().Data())
	})
}

func TestStreamed_refetchTakesTheStreamsPlace(t *testing.T) {
	t.Parallel()
	for _, watches := range []bool{true, false} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 3, watches: watches}
			o := query.Observe(c, src.query(query.StreamAppend).Query())
			defer o.Subscribe(ignore)()
			pass(2 * tick)
			_, err := o.Refetch(t.Context(), query.RefetchOptions{NoWait: true})
			require.NoError(t, err)
			pass(time.Minute)
			require.Equal(t, look{query.StatusSuccess, query.FetchIdle, []int{0, 1, 0, 1, 2}}, lookAt(o.Current()),
				"the old stream writes nothing more, whether it looks at its context (%v) or not", watches)
			require.EqualValues(t, 2, src.opened.Load())
		})
	}
}

func TestStreamed_supersededReplaceWritesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 1}
		o := query.Observe(c, src.query(query.StreamReplace).Query())
		r, stop := record(o)
		defer stop()
		pass(time.Second)
		for _, first := range []int{100, 200} {
			src.first = first
			_, err := o.Refetch(t.Context(), query.RefetchOptions{NoWait: true})
			require.NoError(t, err)
			pass(tick / 2)
		}
		pass(time.Second)
		require.Equal(t, []int{200}, o.Current().Data())
		require.NotContains(t, r.data(), []int{100})
	})
}

func TestStreamed_lastObserverEndsAStreamThatWatches(t *testing.T) {
	t.Parallel()
	for watches, want := range map[bool]look{
		true:  {query.StatusSuccess, query.FetchIdle, []int{0}},
		false: {query.StatusSuccess, query.FetchFetching, []int{0, 1}},
	} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 3, watches: watches}
			q := src.query(query.StreamReset).Query()
			stop := query.Observe(c, q).Subscribe(ignore)
			pass(tick + tick/5)
			stop()
			pass(tick)
			st, _ := c.State(q.Key)
			require.Equal(t, want, look{st.Status(), st.FetchStatus(), value(t, c, q)})
		})
	}
}

func TestStreamed_cancelGoesBackToTheLastChunk(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 3}
		q := src.query(query.StreamReset).Query()
		defer query.Observe(c, q).Subscribe(ignore)()
		pass(tick)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		pass(time.Minute)
		st, _ := c.State(q.Key)
		require.Equal(t, look{query.StatusSuccess, query.FetchIdle, []int{0}}, look{st.Status(), st.FetchStatus(), value(t, c, q)})
	})
}

func TestStreamed_removedEntryDoesNotComeBack(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 3}
		done := make(chan error, 1)
		go func() {
			_, err := query.Fetch(t.Context(), c, src.query(query.StreamReset).Query())
			done <- err
		}()
		pass(tick)
		c.Remove(query.Filter{})
		require.ErrorIs(t, <-done, query.ErrCancelled)
		pass(time.Minute)
		require.Empty(t, c.Entries(query.Filter{}))
	})
}

func TestStreamed_closeEndsIt(t *testing.T) {
	t.Parallel()
	for _, watches := range []bool{true, false} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 1000, watches: watches}
			o := query.Observe(c, src.query(query.StreamReset).Query())
			o.Subscribe(ignore)
			pass(tick)
			begun := time.Now()
			require.NoError(t, c.Close(t.Context()))
			require.LessOrEqual(t, time.Since(begun), tick)
		})
	}
}

func TestStreamed_chunksLandBelowOptimisticPatches(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 3}
		q := src.query(query.StreamReset).Query()
		o := query.Observe(c, q)
		defer o.Subscribe(ignore)()
		pass(tick)
		m := query.Mutation[int, int]{
			Do: func(context.Context, int) (int, error) { time.Sleep(time.Hour); return 0, errRefused },
			Optimistic: func(tx *query.Tx, v int) {
				query.Patch(tx, q, func(old []int, ok bool) ([]int, bool) { return append(slices.Clone(old), v), ok })
			},
		}
		require.NoError(t, query.ObserveMutation(c, m).Start(t.Context(), -1, query.MutateCallbacks[int, int]{}))
		pass(tick)
		require.Equal(t, []int{0, 1, -1}, o.Current().Data())
		pass(2 * time.Hour)
		require.Equal(t, []int{0, 1, 2}, o.Current().Data())
	})
}

func TestStreamed_reduceRunsOnceForEachChunk(t *testing.T) {
	t.Parallel()
	for _, mode := range []query.StreamMode{query.StreamReset, query.StreamAppend, query.StreamReplace} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			src := &ticker{n: 3}
			var reduced notes[int]
			q := query.Streamed[int, int]{
				Key: key("sum"), Source: src.open, Mode: mode, InitialValue: 1000,
				Reduce: func(acc, chunk int) int { reduced.add(chunk); return acc + chunk },
			}
			v, err := query.Fetch(t.Context(), c, q.Query())
			require.NoError(t, err)
			require.Equal(t, 1003, v)
			_, err = query.Observe(c, q.Query()).Refetch(t.Context(), query.RefetchOptions{})
			require.NoError(t, err)
			require.Equal(t, []int{0, 1, 2, 0, 1, 2}, reduced.all())
		})
	}
}

func TestStreamed_reduceRunsAgainOnDataThatOthersWriteMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := (&ticker{n: 2}).query(query.StreamReset)
		meanwhile := sync.OnceFunc(func() { require.NoError(t, query.Set(c, q.Query(), []int{7})) })
		q.Reduce = func(acc []int, chunk int) []int {
			meanwhile()
			return append(slices.Clip(acc), chunk)
		}
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{7, 0, 1}, v)
	})
}

func TestStreamed_chunkOfAFetchThatEndedMeanwhileIsNotWritten(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		q := (&ticker{n: 2}).query(query.StreamReset)
		q.Reduce = func([]int, int) []int {
			require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
			return []int{1}
		}
		_, err := query.Fetch(t.Context(), c, q.Query())
		require.ErrorIs(t, err, query.ErrCancelled)
		synctest.Wait()
		_, ok := query.Get(c, q.Query())
		require.False(t, ok)
	})
}

func TestStreamed_cancelEndsTheSource(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var ends notes[error]
		q := query.Streamed[[]int, int]{Key: key("ch"), Source: func(ctx context.Context) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				for chunk, err := range query.Chunks(ctx, make(chan int)) {
					ends.add(err)
					yield(chunk, err)
				}
			}
		}}
		defer query.Observe(c, q.Query()).Subscribe(ignore)()
		synctest.Wait()
		require.Empty(t, ends.all())
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		synctest.Wait()
		require.Equal(t, []error{query.ErrCancelled}, ends.all())
	})
}

func TestStreamed_cancelledReplaceReadsNoFurther(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var reduced atomic.Int64
		q := (&ticker{n: 1000}).query(query.StreamReplace)
		q.Reduce = func([]int, int) []int { reduced.Add(1); return nil }
		require.NoError(t, query.Set(c, q.Query(), []int{7}))
		defer query.Observe(c, q.Query()).Subscribe(ignore)()
		pass(2 * tick)
		require.NoError(t, c.Cancel(t.Context(), query.Filter{}))
		pass(time.Hour)
		require.EqualValues(t, 2, reduced.Load())
		require.Equal(t, []int{7}, value(t, c, q.Query()))
	})
}

func TestStreamed_runsShareNoMemory(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		initial := make([]int, 1, 8)
		fetch := func(first int) []int {
			q := (&ticker{first: first, n: 2}).query(query.StreamReset)
			q.Key, q.InitialValue = key("ticks", first), initial
			v, err := query.Fetch(t.Context(), c, q.Query())
			require.NoError(t, err)
			return v
		}
		a, b := fetch(10), fetch(20)
		require.Equal(t, []int{0, 10, 11}, a)
		require.Equal(t, []int{0, 20, 21}, b)
	})
}

func TestStreamed_userCodeThatPanicsFailsTheAttempt(t *testing.T) {
	t.Parallel()
	src := &ticker{n: 1}
	reduce := src.query(query.StreamReset)
	reduce.Reduce = func([]int, int) []int { panic("reduce") }
	source := src.query(query.StreamReset)
	source.Source = func(context.Context) iter.Seq2[int, error] { panic("source") }
	stream := src.query(query.StreamReset)
	stream.Source = func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(1, nil); panic("stream") }
	}
	for want, q := range map[string]query.Streamed[[]int, int]{"reduce": reduce, "source": source, "stream": stream} {
		inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
			_, err := query.Fetch(t.Context(), c, q.Query())
			var p *query.PanicError
			require.ErrorAs(t, err, &p)
			require.Equal(t, want, p.Value)
		})
	}
}

func TestStreamed_withoutWhatItNeeds(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		_, err := query.Fetch(t.Context(), c, query.Streamed[[]int, int]{Key: key("a")}.Query())
		require.ErrorIs(t, err, query.ErrNoFetch)
		skipped := (&ticker{}).query(query.StreamReset)
		skipped.Skip = true
		_, err = query.Observe(c, skipped.Query()).Refetch(t.Context(), query.RefetchOptions{})
		require.ErrorIs(t, err, query.ErrNoFetch)
		q := query.Streamed[string, int]{Key: key("c"), Source: (&ticker{n: 1}).open}
		_, err = query.Fetch(t.Context(), c, q.Query())
		require.ErrorIs(t, err, query.ErrNilCallback)
	})
}

func TestStreamed_ownFetchFunctionWins(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 1}
		q := src.query(query.StreamReset).Query()
		q.Fetch = func(context.Context) ([]int, error) { return []int{42}, nil }
		v, err := query.Fetch(t.Context(), c, q)
		require.NoError(t, err)
		require.Equal(t, []int{42}, v)
		require.Zero(t, src.opened.Load())
	})
}

func TestStreamed_appendsToHydratedData(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		src := &ticker{n: 1}
		q := src.query(query.StreamAppend).Query()
		require.NoError(t, query.Set(c, q, []int{7}))
		snap, err := c.Dehydrate(query.DehydrateOptions{})
		require.NoError(t, err)
		c.Clear()
		require.NoError(t, c.Hydrate(snap, query.HydrateOptions{}))
		r, err := query.Observe(c, q).Refetch(t.Context(), query.RefetchOptions{})
		require.NoError(t, err)
		require.Equal(t, []int{7, 0}, r.Data())
	})
}

func TestChunks_endsWithTheChannelOrTheContext(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		ch := make(chan int)
		var left atomic.Bool
		q := query.Streamed[[]int, int]{Key: key("ch"), Source: func(ctx context.Context) iter.Seq2[int, error] {
			go func() {
				defer close(ch)
				defer left.Store(true)
				for i := range 3 {
					select {
					case ch <- i:
					case <-ctx.Done():
						return
					}
				}
			}()
			return query.Chunks(ctx, ch)
		}}
		v, err := query.Fetch(t.Context(), c, q.Query())
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, v)

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errRefused)
		var errs []error
		for _, err := range query.Chunks(ctx, make(chan int)) {
			errs = append(errs, err)
		}
		require.Equal(t, []error{errRefused}, errs)
		require.True(t, left.Load())
	})
}

func TestChunks_senderIsLetGoWhenTheAttemptFails(t *testing.T) {
	t.Parallel()
	inBubble(t, query.Config{}, func(t *testing.T, c *query.Client) {
		var senders atomic.Int64
		q := query.Streamed[[]int, int]{
			Key:    key("ch"),
			Reduce: func([]int, int) []int { panic("no") },
			Source: func(ctx context.Context) iter.Seq2[int, error] {
				ch := make(chan int)
				senders.Add(1)
				go func() {
					defer senders.Add(-1)
					for {
						select {
						case ch <- 1:
						case <-ctx.Done():
							return
						}
					}
				}()
				return query.Chunks(ctx, ch)
			},
		}
		defer query.Observe(c, q.Query()).Subscribe(ignore)()
		synctest.Wait()
		require.Zero(t, senders.Load(), "while the next attempt waits")
	})
}
