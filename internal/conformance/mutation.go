package conformance

import (
	"context"
	"fmt"

	"github.com/freshet-go/freshet/query"
)

// mutationOptions compiles the options of a mutation of c.
func (r *run) mutationOptions(c *client, options object) (query.Mutation[any, any], error) {
	var m query.Mutation[any, any]
	var err error
	if m.Key, err = keyOf(options["mutationKey"]); err != nil {
		return m, err
	}
	d, err := r.mutationDefaults(c, options)
	if err != nil {
		return m, err
	}
	m.Policy, m.Scope, m.Meta = d.Policy, d.Scope, d.Meta
	if fn, ok := options["mutationFn"].(string); ok {
		m.Do = func(ctx context.Context, v any) (any, error) { return r.callMutation(ctx, fn, v) }
	}
	r.optionCallbacks(c, options, &m)
	return m, nil
}

// optionCallbacks adds the callbacks of the mutation itself.
func (r *run) optionCallbacks(c *client, options object, m *query.Mutation[any, any]) {
	for _, name := range []string{"onMutate", "onSuccess", "onError", "onSettled"} {
		spec, ok := options[name].(object)
		if !ok {
			continue
		}
		label := "option." + name
		switch name {
		case "onMutate":
			m.OnMutate = func(ctx context.Context, v any) (any, error) {
				return r.callback(ctx, c, label, spec, object{"variables": v})
			}
		case "onSuccess":
			m.OnSuccess = func(ctx context.Context, data, v, mctx any) error {
				_, err := r.callback(ctx, c, label, spec, withContext(object{"variables": v, "data": data}, mctx))
				return err
			}
		case "onError":
			m.OnError = func(ctx context.Context, e error, v, mctx any) error {
				_, err := r.callback(ctx, c, label, spec, withContext(object{"variables": v, "error": errorText(e)}, mctx))
				return err
			}
		case "onSettled":
			m.OnSettled = func(ctx context.Context, data any, e error, v, mctx any) error {
				_, err := r.callback(ctx, c, label, spec, withContext(settled(data, e, v), mctx))
				return err
			}
		}
	}
}

// settled has the data or the error, never both.
func settled(data any, err error, variables any) object {
	if err != nil {
		return object{"variables": variables, "error": errorText(err)}
	}
	return object{"variables": variables, "data": data}
}

// untypedCallbacks are callbacks for mutations of any type: those of the cache
// and those of defaults.
func (r *run) untypedCallbacks(c *client, level string, specs object) query.MutationCallbacks {
	var calls query.MutationCallbacks
	if spec, ok := specs["onMutate"].(object); ok {
		calls.OnMutate = func(ctx context.Context, m query.MutationInfo) (any, error) {
			return r.callback(ctx, c, level+".onMutate", spec, object{"variables": variablesOf(m.Variables)})
		}
	}
	if spec, ok := specs["onSuccess"].(object); ok {
		calls.OnSuccess = func(ctx context.Context, m query.MutationInfo, data any) error {
			_, err := r.callback(ctx, c, level+".onSuccess", spec, withContext(object{"variables": variablesOf(m.Variables), "data": data}, m.Context))
			return err
		}
	}
	if spec, ok := specs["onError"].(object); ok {
		calls.OnError = func(ctx context.Context, m query.MutationInfo, e error) error {
			_, err := r.callback(ctx, c, level+".onError", spec, withContext(object{"variables": variablesOf(m.Variables), "error": errorText(e)}, m.Context))
			return err
		}
	}
	if spec, ok := specs["onSettled"].(object); ok {
		calls.OnSettled = func(ctx context.Context, m query.MutationInfo, data any, e error) error {
			_, err := r.callback(ctx, c, level+".onSettled", spec, withContext(settled(data, e, variablesOf(m.Variables)), m.Context))
			return err
		}
	}
	return calls
}

// cacheCallbacks are the callbacks around all mutations of a client.
func (r *run) cacheCallbacks(c *client, options object) query.MutationCallbacks {
	specs, _ := options["mutationCache"].(object)
	return r.awaited(r.untypedCallbacks(c, "cache", specs))
}

// awaited lets callbacks that are missing take their turn all the same, for
// query-core awaits what is not there, too.
func (r *run) awaited(given query.MutationCallbacks) query.MutationCallbacks {
	if given.OnSuccess == nil {
		given.OnSuccess = func(ctx context.Context, _ query.MutationInfo, _ any) error { r.takeTurn(ctx); return nil }
	}
	if given.OnError == nil {
		given.OnError = func(ctx context.Context, _ query.MutationInfo, _ error) error { r.takeTurn(ctx); return nil }
	}
	if given.OnSettled == nil {
		given.OnSettled = func(ctx context.Context, _ query.MutationInfo, _ any, _ error) error { r.takeTurn(ctx); return nil }
	}
	return given
}

