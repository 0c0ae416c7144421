package persist_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// counting is a store that counts saves, and takes as long as it is told.
type counting struct {
	persist.Store

	saves atomic.Int32
	slow  func(ctx context.Context) error
}

func (c *counting) Save(ctx context.Context, r *persist.Record) error {
	c.saves.Add(1)
	if c.slow != nil {
		if err := c.slow(ctx); err != nil {
			return err
		}
	}
	return c.Store.Save(ctx, r)
}

func start(h *querytest.Harness, s persist.Store, o persist.Options) *persist.Session {
	h.Helper()
	session, err := persist.Start(h.Context(), h.Client(), s, o)
	require.NoError(h, err)
	h.Cleanup(func() { _ = session.Close(context.WithoutCancel(h.Context())) }) // after a failure
	return session
}

// saved returns the data of the order that the store holds.
func saved(t testing.TB, s persist.Store, id int) string {
	t.Helper()
	r, err := s.Load(t.Context())
	if errors.Is(err, persist.ErrAbsent) {
		return "absent"
	}
	require.NoError(t, err)
	for _, q := range r.ClientState.Queries {
		if q.Key == querykey.Of("order", id) {
			return string(q.Data)
		}
	}
	return "missing"
}

func set(h *querytest.Harness, id int, data string) {
	h.Helper()
	require.NoError(h, query.Set(h.Client(), orderQuery(id), data))
	h.Settle()
}

func TestStart_savesAtOnceAndThenThrottled(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := &counting{Store: empty()}
		session := start(h, store, persist.Options{})
		h.Settle()
		require.Zero(h, store.saves.Load())

		set(h, 1, "a")
		require.EqualValues(h, 1, store.saves.Load())
		for _, next := range []string{"b", "c", "d"} {
			set(h, 1, next)
		}
		h.Advance(time.Second - 1)
		require.EqualValues(h, 1, store.saves.Load())
		require.Equal(h, `"a"`, saved(h, store, 1))
		h.Advance(1)
		require.EqualValues(h, 2, store.saves.Load())
		require.Equal(h, `"d"`, saved(h, store, 1))

		h.Advance(4 * time.Minute) // nothing changes, nothing is saved
		require.EqualValues(h, 2, store.saves.Load())
		set(h, 1, "e")
		require.EqualValues(h, 3, store.saves.Load())
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_throttleCountsFromTheEndOfASave(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		release := make(chan struct{})
		store := &counting{Store: empty(), slow: func(context.Context) error { <-release; return nil }}
		session := start(h, store, persist.Options{Throttle: time.Minute})
		set(h, 1, "a")
		require.EqualValues(h, 1, store.saves.Load())
		h.Advance(4 * time.Minute) // it is still saving
		set(h, 1, "b")
		require.EqualValues(h, 1, store.saves.Load())
		close(release)
		h.Settle()
		h.Advance(time.Minute - 1)
		require.EqualValues(h, 1, store.saves.Load())
		h.Advance(1)
		require.EqualValues(h, 2, store.saves.Load())
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_savesWhatIsFetchedAndRemoved(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := empty()
		session := start(h, store, persist.Options{})
		q := orderQuery(1)
		q.Fetch = func(context.Context) (string, error) { return "packed", nil }
		_, err := query.Fetch(h.Context(), h.Client(), q)
		require.NoError(h, err)
		h.Advance(time.Second)
		require.Equal(h, `"packed"`, saved(h, store, 1))

		h.Client().Remove(query.Filter{})
		h.Advance(time.Second)
		require.Equal(h, "missing", saved(h, store, 1))
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_restoresBeforeItReturns(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := holding(h, record(h.Client().Now()))
		h.Advance(time.Minute)
		session := start(h, store, persist.Options{})
		require.Equal(h, persist.OutcomeRestored, session.Restored().Outcome)
		q := orderQuery(1)
		q.Policy.StaleTime = query.StaleAfter(time.Hour)
		q.Fetch = func(context.Context) (string, error) {
			h.Error("what was restored is fetched")
			return "", nil
		}
		require.Equal(h, "packed", querytest.Watch(h, q).Last().Data())
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_goesOnWithoutASnapshotOfNoUse(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		r := record(h.Client().Now())
		r.ClientState.Version = 99
		store := holding(h, r)
		session := start(h, store, persist.Options{})
		require.ErrorIs(h, session.Restored().Err, persist.ErrMalformed)
		set(h, 2, "new")
		require.Equal(h, `"new"`, saved(h, store, 2))
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_failureToRestoreStartsNothing(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		down := errors.New("down")
		store := holding(h, record(h.Client().Now()))
		store.load = failing(down)
		session, err := persist.Start(h.Context(), h.Client(), store, persist.Options{})
		require.ErrorIs(h, err, down)
		require.Nil(h, session)
		set(h, 1, "new")
		h.Advance(time.Hour)
		require.Equal(h, `"packed"`, saved(h, store.Store, 1))
	})
}

func TestStart_endOfItsContextEndsNoSaves(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		type user struct{}
		ctx, cancel := context.WithCancel(context.WithValue(h.Context(), user{}, "u-1"))
		var value any
		store := &counting{Store: empty(), slow: func(ctx context.Context) error {
			value = ctx.Value(user{})
			return ctx.Err()
		}}
		session, err := persist.Start(ctx, h.Client(), store, persist.Options{})
		require.NoError(h, err)
		cancel()
		set(h, 1, "a")
		require.Equal(h, `"a"`, saved(h, store, 1))
		require.Equal(h, "u-1", value)
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestClose_savesALastTime(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := &counting{Store: empty()}
		session := start(h, store, persist.Options{Throttle: time.Hour})
		set(h, 1, "a")
		require.NoError(h, query.Set(h.Client(), orderQuery(1), "b"))
		require.NoError(h, session.Close(h.Context())) // whether or not the change was heard of
		require.Equal(h, `"b"`, saved(h, store, 1))
		n := store.saves.Load()

		require.NoError(h, session.Close(h.Context()))
		set(h, 1, "c")
		h.Advance(2 * time.Hour)
		require.Equal(h, n, store.saves.Load())
	})
}

func TestClose_afterTheClientSavesNothing(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := empty()
		session := start(h, store, persist.Options{Throttle: time.Hour})
		set(h, 1, "a")
		set(h, 1, "b")
		require.NoError(h, h.Client().Close(h.Context()))
		for range 2 {
			require.ErrorIs(h, session.Close(h.Context()), query.ErrClosed)
		}
		require.Equal(h, `"a"`, saved(h, store, 1))
	})
}

