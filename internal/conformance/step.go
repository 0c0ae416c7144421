package conformance

import (
	"fmt"

	"github.com/freshet-go/freshet/query"
)

// do takes a step other than advance. What waits for something runs in a
// goroutine; its synchronous part is over when the step has settled.
func (r *run) do(step object) error {
	c, err := r.client(step)
	if err != nil {
		return err
	}
	for _, take := range []func(*client, object) (bool, error){
		r.doObserve, r.doGroup, r.doFetch, r.doRead, r.doDefaults, r.doMutation, r.doEnvironment, r.doHydration,
	} {
		if done, err := take(c, step); done || err != nil {
			return err
		}
	}
	outcome, err := r.act(c, step, false)
	if err != nil {
		return err
	}
	if outcome != nil {
		r.track(step["as"], outcome)
	}
	return nil
}

// doObserve takes the steps on observers.
func (r *run) doObserve(c *client, step object) (done bool, err error) {
	switch step["do"] {
	case "observe", "observeInfinite":
		observe := r.observePlain
		if step["do"] == "observeInfinite" {
			observe = r.observeInfinite
		}
		w, err := observe(c, as[object](step["options"]))
		if err != nil {
			return true, err
		}
		r.observe(step, c, w)
	case "setOptions":
		return true, on(r, step, func(_ *observed, w interface{ setOptions(object) error }) error {
			return w.setOptions(as[object](step["options"]))
		})
	case "unobserve":
		return true, on(r, step, func(o *observed, _ watcher) error {
			if o.stop != nil {
				o.stop()
				o.stop = nil
			}
			return nil
		})
	case "resubscribe":
		return true, on(r, step, func(o *observed, _ watcher) error {
			r.listen(o)
			return nil
		})
	case "refetch", "fetchNextPage", "fetchPreviousPage":
		return true, on(r, step, func(_ *observed, w interface{ refetch(object) any }) error {
			r.track(step["as"], func() any { return w.refetch(step) })
			return nil
		})
	default:
		return false, nil
	}
	return true, nil
}

// on calls f with the observer of a step, if it is of the kind W.
func on[W any](r *run, step object, f func(*observed, W) error) error {
	o, err := r.observer(step)
	if err != nil {
		return err
	}
	w, ok := o.watcher.(W)
	if !ok {
		return fmt.Errorf("observer %s is of another kind", o.id)
	}
	return f(o, w)
}

// doFetch takes the imperative fetches.
func (r *run) doFetch(c *client, step object) (done bool, err error) {
	options, _ := step["options"].(object)
	switch step["do"] {
	case "fetchQuery", "query", "ensureQueryData", "prefetchQuery":
		o, err := compile(r, options, itself)
		if err != nil {
			return true, err
		}
		fetch(r, c, step, o, r.plainQuery(o))
		return true, nil
	case "fetchInfiniteQuery", "infiniteQuery", "ensureInfiniteQueryData", "prefetchInfiniteQuery":
		o, err := compile(r, options, storedPages)
		if err != nil {
			return true, err
		}
		fetch(r, c, step, o, r.infiniteQuery(o).Query())
		return true, nil
	}
	return false, nil
}

func fetch[T any](r *run, c *client, step object, o *queryOptions[T], q query.Query[T]) {
	r.track(step["as"], func() any {
		switch step["do"] {
		case "prefetchQuery", "prefetchInfiniteQuery":
			_ = query.Prefetch(r.ctx, c.Client, q) // its errors are nobody's
			return "done"
		case "ensureQueryData", "ensureInfiniteQueryData":
			if o.revalidate {
				return resolved(query.Revalidate(r.ctx, c.Client, q))
			}
			return resolved(query.Ensure(r.ctx, c.Client, q))
		}
		v, err := query.Fetch(r.ctx, c.Client, q)
		if selecting := step["do"] == "query" || step["do"] == "infiniteQuery"; err == nil && selecting && o.selects != nil {
			return resolved(o.selects(shown(v)))
		}
		return resolved(v, err)
	})
}

func resolved[T any](v T, err error) any {
	if err != nil {
		return rejected(err)
	}
	return object{"resolved": clone(shown(v))}
}

