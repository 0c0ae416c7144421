package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/freshet-go/freshet/query"
)

// act does what steps and operations of callbacks have in common. What begins
// at once and finishes later is returned as a function that does both and gives
// the outcome; nowait makes it return as soon as it has begun.
func (r *run) act(c *client, step object, nowait bool) (finish func() any, err error) {
	filter, err := filterOf(step["filters"])
	if err != nil {
		return nil, err
	}
	options, _ := step["options"].(object)
	filter.Refetch.Cancel = refetchOptions(options).Cancel
	filter.Refetch.FailFast = options["throwOnError"] == true
	filter.Refetch.NoWait = nowait
	switch step["do"] {
	case "setQueryData":
		_, err := r.setData(c, step)
		return nil, err
	case "setQueriesData":
		return nil, query.UpdateAllAt(c.Client, filter, r.updater(step, nil), r.updatedAt(step))
	case "removeQueries":
		c.Remove(filter)
		return nil, nil
	case "invalidateQueries":
		return func() any { return outcome(options, c.Invalidate(r.ctx, filter)) }, nil
	case "refetchQueries":
		return func() any { return outcome(options, c.Refetch(r.ctx, filter)) }, nil
	case "resetQueries":
		return func() any { return outcome(options, c.Reset(r.ctx, filter)) }, nil
	case "cancelQueries":
		filter.Cancel.Silent = options["silent"] == true
		if options["revert"] == false {
			filter.Cancel.Revert = query.Off
		}
		return func() any { return outcome(nil, c.Cancel(r.ctx, filter)) }, nil
	}
	return nil, unsupported(step)
}

// outcome is done unless errors are asked for.
func outcome(options object, err error) any {
	if err != nil && options["throwOnError"] == true {
		return rejected(err)
	}
	return "done"
}

// setData writes the data of one key and returns what was written, absent if
// nothing was.
func (r *run) setData(c *client, step object) (any, error) {
	key, err := keyOf(step["key"])
	if err != nil {
		return nil, err
	}
	written := any(absent)
	q := query.Query[any]{Key: key}
	err = query.UpdateAt(c.Client, q, r.updater(step, &written), r.updatedAt(step))
	return written, err
}

// updater returns what writes the value or applies the updater of a step. What
// it comes to is also put into result, if that is given.
func (r *run) updater(step object, result *any) func(old any, ok bool) (any, bool) {
	value := clone(step["value"]) // one for all queries that it is for
	return func(old any, ok bool) (any, bool) {
		v := value
		if op, given := step["update"]; given {
			v = updated(op, shown(orAbsent(old, ok)))
		}
		if result != nil {
			*result = v
		}
		return present(stored(v))
	}
}

// updatedAt is the zero time, which means now, unless the step says otherwise.
func (r *run) updatedAt(step object) time.Time {
	if at, ok := step["updatedAt"].(float64); ok {
		return r.time(at)
	}
	return time.Time{}
}

// doRead takes the steps that return a value.
func (r *run) doRead(c *client, step object) (done bool, err error) {
	filter, err := r.readFilter(step)
	if err != nil {
		return true, err
	}
	key, err := keyOf(step["key"])
	if err != nil {
		return true, err
	}
	switch step["do"] {
	case "getQueryData":
		v, ok := query.Get(c.Client, query.Query[any]{Key: key})
		r.give(shown(orAbsent(v, ok)))
	case "getQueryState":
		s, ok := c.State(key)
		if !ok {
			r.give(absent)
			return true, nil
		}
		r.give(r.entryFields(s))
	case "getQueriesData":
		r.give(sortedEntries(c, filter, func(e query.Entry) any {
			return object{"key": keyJSON(e.State.Key()), "data": data(e.State)}
		}))
	case "findQueries":
		r.give(sortedEntries(c, filter, func(e query.Entry) any { return keyJSON(e.State.Key()) }))
	case "isFetching":
		r.give(float64(c.IsFetching(filter)))
	case "setQueryData":
		written, err := r.setData(c, step)
		if err != nil {
			return true, err
		}
		r.give(written)
	default:
		return false, nil
	}
	return true, nil
}

// readFilter compiles query filters; those of mutations are not its business.
func (r *run) readFilter(step object) (query.Filter, error) {
	if step["do"] == "findMutations" || step["do"] == "isMutating" {
		return query.Filter{}, nil
	}
	return filterOf(step["filters"])
}

// sortedEntries renders the entries that match, sorted by key.
func sortedEntries(c *client, filter query.Filter, render func(query.Entry) any) list {
	entries := c.Entries(filter)
	slices.SortFunc(entries, func(a, b query.Entry) int {
		return cmp.Compare(canonical(keyJSON(a.State.Key())), canonical(keyJSON(b.State.Key())))
	})
	out := list{}
	for _, e := range entries {
		out = append(out, render(e))
	}
	return out
}

// filterOf compiles query filters.
func filterOf(v any) (query.Filter, error) {
	spec, _ := v.(object)
	key, err := keyOf(spec["queryKey"])
	if err != nil {
		return query.Filter{}, err
	}
	f := query.Filter{Key: key}
	_, keyed := spec["queryKey"]
	f.Exact = keyed && spec["exact"] == true // without a key it says nothing
	if v, ok := spec["stale"]; ok {
		if f.Stale, err = toggle(v); err != nil {
			return f, err
		}
	}
	if v, ok := spec["fetchStatus"].(string); ok {
		f.FetchStatus = query.FetchStatus(v)
	}
	if v, ok := spec["type"]; ok {
		f.Type = map[any]query.EntryType{
			"active": query.ActiveEntries, "inactive": query.InactiveEntries, "all": query.AnyEntry,
		}[v]
	}
	// The type "all" also widens what invalidating refetches.
	refetch, ok := spec["refetchType"]
	if !ok && spec["type"] == "all" {
		refetch = "all"
	}
	f.Refetch.Type = map[any]query.RefetchType{
		"active": query.RefetchActive, "inactive": query.RefetchInactive,
		"all": query.RefetchAll, "none": query.RefetchNone,
	}[refetch]
	if p, ok := spec["predicate"]; ok {
		if f.Predicate, err = predicateOf(p); err != nil {
			return f, err
		}
	}
	return f, nil
}

func predicateOf(v any) (func(query.State[any]) bool, error) {
	name, op, _ := operator(v)
	want := op[name]
	switch name {
	case "$keyIncludes":
		return func(s query.State[any]) bool {
			return slices.ContainsFunc(keyJSON(s.Key()), func(part any) bool { return sameJSON(part, want) })
		}, nil
	case "$status":
		return func(s query.State[any]) bool { return string(s.Status()) == want }, nil
	case "$data":
		spec := as[object](want)
		return func(s query.State[any]) bool {
			return sameJSON(at(data(s), as[string](spec["path"])), spec["equals"])
		}, nil
	case "$invalidated":
		return func(s query.State[any]) bool { return s.IsInvalidated() == want }, nil
	}
	return nil, fmt.Errorf("unknown predicate %s", name)
}
