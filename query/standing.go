package query

import (
	"reflect"
	"sync/atomic"
)

// standing remembers what came of queries with the client's defaults. Most queries
// of a program differ only in key and fetch function, so that this spares them the
// filling of gaps and lets their entries share one set of rules.
type standing struct {
	made [8]atomic.Pointer[standingMethod]
	next atomic.Uint32 // place of the next one; the oldest goes
}

// standingMethod is what became of a policy for data of a type.
type standingMethod struct {
	defaults *defaults
	typ      reflect.Type
	policy   Policy
	alone    bool
	method   *method // without a fetch function of the query's own
}

// optionsOf returns q with its type erased and its gaps filled. alone is for a fetch
// that nobody observes: it is not retried unless a policy says so.
func optionsOf[T any](c *Client, q *Query[T], alone bool) *options {
	if !q.plain() || len(c.defaultsFor(q.Key)) > 0 {
		return c.completed(q.erase(), alone)
	}
	d, typ := c.defaults.Load(), typeOf[T]()
	m := c.standing.find(d, typ, &q.Policy, alone)
	if m == nil {
		bare := Query[T]{Key: q.Key, Policy: q.Policy}
		m = c.completed(bare.erase(), alone).method
		c.standing.add(&standingMethod{d, typ, q.Policy, alone, m})
	}
	if fetch := q.eraseFetch(); fetch != nil {
		m = &method{fetch, m.rules}
	}
	return &options{q.Key, m}
}

func (c *Client) completed(o *options, alone bool) *options {
	c.resolve(o)
	if alone {
		o.policy.Retry = o.policy.Retry.or(NoRetry())
	}
	return o
}

// alone is o with what completed fills in for a fetch that nobody observes; s, the
// seed of o, becomes that of the options it returns.
func (o *options) alone(s seed) (*options, seed) {
	if o.policy.Retry.kind != retryInherit {
		return o, s
	}
	r := *o.rules
	r.policy.Retry = NoRetry()
	own := &options{o.key, &method{o.fetch, &r}}
	if s.of == o {
		s.of = own
	}
	return own, s
}

func (s *standing) find(d *defaults, typ reflect.Type, p *Policy, alone bool) *method {
	for i := range s.made {
		if m := s.made[i].Load(); m != nil && m.defaults == d && m.typ == typ && m.alone == alone && equal(&m.policy, p) {
			return m.method
		}
	}
	return nil
}

func (s *standing) add(m *standingMethod) {
	at := (s.next.Add(1) - 1) % uint32(len(s.made))
	s.made[at].Store(m)
}

// plain reports whether q consists of a key, a fetch function and a policy that
// can be compared.
func (q *Query[T]) plain() bool {
	return !q.Skip && q.pager == nil && q.Share == nil && q.Meta == nil &&
		q.InitialData.value == nil && q.PlaceholderData.p == nil && isComparable(&q.Policy)
}

// isComparable reports whether p has no functions.
func isComparable(p *Policy) bool {
	return p.StaleTime.f == nil && p.RefetchInterval.f == nil && p.Retry.f == nil && p.RetryDelay.f == nil &&
		p.NotifyOn == nil && isValue(p.RefetchOnMount) && isValue(p.RefetchOnFocus) &&
		isValue(p.RefetchOnReconnect) && isValue(p.RetryOnMount) && isValue(p.Enabled)
}

// isValue tells the values of a policy's interfaces from functions.
func isValue(v any) bool {
	switch v.(type) {
	case nil, RefetchMode, Toggle:
		return true
	default:
		return false
	}
}

// equal compares policies without functions.
func equal(p, o *Policy) bool {
	return p.StaleTime.kind == o.StaleTime.kind && p.StaleTime.d == o.StaleTime.d &&
		p.GCTime == o.GCTime &&
		p.RefetchInterval.kind == o.RefetchInterval.kind && p.RefetchInterval.d == o.RefetchInterval.d &&
		p.Retry.kind == o.Retry.kind && p.Retry.n == o.Retry.n &&
		p.RetryDelay.kind == o.RetryDelay.kind && p.RetryDelay.base == o.RetryDelay.base &&
		p.RetryDelay.top == o.RetryDelay.top &&
		p.RefetchOnMount == o.RefetchOnMount && p.RefetchOnFocus == o.RefetchOnFocus &&
		p.RefetchOnReconnect == o.RefetchOnReconnect && p.RetryOnMount == o.RetryOnMount &&
		p.Enabled == o.Enabled && p.RefetchIntervalInBackground == o.RefetchIntervalInBackground &&
		p.NetworkMode == o.NetworkMode && p.StructuralSharing == o.StructuralSharing
}
