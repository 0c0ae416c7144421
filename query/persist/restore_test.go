package persist_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// orderQuery is a query without Fetch function, to look into the cache.
func orderQuery(id int) query.Query[string] {
	return query.Query[string]{Key: querykey.Of("order", id)}
}

// faulty is a store that fails.
type faulty struct {
	persist.Store

	load, save, remove func() error
	removed            int
}

func (f *faulty) Load(ctx context.Context) (*persist.Record, error) {
	if f.load != nil {
		if err := f.load(); err != nil {
			return nil, err
		}
	}
	return f.Store.Load(ctx)
}

func (f *faulty) Save(ctx context.Context, r *persist.Record) error {
	if f.save != nil {
		if err := f.save(); err != nil {
			return err
		}
	}
	return f.Store.Save(ctx, r)
}

func (f *faulty) Remove(ctx context.Context) error {
	f.removed++
	if f.remove != nil {
		if err := f.remove(); err != nil {
			return err
		}
	}
	return f.Store.Remove(ctx)
}

func failing(err error) func() error { return func() error { return err } }

func empty() *faulty { return &faulty{Store: persist.Slot{Storage: new(persist.Memory)}} }

func holding(t testing.TB, r *persist.Record) *faulty {
	t.Helper()
	s := empty()
	require.NoError(t, s.Store.Save(t.Context(), r))
	return s
}

func TestRestore_bringsDataWithTheirAge(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		made := h.Client().Now()
		store := holding(h, record(made))
		h.Advance(time.Hour)
		got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
		require.NoError(h, err)
		require.Equal(h, persist.OutcomeRestored, got.Outcome)
		require.True(h, made.Equal(got.Timestamp))
		require.Equal(h, 1, got.Queries)
		require.Zero(h, store.removed)

		s, ok := h.Client().State(querykey.Of("order", 1))
		require.True(h, ok)
		require.True(h, made.Equal(s.DataUpdatedAt()))
		data, ok := query.Get(h.Client(), orderQuery(1))
		require.True(h, ok)
		require.Equal(h, "packed", data)
	})
}

func TestRestore_emptyStoreIsNoError(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := empty()
		got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
		require.NoError(h, err)
		require.Equal(h, persist.Restored{Outcome: persist.OutcomeAbsent}, got)
		require.Zero(h, store.removed)
	})
}

func TestRestore_removesWhatIsExpired(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		maxAge, age time.Duration
		want        persist.Outcome
	}{
		{0, 24 * time.Hour, persist.OutcomeRestored},
		{0, 24*time.Hour + 1, persist.OutcomeExpired},
		{time.Minute, time.Minute, persist.OutcomeRestored},
		{time.Minute, time.Minute + 1, persist.OutcomeExpired},
		{persist.Forever, 100 * 365 * 24 * time.Hour, persist.OutcomeRestored},
		{time.Minute, -time.Hour, persist.OutcomeRestored}, // the clock was set back
	} {
		querytest.Run(t, func(h *querytest.Harness) {
			store := holding(h, record(h.Client().Now().Add(-c.age)))
			got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{MaxAge: c.maxAge})
			require.NoError(h, err)
			require.Equal(h, c.want, got.Outcome)
			_, err = store.Load(h.Context())
			require.Equal(h, c.want == persist.OutcomeExpired, errors.Is(err, persist.ErrAbsent))
			require.Equal(h, c.want == persist.OutcomeRestored, len(h.Client().Entries(query.Filter{})) == 1)
		})
	}
}

func TestRestore_removesWhatIsBusted(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		r := record(h.Client().Now())
		r.Buster = "v1"
		store := holding(h, r)
		got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{Buster: "v2"})
		require.NoError(h, err)
		require.Equal(h, persist.OutcomeBusted, got.Outcome)
		require.Equal(h, 1, store.removed)
		require.Empty(h, h.Client().Entries(query.Filter{}))
	})
}

func TestRestore_removesWhatIsMalformedAndSaysWhy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "client.json")
	querytest.Run(t, func(h *querytest.Harness) {
		foreign := record(h.Client().Now())
		foreign.ClientState.Version = 99
		broken := record(h.Client().Now())
		broken.ClientState.Queries[0].Status = "hunter2"
		for _, text := range []string{"", "garbage", string(encoded(h, foreign)), string(encoded(h, broken))} {
			require.NoError(h, os.WriteFile(path, []byte(text), 0o600))
			var heard []error
			got, err := persist.Restore(h.Context(), h.Client(), persist.File{Path: path}, persist.Options{
				OnError: func(err error) { heard = append(heard, err) },
			})
			require.NoError(h, err)
			require.Equal(h, persist.OutcomeMalformed, got.Outcome)
			require.ErrorIs(h, got.Err, persist.ErrMalformed)
			require.NotContains(h, got.Err.Error(), "hunter2")
			require.Equal(h, []error{got.Err}, heard)
			require.NoFileExists(h, path)
			require.Empty(h, h.Client().Entries(query.Filter{}))
		}
	})
}

func TestRestore_removesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "client.json")
	querytest.Run(t, func(h *querytest.Harness) {
		require.NoError(h, os.WriteFile(path, make([]byte, 101), 0o600))
		got, err := persist.Restore(h.Context(), h.Client(), persist.File{Path: path, MaxSize: 100}, persist.Options{})
		require.NoError(h, err)
		require.Equal(h, persist.OutcomeMalformed, got.Outcome)
		require.ErrorIs(h, got.Err, persist.ErrTooLarge)
		require.NoFileExists(h, path)
	})
}

