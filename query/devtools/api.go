package devtools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/querykey"
)

func (t *tools) cache(w http.ResponseWriter, r *http.Request) {
	v := cacheView{
		Now: t.client.Now(), Focused: t.client.Focus().Get(), Online: t.client.Online().Get(), Actions: t.opts.Actions,
		Queries: []queryView{}, Mutations: []mutationView{},
	}
	active, stale := t.ids(query.Filter{Type: query.ActiveEntries}), t.ids(query.Filter{Stale: query.On})
	wanted := strings.ToLower(r.FormValue("filter"))
	for _, e := range t.client.Entries(query.Filter{}) {
		if !strings.Contains(strings.ToLower(e.State.Key().String()), wanted) {
			continue
		}
		v.Total++
		if len(v.Queries) < maxQueries {
			q := viewQuery(e)
			q.Active, q.Stale = active[e.ID], stale[e.ID]
			v.Queries = append(v.Queries, q)
		}
	}
	all := t.client.Mutations(query.MutationFilter{})
	for _, m := range all[max(0, len(all)-maxQueries):] {
		v.Mutations = append(v.Mutations, viewMutation(m))
	}
	answer(w, http.StatusOK, v)
}

// ids returns which entries f chooses.
func (t *tools) ids(f query.Filter) map[uint64]bool {
	chosen := map[uint64]bool{}
	for _, e := range t.client.Entries(f) {
		chosen[e.ID] = true
	}
	return chosen
}

func (t *tools) query(w http.ResponseWriter, r *http.Request) {
	key, err := querykey.Parse(r.FormValue("key"))
	if err != nil || key.Len() == 0 {
		refuse(w, http.StatusBadRequest, "key is not the JSON of a key with parts")
		return
	}
	exactly := query.Filter{Key: key, Exact: true}
	entries := t.client.Entries(exactly)
	if len(entries) == 0 {
		refuse(w, http.StatusNotFound, "nothing is cached under this key")
		return
	}
	v := detailView{Query: viewQuery(entries[0]), Findings: []findingView{}}
	exactly.Stale = query.On
	v.Query.Stale = len(t.ids(exactly)) > 0
	exactly.Stale, exactly.Type = 0, query.ActiveEntries
	v.Query.Active = len(t.ids(exactly)) > 0
	for _, f := range t.client.Explain(key).Findings {
		v.Findings = append(v.Findings, findingView(f))
	}
	v.Data, v.NoData = t.data(entries[0])
	answer(w, http.StatusOK, v)
}

// data returns the data of an entry, or why they are not shown.
func (t *tools) data(e query.Entry) (data, why string) {
	if !t.opts.ShowData {
		return "", "Options.ShowData is off"
	}
	s, err := t.client.DehydrateEntry(e)
	switch {
	case err != nil:
		return "", err.Error()
	case len(s.Data) == 0:
		return "", "there are none"
	case len(s.Data) > maxData:
		return "", fmt.Sprintf("%d bytes are too many to show", len(s.Data))
	}
	var text bytes.Buffer
	if err := json.Indent(&text, s.Data, "", "  "); err != nil {
		return "", err.Error()
	}
	return text.String(), ""
}

func (t *tools) stats(w http.ResponseWriter, _ *http.Request) {
	rows := []statsView{}
	for _, s := range t.client.Stats() {
		rows = append(rows, viewStats(s))
	}
	answer(w, http.StatusOK, rows)
}

// act begins what the body asks for.
func (t *tools) act(w http.ResponseWriter, r *http.Request) {
	if !t.opts.Actions {
		refuse(w, http.StatusForbidden, "Options.Actions is off")
		return
	}
	var order struct {
		Action string       `json:"action"`
		Key    querykey.Key `json:"key"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&order); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if order.Key.Len() == 0 { // a filter by it would choose every entry
		refuse(w, http.StatusBadRequest, "the key has no parts")
		return
	}
	exactly := query.Filter{Key: order.Key, Exact: true, Refetch: query.RefetchOptions{NoWait: true}}
	var err error
	switch order.Action {
	case "invalidate":
		err = t.client.Invalidate(r.Context(), exactly)
	case "refetch":
		err = t.client.Refetch(r.Context(), exactly)
	case "reset":
		err = t.client.Reset(r.Context(), exactly)
	case "remove":
		t.client.Remove(exactly)
	default:
		refuse(w, http.StatusBadRequest, "unknown action")
		return
	}
	if err != nil {
		refuse(w, http.StatusConflict, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
