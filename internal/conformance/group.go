package conformance

import (
	"strconv"

	"github.com/freshet-go/freshet/query"
)

// groupObserver is the observer of a list of queries.
type groupObserver struct {
	r      *run
	client *client
	g      *query.Group[any]
}

// doGroup takes the steps on observers of lists of queries.
func (r *run) doGroup(c *client, step object) (done bool, err error) {
	switch step["do"] {
	case "observeQueries":
		queries, err := r.groupQueries(step)
		if err != nil {
			return true, err
		}
		r.observe(step, c, &groupObserver{r, c, query.ObserveGroup(c.Client, queries...)})
	case "setQueries":
		return true, on(r, step, func(_ *observed, g *groupObserver) error {
			queries, err := r.groupQueries(step)
			if err != nil {
				return err
			}
			g.g.SetQueries(queries...)
			return nil
		})
	default:
		return false, nil
	}
	return true, nil
}

func (r *run) groupQueries(step object) ([]query.Observable[any], error) {
	var queries []query.Observable[any]
	for _, options := range objects(step["queries"]) {
		o, err := compile(r, options, itself)
		if err != nil {
			return nil, err
		}
		q := r.plainQuery(o)
		if o.selects == nil {
			queries = append(queries, q)
		} else {
			queries = append(queries, query.Selection[any, any]{Query: q, Select: selectShown[any](o.selects)})
		}
	}
	return queries, nil
}

func (g *groupObserver) subscribe(told func()) (stop func()) {
	return g.g.Subscribe(func([]query.Result[any]) { told() })
}

// views shows the length, and each result as an observer of its own.
func (g *groupObserver) views(r *run) []view {
	results := g.g.Current()
	views := []view{{
		fields: object{"length": float64(len(results))}, base: object{"length": nil}, data: absent,
	}}
	for i, result := range results {
		checkFlags(r, result, false)
		views = append(views, view{
			suffix: "." + strconv.Itoa(i), fields: resultFields(r, result), base: resultBase(),
			data: orAbsent(result.Data(), result.HasData()),
		})
	}
	return views
}
