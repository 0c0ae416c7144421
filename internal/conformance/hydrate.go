package conformance

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

// doHydration takes the steps on dehydrated states, which travel as JSON text.
func (r *run) doHydration(c *client, step object) (done bool, err error) {
	switch step["do"] {
	case "dehydrate":
		return true, r.dehydrate(c, step)
	case "hydrate":
		return true, r.hydrate(c, step)
	}
	return false, nil
}

func (r *run) dehydrate(c *client, step object) error {
	options, _ := step["options"].(object)
	snapshot, err := c.Dehydrate(dehydrateWhat(options))
	if err != nil {
		return err
	}
	text, err := json.Marshal(snapshot)
	if err != nil {
		return err
	}
	r.saved[as[string](step["as"])] = text
	if step["print"] != true {
		return nil
	}
	var printed query.Snapshot
	if err := json.Unmarshal(text, &printed); err != nil {
		return err
	}
	v, err := r.print(printed)
	r.give(v)
	return err
}

func dehydrateWhat(options object) query.DehydrateOptions {
	var o query.DehydrateOptions
	switch which := options["queries"].(type) {
	case string:
		o.Query = func(query.Entry) bool { return which == "all" }
	case list:
		o.Query = func(e query.Entry) bool { return slices.Contains(which, any(string(e.State.Status()))) }
	}
	if which, ok := options["mutations"]; ok {
		o.Mutation = func(query.MutationInfo) bool { return which == "all" }
	}
	return o
}

func (r *run) hydrate(c *client, step object) error {
	text, ok := r.saved[as[string](step["from"])]
	if !ok {
		return errors.New("hydrate from a state that was never dehydrated")
	}
	var snapshot query.Snapshot
	if err := json.Unmarshal(text, &snapshot); err != nil {
		return err
	}
	options, _ := step["options"].(object)
	queries, mutations, err := r.bothDefaults(c, withoutPages(options))
	if err != nil {
		return err
	}
	pager, err := r.hydratePager(options)
	if err != nil {
		return err
	}
	return c.Hydrate(&snapshot, query.HydrateOptions{Defaults: queries, MutationDefaults: mutations, Pager: pager})
}

// withoutPages leaves out of the options for queries what only infinite ones
// have; see hydratePager.
func withoutPages(options object) object {
	forQueries, _ := options["queries"].(object)
	plain := shallow(forQueries)
	for _, name := range []string{"initialPageParam", "getNextPageParam", "getPreviousPageParam", "maxPages", "pages"} {
		delete(plain, name)
	}
	rest := shallow(options)
	rest["queries"] = plain
	return rest
}

// hydratePager makes the options for queries fetch the pages of infinite ones.
func (r *run) hydratePager(options object) (func(querykey.Key) query.Pager, error) {
	forQueries, _ := options["queries"].(object)
	if _, ok := forQueries["getNextPageParam"]; !ok {
		return nil, nil
	}
	o, err := compile(r, forQueries, storedPages)
	if err != nil {
		return nil, err
	}
	return func(key querykey.Key) query.Pager {
		keyed := *o
		keyed.query.Key = key
		return r.infiniteQuery(&keyed).Pager()
	}, nil
}

// print returns a snapshot as the trace has it: queries sorted by key, and of
// each state what differs from the base.
func (r *run) print(s query.Snapshot) (object, error) {
	slices.SortFunc(s.Queries, func(a, b query.QuerySnapshot) int {
		return cmp.Compare(canonical(keyJSON(a.Key)), canonical(keyJSON(b.Key)))
	})
	queries, mutations := list{}, list{}
	for _, q := range s.Queries {
		data, err := savedValue(q.Data)
		if err != nil {
			return nil, err
		}
		var direction any
		if q.Direction != "" {
			direction = string(q.Direction)
		}
		out := object{"key": keyJSON(q.Key), "dehydratedAt": r.relative(q.DehydratedAt)}
		out["state"] = changes(entryBase(), object{
			"status": string(q.Status), "fetchStatus": string(q.FetchStatus), "data": data,
			"dataUpdatedAt": r.relative(q.DataUpdatedAt), "dataUpdateCount": float64(q.DataUpdateCount),
			"error": savedError(q.Error), "errorUpdatedAt": r.relative(q.ErrorUpdatedAt),
			"errorUpdateCount": float64(q.ErrorUpdateCount), "failureCount": float64(q.FailureCount),
			"failureReason": savedError(q.FailureReason), "isInvalidated": q.IsInvalidated,
			"fetchDirection": direction,
		})
		if q.Infinite {
			out["infinite"] = true
		}
		if q.Meta != nil {
			out["meta"] = q.Meta
		}
		queries = append(queries, out)
	}
	for _, m := range s.Mutations {
		out, err := r.printMutation(m)
		if err != nil {
			return nil, err
		}
		mutations = append(mutations, out)
	}
	return object{"queries": queries, "mutations": mutations}, nil
}

func (r *run) printMutation(m query.MutationSnapshot) (object, error) {
	data, errData := savedValue(m.Data)
	variables, errVariables := savedValue(m.Variables)
	mctx, errContext := savedValue(m.Context)
	out := object{"state": changes(mutationBase(), object{
		"status": string(m.Status), "data": data, "error": savedError(m.Error),
		"failureCount": float64(m.FailureCount), "failureReason": savedError(m.FailureReason),
		"isPaused": m.IsPaused, "variables": variablesOf(variables), "context": mctx,
		"submittedAt": r.relative(m.SubmittedAt),
	})}
	if m.Key.Len() > 0 {
		out["mutationKey"] = keyJSON(m.Key)
	}
	if m.Scope != "" {
		out["scope"] = object{"id": m.Scope}
	}
	if m.Meta != nil {
		out["meta"] = m.Meta
	}
	return out, errors.Join(errData, errVariables, errContext)
}

func savedValue(text json.RawMessage) (any, error) {
	if len(text) == 0 {
		return absent, nil
	}
	return decode(text)
}

func savedError(text *string) any {
	if text == nil {
		return nil
	}
	return errorText(&query.RestoredError{Message: *text})
}

// variablesOf returns the variables of a mutation; those that were absent come
// back from a dehydrated state in the notation of the trace.
func variablesOf(v any) any {
	if members, ok := v.(object); ok && isAbsent(members) {
		return absent
	}
	return v
}
