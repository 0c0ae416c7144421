package query_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

var errRefused = errors.New("refused")

// inBubble runs f with a client inside a bubble and closes the client at the
// end. A goroutine that is left then fails the test.
func inBubble(t *testing.T, cfg query.Config, f func(t *testing.T, c *query.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := query.New(cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) }()
		f(t, c)
	})
}

// pass lets d go by in the bubble, and everything happen that is due by then.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func key(parts ...any) querykey.Key { return querykey.Of(parts...) }

// source is a fetch function that answers how often it was called.
type source struct {
	takes time.Duration
	fail  func(n int) error
	calls atomic.Int64
}

func (s *source) fetch(context.Context) (int, error) {
	n := s.count(1)
	time.Sleep(s.takes)
	if s.fail != nil {
		if err := s.fail(n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (s *source) count(more int64) int { return int(s.calls.Add(more)) }

// query is a query for the source under a key of its own.
func (s *source) query(p query.Policy) query.Query[int] {
	return query.Query[int]{Key: key("source"), Fetch: s.fetch, Policy: p}
}

func always(int) error { return errRefused }

// hang is a fetch function that waits for its context to end.
func hang(ctx context.Context) (int, error) {
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

func ignore[T any](query.Result[T]) {}

// notes is a list that several goroutines add to.
type notes[T any] struct {
	mu   sync.Mutex
	list []T
}

func (n *notes[T]) add(x T) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, x)
}

func (n *notes[T]) all() []T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]T(nil), n.list...)
}

// recorder keeps the results that a subscriber got.
type recorder[T any] struct{ notes[query.Result[T]] }

func (r *recorder[T]) last() query.Result[T] {
	if all := r.all(); len(all) > 0 {
		return all[len(all)-1]
	}
	return query.Result[T]{}
}

func (r *recorder[T]) data() []T {
	var data []T
	for _, x := range r.all() {
		data = append(data, x.Data())
	}
	return data
}

func record[T any](o *query.Observer[T]) (r *recorder[T], stop func()) {
	r = new(recorder[T])
	return r, o.Subscribe(r.add)
}

func value[T any](t *testing.T, c *query.Client, q query.Query[T]) T {
	t.Helper()
	v, ok := query.Get(c, q)
	require.True(t, ok, "no data under %s", q.Key)
	return v
}