func TestClose_doesNotWaitForAStoreThatHangs(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := &counting{Store: empty(), slow: func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		var heard []error
		session := start(h, store, persist.Options{OnError: func(err error) { heard = append(heard, err) }})
		set(h, 1, "a")
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(h.Context())
		cancel(enough)
		require.ErrorIs(h, session.Close(ctx), enough)
		h.Settle()
		require.Len(h, heard, 1)
		require.ErrorIs(h, heard[0], enough)
		require.ErrorIs(h, session.Close(h.Context()), enough) // the last save was aborted as well
	})
}

func TestClose_concurrentlyWithChangesAndTheClient(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := empty()
		session := start(h, store, persist.Options{Throttle: 1})
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() { _ = query.Set(h.Client(), orderQuery(i), "x") })
			all.Go(func() {
				if err := session.Close(h.Context()); err != nil && !errors.Is(err, query.ErrClosed) {
					h.Error(err)
				}
			})
		}
		all.Go(func() {
			if err := h.Client().Close(h.Context()); err != nil {
				h.Error(err)
			}
		})
		all.Wait()
		require.NotNil(h, session)
	})
}

func TestStart_twoSessionsOfOneClientLiveSideBySide(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		a, b := empty(), empty()
		first, second := start(h, a, persist.Options{}), start(h, b, persist.Options{
			Dehydrate: query.DehydrateOptions{Query: func(e query.Entry) bool { return e.State.Key() != querykey.Of("order", 1) }},
		})
		set(h, 1, "a")
		require.Equal(h, `"a"`, saved(h, a, 1))
		require.Equal(h, "missing", saved(h, b, 1))
		require.NoError(h, first.Close(h.Context()))
		require.NoError(h, second.Close(h.Context()))
	})
}

func TestStart_endOfItsContextEndsRestoring(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		ctx, cancel := context.WithCancelCause(h.Context())
		store := hanging{empty()}
		var err error
		go func() { _, err = persist.Start(ctx, h.Client(), store, persist.Options{}) }()
		h.Settle()
		enough := errors.New("enough")
		cancel(enough)
		h.Settle()
		require.ErrorIs(h, err, enough)
	})
}

// hanging is a store that is never read to the end.
type hanging struct{ persist.Store }

