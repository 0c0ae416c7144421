package query

import (
	"errors"
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

// errMoved means that the entry under a key is not, or no longer, the one that
// was to be written.
var errMoved = errors.New("query: entry has changed places")

// write computes new data for an entry from its present state and commits them.
// Everything that is user code (next, sharing, patches) runs on a snapshot and
// without lock, so it runs again when somebody else was faster. next may decline
// with false. commit runs under the mutex.
func (c *Client) write(e *entry, next func(*state) (any, bool, error), commit func(*txn, written)) error {
	for first := true; ; first = false {
		st, o := e.state.Load(), e.opts.Load()
		var patches []*patch
		if !first || st.under != nil { // else there are none, most likely
			c.mu.Lock()
			patches = e.patches()
			c.mu.Unlock()
		}
		var w written
		declined := false
		err := protect(func() error {
			data, ok, err := next(st)
			if err != nil || !ok {
				declined = true
				return err
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
			switch {
			case tx.closed:
				err = ErrClosed
			case e.removed():
				err = errMoved
			case e.state.Load() != st || !slices.Equal(e.patches(), patches):
				again = true
			default:
				commit(tx, w)
			}
		})
		if !again {
			return err
		}
	}
}

// shared returns what is to be kept of old and next.
func (o *rules) shared(old any, had bool, next any) any {
	old = open(old)
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