// doDefaults takes the steps that set defaults.
func (r *run) doDefaults(c *client, step object) (done bool, err error) {
	options, _ := step["options"].(object)
	switch step["do"] {
	case "setQueryDefaults":
		d, err := defaultsOf(r, options)
		if err != nil {
			return true, err
		}
		key, err := keyOf(step["key"])
		if err != nil {
			return true, err
		}
		return true, c.SetQueryDefaults(key, d)
	case "setMutationDefaults":
		d, err := r.mutationDefaults(c, options)
		if err != nil {
			return true, err
		}
		key, err := keyOf(step["key"])
		if err != nil {
			return true, err
		}
		return true, c.SetMutationDefaults(key, d)
	case "setDefaultOptions":
		queries, mutations, err := r.bothDefaults(c, options)
		mutations.Callbacks = r.awaited(mutations.Callbacks)
		c.SetDefaultOptions(queries, mutations)
		return true, err
	}
	return false, nil
}

// bothDefaults compiles {"queries", "mutations"}.
func (r *run) bothDefaults(c *client, options object) (query.Defaults, query.MutationDefaults, error) {
	forQueries, _ := options["queries"].(object)
	forMutations, _ := options["mutations"].(object)
	queries, err := defaultsOf(r, forQueries)
	if err != nil {
		return queries, query.MutationDefaults{}, err
	}
	mutations, err := r.mutationDefaults(c, forMutations)
	return queries, mutations, err
}

// doEnvironment takes the steps on focus, connection, variables and clients.
func (r *run) doEnvironment(c *client, step object) (done bool, err error) {
	switch step["do"] {
	case "setFocused":
		if on, ok := step["value"].(bool); ok {
			r.setFocus(&on)
		} else {
			r.setFocus(nil)
		}
	case "setOnline":
		r.setOnline(step["value"] == true)
	case "setVar":
		r.setVar(as[string](step["name"]), clone(step["value"]))
	case "mount":
		c.Mount()
	case "unmount":
		c.Unmount()
	case "newClient":
		options, _ := step["config"].(object)
		return true, r.newClient(as[string](step["id"]), options)
	case "clear":
		c.Clear()
	default:
		return false, nil
	}
	return true, nil
}

func (r *run) setVar(name string, v any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vars[name] = v
}

// newClient makes a client that shares time, focus and connection with the
// others.
func (r *run) newClient(id string, options object) error {
	c := &client{id: id}
	defaults, _ := options["defaultOptions"].(object)
	queries, mutations, err := r.bothDefaults(c, defaults)
	if err != nil {
		return err
	}
	mutations.Callbacks = r.awaited(mutations.Callbacks)
	focus, online := r.world.signals()
	cfg := query.Config{
		Clock: r.clock,
		Focus: focus, Online: online,
		Defaults: queries, MutationDefaults: mutations,
		Quirks:     r.quirks,
		OnMutation: r.cacheCallbacks(c, options),
		OnFetch:    r.fetchCallbacks(options),
	}
	if c.Client, err = query.New(cfg); err != nil {
		return err
	}
	if options["mounted"] == false {
		c.Unmount()
	}
	r.clients[id] = c
	return nil
}

// fetchCallbacks logs the callbacks of the query cache that are named.
func (r *run) fetchCallbacks(options object) query.FetchCallbacks {
	named, _ := options["queryCache"].(object)
	var calls query.FetchCallbacks
	if _, ok := named["onSuccess"]; ok {
		calls.OnSuccess = func(s query.State[any]) { r.logFetch("queryCache.onSuccess", s, object{"data": clone(data(s))}) }
	}
	if _, ok := named["onError"]; ok {
		calls.OnError = func(s query.State[any], err error) {
			r.logFetch("queryCache.onError", s, object{"error": errorText(err)})
		}
	}
	if _, ok := named["onSettled"]; ok {
		calls.OnSettled = func(s query.State[any], err error) {
			entry := object{}
			if s.HasData() {
				entry["data"] = clone(data(s))
			}
			if err != nil {
				entry["error"] = errorText(err)
			}
			r.logFetch("queryCache.onSettled", s, entry)
		}
	}
	return calls
}

func (r *run) logFetch(label string, s query.State[any], entry object) {
	key := keyJSON(s.Key())
	entry["cb"], entry["key"] = label, key
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.callbacks = append(r.log.callbacks, logged{group: canonical(key), entry: entry})
	r.happened()
}
