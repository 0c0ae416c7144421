package query

import (
	"context"
	"iter"
	"slices"
)

// Invalidate marks what f chooses as stale and fetches again what of it is
// observed; see RefetchOptions.Type. Marking and starting are done before it
// waits. The error is what the fetches failed with, or the cause of ctx, which
// bounds the wait only.
func (c *Client) Invalidate(ctx context.Context, f Filter) error {
	if err := c.accepts(f); err != nil {
		return err
	}
	var chosen []*entry
	simple := !f.one() && !f.conditional()
	if !simple {
		chosen = c.match(f)
	}
	again, none := f.refetched()
	var stale []*entry
	if !none && !c.quirks.RefilterInvalidated {
		stale = c.match(again)
	}
	c.update(func(tx *txn) {
		if simple {
			tx.invalidate(tx.index.matching(f.Key, false))
		} else {
			tx.invalidate(slices.Values(chosen))
		}
	})
	if none {
		return nil
	}
	if c.quirks.RefilterInvalidated {
		stale = c.match(again)
	}
	return c.refetch(ctx, stale, f.Refetch)
}

// invalidate marks entries stale. Those that nobody would hear of are done on the
// way, in no order.
func (tx *txn) invalidate(entries iter.Seq[*entry]) {
	var heard []*entry
	for e := range entries {
		if len(e.observers) > 0 || len(tx.events.subs) > 0 {
			heard = append(heard, e)
		} else {
			e.state.invalidate()
		}
	}
	for _, e := range inOrder(heard) {
		if !e.state.Load().invalidated {
			tx.dispatch(e, invalidateAction{})
		}
	}
}

// refetched is f for what Invalidate fetches, or nothing at all.
func (f Filter) refetched() (again Filter, none bool) {
	switch f.Refetch.Type {
	case RefetchNone:
		return f, true
	case RefetchActive:
		f.Type = ActiveEntries
	case RefetchInactive:
		f.Type = InactiveEntries
	case RefetchAll:
		f.Type = AnyEntry
	default:
		if f.Type == AnyEntry {
			f.Type = ActiveEntries
		}
	}
	return f, false
}
