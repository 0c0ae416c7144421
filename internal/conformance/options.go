package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// queryOptions are the options of one query, compiled to the API's types. The
// options as written are kept, because later ones are merged over them.
type queryOptions struct {
	written object

	query      query.Query[any]
	fn         string   // name of the scripted function, if any
	selects    selector // nil shows the data themselves
	revalidate bool
	selective  bool // notifyOnChangeProps is given
}

// compile turns options into the API's types. The functions of the scenario are
// bound to r, which is nil while a scenario is only being checked.
func compile(r *run, c *client, options object) (*queryOptions, error) {
	o := &queryOptions{written: options}
	if err := o.plain(r); err != nil {
		return nil, err
	}
	if o.fn != "" && r != nil {
		if err := r.known(o.fn); err != nil {
			return nil, err
		}
		o.query.Fetch = r.fetcher(c, o.fn, o.query.Key)
	}
	return o, nil
}

// plain compiles everything but the function.
func (o *queryOptions) plain(r *run) (err error) {
	options := o.written
	if o.query.Policy, err = policyOptions(options); err != nil {
		return err
	}
	if o.query.Key, err = keyOf(options["queryKey"]); err != nil {
		return err
	}
	switch fn := options["queryFn"].(type) {
	case string:
		o.fn = fn
	case object:
		o.query.Skip = true
	}
	if v, ok := options["select"]; ok {
		o.selects = newSelector(v)
	}
	if v, ok := options["placeholderData"]; ok {
		o.query.PlaceholderData = placeholder(v)
	}
	if v, ok := options["structuralSharing"]; ok {
		o.query.Share = sharing(v)
	}
	o.query.InitialData = initialData(r, options)
	o.query.Meta, _ = options["meta"].(object)
	o.revalidate = options["revalidateIfStale"] == true
	_, o.selective = options["notifyOnChangeProps"]
	return nil
}

// merge compiles options over those that o was made from. The placeholder of o
// stays the same value unless the new options mention it.
func (o *queryOptions) merge(r *run, c *client, options object) (*queryOptions, error) {
	written := shallow(o.written)
	for name, v := range options {
		if op, _, ok := operator(v); ok && op == "$unset" {
			delete(written, name)
			continue
		}
		written[name] = v
	}
	next, err := compile(r, c, written)
	if err != nil {
		return nil, err
	}
	if _, mentioned := options["placeholderData"]; !mentioned {
		next.query.PlaceholderData = o.query.PlaceholderData
	}
	return next, nil
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
	o := &queryOptions{written: options}
	if err := o.plain(r); err != nil {
		return query.Defaults{}, err
	}
	if o.query.Skip || o.query.Share != nil {
		return query.Defaults{}, errors.New("$skip and $keepWhenSame cannot be defaults")
	}
	d := query.Defaults{Policy: o.query.Policy, InitialData: o.query.InitialData, Meta: o.query.Meta}
	if o.fn != "" && r != nil {
		if err := r.known(o.fn); err != nil {
			return query.Defaults{}, err
		}
		d.Fetch = func(ctx context.Context, info query.FetchInfo) (any, error) {
			return r.callQuery(ctx, o.fn, info.Key, info.Meta, object{})
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
	return v.(list)
}

func placeholder(v any) query.PlaceholderData[any] {
	name, op, ok := operator(v)
	switch {
	case !ok:
		return query.Placeholder(clone(v))
	case name == "$keepPrevious":
		return query.KeepPrevious[any]()
	default:
		return query.PlaceholderFunc(func(previous any, ok bool) (any, bool) {
			if !ok {
				return nil, false
			}
			return present(at(previous, op[name].(string)))
		})
	}
}

// initialData returns the zero value without initialData, whatever else there is.
func initialData(r *run, options object) query.InitialData[any] {
	v, ok := options["initialData"]
	if !ok {
		return query.InitialData[any]{}
	}
	d := query.Initial(clone(v))
	if _, op, ok := operator(v); ok {
		d = query.InitialFunc(func() (any, bool) { return clone(op["$lazy"]), true })
	}
	switch at := options["initialDataUpdatedAt"].(type) {
	case string: // "never"
		return d.At(time.Time{})
	case float64:
		if r != nil {
			return d.At(r.time(at))
		}
	}
	return d
}

// sharing is nil for the booleans, which are part of the policy.
func sharing(v any) func(old, next any) any {
	name, op, ok := operator(v)
	if !ok {
		return nil
	}
	path := op[name].(string)
	return func(old, next any) any {
		if sameJSON(at(old, path), at(next, path)) {
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
