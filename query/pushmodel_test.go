package query_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/freshet-go/freshet/query"
)

// logged is one entry of a model server's log.
type logged struct{ id, key, value int }

// modelServer has a value under each key and a log of its changes, of which it may
// forget the older part. It is followed over connections that break, and asked for
// values that may be old when the answer arrives.
type modelServer struct {
	mu      sync.Mutex
	values  [4]int
	log     []logged
	kept    int           // the log begins here
	news    chan struct{} // closed at each change
	cut     chan struct{} // closed when the connection breaks
	ends    bool          // a broken connection ends the run
	mute    bool          // the connection is silent, whatever happens
	latency time.Duration
	fails   int // handlers to fail
	applied []int
}

func (s *modelServer) change(key int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key]++
	s.log = append(s.log, logged{len(s.log) + 1, key, s.values[key]})
	close(s.news)
	s.news = make(chan struct{})
}

// broken breaks the connection that there is.
func (s *modelServer) broken(ends bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = ends
	close(s.cut)
	s.cut = make(chan struct{})
}

func (s *modelServer) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// after returns what to begin with, and where, to follow behind the event id. It
// goes back by one more event than it has to.
func (s *modelServer) after(id string) (kind query.PushKind, at int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(id)
	if err != nil || n < s.kept {
		return query.PushConnected, len(s.log)
	}
	return query.PushResumed, max(s.kept, n-1)
}

func (s *modelServer) source(ctx context.Context, last string) iter.Seq[query.PushEvent[logged]] {
	return func(yield func(query.PushEvent[logged]) bool) {
		for {
			kind, at := s.after(last)
			if !yield(query.PushEvent[logged]{Kind: kind}) {
				return
			}
			var over bool
			if last, over = s.follow(ctx, last, at, yield); over {
				return
			}
			if !yield(query.PushEvent[logged]{Kind: query.PushDisconnected}) {
				return
			}
			time.Sleep(s.latency)
		}
	}
}

// follow tells the log from at on, until the connection breaks.
func (s *modelServer) follow(ctx context.Context, last string, at int, yield func(query.PushEvent[logged]) bool) (string, bool) {
	s.mu.Lock()
	cut := s.cut
	s.mu.Unlock()
	for {
		s.mu.Lock()
		news, mute, more := s.news, s.mute, slices.Clone(s.log[min(at, len(s.log)):])
		s.mu.Unlock()
		if mute || len(more) == 0 {
			select {
			case <-news:
				continue
			case <-time.After(10 * time.Second):
				if !mute && !yield(query.PushEvent[logged]{Kind: query.PushBeat}) {
					return last, true
				}
				continue
			case <-cut:
				return last, s.ends
			case <-ctx.Done():
				return last, true
			}
		}
		select {
		case <-time.After(s.latency):
		case <-cut:
			return last, s.ends
		}
		id := strconv.Itoa(more[0].id)
		if !yield(query.PushEvent[logged]{ID: id, Data: more[0]}) {
			return last, true
		}
		last, at = id, at+1
	}
}

// marked is the key whose events only mark what is stale.
const marked = 3

func modelKey(k int) query.Query[int] {
	return query.Query[int]{Key: key("model", k), Policy: query.Policy{GCTime: query.GCNever(), StaleTime: query.StaleNever()}}
}

func (s *modelServer) query(k int, before, after time.Duration) query.Query[int] {
	q := modelKey(k)
	q.Fetch = func(context.Context) (int, error) {
		time.Sleep(before)
		s.mu.Lock()
		v := s.values[k]
		s.mu.Unlock()
		time.Sleep(after)
		return v, nil
	}
	return q
}

// on writes, updates, invalidates or marks, depending on the key.
func (s *modelServer) on(ctx context.Context, c *query.Client, e logged) error {
	fail := false
	s.set(func() {
		s.applied = append(s.applied, e.id)
		fail = s.fails > 0
		s.fails -= min(s.fails, 1)
	})
	if fail {
		return errRefused
	}
	f := query.Filter{Key: modelKey(e.key).Key, Refetch: query.RefetchOptions{NoWait: true}}
	switch e.key {
	case 0:
		return query.Set(c, modelKey(e.key), e.value)
	case 1:
		return query.Update(c, modelKey(e.key), func(_ int, ok bool) (int, bool) { return e.value, ok })
	case 2:
		return c.Invalidate(ctx, f)
	default:
		f.Refetch.Type = query.RefetchNone
		return c.Invalidate(ctx, f)
	}
}

