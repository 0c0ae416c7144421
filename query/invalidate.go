package query

import (
	"context"
	"slices"

	"github.com/freshet-go/freshet/querykey"
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
	byKey := !f.one() && !f.conditional()
	if !byKey {
		chosen = c.match(f)
	}
	again, none := f.refetched()
	var stale []*entry
	if !none && !c.quirks.RefilterInvalidated {
		stale = c.match(again)
	}
	c.update(func(tx *txn) {
		if byKey {
			tx.invalidateAll(f.Key)
		} else {
			tx.invalidate(chosen)
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

func (tx *txn) invalidate(chosen []*entry) {
	for _, e := range chosen {
		if !e.state.Load().invalidated {
			tx.dispatch(e, invalidateAction{})
		}
	}
}

// invalidateAll invalidates all whose keys match. Those that nobody would hear of
// are marked together.
func (tx *txn) invalidateAll(pattern querykey.Key) {
	b, all := tx.index.under(pattern)
	together := all && b != nil && len(tx.events.subs) == 0
	tx.invalidate(inOrder(slices.Collect(tx.index.matching(pattern, together))))
	if together {
		b.mark()
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
