package query

import (
	"context"
	"reflect"
	"slices"

	"github.com/freshet-go/freshet/querykey"
)

// Defaults fill the gaps of queries: those of one key prefix, or all of a
// client. The zero Defaults fill nothing.
type Defaults struct {
	Policy Policy
	// Fetch gets the data of queries without a Fetch function of their own.
	Fetch func(ctx context.Context, info FetchInfo) (any, error)
	// InitialData fills entries of queries without initial data of their own.
	InitialData InitialData[any]
	// PlaceholderData is shown for queries without placeholder data of their own:
	// KeepPrevious[any]() keeps previous data everywhere.
	PlaceholderData PlaceholderData[any]
	// Share decides what is kept of old data when new data arrive, for queries that
	// have no Share and say nothing of Policy.StructuralSharing. Nil is structural
	// sharing. It must not change its arguments; what it returns of another type
	// than the query's is not kept.
	Share func(old, next any) any
	Meta  map[string]any
}

// prefixed are values set for key prefixes, in the order in which the prefixes
// were first set.
type prefixed[D any] struct {
	prefix querykey.Key
	d      D
}

func setPrefixed[D any](list []prefixed[D], prefix querykey.Key, d D) []prefixed[D] {
	list = slices.Clone(list) // readers hold the old one
	for i := range list {
		if list[i].prefix == prefix {
			list[i].d = d
			return list
		}
	}
	return append(list, prefixed[D]{prefix, d})
}

// defaults are all defaults of a client; replaced as a whole when one is set.
type defaults struct {
	queries   Defaults
	mutations MutationDefaults
	byQuery   []prefixed[Defaults]
	byMutate  []prefixed[MutationDefaults]

	registered []registration // see Register
}

// SetDefaultOptions replaces the client's defaults for queries and mutations,
// which Config gave it. Queries in use keep theirs until they are next given to
// the client.
func (c *Client) SetDefaultOptions(q Defaults, m MutationDefaults) {
	c.changeDefaults(func(all *defaults) { all.queries, all.mutations = q, m })
}

// SetQueryDefaults sets defaults for the keys that match prefix. Of several
// that match, later ones win field by field; setting a prefix again keeps its
// place in that order. The error is that of the key.
func (c *Client) SetQueryDefaults(prefix querykey.Key, d Defaults) error {
	if err := prefix.Err(); err != nil {
		return err
	}
	c.changeDefaults(func(all *defaults) { all.byQuery = setPrefixed(all.byQuery, prefix, d) })
	return nil
}

// SetMutationDefaults sets defaults for the mutations whose key matches prefix,
// in the manner of SetQueryDefaults. Mutations without key have none.
func (c *Client) SetMutationDefaults(prefix querykey.Key, d MutationDefaults) error {
	if err := prefix.Err(); err != nil {
		return err
	}
	c.changeDefaults(func(all *defaults) { all.byMutate = setPrefixed(all.byMutate, prefix, d) })
	return nil
}

func (c *Client) changeDefaults(change func(*defaults)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := *c.defaults.Load()
	change(&next)
	c.defaults.Store(&next)
}

// resolve returns o with its gaps filled from the defaults for its key.
func (c *Client) resolve(o *options) *options {
	for _, d := range c.defaultsFor(o.key) {
		o.fill(d)
	}
	o.fill(c.defaults.Load().queries)
	return o
}

// defaultsFor returns the defaults of the prefixes that match, those that win
// first.
func (c *Client) defaultsFor(key querykey.Key) []Defaults {
	var found []Defaults
	for _, p := range slices.Backward(c.defaults.Load().byQuery) {
		if key.Matches(p.prefix) {
			found = append(found, p.d)
		}
	}
	return found
}

func (o *method) fill(d Defaults) {
	if o.share == nil && o.policy.StructuralSharing == 0 && d.Share != nil {
		o.share = shareOf(o.typ, d.Share)
	}
	o.policy = o.policy.over(d.Policy)
	if o.fetch == nil && !o.skip && d.Fetch != nil {
		o.fetch = d.Fetch
	}
	if o.initial == nil {
		o.initial = d.InitialData.erase()
	}
	if o.holder == nil {
		o.holder = d.PlaceholderData.p
	}
	if o.meta == nil {
		o.meta = d.Meta
	}
}

// shareOf is a sharing function that does not know the type of the data.
func shareOf(typ reflect.Type, share func(old, next any) any) func(old, next any) any {
	return func(old, next any) any {
		kept := share(old, next)
		if typ != nil && reflect.TypeOf(kept) != typ {
			return next
		}
		return kept
	}
}