func (hanging) Load(ctx context.Context) (*persist.Record, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestStart_manySessionsMayShareAStore(t *testing.T) {
	t.Parallel()
	store := persist.File{Path: filepath.Join(t.TempDir(), "client.json")}
	querytest.Run(t, func(h *querytest.Harness) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				session, err := persist.Start(h.Context(), h.Client(), store, persist.Options{})
				if err == nil {
					err = errors.Join(query.Set(h.Client(), orderQuery(i), "x"), session.Close(h.Context()))
				}
				if err != nil {
					h.Error(err)
				}
			})
		}
		all.Wait()
		require.NoError(h, persist.Save(h.Context(), h.Client(), store, persist.Options{}))
		for i := range 8 {
			require.Equal(h, `"x"`, saved(h, store, i))
		}
	})
}

func TestSave_failureIsReportedAndTheNextChangeSavesAgain(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		full := errors.New("full")
		store := empty()
		store.save = failing(full)
		var heard []error
		session := start(h, store, persist.Options{OnError: func(err error) {
			heard = append(heard, err)
			panic("of a callback")
		}})
		set(h, 1, "a")
		require.Len(h, heard, 1)
		require.ErrorIs(h, heard[0], full)
		store.save = func() error { panic(full) }
		h.Advance(time.Second)
		set(h, 1, "b")
		require.Len(h, heard, 2)
		require.ErrorIs(h, heard[1], full)
		store.save = nil
		h.Advance(time.Second)
		set(h, 1, "c")
		h.Advance(time.Second)
		require.Equal(h, `"c"`, saved(h, store, 1))
		require.NoError(h, session.Close(h.Context()))
		require.Len(h, heard, 2)
	})
}

func TestSave_whatCannotBeEncodedIsAnError(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := holding(h, record(h.Client().Now()))
		require.NoError(h, query.Set(h.Client(), query.Query[func()]{Key: querykey.Of("f")}, func() {}))
		err := persist.Save(h.Context(), h.Client(), store, persist.Options{})
		require.ErrorContains(h, err, "persist: save: ")
		require.Equal(h, `"packed"`, saved(h, store, 1))
	})
}

func TestSave_stampsTheRecord(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		h.Advance(time.Minute)
		store := empty()
		require.NoError(h, persist.Save(h.Context(), h.Client(), store, persist.Options{Buster: "v3"}))
		r, err := store.Load(h.Context())
		require.NoError(h, err)
		require.True(h, h.Client().Now().Equal(r.Timestamp))
		require.Equal(h, "v3", r.Buster)
		require.Equal(h, persist.RecordVersion, r.Version)
	})
}

func TestRetry_shrinksUntilItFits(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		full := errors.New("full")
		store := empty()
		for i := range 5 {
			set(h, i, fmt.Sprint(i))
			h.Advance(time.Second)
		}
		set(h, 0, "youngest now")
		fits := 3 // attempts
		store.save = func() error {
			if fits--; fits >= 0 {
				return full
			}
			return nil
		}
		var asked []int
		err := persist.Save(h.Context(), h.Client(), store, persist.Options{Retry: func(f persist.FailedSave) *persist.Record {
			require.ErrorIs(h, f.Err, full)
			asked = append(asked, f.Failures)
			return persist.RemoveOldest(f)
		}})
		require.NoError(h, err)
		require.Equal(h, []int{1, 2, 3}, asked)
		require.Equal(h, `"youngest now"`, saved(h, store, 0))
		require.Equal(h, "missing", saved(h, store, 1))
		require.Equal(h, "missing", saved(h, store, 3))
		require.Equal(h, `"4"`, saved(h, store, 4))

		fits = 100
		err = persist.Save(h.Context(), h.Client(), store, persist.Options{Retry: persist.RemoveOldest})
		require.ErrorIs(h, err, full)
		require.Equal(h, 100-6, fits) // five queries, and none
	})
}

func TestRetry_givesUpWhenItPanicsOrTimeIsUp(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		full := errors.New("full")
		store := empty()
		store.save = failing(full)
		var heard []error
		err := persist.Save(h.Context(), h.Client(), store, persist.Options{
			Retry:   func(persist.FailedSave) *persist.Record { panic("no idea") },
			OnError: func(err error) { heard = append(heard, err) },
		})
		require.ErrorIs(h, err, full)
		require.Len(h, heard, 1)

		ctx, cancel := context.WithCancel(h.Context())
		calls := 0
		err = persist.Save(ctx, h.Client(), store, persist.Options{Retry: func(f persist.FailedSave) *persist.Record {
			calls++
			cancel()
			return f.Record
		}})
		require.ErrorIs(h, err, full)
		require.Equal(h, 1, calls)
	})
}

