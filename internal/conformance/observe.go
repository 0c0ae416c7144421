package conformance

import (
	"fmt"

	"github.com/freshet-go/freshet/query"
)

// queryObserver is the observer of one query with data of type T that shows
// results of type R.
type queryObserver[T, R any] struct {
	r       *run
	options *queryOptions[T]
	o       *query.Observer[R]
	// build makes the query of the options.
	build func(*queryOptions[T]) query.Query[T]
	// adapt types a selector; nil if no selector can be set.
	adapt    func(selector) func(T) (R, error)
	infinite bool
}

func (r *run) observePlain(c *client, options object) (watcher, error) {
	o, err := compile(r, options, itself)
	if err != nil {
		return nil, err
	}
	build := func(o *queryOptions[any]) query.Query[any] { return r.plainQuery(o) }
	p := &queryObserver[any, any]{
		r: r, options: o, build: build,
		adapt: func(s selector) func(any) (any, error) { return selectShown[any](s) },
	}
	if o.selects == nil {
		p.o = query.Observe(c.Client, build(o))
	} else {
		p.o = query.ObserveSelect(c.Client, build(o), p.adapt(o.selects))
	}
	return p, nil
}

// plainQuery binds the options to the scripted function.
func (r *run) plainQuery(o *queryOptions[any]) query.Query[any] {
	q := o.query
	if o.fn != "" {
		q.Fetch = r.fetcher(o.fn, q.Key)
	}
	return q
}

// selectShown lets a selector see data as JSON.
func selectShown[T any](s selector) func(T) (any, error) {
	return func(v T) (any, error) { return s(shown(v)) }
}

func (p *queryObserver[T, R]) subscribe(told func()) (stop func()) {
	return p.o.Subscribe(func(query.Result[R]) { told() })
}

func (p *queryObserver[T, R]) views(r *run) []view {
	result := p.o.Current()
	checkFlags(r, result, p.infinite)
	v := view{
		fields: resultFields(r, result), base: resultBase(),
		data: orAbsent(result.Data(), result.HasData()), selective: p.options.selective,
	}
	if p.infinite {
		addInfiniteFields(v.fields, result)
		v.base = infiniteBase()
	}
	return []view{v}
}

// setOptions merges options over the present ones. A select function that is
// not mentioned stays the same function.
func (p *queryObserver[T, R]) setOptions(options object) error {
	next, err := p.options.merge(p.r, options)
	if err != nil {
		return err
	}
	p.options = next
	if _, mentioned := options["select"]; !mentioned {
		return query.SetQuery(p.o, p.build(next))
	}
	if next.selects == nil {
		return query.SetQuerySelect[T, R](p.o, p.build(next), nil)
	}
	if p.adapt == nil {
		return fmt.Errorf("%w: a select function for an observer made without one", errUnsupported)
	}
	return query.SetQuerySelect(p.o, p.build(next), p.adapt(next.selects))
}

// refetch takes a step that fetches through the observer, and returns the
// outcome of its promise.
func (p *queryObserver[T, R]) refetch(step object) any {
	options, _ := step["options"].(object)
	fetch := p.o.Refetch
	switch step["do"] {
	case "fetchNextPage":
		fetch = p.o.FetchNextPage
	case "fetchPreviousPage":
		fetch = p.o.FetchPreviousPage
	}
	result, err := fetch(p.r.ctx, refetchOptions(options))
	if err != nil && options["throwOnError"] == true {
		return rejected(err)
	}
	out := object{"status": string(result.Status()), "fetchStatus": string(result.FetchStatus())}
	if result.HasData() {
		out["data"] = clone(shown(result.Data()))
	}
	if err := result.Err(); err != nil {
		out["error"] = errorText(err)
	}
	return object{"resolved": out}
}

func rejected(err error) object { return object{"rejected": errorText(err)} }

// refetchOptions compiles the options of refetching steps.
func refetchOptions(options object) query.RefetchOptions {
	how := query.RefetchOptions{FailFast: options["throwOnError"] == true}
	if options["cancelRefetch"] == false {
		how.Cancel = query.Off
	}
	return how
}
