package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// queryOptions are the options of one query with data of type T, compiled to
// the API's types. The options as written are kept, because later ones are
// merged over them.
type queryOptions[T any] struct {
	written object
	store   func(any) T // makes data of JSON

	query      query.Query[T]
	fn         string               // name of the scripted function, if any
	selects    selector             // nil shows the data themselves
	initial    query.InitialData[T] // without initialDataUpdatedAt
	revalidate bool
	selective  bool // notifyOnChangeProps is given
}

// compile turns options into the API's types. r is nil while a scenario is only
// being checked.
func compile[T any](r *run, options object, store func(any) T) (o *queryOptions[T], err error) {
	o = &queryOptions[T]{written: options, store: store}
	if o.query.Policy, err = policyOptions(options); err != nil {
		return nil, err
	}
	if o.query.Key, err = keyOf(options["queryKey"]); err != nil {
		return nil, err
	}
	switch fn := options["queryFn"].(type) {
	case string:
		o.fn = fn
		if r != nil {
			err = r.known(fn)
		}
	case object:
		o.query.Skip = true
	}
	if v, ok := options["select"]; ok {
		o.selects = newSelector(v)
	}
	if v, ok := options["placeholderData"]; ok {
		o.query.PlaceholderData = placeholder(v, store)
	}
	if v, ok := options["structuralSharing"]; ok {
		o.query.Share = sharing[T](v)
	}
	if v, ok := options["initialData"]; ok {
		o.initial = initialData(v, store)
	}
	o.query.InitialData = o.dated(r)
	o.query.Meta, _ = options["meta"].(object)
	o.revalidate = options["revalidateIfStale"] == true
	_, o.selective = options["notifyOnChangeProps"]
	return o, err
}

// merge compiles options over those that o was made from. The placeholder and
// the initial data of o stay the same values unless the new options mention them.
func (o *queryOptions[T]) merge(r *run, options object) (*queryOptions[T], error) {
	next, err := compile(r, mergeOptions(o.written, options), o.store)
	if err != nil {
		return nil, err
	}
	if _, mentioned := options["placeholderData"]; !mentioned {
		next.query.PlaceholderData = o.query.PlaceholderData
	}
	if _, mentioned := options["initialData"]; !mentioned {
		next.initial = o.initial
		next.query.InitialData = next.dated(r)
	}
	return next, nil
}

// mergeOptions returns the old options with the new ones over them.
func mergeOptions(old, options object) object {
	merged := shallow(old)
	for name, v := range options {
		if op, _, ok := operator(v); ok && op == "$unset" {
			delete(merged, name)
			continue
		}
		merged[name] = v
	}
	return merged
}

// defaultsOf compiles options that serve as defaults, which have no key.
func defaultsOf(r *run, options object) (query.Defaults, error) {
	for _, name := range []string{
		"queryKey", "select", "placeholderData", "revalidateIfStale",
		"initialPageParam", "getNextPageParam", "getPreviousPageParam", "maxPages", "pages",
	} {
		if _, ok := options[name]; ok {
			return query.Defaults{}, fmt.Errorf("%s cannot be a default", name)
		}
	}
	o, err := compile(r, options, itself)
	if err != nil {
		return query.Defaults{}, err
	}
	if o.query.Skip {
		return query.Defaults{}, errors.New("$skip cannot be a default")
	}
	d := query.Defaults{Policy: o.query.Policy, InitialData: o.query.InitialData, Meta: o.query.Meta, Share: o.query.Share}
	if o.fn != "" {
		d.Fetch = func(ctx context.Context, info query.FetchInfo) (any, error) {
			return r.callQuery(ctx, o.fn, info.Key, object{})
		}
	}
	return d, nil
}

// keyOf returns the key for a JSON list; numbers in it are integers, which
// querykey writes as such whatever their Go type. No list gives the empty key.
func keyOf(v any) (querykey.Key, error) {
	parts, _ := v.(list)
	return querykey.New(parts...)
}

// keyJSON returns a key as JSON.
func keyJSON(k querykey.Key) list {
	v, err := decode([]byte(k.String()))
	if err != nil {
		panic(err) // only for an invalid key, and those never enter a cache
	}
	return as[list](v)
}

func placeholder[T any](v any, store func(any) T) query.PlaceholderData[T] {
	name, op, ok := operator(v)
	switch {
	case !ok:
		return query.Placeholder(store(clone(v)))
	case name == "$keepPrevious":
		return query.KeepPrevious[T]()
	default:
		return query.PlaceholderFunc(func(previous T, ok bool) (T, bool) {
			var none T
			part := at(shown(orAbsent(previous, ok)), as[string](op[name]))
			if part == absent {
				return none, false
			}
			return store(part), true
		})
	}
}

func initialData[T any](v any, store func(any) T) query.InitialData[T] {
	if _, op, ok := operator(v); ok {
		return query.InitialFunc(func() (T, bool) { return store(clone(op["$lazy"])), true })
	}
	return query.Initial(store(clone(v)))
}

// dated returns the initial data with the time at which they were current.
func (o *queryOptions[T]) dated(r *run) query.InitialData[T] {
	if _, ok := o.written["initialData"]; !ok {
		return query.InitialData[T]{}
	}
	switch at := o.written["initialDataUpdatedAt"].(type) {
	case string: // "never"
		return o.initial.At(time.Time{})
	case float64:
		if r != nil {
			return o.initial.At(r.time(at))
		}
	}
	return o.initial
}

// sharing is nil for the booleans, which are part of the policy.
func sharing[T any](v any) func(old, next T) T {
	name, op, ok := operator(v)
	if !ok {
		return nil
	}
	path := as[string](op[name])
	return func(old, next T) T {
		if sameJSON(at(shown(old), path), at(shown(next), path)) {
			return old
		}
		return next
	}
}

// present turns absent into the API's missing second result.
func present(v any) (any, bool) {
	if v == absent {
		return nil, false
	}
	return v, true
}

// orAbsent is the reverse of present.
func orAbsent(v any, ok bool) any {
	if !ok {
		return absent
	}
	return v
}

// fields compiles notifyOnChangeProps.
func fields(v any) ([]query.Field, error) {
	known := map[string]query.Field{
		"data": query.FieldData, "error": query.FieldErr,
		"status": query.FieldStatus, "fetchStatus": query.FieldFetchStatus,
		"dataUpdatedAt": query.FieldDataUpdatedAt, "errorUpdatedAt": query.FieldErrorUpdatedAt,
		"errorUpdateCount": query.FieldErrorUpdateCount,
		"failureCount":     query.FieldFailureCount, "failureReason": query.FieldFailureReason,
		"isFetched": query.FieldIsFetched, "isFetchedAfterMount": query.FieldIsFetchedAfterMount,
		"isPlaceholderData": query.FieldIsPlaceholderData,
		"isStale":           query.FieldIsStale, "isEnabled": query.FieldIsEnabled,
	}
	items, ok := v.(list)
	if !ok {
		return nil, errors.New("must be a list")
	}
	out := make([]query.Field, len(items)) // not nil: an empty list means none
	for i, item := range items {
		name, _ := item.(string)
		if out[i], ok = known[name]; !ok {
			return nil, fmt.Errorf("there is no field %s", canonical(item))
		}
	}
	return out, nil
}
