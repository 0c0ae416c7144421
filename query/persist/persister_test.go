package persist_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/persist"
	"github.com/freshet-go/freshet/query/querytest"
	"github.com/freshet-go/freshet/querykey"
)

// storage is a memory that can fail and wait, and need not list its entries.
type storage struct {
	persist.Memory

	mu             sync.Mutex
	gets, sets     int
	get, set, drop func(ctx context.Context) error
}

func (s *storage) Get(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	s.gets++
	s.mu.Unlock()
	if s.get != nil {
		if err := s.get(ctx); err != nil {
			return nil, err
		}
	}
	return s.Memory.Get(ctx, key)
}

func (s *storage) Set(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	s.sets++
	s.mu.Unlock()
	if s.set != nil {
		if err := s.set(ctx); err != nil {
			return err
		}
	}
	return s.Memory.Set(ctx, key, value)
}

func (s *storage) Remove(ctx context.Context, key string) error {
	if s.drop != nil {
		if err := s.drop(ctx); err != nil {
			return err
		}
	}
	return s.Memory.Remove(ctx, key)
}

// keyed hides that a storage lists its entries.
type keyed struct{ persist.Storage }

// put stores data of an order as of a time, and edits what is stored.
func (s *storage) put(t testing.TB, id int, data string, at time.Time, edits ...string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"version": 1, "query": query.QuerySnapshot{
		Key: querykey.Of("order", id), Status: query.StatusSuccess, Data: json.RawMessage(strconv.Quote(data)),
		DataUpdatedAt: at, DataUpdateCount: 7,
	}})
	require.NoError(t, err)
	value := strings.NewReplacer(edits...).Replace(string(text))
	require.NoError(t, s.Memory.Set(t.Context(), nameOf(id), []byte(value)))
}

func nameOf(id int) string { return "freshet-" + querykey.Of("order", id).String() }

func (s *storage) has(t testing.TB, id int) bool {
	t.Helper()
	_, err := s.Memory.Get(t.Context(), nameOf(id))
	if !errors.Is(err, persist.ErrAbsent) {
		require.NoError(t, err)
	}
	return err == nil
}

func persister(h *querytest.Harness, s persist.Storage, o persist.QueryOptions) *persist.Persister {
	h.Helper()
	if o.OnError == nil {
		o.OnError = func(err error) { h.Errorf("unexpected: %v", err) }
	}
	p := persist.NewPersister(h.Context(), h.Client(), s, o)
	h.Cleanup(func() { _ = p.Close(context.WithoutCancel(h.Context())) })
	return p
}

// order is a wrapped query, and the script of its server.
func order(h *querytest.Harness, p *persist.Persister, id int, first querytest.Reply[string], more ...querytest.Reply[string]) (query.Query[string], *querytest.Fn[string]) {
	h.Helper()
	server := querytest.Script(h, first, more...)
	q := orderQuery(id)
	q.Fetch = server.Fetch
	return persist.Wrap(p, q), server
}

func fetch(h *querytest.Harness, q query.Query[string]) string {
	h.Helper()
	data, err := query.Fetch(h.Context(), h.Client(), q)
	require.NoError(h, err)
	h.Settle()
	return data
}

func dataOf(h *querytest.Harness, id int) string {
	h.Helper()
	data, _ := query.Get(h.Client(), orderQuery(id))
	return data
}

func updatedAt(h *querytest.Harness, id int) time.Time {
	h.Helper()
	s, ok := h.Client().State(querykey.Of("order", id))
	require.True(h, ok)
	return s.DataUpdatedAt()
}
