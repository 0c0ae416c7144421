package query

import (
	"errors"
	"fmt"
)

// DehydrateEntry takes a snapshot of one entry, as it was when it was looked at.
// The error is as for Dehydrate.
func (c *Client) DehydrateEntry(e Entry) (QuerySnapshot, error) { return c.dehydrateQuery(e) }

// Receive stores the data of q that another client has fetched or written, unless
// there are newer ones. Of q only the key, the data, their time and Infinite
// count. Unlike Hydrate it refuses data that do not fit the type which uses the
// key, with an error, and leaves what is there. Events tell of it as of
// ActionSetState, so that what was received is not taken for what was fetched or
// written here. o is for an entry that has to be made.
func (c *Client) Receive(q QuerySnapshot, o HydrateOptions) error {
	q.Status = StatusSuccess
	s := Snapshot{Version: SnapshotVersion, Queries: []QuerySnapshot{q}}
	if err := s.check(); err != nil {
		return fmt.Errorf("query: receive: %w", err)
	}
	for {
		if c.life.Err() != nil {
			return ErrClosed
		}
		var err error
		if e := c.index.find(q.Key); e != nil {
			err = c.receiveInto(e, q)
		} else {
			err = c.receiveNew(q, o)
		}
		switch {
		case errors.Is(err, errMoved):
			continue
		case err != nil && !errors.Is(err, ErrClosed):
			return fmt.Errorf("query: receive %s: %w", q.Key, err)
		default:
			return err
		}
	}
}

func (c *Client) receiveInto(e *entry, q QuerySnapshot) error {
	next := func(st *state) (any, bool, error) {
		if _, ok := st.base(); ok && st.dataUpdatedAt.After(q.DataUpdatedAt) {
			return nil, false, nil
		}
		p := pack(q.Data)
		unpack := e.opts.Load().unpack
		if unpack == nil {
			return p, true, nil
		}
		data, err := unpack(p)
		return data, true, err
	}
	return c.write(e, next, func(tx *txn, w written) { tx.receive(e, w, q) })
}

func (c *Client) receiveNew(q QuerySnapshot, with HydrateOptions) error {
	o := c.restored(q, with)
	var err error
	c.update(func(tx *txn) {
		switch {
		case tx.closed:
			err = ErrClosed
		case tx.index.find(q.Key) != nil:
			err = errMoved
		default:
			tx.receive(tx.build(o, seed{}), written{data: pack(q.Data), hasData: true}, q)
		}
	})
	return err
}

// receive is writeByHand under another name.
func (tx *txn) receive(e *entry, w written, q QuerySnapshot) {
	success := successAction{data: w.data, under: w.under, hidden: !w.hasData, at: q.DataUpdatedAt, manual: true}
	tx.dispatch(e, setAction{*reduce(e.state.Load(), success)})
	e.keep()
}

// restored returns the options of an entry that nobody has used yet.
func (c *Client) restored(q QuerySnapshot, with HydrateOptions) *options {
	o := &options{q.Key, &method{rules: &rules{meta: q.Meta}}}
	o.fill(with.Defaults)
	c.resolve(o)
	if !q.Infinite {
		return o
	}
	o.pager = new(pager)
	if with.Pager != nil {
		p := ask(c, "Pager", Pager{}, func() Pager { return with.Pager(q.Key) })
		if p.p != nil {
			o.pager = p.p
		}
	}
	return o
}
