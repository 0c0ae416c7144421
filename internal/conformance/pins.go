package conformance

import (
	"fmt"
	"maps"
)

// FailedPins returns a sentence for each claim of the scenario that does not
// hold of the trace.
func (s *Scenario) FailedPins(trace []any) []string {
	records := objects(trace)
	var failed []string
	for _, pin := range s.pins {
		if found, ok := s.holds(records, pin); !ok {
			failed = append(failed, fmt.Sprintf("pin %s, but found %s", canonical(pin), canonical(found)))
		}
	}
	return failed
}

// holds evaluates one claim and returns what was found instead.
func (s *Scenario) holds(trace []object, pin object) (found any, ok bool) {
	for _, name := range []string{"calls", "aborts", "callback"} {
		if _, ok := pin[name]; ok {
			got := times(trace, name, pin)
			return got, sameJSON(got, pin["at"])
		}
	}
	if want, ok := pin["callbacks"]; ok {
		got := list{}
		for _, r := range trace {
			for _, c := range objects(r["callbacks"]) {
				got = append(got, c["cb"])
			}
		}
		return got, sameJSON(got, want)
	}
	if want, ok := pin["returned"]; ok {
		got := list{}
		for _, r := range trace {
			if v, ok := r["returned"]; ok {
				got = append(got, v)
			}
		}
		return got, sameJSON(got, want)
	}
	if want, ok := pin["pending"]; ok {
		got := trace[len(trace)-1]["pending"]
		return got, sameJSON(got, want)
	}
	if want, ok := pin["has"]; ok {
		hits := list{}
		for _, r := range trace {
			if agrees(pin, r, "at", "t") && agrees(pin, r, "step", "step") {
				hits = append(hits, r)
				if contains(r, want) {
					return nil, true
				}
			}
		}
		return hits, false
	}
	return s.holdsOfState(trace, pin)
}

// agrees reports whether the pin is silent about a member or equals it.
func agrees(pin, r object, member, of string) bool {
	want, ok := pin[member]
	return !ok || r[of] == want
}

// times returns when events of a list happened that the pin speaks of.
func times(trace []object, name string, pin object) list {
	section, label := name, "fn"
	if name == "callback" {
		section, label = "callbacks", "cb"
	}
	out := list{}
	for _, r := range trace {
		for _, e := range objects(r[section]) {
			if e[label] != pin[name] {
				continue
			}
			about := true
			for _, member := range []string{"key", "variables", "pageParam"} {
				if want, ok := pin[member]; ok && !sameJSON(orAbsent(lookup(e, member)), want) {
					about = false
				}
			}
			if about {
				out = append(out, r["t"])
			}
		}
	}
	return out
}

// holdsOfState evaluates a claim about a promise, an entry, an observer or a
// mutation.
func (s *Scenario) holdsOfState(trace []object, pin object) (found any, ok bool) {
	if name, ok := pin["promise"].(string); ok {
		return promised(trace, name, pin)
	}
	var section, id string
	client := "main"
	if v, ok := pin["client"].(string); ok {
		client = v
	}
	switch {
	case pin["query"] != nil:
		section, id = "queries", client+" "+canonical(pin["query"])
	case pin["mutation"] != nil:
		section, id = "mutations", client+" "+canonical(pin["mutation"])
	default:
		section, id = "observers", fmt.Sprint(pin["observer"])
	}
	if _, ok := pin["changesAt"]; ok {
		got := list{}
		for _, r := range trace {
			if change, ok := changesIn(r, section)[id].(object); ok {
				if _, ok := change[as[string](pin["field"])]; ok {
					got = append(got, r["t"])
				}
			}
		}
		return got, sameJSON(got, pin["changesAt"])
	}
	state, there := s.stateOf(trace, section, id, pin)
	if pin["is"] == "absent" {
		return state, !there
	}
	if !there {
		return "absent", false
	}
	return state, contains(state, pin["is"])
}

// changesIn returns the changes of a section by id.
func changesIn(r object, section string) object {
	if members, ok := r[section].(object); ok {
		return members
	}
	out := object{}
	for _, e := range objects(r[section]) {
		client, ok := e["client"].(string)
		if !ok {
			client = "main"
		}
		id := e["key"]
		if section == "mutations" {
			id = e["id"]
		}
		out[client+" "+canonical(id)] = e
	}
	return out
}

// stateOf adds up the changes until the moment that the pin names.
func (s *Scenario) stateOf(trace []object, section, id string, pin object) (object, bool) {
	var state object
	for _, r := range trace {
		if past(pin, r) {
			break
		}
		v, ok := changesIn(r, section)[id]
		if !ok {
			continue
		}
		change, ok := v.(object)
		if !ok || change["event"] == "removed" {
			state = nil
			continue
		}
		if state == nil || change["event"] != nil {
			state = s.base(section, id)
		}
		maps.Copy(state, change)
	}
	return state, state != nil
}

func past(pin, r object) bool {
	if _, ended := r["end"]; ended {
		return true
	}
	if at, ok := pin["at"].(float64); ok {
		return as[float64](r["t"]) > at
	}
	if step, ok := pin["step"].(float64); ok {
		return as[float64](r["step"]) > step
	}
	return false
}

// base is what something is compared with when it appears.
func (s *Scenario) base(section, id string) object {
	switch section {
	case "queries":
		return jsonOf(entryBase())
	case "mutations":
		return jsonOf(mutationBase())
	}
	for _, step := range s.steps {
		if step["id"] != id {
			continue
		}
		switch step["do"] {
		case "observeMutation":
			return jsonOf(mutationViewBase())
		case "observeQueries":
			return object{"length": nil}
		case "observeInfinite":
			return jsonOf(infiniteBase())
		}
	}
	return jsonOf(resultBase())
}

// jsonOf writes absent values as the trace does.
func jsonOf(fields object) object {
	v, err := plain(fields)
	if err != nil {
		panic(err) // the bases are JSON
	}
	return as[object](v)
}

// promised evaluates a claim about the outcome of a promise.
func promised(trace []object, name string, pin object) (found any, ok bool) {
	for _, r := range trace {
		if past(pin, r) {
			break
		}
		outcomes, _ := r["promises"].(object)
		got, settled := outcomes[name]
		if !settled {
			continue
		}
		if at, ok := pin["at"]; ok && pin["is"] != "pending" && r["t"] != at {
			return fmt.Sprintf("settled at %v", r["t"]), false
		}
		return got, contains(got, pin["is"])
	}
	return "never settled", pin["is"] == "pending"
}

// contains reports whether part is in whole: objects member by member, anything
// else exactly.
func contains(whole, part any) bool {
	members, ok := part.(object)
	if !ok || isAbsent(members) {
		return sameJSON(whole, part)
	}
	w, ok := whole.(object)
	if !ok {
		return false
	}
	for name, v := range members {
		x, ok := w[name]
		if !ok || !contains(x, v) {
			return false
		}
	}
	return true
}
