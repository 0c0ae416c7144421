package query

import (
	"slices"

	"github.com/freshet-go/freshet/internal/share"
)

// written is data ready to be stored: what is visible and, if patches lie over
// it, what is below.
type written struct {
	data    any
	hasData bool
	under   *underlay
}

// write computes new data for an entry from its present state and commits them.
// Everything that is user code (next, sharing, patches) runs on a snapshot and
// without lock, so it runs again when somebody else was faster. next may decline
// with false. commit runs under the mutex; it may decline, too.
func (c *Client) write(e *entry, next func(*state) (any, bool), commit func(*txn, written) bool) error {
	for {
		var patches []*patch
		c.update(func(*txn) { patches = e.patches })
		st, o := e.state.Load(), e.opts.Load()
		var w written
		declined := false
		err := protect(func() error {
			data, ok := next(st)
			if !ok {
				declined = true
				return nil
			}
			old, had := st.base()
			w = c.overlay(patches, o.shared(old, had, data), true)
			return nil
		})
		if err != nil || declined {
			return err
		}
		again := false
		c.update(func(tx *txn) {
			if e.state.Load() != st || !slices.Equal(e.patches, patches) {
				again = true
				return
			}
			commit(tx, w)
		})
		if !again {
			return nil
		}
	}
}

// shared returns what is to be kept of old and next.
func (o *options) shared(old any, had bool, next any) any {
	if p, ok := old.(*packed); ok {
		old = p.tree()
	}
	switch {
	case o.share != nil:
		if !had {
			return next
		}
		return o.share(old, next)
	case !had || !o.policy.StructuralSharing.or(true):
		return next
	default:
		return share.Share(old, next)
	}
}