func TestRestore_storesOfOthersMayBeSloppy(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		for _, r := range []*persist.Record{{}, {Timestamp: h.Client().Now()}, {ClientState: new(query.Snapshot)}} {
			store := &handing{record: r}
			got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
			require.NoError(h, err)
			require.Equal(h, persist.OutcomeMalformed, got.Outcome)
			require.True(h, store.removed)
		}
		got, err := persist.Restore(h.Context(), h.Client(), &handing{}, persist.Options{})
		require.NoError(h, err)
		require.Equal(h, persist.OutcomeAbsent, got.Outcome)
	})
}

// handing is a store that hands out a record as it is.
type handing struct {
	record  *persist.Record
	removed bool
}

func (s *handing) Load(context.Context) (*persist.Record, error)   { return s.record, nil }
func (s *handing) Save(_ context.Context, r *persist.Record) error { s.record = r; return nil }
func (s *handing) Remove(context.Context) error                    { s.removed = true; return nil }

func TestRestore_failureOfTheStoreLeavesItAlone(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		down := errors.New("down")
		store := holding(h, record(h.Client().Now()))
		store.load = failing(down)
		_, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
		require.ErrorIs(h, err, down)

		store.load = func() error { panic(down) }
		_, err = persist.Restore(h.Context(), h.Client(), store, persist.Options{})
		var panicked *query.PanicError
		require.ErrorAs(h, err, &panicked)
		require.ErrorIs(h, err, down)

		gone, cancel := context.WithCancel(h.Context())
		store.load = func() error { cancel(); return nil }
		_, err = persist.Restore(gone, h.Client(), &faulty{Store: &handing{record: record(h.Client().Now())}, load: store.load}, persist.Options{})
		require.ErrorIs(h, err, context.Canceled)
		require.Zero(h, store.removed)
		require.Empty(h, h.Client().Entries(query.Filter{}))
	})
}

func TestRestore_failureToRemoveIsAnError(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		down := errors.New("down")
		store := holding(h, record(h.Client().Now().Add(-time.Hour)))
		store.remove = failing(down)
		got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{MaxAge: time.Minute})
		require.ErrorIs(h, err, down)
		require.Equal(h, persist.OutcomeExpired, got.Outcome)
	})
}

func TestRestore_closedClientLeavesTheStoreAlone(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := holding(h, record(h.Client().Now()))
		require.NoError(h, h.Client().Close(h.Context()))
		_, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
		require.ErrorIs(h, err, query.ErrClosed)
		require.Zero(h, store.removed)
	})
}

func TestRestore_newerDataInTheCacheStay(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := holding(h, record(h.Client().Now()))
		h.Advance(time.Second)
		require.NoError(h, query.Set(h.Client(), orderQuery(1), "sent"))
		_, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
		require.NoError(h, err)
		data, _ := query.Get(h.Client(), orderQuery(1))
		require.Equal(h, "sent", data)
	})
}

func TestRestore_fillsGapsFromHydrateOptions(t *testing.T) {
	t.Parallel()
	querytest.Run(t, func(h *querytest.Harness) {
		store := holding(h, record(h.Client().Now()))
		short := query.Defaults{Policy: query.Policy{GCTime: query.GCAfter(time.Minute)}}
		_, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{
			Hydrate: query.HydrateOptions{Defaults: short},
		})
		require.NoError(h, err)
		require.Len(h, h.Client().Entries(query.Filter{}), 1)
		h.Advance(time.Minute)
		require.Empty(h, h.Client().Entries(query.Filter{}))
	})
}

func FuzzRestore(f *testing.F) {
	f.Add(encoded(f, record(time.Unix(0, 0).UTC())))
	f.Add([]byte(`{"version":1,"timestamp":"1970-01-01T00:00:00Z","clientState":{"version":1,"mutations":[{"status":"pending"}]}}`))
	f.Add([]byte(`{"version":1,"timestamp":"9999-01-01T00:00:00Z","clientState":{"version":1,"queries":[null]}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		querytest.Run(t, func(h *querytest.Harness) {
			var storage persist.Memory
			require.NoError(h, storage.Set(h.Context(), "freshet-client", text))
			store := persist.Slot{Storage: &storage}
			got, err := persist.Restore(h.Context(), h.Client(), store, persist.Options{})
			require.NoError(h, err)
			require.NotEqual(h, persist.OutcomeAbsent, got.Outcome)
			_, err = store.Load(h.Context())
			if got.Outcome != persist.OutcomeRestored {
				require.ErrorIs(h, err, persist.ErrAbsent)
				return
			}
			require.NoError(h, err)
			for _, e := range h.Client().Entries(query.Filter{}) {
				_, _ = query.Get(h.Client(), query.Query[string]{Key: e.State.Key()})
			}
			require.NoError(h, persist.Save(h.Context(), h.Client(), store, persist.Options{}))
			again, err := persist.ParseRecord(must(storage.Get(h.Context(), "freshet-client")))
			require.NoError(h, err)
			require.True(h, json.Valid(encoded(h, again)))
		})
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