type pushStep struct {
	Op            string
	Key           int
	Before, After time.Duration // of an answer
	Then          time.Duration
}

func pushSteps() *rapid.Generator[[]pushStep] {
	spans := rapid.SampledFrom([]time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond})
	ops := []string{
		"change", "change", "change", "change", "break", "end", "forget", "mute", "fail", "observe", "observe", "leave",
		"fetch", "invalidate", "refetch", "remove", "offline", "online", "hide", "look",
	}
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pushStep {
		return pushStep{
			Op: rapid.SampledFrom(ops).Draw(t, "op"), Key: rapid.IntRange(0, 3).Draw(t, "key"),
			Before: spans.Draw(t, "before"), After: spans.Draw(t, "after"),
			Then: rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 7 * time.Millisecond, time.Second, 40 * time.Second}).Draw(t, "then"),
		}
	}), 1, 60)
}

// Nobody polls here: what push has lost would remain so.
func TestPushModel_nothingIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := pushSteps().Draw(rt, "steps")
		latency := rapid.SampledFrom([]time.Duration{0, 3 * time.Millisecond, 30 * time.Millisecond}).Draw(rt, "latency")
		s := &modelServer{latency: latency, news: make(chan struct{}), cut: make(chan struct{})}
		var violations []string
		synctest.Test(t, func(t *testing.T) {
			s.news, s.cut = make(chan struct{}), make(chan struct{})
			violations = s.play(t, steps)
		})
		require.Empty(rt, violations)
		require.IsIncreasing(rt, append([]int{0}, append(s.applied, 1<<30)...), "in order, and once")
	})
}

func (s *modelServer) play(t *testing.T, steps []pushStep) (violations []string) {
	t.Helper()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.Background())) }()
	stop, err := query.Attach(c, query.Push[logged]{
		Name: "model", Source: s.source, On: s.on, Covers: []query.Filter{{Key: key("model")}}, Heartbeat: 15 * time.Second,
	})
	require.NoError(t, err)
	leave := map[int]func(){}
	for _, step := range steps {
		s.step(t, c, step, leave)
		pass(step.Then)
	}
	s.set(func() { s.mute = false })
	c.Online().Set(true)
	c.Focus().Set(true)
	pass(time.Hour)
	for k, want := range s.values {
		state, ok := c.State(modelKey(k).Key)
		got, observed := state.Data(), leave[k] != nil && k != marked
		if ok && state.HasData() && got != any(want) && (observed || !state.IsInvalidated()) {
			violations = append(violations, "key "+strconv.Itoa(k)+" is "+fmt.Sprint(got)+", not "+strconv.Itoa(want))
		}
		if observed && (!state.HasData() || state.FetchStatus() != query.FetchIdle || state.IsInvalidated()) {
			violations = append(violations, "key "+strconv.Itoa(k)+" has not come to rest")
		}
	}
	stop()
	return violations
}

func (s *modelServer) step(t *testing.T, c *query.Client, x pushStep, leave map[int]func()) {
	t.Helper()
	q := s.query(x.Key, x.Before, x.After)
	f := query.Filter{Key: q.Key, Refetch: query.RefetchOptions{NoWait: true}}
	switch x.Op {
	case "change":
		s.change(x.Key)
	case "break", "end":
		s.broken(x.Op == "end")
	case "forget":
		s.set(func() { s.kept = len(s.log) })
	case "mute":
		s.set(func() { s.mute = !s.mute })
	case "fail":
		s.set(func() { s.fails++ })
	case "observe":
		if leave[x.Key] == nil {
			leave[x.Key] = query.Observe(c, q).Subscribe(ignore)
		}
	case "leave":
		if stop := leave[x.Key]; stop != nil {
			stop()
			delete(leave, x.Key)
		}
	case "fetch":
		go func() { _, _ = query.Fetch(t.Context(), c, q) }()
	case "invalidate":
		require.NoError(t, c.Invalidate(t.Context(), f))
	case "refetch":
		require.NoError(t, c.Refetch(t.Context(), f))
	case "remove":
		if leave[x.Key] == nil { // who observes is not told
			c.Remove(query.Filter{Key: q.Key, Exact: true})
		}
	case "offline", "online":
		c.Online().Set(x.Op == "online")
	case "hide", "look":
		c.Focus().Set(x.Op == "look")
	}
}
