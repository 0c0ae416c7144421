package conformance

import (
	"cmp"
	"slices"
	"strings"

	"github.com/freshet-go/freshet/query"
)

// events are what happened since the last record.
type events struct {
	returned  list
	calls     []object
	aborts    []object
	callbacks []logged
	outcomes  object
	told      map[string]bool // observers whose listener was called
}

// logged is a callback with its place: those of the query cache come first,
// then callbacks are grouped by key or variables.
type logged struct {
	mutation bool
	group    string
	entry    object
}

func newEvents() events { return events{outcomes: object{}, told: map[string]bool{}} }

// seen is what the last record saw.
type seen struct {
	entries   map[string]sighting
	views     map[string]view
	mutations []sighting
	counts    object
}

// sighting is an entry or mutation as it was seen.
type sighting struct {
	client string
	id     uint64
	key    string
	fields object
}

func newSeen() seen { return seen{counts: object{"isFetching": 0.0, "isMutating": 0.0}} }

// record appends a record to the trace if anything has changed.
func (r *run) record() error {
	r.mu.Lock()
	now := r.log
	r.log = newEvents()
	r.mu.Unlock()
	rec := object{}
	if len(now.returned) > 0 {
		rec["returned"] = now.returned[0]
	}
	now.put(rec)
	if queries := r.entryChanges(); len(queries) > 0 {
		rec["queries"] = queries
	}
	if observers := r.viewChanges(now.told); len(observers) > 0 {
		rec["observers"] = observers
	}
	if mutations := r.mutationChanges(); len(mutations) > 0 {
		rec["mutations"] = mutations
	}
	main := r.clients["main"]
	for name, n := range map[string]int{
		"isFetching": main.IsFetching(query.Filter{}),
		"isMutating": main.IsMutating(query.MutationFilter{}),
	} {
		if float64(n) != r.seen.counts[name] {
			rec[name], r.seen.counts[name] = float64(n), float64(n)
		}
	}
	if len(rec) == 0 {
		return nil
	}
	rec["t"], rec["step"] = r.now(), float64(r.step)
	v, err := plain(rec)
	if err != nil {
		return err
	}
	r.trace = append(r.trace, v)
	return nil
}

// put adds the events to a record, in the order that the format gives them.
func (e events) put(rec object) {
	if len(e.calls) > 0 {
		rec["calls"] = sortedCalls(e.calls)
	}
	if len(e.aborts) > 0 {
		rec["aborts"] = sortedCalls(e.aborts)
	}
	if len(e.callbacks) > 0 {
		slices.SortStableFunc(e.callbacks, func(a, b logged) int {
			if a.mutation != b.mutation {
				if b.mutation {
					return -1
				}
				return 1
			}
			return strings.Compare(a.group, b.group)
		})
		entries := list{}
		for _, c := range e.callbacks {
			entries = append(entries, c.entry)
		}
		rec["callbacks"] = entries
	}
	if len(e.outcomes) > 0 {
		rec["promises"] = e.outcomes
	}
}

func sortedCalls(calls []object) []object {
	who := func(call object) string {
		if key, ok := call["key"]; ok {
			return canonical(key)
		}
		return canonical(call["variables"])
	}
	slices.SortFunc(calls, func(a, b object) int {
		return cmp.Or(
			strings.Compare(as[string](a["fn"]), as[string](b["fn"])),
			strings.Compare(who(a), who(b)),
			cmp.Compare(as[float64](a["n"]), as[float64](b["n"])),
		)
	})
	return calls
}

// changes returns the members of now that differ from before.
func changes(before, now object) object {
	out := object{}
	for name, v := range now {
		if old, ok := before[name]; !ok || !sameJSON(old, v) {
			out[name] = v
		}
	}
	return out
}

// entryChanges returns the cache entries that changed, by client and key.
func (r *run) entryChanges() list {
	now := map[string]sighting{}
	for id, c := range r.clients {
		for _, e := range c.Entries(query.Filter{}) {
			key := canonical(keyJSON(e.State.Key()))
			fields := r.entryFields(e.State)
			fields["observers"] = float64(e.Observers)
			now[id+" "+key] = sighting{client: id, id: e.ID, key: key, fields: fields}
		}
	}
	before := r.seen.entries
	r.seen.entries = now
	out := list{}
	for _, at := range bothKeys(before, now) {
		old, was := before[at]
		s, is := now[at]
		var entry object
		switch {
		case !is:
			s, entry = old, object{"event": "removed"}
		case was && old.id == s.id:
			if entry = changes(old.fields, s.fields); len(entry) == 0 {
				continue
			}
		default:
			entry = changes(entryBase(), s.fields)
			entry["event"] = map[bool]string{false: "added", true: "replaced"}[was]
		}
		if s.client != "main" {
			entry["client"] = s.client
		}
		entry["key"], _ = decode([]byte(s.key))
		out = append(out, entry)
	}
	return out
}

// bothKeys returns the names in either map, in order.
func bothKeys[V any](a, b map[string]V) []string {
	all := make(map[string]bool, len(a)+len(b))
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return sortedKeys(all)
}

// viewChanges returns the observers that changed, by id.
func (r *run) viewChanges(told map[string]bool) object {
	now := map[string]view{}
	owner := map[string]*observed{}
	for id, o := range r.observers {
		if o.stop == nil {
			continue
		}
		for _, v := range o.watcher.views(r) {
			now[id+v.suffix], owner[id+v.suffix] = v, o
		}
	}
	before := r.seen.views
	r.seen.views = now
	out := object{}
	for _, id := range bothKeys(before, now) {
		old, was := before[id]
		v, is := now[id]
		switch {
		case !is:
			out[id] = "removed"
		case !was:
			out[id] = changes(v.base, v.fields)
		default:
			diff := v.since(old, owner[id].watch)
			if len(diff) == 0 {
				continue
			}
			// Whoever shows something else has been told, except as asked otherwise.
			if v.selective {
				diff["notified"] = told[owner[id].id]
			} else if !told[owner[id].id] {
				r.broken("observer %s changed without a notification: %s", id, canonical(diff))
			}
			out[id] = diff
		}
	}
	return out
}

// since returns what differs from the view before, and which data are the same
// reference.
func (v view) since(old view, watch []string) object {
	diff := changes(old.fields, v.fields)
	_, written := diff["dataUpdatedAt"]
	_, other := diff["data"]
	same := identical(old.data, v.data)
	if same && !written {
		return diff
	}
	if container(old.data) && container(v.data) && !other {
		diff["sameRef"] = same
	}
	kept := object{}
	for _, path := range watch {
		x, y := at(old.data, path), at(v.data, path)
		if container(x) && container(y) {
			kept[path] = identical(x, y)
		}
	}
	if len(kept) > 0 {
		diff["sameRefAt"] = kept
	}
	return diff
}
