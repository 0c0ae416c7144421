package query_test

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// opened returns a client that is closed when the test is over.
func opened(t *testing.T) *query.Client {
	t.Helper()
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

func everything(query.Entry) bool { return true }

// FuzzHydrate lets a snapshot from anywhere meet queries of several types.
func FuzzHydrate(f *testing.F) {
	for _, seed := range []string{
		`{"version":1}`, `{"version":2,"queries":[{"key":[]}]}`,
		`{"version":1,"queries":[{"key":["a",1],"status":"success","data":1,"dataUpdatedAt":"2030-01-02T03:04:05Z","dataUpdateCount":3}]}`,
		`{"version":1,"queries":[{"key":["a"],"status":"success","data":{"Name":"x"},"meta":{"m":null}},{"key":["a"],"status":"error","error":"e","dataUpdatedAt":"9999-12-31T23:59:59Z"}]}`,
		`{"version":1,"queries":[{"key":["a"],"infinite":true,"status":"success","data":{"pages":[1,2],"pageParams":[0]},"direction":"forward"}]}`,
		`{"version":1,"queries":[{"key":[],"status":"pending","data":null,"isInvalidated":true,"failureCount":2,"failureReason":"f"}]}`,
		`{"version":1,"queries":[{"key":[{"b":[1,"2"]}],"status":"success","data":[1e400,"\ud800<"]}]}`,
		`{"version":1,"queries":[{"key":["a"],"status":"success","data":1,"dataUpdateCount":-1}]}`,
		`{"version":1,"mutations":[{"key":["m"],"scope":"s","status":"pending","variables":1,"context":{"a":1},"isPaused":true},{"status":"pending","scope":"s","variables":"x","isPaused":true}]}`,
		`{"version":1,"queries":[{"key":["a"],"status":"success","data":{"Name":"x"}}],"mutations":[{"key":["m",1],"status":"pending","variables":{"Name":"y"},"isPaused":true},{"key":["m"],"status":"pending","isPaused":true}]}`,
		`{"version":1,"mutations":[{"status":"success","data":1},{"status":"idle"},{"status":"other"}]}`,
	} {
		for kind := range uint8(len(users())) {
			f.Add(seed, kind)
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		var s query.Snapshot
		if json.Unmarshal([]byte(text), &s) != nil {
			return
		}
		hydrateAndUse(t, &s, kind, len(text))
	})
}

// FuzzHydrate_query makes one query of a snapshot of its parts, which most
// changes leave valid.
func FuzzHydrate_query(f *testing.F) {
	for kind := range uint8(len(users())) {
		f.Add(`["a"]`, `{"pages":[1],"pageParams":[0]}`, "success", "", int64(1e9), 1, 0, true, kind)
		f.Add(`[{"b":[]}]`, `null`, "pending", "forward", int64(0), 0, 0, false, kind)
		f.Add(`[]`, `["x",1.5e300,{"Name":null}]`, "error", "sideways", int64(253402300799), math.MaxInt, math.MaxInt32, false, kind)
		f.Add(`["a"]`, `[1,`, "success", "", int64(0), 0, 0, false, kind)
		f.Add(`[]`, ``, "error", "", int64(-1), math.MaxInt/2, math.MaxInt/2, true, kind)
	}
	f.Fuzz(func(t *testing.T, keyText, data, status, direction string, at int64, updates, failures int, infinite bool, kind uint8) {
		k, err := querykey.Parse(keyText)
		if err != nil {
			return
		}
		q := query.QuerySnapshot{
			Key: k, Data: json.RawMessage(data), Status: query.Status(status), Direction: query.Direction(direction), Infinite: infinite,
			DataUpdateCount: updates, ErrorUpdateCount: failures, FailureCount: failures, IsInvalidated: updates%2 > 0,
			DataUpdatedAt: time.Unix(min(max(at, 0), 253402300799), 0).UTC(), // years that JSON can hold
		}
		hydrateAndUse(t, &query.Snapshot{Version: query.SnapshotVersion, Queries: []query.QuerySnapshot{q}}, kind, len(keyText)+len(data)+len(direction))
	})
}

// hydrateAndUse lets a client take a snapshot of about size bytes and uses each
// entry as one type.
func hydrateAndUse(t *testing.T, s *query.Snapshot, kind uint8, size int) {
	t.Helper()
	c := opened(t)
	require.NoError(t, c.SetMutationDefaults(key(), query.MutationDefaults{Do: func(_ context.Context, m query.MutationInfo) (any, error) {
		return m.Variables, nil
	}}))
	if kind%2 == 0 {
		require.NoError(t, query.Register(c, registered(t)))
	}
	if err := c.Hydrate(s, query.HydrateOptions{}); err != nil {
		require.True(t, strings.HasPrefix(err.Error(), "query: hydrate: "), err)
		require.Equal(t, 0, held(c), "a snapshot that is refused changes nothing")
		require.Empty(t, c.Mutations(query.MutationFilter{}))
		return
	}
	require.LessOrEqual(t, held(c), len(s.Queries))
	require.Len(t, c.Mutations(query.MutationFilter{}), len(s.Mutations))
	requireTravels(t, c, size)
	for _, e := range c.Entries(query.Filter{}) {
		users()[int(kind)%len(users())](t, c, e.State.Key())
	}
	if kind%4 == 1 {
		require.NoError(t, query.Register(c, registered(t)))
	}
	if !blocked(s.Mutations) {
		require.NoError(t, c.ResumePausedMutations(t.Context()))
	}
	requireTravels(t, c, size)
}

// blocked reports whether a scope has a run that is pending but not paused: nobody
// resumes it, and as in query-core the others of its scope wait for it.
func blocked(runs []query.MutationSnapshot) bool {
	return slices.ContainsFunc(runs, func(m query.MutationSnapshot) bool {
		return m.Scope != "" && m.Status == query.StatusPending && !m.IsPaused
	})
}

// registered is a mutation for the runs under ["m"], whose variables must be
// items.
func registered(t *testing.T) query.Mutation[item, item] {
	t.Helper()
	return query.Mutation[item, item]{
		Key: key("m"),
		Do:  func(_ context.Context, v item) (item, error) { return v, nil },
		Optimistic: func(tx *query.Tx, v item) {
			query.PatchAll(tx, query.Filter{}, func(item) item { return v })
			query.Patch(tx, query.Query[item]{Key: key("a")}, func(_ item, ok bool) (item, bool) { return v, ok })
		},
	}
}

// requireTravels checks that what c holds can be saved and restored, and is not
// much larger than what came in.
func requireTravels(t *testing.T, c *query.Client, size int) {
	t.Helper()
	s, err := c.Dehydrate(query.DehydrateOptions{Query: everything, Mutation: func(query.MutationInfo) bool { return true }})
	require.NoError(t, err)
	out, err := json.Marshal(s)
	require.NoError(t, err)
	require.Less(t, len(out), 6*size+1000*(1+len(s.Queries)+len(s.Mutations)))
	var again query.Snapshot
	require.NoError(t, json.Unmarshal(out, &again))
	there := opened(t)
	require.NoError(t, there.Hydrate(&again, query.HydrateOptions{}))
	require.Equal(t, held(c), held(there))
}

// users are the first to use an entry, each with another type.
func users() []func(*testing.T, *query.Client, querykey.Key) {
	return []func(*testing.T, *query.Client, querykey.Key){
		use[int], use[string], use[item], use[*item], use[[]int], use[map[string]any], use[any], use[json.RawMessage], use[time.Time], useList,
	}
}

// use gets, fetches and observes what is under k, which must be a T afterwards.
func use[T any](t *testing.T, c *query.Client, k querykey.Key) {
	t.Helper()
	q := query.Query[T]{Key: k, Fetch: func(context.Context) (v T, err error) { return v, nil }, Policy: query.Policy{StaleTime: query.StaleNever()}}
	useQuery(t, c, q)
}

func useList(t *testing.T, c *query.Client, k querykey.Key) {
	t.Helper()
	list := query.InfiniteQuery[int, int]{
		Key:           k,
		Fetch:         func(_ context.Context, p query.PageRequest[int]) (int, error) { return p.Param, nil },
		NextPageParam: func(last int, all query.Pages[int, int]) (int, bool) { return last + 1, len(all.Pages) < 3 },
		Policy:        query.Policy{StaleTime: query.StaleNever()},
	}
	useQuery(t, c, list.Query())
	_, err := query.Observe(c, list.Query()).FetchNextPage(t.Context(), query.RefetchOptions{})
	require.NoError(t, err)
}

func useQuery[T any](t *testing.T, c *query.Client, q query.Query[T]) {
	t.Helper()
	before, had := query.Get(c, q)
	o := query.Observe(c, q)
	require.Equal(t, had, o.Current().HasData())
	v, err := query.Fetch(t.Context(), c, q)
	require.NoError(t, err, "data that do not fit are fetched")
	if s, _ := c.State(q.Key); had && !s.IsInvalidated() && s.DataUpdateCount() == 0 {
		require.Equal(t, before, v, "data that fit are kept")
	}
	defer o.Subscribe(ignore)()
	require.NoError(t, query.Update(c, q, func(old T, ok bool) (T, bool) {
		require.True(t, ok)
		return old, true
	}))
	require.True(t, o.Current().HasData())
	require.NoError(t, o.Current().Err())
	require.Equal(t, query.StatusSuccess, o.Current().Status())
	s, _ := c.State(q.Key)
	require.Positive(t, s.DataUpdateCount())
}

// planned is an entry to be made for FuzzFilter.
type planned struct {
	key      querykey.Key
	data     bool
	observed bool
	enabled  bool
	old      bool // invalidated
	paused   bool
}

// FuzzFilter compares what a filter chooses with what a simple matcher does.
func FuzzFilter(f *testing.F) {
	f.Add(`[["a"],["a",1],["a",{"b":1,"c":[1]}],["b"],[]]`, `["a"]`, false, uint8(0), uint8(0), uint8(0), uint64(0x123456789abcdef))
	f.Add(`[["a"],["a",1],["a",{"b":1,"c":[1]}]]`, `["a",{"c":[]}]`, false, uint8(1), uint8(1), uint8(1), uint64(0xfedcba9876543210))
	f.Add(`[["a"],["a",null],["a",[1,2]],["a",[1,{"x":1}]]]`, `["a",[1]]`, false, uint8(2), uint8(2), uint8(2), uint64(0x5555555555555555))
	f.Add(`[["a"],["a"],["A"],[1.0],[1]]`, `[1e0]`, true, uint8(0), uint8(1), uint8(3), uint64(0xaaaaaaaaaaaaaaaa))
	f.Add(`[[],["a"]]`, `[]`, true, uint8(0), uint8(0), uint8(0), uint64(0))
	f.Add(`[["a"],["b"]]`, `[]`, false, uint8(0), uint8(1), uint8(0), uint64(0b01001_00001)) // one is invalidated
	f.Add(`[[],["a"]]`, `[]`, true, uint8(1), uint8(2), uint8(0), uint64(0x3333333333333333))
	f.Fuzz(func(t *testing.T, keysText, filterText string, exact bool, kind, stale, doing uint8, bits uint64) {
		var keys []querykey.Key
		pattern, err := querykey.Parse(filterText)
		if err != nil || json.Unmarshal([]byte(keysText), &keys) != nil || len(keys) > 12 {
			return
		}
		c := opened(t)
		plans := plan(t, c, keys, bits)
		filter := query.Filter{
			Key: pattern, Exact: exact, Type: query.EntryType(kind % 3), Stale: query.Toggle(stale % 3),
			FetchStatus: []query.FetchStatus{"", query.FetchIdle, query.FetchFetching, query.FetchPaused}[doing%4],
		}
		want := chosenOf(plans, filter)
		require.Equal(t, want, keysOf(c, filter))
		onlyFetching := filter
		onlyFetching.FetchStatus = query.FetchFetching
		require.Equal(t, len(chosenOf(plans, onlyFetching)), c.IsFetching(filter))

		filter.Refetch.Type = query.RefetchNone
		require.NoError(t, c.Invalidate(t.Context(), filter))
		for i, p := range plans {
			plans[i].old = p.old || slices.Contains(want, p.key)
			s, ok := c.State(p.key)
			require.True(t, ok)
			require.Equal(t, plans[i].old, s.IsInvalidated(), p.key)
		}

		want = chosenOf(plans, filter)
		c.Remove(filter)
		for _, p := range plans {
			_, ok := c.State(p.key)
			require.NotEqual(t, slices.Contains(want, p.key), ok, p.key)
		}
		require.Len(t, keysOf(c, query.Filter{}), len(plans)-len(want))
	})
}

func chosenOf(plans []planned, f query.Filter) []querykey.Key {
	var chosen []querykey.Key
	for _, p := range plans {
		if p.chosenBy(f) {
			chosen = append(chosen, p.key)
		}
	}
	return chosen
}

func keysOf(c *query.Client, f query.Filter) []querykey.Key {
	var keys []querykey.Key
	for _, e := range c.Entries(f) {
		keys = append(keys, e.State.Key())
	}
	return keys
}

// plan makes an entry for each key, in the state that five of the bits tell.
func plan(t *testing.T, c *query.Client, keys []querykey.Key, bits uint64) (plans []planned) {
	t.Helper()
	for _, k := range keys {
		if slices.ContainsFunc(plans, func(p planned) bool { return p.key == k }) {
			continue
		}
		p := planned{key: k, data: bits&1 > 0, observed: bits&2 > 0, enabled: bits&4 > 0, old: bits&8 > 0, paused: bits&16 > 0}
		bits >>= 5
		plans = append(plans, p)
		p.make(t, c)
	}
	c.Online().Set(true) // unmounted, so that paused fetches stay so
	return plans
}

func (p planned) make(t *testing.T, c *query.Client) {
	t.Helper()
	q := query.Query[int]{Key: p.key, Fetch: hang, Policy: query.Policy{StaleTime: query.StaleNever()}}
	if !p.enabled {
		q.Policy.Enabled = query.Off
	}
	if p.data {
		require.NoError(t, query.Set(c, q, 1))
	}
	o := query.Observe(c, q) // makes it if need be
	c.Unmount()
	c.Online().Set(!p.paused)
	if p.observed {
		t.Cleanup(o.Subscribe(ignore))
	}
	if p.old {
		require.NoError(t, c.Invalidate(t.Context(), query.Filter{Key: p.key, Exact: true, Refetch: query.RefetchOptions{Type: query.RefetchNone}, Predicate: func(s query.State[any]) bool { return s.Key() == p.key }}))
	}
}

// status is what the entry does: it fetches if its observer found it empty.
func (p planned) status() query.FetchStatus {
	switch {
	case !p.observed || !p.enabled || p.data:
		return query.FetchIdle
	case p.paused:
		return query.FetchPaused
	default:
		return query.FetchFetching
	}
}

func (p planned) chosenBy(f query.Filter) bool {
	stale := !p.data || p.old
	if p.observed {
		stale = stale && p.enabled // as the observer shows it
	}
	switch {
	case f.Exact && f.Key.Len() > 0 && p.key != f.Key:
		return false
	case !matches(p.key.Parts(), f.Key.Parts()):
		return false
	case f.Type != query.AnyEntry && (f.Type == query.ActiveEntries) != (p.observed && p.enabled):
		return false
	case f.Stale != 0 && (f.Stale == query.On) != stale:
		return false
	}
	return f.FetchStatus == "" || f.FetchStatus == p.status()
}

// matches compares decoded JSON: lists by prefix, objects by subset.
func matches(v, pattern any) bool {
	switch pattern := pattern.(type) {
	case []any:
		list, ok := v.([]any)
		if !ok || len(list) < len(pattern) {
			return false
		}
		for i := range pattern {
			if !matches(list[i], pattern[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := v.(map[string]any)
		for name, want := range pattern {
			got, has := object[name]
			if ok = ok && has && matches(got, want); !ok {
				return false
			}
		}
		return ok
	default:
		return querykey.Of(v) == querykey.Of(pattern)
	}
}