// mutationDefaults compiles what a mutation and its defaults have in common.
func (r *run) mutationDefaults(c *client, options object) (query.MutationDefaults, error) {
	policy := object{}
	for _, name := range []string{"retry", "retryDelay", "networkMode", "gcTime"} {
		if v, ok := options[name]; ok {
			policy[name] = v
		}
	}
	p, err := policyOptions(policy)
	if err != nil {
		return query.MutationDefaults{}, err
	}
	d := query.MutationDefaults{
		Policy:    query.MutationPolicy{Retry: p.Retry, RetryDelay: p.RetryDelay, NetworkMode: p.NetworkMode, GCTime: p.GCTime},
		Callbacks: r.untypedCallbacks(c, "option", options),
	}
	d.Meta, _ = options["meta"].(object)
	if scope, ok := options["scope"].(object); ok {
		d.Scope = as[string](scope["id"])
	}
	if fn, ok := options["mutationFn"].(string); ok {
		if err := r.known(fn); err != nil {
			return d, err
		}
		d.Do = func(ctx context.Context, m query.MutationInfo) (any, error) {
			return r.callMutation(ctx, fn, variablesOf(m.Variables))
		}
	}
	return d, nil
}

// doMutation takes the steps on mutations.
func (r *run) doMutation(c *client, step object) (done bool, err error) {
	switch step["do"] {
	case "observeMutation":
		m, err := r.newMutationObserver(c, as[object](step["options"]))
		if err != nil {
			return true, err
		}
		r.observe(step, c, m)
	case "setMutationOptions":
		return true, on(r, step, func(_ *observed, m *mutationObserver) error {
			return m.setMutation(as[object](step["options"]))
		})
	case "mutate":
		return true, on(r, step, func(o *observed, m *mutationObserver) error {
			calls := r.mutateCallbacks(o.client, step)
			r.track(step["as"], func() any { return resolved(m.o.Mutate(r.ctx, variables(step), calls)) })
			return nil
		})
	case "resetMutation":
		return true, on(r, step, func(_ *observed, m *mutationObserver) error {
			m.o.Reset()
			return nil
		})
	case "clientMutate":
		m, err := r.mutationOptions(c, as[object](step["options"]))
		if err != nil {
			return true, err
		}
		r.track(step["as"], func() any { return resolved(query.Mutate(r.ctx, c.Client, m, variables(step))) })
	case "resumePausedMutations":
		r.track(step["as"], func() any { return outcome(nil, c.ResumePausedMutations(r.ctx)) })
	case "findMutations", "isMutating":
		f, err := mutationFilterOf(step["filters"])
		if err != nil {
			return true, err
		}
		r.giveMutations(c, step, f)
	default:
		return false, nil
	}
	return true, nil
}

func (r *run) giveMutations(c *client, step object, f query.MutationFilter) {
	if step["do"] == "isMutating" {
		r.give(float64(c.IsMutating(f)))
		return
	}
	ids := list{}
	for _, m := range c.Mutations(f) {
		ids = append(ids, float64(m.ID))
	}
	r.give(ids)
}

// variables returns those of a step, absent if it has none.
func variables(step object) any { return clone(orAbsent(lookup(step, "variables"))) }

// mutationFilterOf compiles mutation filters.
func mutationFilterOf(v any) (query.MutationFilter, error) {
	spec, _ := v.(object)
	key, err := keyOf(spec["mutationKey"])
	if err != nil {
		return query.MutationFilter{}, err
	}
	_, keyed := spec["mutationKey"]
	f := query.MutationFilter{Key: key, Exact: keyed && spec["exact"] == true}
	if status, ok := spec["status"].(string); ok {
		f.Status = query.Status(status)
	}
	name, op, ok := operator(spec["predicate"])
	switch {
	case !ok:
	case name == "$paused":
		f.Predicate = func(m query.MutationInfo) bool { return m.IsPaused == op[name] }
	case name == "$variables":
		want := as[object](op[name])
		f.Predicate = func(m query.MutationInfo) bool {
			return sameJSON(at(variablesOf(m.Variables), as[string](want["path"])), want["equals"])
		}
	default:
		return f, fmt.Errorf("unknown predicate %s", name)
	}
	return f, nil
}
