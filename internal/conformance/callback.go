package conformance

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/freshet-go/freshet/query"
)

// madeContext is what onMutate returns. It tells a context of null from none.
type madeContext struct{ value any }

// MarshalJSON writes the value alone.
func (c *madeContext) MarshalJSON() ([]byte, error) { return json.Marshal(c.value) }

// contextOf returns the context of a mutation as JSON, absent if there is none.
func contextOf(mctx any) any {
	switch mctx := mctx.(type) {
	case nil:
		return absent
	case *madeContext:
		return mctx.value
	default:
		return mctx
	}
}

// withContext adds the context to what a callback is told, if there is one.
func withContext(told object, mctx any) object {
	if v := contextOf(mctx); v != absent {
		told["context"] = v
	}
	return told
}

// mutateCallbacks are those of one mutate step.
func (r *run) mutateCallbacks(c *client, step object) query.MutateCallbacks[any, any] {
	var calls query.MutateCallbacks[any, any]
	if spec, ok := step["onSuccess"].(object); ok {
		calls.OnSuccess = func(data, v, mctx any) {
			r.notice(c, "mutate.onSuccess", spec, withContext(object{"variables": v, "data": data}, mctx))
		}
	}
	if spec, ok := step["onError"].(object); ok {
		calls.OnError = func(err error, v, mctx any) {
			r.notice(c, "mutate.onError", spec, withContext(object{"variables": v, "error": errorText(err)}, mctx))
		}
	}
	if spec, ok := step["onSettled"].(object); ok {
		calls.OnSettled = func(data any, err error, v, mctx any) {
			r.notice(c, "mutate.onSettled", spec, withContext(settled(data, err, v), mctx))
		}
	}
	return calls
}

// notice is a callback that nobody waits for and whose error is lost: from the
// first operation that takes time on, it goes on by itself.
func (r *run) notice(c *client, label string, spec object, told object) {
	r.logCallback(label, told)
	made := any(absent)
	ops := objects(spec["ops"])
	for i, op := range ops {
		if takesTime(op) {
			r.track(nil, func() any {
				r.operations(c, label, ops[i:], told, made)
				return nil
			})
			r.clock.blink() // until it waits
			return
		}
		made = r.operations(c, label, ops[i:i+1], told, made)
	}
}

// callback logs a call and runs its operations one after the other. It returns
// the context that they made, nil for none, and the error that it is to throw.
func (r *run) callback(ctx context.Context, c *client, label string, spec object, told object) (any, error) {
	r.takeTurn(ctx)
	r.logCallback(label, told)
	defer r.happened()
	made := r.operations(c, label, objects(spec["ops"]), told, absent)
	if message, ok := spec["throw"].(string); ok {
		r.throw(ctx, objects(spec["ops"]))
		return nil, &scriptedError{message}
	}
	if made == absent {
		return nil, nil
	}
	return &madeContext{made}, nil
}

// takeTurn waits for the turn of the next callback of the mutation that ctx is the
// context of. Nothing is waited for after one that threw at once.
func (r *run) takeTurn(ctx context.Context) {
	r.mu.Lock()
	threw := r.threw[ctx]
	delete(r.threw, ctx)
	r.mu.Unlock()
	if !threw {
		r.clock.tick()
	}
}

// throw says that a callback throws after these operations. With one that takes
// time it has returned a promise, and that takes its turn to be heard of.
func (r *run) throw(ctx context.Context, ops []object) {
	if slices.ContainsFunc(ops, takesTime) {
		r.clock.tick()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.threw[ctx] = true
}

// takesTime reports whether a callback waits for the operation.
func takesTime(op object) bool { return op["await"] == true || op["do"] == "wait" }

func (r *run) logCallback(label string, told object) {
	entry := object{"cb": label}
	for name, v := range told {
		if v != absent || name == "variables" {
			entry[name] = clone(v)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.callbacks = append(r.log.callbacks, logged{mutation: true, group: canonical(told["variables"]), entry: entry})
	r.happened()
}

// operations runs operations in order and returns the context that they make of
// the one given.
func (r *run) operations(c *client, label string, ops []object, told object, made any) any {
	for _, op := range ops {
		next, err := r.operate(c, op, told, made)
		if err != nil {
			r.broken("%s: %s: %w", label, op["do"], err)
			return made
		}
		made = next
		if op["await"] == true { // it is heard of later, even if there was nothing to wait for
			turns := 2
			if op["do"] == "cancelQueries" { // it hands on what it waits for a few times
				turns = 3
			}
			r.clock.Yield(turns)
		}
	}
	return made
}

// operate runs one operation. It returns the context, which most leave alone.
func (r *run) operate(c *client, raw object, told object, made any) (any, error) {
	if raw["do"] == "rollback" {
		return made, r.rollback(c, raw, told)
	}
	r.mu.Lock()
	known := shallow(told)
	known["time"], known["var"] = r.now(), r.vars
	op := as[object](filled(raw, known))
	r.mu.Unlock()
	switch op["do"] {
	case "snapshot":
		key, err := keyOf(op["key"])
		if err != nil {
			return made, err
		}
		out := object{}
		if members, ok := made.(object); ok {
			out = shallow(members)
		}
		if v, ok := query.Get(c.Client, query.Query[any]{Key: key}); ok {
			out[snapshotName(op)] = shown(v)
		}
		return out, nil
	case "context":
		return op["value"], nil
	case "wait":
		r.pause(time.Duration(as[float64](op["ms"])) * time.Millisecond)
		return made, nil
	case "setVar":
		r.setVar(as[string](op["name"]), op["value"])
		return made, nil
	case "mutate":
		return made, on(r, op, func(_ *observed, m *mutationObserver) error {
			return m.o.Start(r.ctx, variables(op), query.MutateCallbacks[any, any]{})
		})
	}
	finish, err := r.act(c, op, op["await"] != true)
	if err == nil && finish != nil {
		finish() // failures are ignored
	}
	return made, err
}

func snapshotName(op object) string {
	if name, ok := op["name"].(string); ok {
		return name
	}
	return "previous"
}

// rollback writes what the context has under the name, if it has anything.
func (r *run) rollback(c *client, raw object, told object) error {
	key, err := keyOf(filled(raw["key"], told))
	if err != nil {
		return err
	}
	saved, ok := present(at(orAbsent(lookup(told, "context")), snapshotName(raw)))
	if !ok {
		return nil
	}
	return query.Set(c.Client, query.Query[any]{Key: key}, stored(saved))
}

// pause waits, unless the scenario ends before.
func (r *run) pause(d time.Duration) {
	select {
	case <-r.clock.after(d):
	case <-r.over:
	}
}
