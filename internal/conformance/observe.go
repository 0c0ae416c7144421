package conformance

import (
	"github.com/freshet-go/freshet/query"
)

// plainObserver is the observer of one query.
type plainObserver struct {
	r       *run
	client  *client
	options *queryOptions
	o       *query.Observer[any]
}

func (r *run) newPlainObserver(c *client, options object) (*plainObserver, error) {
	o, err := compile(r, c, options)
	if err != nil {
		return nil, err
	}
	p := &plainObserver{r: r, client: c, options: o}
	if o.selects == nil {
		p.o = query.Observe(c.Client, o.query)
	} else {
		p.o = query.ObserveSelect(c.Client, o.query, o.selects)
	}
	return p, nil
}

func (p *plainObserver) subscribe(told func()) (stop func()) {
	return p.o.Subscribe(func(query.Result[any]) { told() })
}

func (p *plainObserver) views(r *run) ([]view, error) {
	result := p.o.Current()
	r.checkFlags(result)
	return []view{{
		fields: r.resultFields(result), base: resultBase(),
		data:      shown(orAbsent(result.Data(), result.HasData())),
		selective: p.options.selective,
	}}, nil
}

// setOptions merges options over the present ones. A select function that is
// not mentioned stays the same function.
func (p *plainObserver) setOptions(options object) error {
	next, err := p.options.merge(p.r, p.client, options)
	if err != nil {
		return err
	}
	p.options = next
	if _, mentioned := options["select"]; mentioned {
		return query.SetQuerySelect(p.o, next.query, next.selects)
	}
	return query.SetQuery(p.o, next.query)
}

// refetch returns the outcome of the promise.
func (p *plainObserver) refetch(options object) any {
	how := refetchOptions(options)
	result, err := p.o.Refetch(p.r.ctx, how)
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
