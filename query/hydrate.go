package query

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/freshet-go/freshet/querykey"
)

// HydrateOptions fill the gaps of what a snapshot brings, which says nothing of
// functions and policies.
type HydrateOptions struct {
	Defaults         Defaults
	MutationDefaults MutationDefaults
	// Pager says how the pages of an infinite query are fetched if that must be done
	// before an InfiniteQuery is used on it; see InfiniteQuery.Pager.
	Pager func(key querykey.Key) Pager
}

// RestoredError is an error that came with a snapshot. Only its text survived.
type RestoredError struct{ Message string }

func (e *RestoredError) Error() string { return e.Message }

// Hydrate puts a snapshot into the cache. An entry that is there already is
// overwritten only by newer data, and is marked stale by newer data that do not
// fit its type. Data of others stay encoded until a query of some type first uses
// them; if they do not fit they are dropped, and fetched again. A null does not
// fit a type that is never encoded as one.
// Mutations are added as new ones; those that were not over are paused, and go on
// with ResumePausedMutations, with the functions that Register or defaults for their
// key bring, and without any they fail with ErrNoMutationFunc. The snapshot is
// checked first: one that is not valid changes nothing.
func (c *Client) Hydrate(s *Snapshot, o HydrateOptions) error {
	if s == nil {
		return nil
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("query: hydrate: %w", err)
	}
	if c.life.Err() != nil {
		return ErrClosed
	}
	runs := make([]*mutation, len(s.Mutations))
	for i, m := range s.Mutations {
		runs[i] = c.restoreMutation(m, o.MutationDefaults)
	}
	for _, q := range s.Queries {
		c.restoreQuery(q, o)
	}
	for _, m := range runs {
		c.showAgain(m)
	}
	return nil
}

// check looks for what would do harm later.
func (s *Snapshot) check() error {
	if s.Version != SnapshotVersion {
		return fmt.Errorf("snapshot has version %d, not %d", s.Version, SnapshotVersion)
	}
	valid := func(texts ...json.RawMessage) bool {
		for _, t := range texts {
			if len(t) > 0 && !json.Valid(t) {
				return false
			}
		}
		return true
	}
	for i, q := range s.Queries {
		switch {
		case q.Key.Err() != nil:
			return fmt.Errorf("query %d: %w", i, q.Key.Err())
		case q.Status != StatusPending && q.Status != StatusSuccess && q.Status != StatusError:
			return fmt.Errorf("query %s has unknown status %q", q.Key, q.Status)
		case q.Status == StatusSuccess && len(q.Data) == 0:
			return fmt.Errorf("query %s succeeded without data", q.Key)
		case !valid(q.Data):
			return fmt.Errorf("query %s has malformed data", q.Key)
		case !counts(q.DataUpdateCount, q.ErrorUpdateCount, q.FailureCount):
			return fmt.Errorf("query %s has an impossible count", q.Key)
		}
	}
	for i, m := range s.Mutations {
		switch m.Status {
		case StatusIdle, StatusPending, StatusSuccess, StatusError:
		default:
			return fmt.Errorf("mutation %d has unknown status %q", i, m.Status)
		}
		if !counts(m.FailureCount) {
			return fmt.Errorf("mutation %d has an impossible count", i)
		}
		if m.Key.Err() != nil {
			return fmt.Errorf("mutation %d: %w", i, m.Key.Err())
		}
		if !valid(m.Variables, m.Context, m.Data) {
			return fmt.Errorf("mutation %d has malformed data", i)
		}
	}
	return nil
}

// counts reports whether all n can be counts that still grow.
func counts(n ...int) bool {
	return slices.Min(n) >= 0 && slices.Max(n) < math.MaxInt32
}

func restoredError(text *string) error {
	if text == nil {
		return nil
	}
	return &RestoredError{*text}
}

func (c *Client) restoreQuery(q QuerySnapshot, with HydrateOptions) {
	st := state{
		dataUpdateCount: uint32(q.DataUpdateCount), dataUpdatedAt: q.DataUpdatedAt,
		invalidated: q.IsInvalidated, status: stanceOf(q.Status),
	}
	st = st.with(rare{
		err: restoredError(q.Error), errorUpdateCount: q.ErrorUpdateCount, errorUpdatedAt: q.ErrorUpdatedAt,
		failureCount: q.FailureCount, failureReason: restoredError(q.FailureReason), direction: q.Direction,
	})
	if len(q.Data) > 0 {
		var err error
		st.hasData = true
		if st.data, err = c.unpackFor(q.Key, pack(q.Data)); err != nil {
			c.outdate(q, err)
			return
		}
		if st.status == isPending {
			st.status, st.dataUpdatedAt = isSuccess, q.DehydratedAt
		}
	}
	o := c.restored(q, with)
	seed := c.seed(o)
	c.update(func(tx *txn) {
		if e := tx.index.find(q.Key); e != nil {
			if have := e.state.Load(); st.dataUpdatedAt.After(have.dataUpdatedAt) {
				st.fetchStatus = have.fetchStatus
				tx.restore(e, st)
			}
			return
		}
		e := tx.build(o, seed)
		e.state.Store(&st)
	})
}

// outdate marks the entry of q stale, for which there are newer data that it
// cannot hold.
func (c *Client) outdate(q QuerySnapshot, err error) {
	c.report("hydrated data do not fit "+q.Key.String(), err)
	c.update(func(tx *txn) {
		e := tx.index.find(q.Key)
		if e == nil {
			return
		}
		if st := e.state.Load(); q.DataUpdatedAt.After(st.dataUpdatedAt) && !st.invalidated {
			tx.dispatch(e, invalidateAction{})
		}
	})
}

// unpackFor decodes data for those who use the key already.
func (c *Client) unpackFor(key querykey.Key, p *packed) (data any, err error) {
	e := c.index.find(key)
	if e == nil {
		return p, nil
	}
	unpack := e.opts.Load().unpack
	if unpack == nil {
		return p, nil
	}
	err = protect(func() (err error) { data, err = unpack(p); return err })
	return data, err
}

func (c *Client) restoreMutation(d MutationSnapshot, defaults MutationDefaults) *mutation {
	st := &mutationState{
		status: d.Status, err: restoredError(d.Error), failureCount: d.FailureCount,
		failureReason: restoredError(d.FailureReason), paused: d.IsPaused, submittedAt: d.SubmittedAt,
		data: unpackLater(d.Data), hasData: len(d.Data) > 0,
		variables: unpackLater(d.Variables), hasVars: len(d.Variables) > 0,
		context: unpackLater(d.Context),
	}
	if st.status == StatusPending && !c.quirks.StrandedMutations {
		st.paused = true // nobody is at it any more
	}
	o := &mutationOptions{key: d.Key, scope: d.Scope, meta: d.Meta}
	o.fill(defaults)
	c.resolveMutation(o)
	m := c.newMutation(c.life, o, st.variables)
	m.restored = true
	m.state.Store(st)
	bind := c.binding(m)
	c.update(func(tx *txn) {
		if tx.closed {
			return
		}
		if bind != nil {
			bind()
		}
		tx.mutations.add(tx, m)
	})
	return m
}

func unpackLater(text json.RawMessage) any {
	if len(text) == 0 {
		return nil
	}
	return pack(text)
}
