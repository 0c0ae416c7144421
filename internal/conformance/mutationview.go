package conformance

import (
	"cmp"
	"slices"

	"github.com/freshet-go/freshet/query"
)

// mutationObserver is the observer of one mutation.
type mutationObserver struct {
	r       *run
	client  *client
	options object
	o       *query.MutationObserver[any, any]
}

func (r *run) newMutationObserver(c *client, options object) (*mutationObserver, error) {
	m, err := r.mutationOptions(c, options)
	if err != nil {
		return nil, err
	}
	return &mutationObserver{r, c, options, query.ObserveMutation(c.Client, m)}, nil
}

// setMutation merges options over the present ones.
func (m *mutationObserver) setMutation(options object) error {
	next := mergeOptions(m.options, options)
	mutation, err := m.r.mutationOptions(m.client, next)
	if err != nil {
		return err
	}
	m.options = next
	m.o.SetMutation(mutation)
	return nil
}

func (m *mutationObserver) subscribe(told func()) (stop func()) {
	return m.o.Subscribe(func(query.MutationResult[any, any]) { told() })
}

func (m *mutationObserver) views(r *run) []view {
	v := m.o.Current()
	for _, flag := range []struct {
		got  bool
		want query.Status
	}{
		{v.IsIdle(), query.StatusIdle},
		{v.IsPending(), query.StatusPending},
		{v.IsSuccess(), query.StatusSuccess},
		{v.IsError(), query.StatusError},
	} {
		if flag.got != (v.Status() == flag.want) {
			r.broken("result flag of status %s is not the derived one", flag.want)
		}
	}
	return []view{{
		fields: object{
			"status": string(v.Status()), "data": orAbsent(v.Data(), v.HasData()), "error": errorText(v.Err()),
			"failureCount": float64(v.FailureCount()), "isPaused": v.IsPaused(),
			"variables": orAbsent(v.Variables(), v.HasVariables()),
		},
		base: mutationViewBase(),
		data: absent, // identity is a matter of queries
	}}
}

func mutationViewBase() object {
	return object{
		"status": "idle", "data": absent, "error": nil,
		"failureCount": 0.0, "isPaused": false, "variables": absent,
	}
}

func mutationBase() object {
	return object{
		"status": "idle", "data": absent, "error": nil, "failureCount": 0.0, "failureReason": nil,
		"isPaused": false, "variables": absent, "context": absent, "submittedAt": nil,
	}
}

// mutationFields returns the state of a mutation as the trace has it.
func (r *run) mutationFields(m query.MutationInfo) object {
	return object{
		"status": string(m.Status), "data": orAbsent(m.Data, m.HasData), "error": errorText(m.Err),
		"failureCount": float64(m.FailureCount), "failureReason": errorText(m.FailureReason),
		"isPaused": m.IsPaused, "variables": variablesOf(m.Variables), "context": contextOf(m.Context),
		"submittedAt": r.relative(m.SubmittedAt),
	}
}

// mutationChanges returns the mutations that changed, by client and id.
func (r *run) mutationChanges() list {
	var now []sighting
	for _, id := range sortedKeys(r.clients) {
		mutations := r.clients[id].Mutations(query.MutationFilter{})
		slices.SortFunc(mutations, func(a, b query.MutationInfo) int { return cmp.Compare(a.ID, b.ID) })
		for _, m := range mutations {
			now = append(now, sighting{client: id, id: m.ID, fields: r.mutationFields(m)})
		}
	}
	before := r.seen.mutations
	r.seen.mutations = now
	all := slices.Concat(before, now)
	slices.SortStableFunc(all, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.id, b.id))
	})
	out := list{}
	for _, s := range slices.CompactFunc(all, sighting.same) {
		old, was := find(before, s)
		current, is := find(now, s)
		var entry object
		switch {
		case !is:
			entry = object{"event": "removed"}
		case !was:
			entry = changes(mutationBase(), current.fields)
			entry["event"] = "added"
		default:
			if entry = changes(old.fields, current.fields); len(entry) == 0 {
				continue
			}
		}
		if s.client != "main" {
			entry["client"] = s.client
		}
		entry["id"] = float64(s.id)
		out = append(out, entry)
	}
	return out
}

func (s sighting) same(x sighting) bool { return s.client == x.client && s.id == x.id }

func find(list []sighting, s sighting) (sighting, bool) {
	i := slices.IndexFunc(list, s.same)
	if i < 0 {
		return sighting{}, false
	}
	return list[i], true
}