func TestRemoveOldest_takesTheFirstOfEquallyOldAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	r := record(time.Unix(5, 0))
	young := r.ClientState.Queries[0]
	old1, old2 := young, young
	old1.Key, old1.DataUpdatedAt = querykey.Of("old", 1), time.Unix(1, 0)
	old2.Key, old2.DataUpdatedAt = querykey.Of("old", 2), time.Unix(1, 0)
	r.ClientState.Queries = []query.QuerySnapshot{young, old1, old2}
	r.ClientState.Mutations = []query.MutationSnapshot{{Status: query.StatusPending}}

	got := persist.RemoveOldest(persist.FailedSave{Record: r})
	require.Equal(t, []query.QuerySnapshot{young, old2}, got.ClientState.Queries)
	require.Len(t, got.ClientState.Mutations, 1)
	require.Equal(t, r.Timestamp, got.Timestamp)
	require.Len(t, r.ClientState.Queries, 3)
	require.Equal(t, old1.Key, r.ClientState.Queries[1].Key)

	got.ClientState.Queries = nil
	require.Nil(t, persist.RemoveOldest(persist.FailedSave{Record: got}))
}

// confirmations counts what a mutation that was restored did.
func confirmations(h *querytest.Harness, c *query.Client) *[]any {
	h.Helper()
	var done []any
	require.NoError(h, c.SetMutationDefaults(querykey.Of("confirm"), query.MutationDefaults{
		Do: func(_ context.Context, m query.MutationInfo) (any, error) {
			done = append(done, m.Variables)
			return "done", nil
		},
	}))
	return &done
}

// waiting is a store with a mutation that waits for the network.
func waiting(h *querytest.Harness) *faulty {
	h.Helper()
	r := record(h.Client().Now())
	r.ClientState.Mutations = []query.MutationSnapshot{{
		Key: querykey.Of("confirm"), Status: query.StatusPending, IsPaused: true,
		Variables: []byte(`"o-17"`), SubmittedAt: h.Client().Now(),
	}}
	return holding(h, r)
}

func mutationsIn(t testing.TB, s persist.Store) int {
	t.Helper()
	r, err := s.Load(t.Context())
	require.NoError(t, err)
	return len(r.ClientState.Mutations)
}

func TestStart_resumesMutationsAndForgetsThemOnceTheyRan(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		done := confirmations(h, h.Client())
		store := waiting(h)
		session := start(h, store, persist.Options{})
		require.Equal(h, 1, session.Restored().Mutations)
		h.Settle()
		require.Equal(h, []any{"o-17"}, *done)
		h.Advance(time.Second)
		require.Zero(h, mutationsIn(h, store))
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_leavesMutationsToThoseWhoSaySo(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		done := confirmations(h, h.Client())
		store := waiting(h)
		session := start(h, store, persist.Options{ResumeMutations: query.Off})
		h.Settle()
		require.Empty(h, *done)
		require.NoError(h, h.Client().ResumePausedMutations(h.Context()))
		require.Equal(h, []any{"o-17"}, *done)
		require.NoError(h, session.Close(h.Context()))
	})
}

func TestStart_mutationsOutliveSeveralRunsOffline(t *testing.T) {
	t.Parallel()
	querytest.RunConfig(t, query.Config{Online: query.NewSignal(false)}, func(h *querytest.Harness) {
		done := confirmations(h, h.Client())
		store := waiting(h)
		session := start(h, store, persist.Options{})
		h.Settle()
		require.NoError(h, session.Close(h.Context()))
		require.Empty(h, *done)
		require.Equal(h, 1, mutationsIn(h, store))
	})
}

func TestClose_doesNotWaitForMutations(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		require.NoError(h, h.Client().SetMutationDefaults(querykey.Of("confirm"), query.MutationDefaults{
			Do: func(ctx context.Context, _ query.MutationInfo) (any, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		}))
		var heard []error
		session := start(h, waiting(h), persist.Options{OnError: func(err error) { heard = append(heard, err) }})
		h.Settle()
		require.NoError(h, session.Close(h.Context()))
		require.Empty(h, heard)
	})
}
