package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// function is a scripted function: what its calls answer.
type function struct {
	responses []response
	consumes  bool // looks at its context, and logs when that ends
	stops     bool // and fails at once when it does
}

// response is one answer of a scripted function.
type response struct {
	after  time.Duration
	value  any
	failed bool
	reason string
	never  bool
	set    object
	update object
}

// newFunction reads a definition that validate has checked.
func newFunction(def object) function {
	f := function{stops: def["usesSignal"] == true, consumes: def["usesSignal"] == true || def["usesSignal"] == "watch"}
	defs := objects(def["responses"])
	if def["counter"] == true {
		defs = []object{{"value": "$call"}}
	}
	for _, d := range defs {
		r := response{value: d["value"], never: d["never"] == true}
		r.reason, r.failed = d["error"].(string)
		r.set, _ = d["set"].(object)
		r.update, _ = d["update"].(object)
		after, ok := d["after"].(float64)
		if !ok {
			after, _ = def["after"].(float64)
		}
		r.after = time.Duration(after) * time.Millisecond
		f.responses = append(f.responses, r)
	}
	return f
}

// scriptedError is a failure that the scenario asks for.
type scriptedError struct{ message string }

func (e *scriptedError) Error() string { return e.message }

var errOver = errors.New("conformance: the scenario is over")

// known reports a name that the scenario does not define.
func (r *run) known(fn string) error {
	if _, ok := r.s.fns[fn]; !ok {
		return fmt.Errorf("there is no function %s", fn)
	}
	return nil
}

// fetcher returns the fetch function for a query of c under key.
func (r *run) fetcher(fn string, key querykey.Key) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		return r.callQuery(ctx, fn, key, object{})
	}
}

// callQuery calls a scripted function for a query. page has what an infinite
// query adds to the call: pageParam and direction.
func (r *run) callQuery(ctx context.Context, fn string, key querykey.Key, page object) (any, error) {
	who := keyJSON(key)
	call := object{"fn": fn, "key": who}
	info, _ := query.FetchInfoFrom(ctx)
	if info.Meta != nil {
		call["meta"] = clone(info.Meta)
	}
	for name, v := range page {
		call[name] = clone(v)
	}
	return r.call(ctx, fn, who, call, r.s.fns[fn].consumes)
}

// callMutation calls a scripted function for a mutation, which has no signal.
func (r *run) callMutation(ctx context.Context, fn string, variables any) (any, error) {
	return r.call(ctx, fn, variables, object{"fn": fn, "variables": clone(variables)}, false)
}

// call logs the call and waits for the answer that it gets. Calls are counted
// for each who, the key or the variables.
func (r *run) call(ctx context.Context, fn string, who any, call object, consume bool) (any, error) {
	f := r.s.fns[fn]
	r.mu.Lock()
	slot := fn + "|" + canonical(who)
	r.counts[slot]++
	n := r.counts[slot]
	call["n"] = float64(n)
	entry := shallow(call)
	if entry["pageParam"] == absent {
		delete(entry, "pageParam")
	}
	r.log.calls = append(r.log.calls, entry)
	r.mu.Unlock()
	r.happened()

	answer := f.responses[min(n, len(f.responses))-1]
	if err := r.await(ctx, answer, consume, f.stops, func() {
		aborted := object{"fn": fn, "n": float64(n), "key": call["key"]}
		r.mu.Lock()
		r.log.aborts = append(r.log.aborts, aborted)
		r.mu.Unlock()
		r.happened()
	}); err != nil {
		return nil, err
	}
	return r.settle(answer, call)
}

// await waits until the answer is due. Unless told to consume it, the context is
// not looked at; when it ends that is logged, and the call stops if told to.
func (r *run) await(ctx context.Context, answer response, consume, stop bool, aborted func()) error {
	var gone <-chan struct{}
	if consume {
		gone = ctx.Done()
	}
	var due <-chan struct{}
	switch {
	case answer.never:
	case answer.after > 0:
		due = r.clock.after(answer.after)
	case consume && ctx.Err() != nil: // its signal has fired already
		aborted()
		if stop {
			return &scriptedError{"aborted"}
		}
		return nil
	default:
		r.clock.resolve()
		return nil
	}
	for {
		select {
		case <-due:
			return nil
		case <-gone:
			aborted()
			if stop {
				return &scriptedError{"aborted"}
			}
			gone = nil
		case <-r.over:
			return errOver
		}
	}
}

// settle changes the variables and returns the value or the error.
func (r *run) settle(answer response, call object) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.happened()
	known := shallow(call)
	delete(known, "fn")
	delete(known, "n")
	known["call"] = call["n"]
	known["time"] = r.now()
	known["var"] = r.vars
	for name, v := range answer.set {
		r.vars[name] = filled(v, known)
	}
	for name, op := range answer.update {
		r.vars[name] = updated(filled(op, known), orAbsent(lookup(r.vars, name)))
	}
	if answer.failed {
		return nil, &scriptedError{answer.reason}
	}
	v := filled(answer.value, known)
	if _, page := call["direction"]; v == absent && call["key"] != nil && !page {
		return nil, query.Permanent(&scriptedError{canonical(call["key"]) + " data is undefined"})
	}
	return v, nil
}

func lookup(m object, name string) (any, bool) {
	v, ok := m[name]
	return v, ok
}

// errorText names an error as the trace does.
func errorText(err error) any {
	var scripted *scriptedError
	var restored *query.RestoredError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, query.ErrCancelled):
		return "$cancelled"
	case errors.Is(err, query.ErrNoFetch):
		return "$missingQueryFn"
	case errors.Is(err, query.ErrNoMutationFunc):
		return "$missingMutationFn"
	case errors.As(err, &scripted):
		return scripted.message
	case errors.As(err, &restored):
		return restoredText(restored.Message)
	}
	return err.Error()
}

// restoredText names an error of which only the text has travelled; the library
// puts the key before its own.
func restoredText(message string) any {
	for _, err := range []error{query.ErrCancelled, query.ErrNoFetch, query.ErrNoMutationFunc} {
		if strings.HasSuffix(message, err.Error()) {
			return errorText(err)
		}
	}
	return message
}
