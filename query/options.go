package query

import (
	"context"
	"reflect"

	"github.com/freshet-go/freshet/querykey"
)

type fetchFunc func(ctx context.Context, info FetchInfo) (any, error)

// options are a query with its type erased and its defaults filled in. They are
// never changed once made.
type options struct {
	key querykey.Key
	*method
}

// method is how data are got and kept, whatever their key. Entries and flights
// share it with whoever gave it to them.
type method struct {
	fetch fetchFunc // nil if there is none
	*rules
}

// rules are all of a method but the fetch function, which often belongs to one key
// alone. Queries that say the same share them, see standing.go.
type rules struct {
	typ     reflect.Type // nil claims nothing
	skip    bool
	policy  Policy
	initial *initial
	holder  *placeholder
	share   func(old, next any) any // nil is structural sharing
	meta    map[string]any
	pager   *pager // nil unless infinite
	unpack  func(*packed) (any, error)
}

// erase drops the type of q.
func (q *Query[T]) erase() *options {
	o := &options{q.Key, &method{q.eraseFetch(), &rules{
		typ:     typeOf[T](),
		skip:    q.Skip,
		policy:  q.Policy,
		initial: q.InitialData.erase(),
		holder:  q.PlaceholderData.p,
		meta:    q.Meta,
		pager:   q.pager,
		unpack:  unpackerOf[T](),
	}}}
	if q.Share != nil {
		share := q.Share
		o.share = func(old, next any) any {
			a, okA := as[T](old)
			b, okB := as[T](next)
			if !okA || !okB {
				return next
			}
			return share(a, b)
		}
	}
	return o
}

// eraseFetch returns the fetch function, nil if there is none.
func (q *Query[T]) eraseFetch() fetchFunc {
	switch fetch, stream := q.Fetch, q.stream; {
	case q.Skip:
		return nil
	case fetch != nil:
		return func(ctx context.Context, _ FetchInfo) (any, error) { return fetch(ctx) }
	case stream != nil:
		return func(_ context.Context, i FetchInfo) (any, error) { return stream(i.flight) }
	default:
		return nil
	}
}

// fetches reports whether there is a fetch function.
func (o *method) fetches() bool { return o.fetch != nil || o.pager != nil && o.pager.ready }

// decides reports whether o says how to fetch, be it not at all.
func (o *method) decides() bool { return o.fetches() || o.skip }

// enabled reports whether o lets an entry in state s fetch by itself.
func (o *rules) enabled(c *Client, s State[any]) bool { return o.enabledAs(c, s) != Off }

// enabledAs tells On from nothing said, which mean the same but differ: to say
// one after the other is a change of options.
func (o *rules) enabledAs(c *Client, s State[any]) Toggle {
	switch {
	case o.skip:
		return Off
	case o.policy.Enabled == nil:
		return 0
	case o.policy.Enabled.enabled(c, s):
		return On
	default:
		return Off
	}
}

// onReconnect is the policy for the return of the network.
func (o *rules) onReconnect() RefetchPolicy {
	if o.policy.RefetchOnReconnect == nil && o.policy.NetworkMode == NetworkAlways {
		return Never
	}
	return o.policy.RefetchOnReconnect
}
