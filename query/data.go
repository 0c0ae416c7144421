package query

import "time"

// Get returns the cached data of q, however old. It fetches nothing, takes no
// lock and allocates nothing. Of q only the key matters. Data of another type
// are not found.
func Get[T any](c *Client, q Query[T]) (T, bool) {
	var zero T
	e := c.index.find(q.Key)
	if e == nil {
		return zero, false
	}
	st := e.state.Load()
	if !st.hasData {
		return zero, false
	}
	if _, still := st.data.(*packed); still {
		c.unpack(q.erase())
		st = e.state.Load()
	}
	return as[T](st.data)
}

// Set stores v as the data of q, as fresh as if fetched now. A fetch that is
// running goes on and will overwrite it: Cancel it first where that matters.
func Set[T any](c *Client, q Query[T], v T) error {
	return SetAt(c, q, v, time.Time{})
}

// SetAt is Set for data that were current at another time than now; the zero
// time is now.
func SetAt[T any](c *Client, q Query[T], v T, updatedAt time.Time) error {
	return UpdateAt(c, q, func(T, bool) (T, bool) { return v, true }, updatedAt)
}

// Update stores what f makes of the data of q; false leaves them alone. f must
// not change its argument, must not use the client, and may be called more than
// once: if somebody else writes meanwhile it runs again. A panic in f is returned
// as *PanicError.
func Update[T any](c *Client, q Query[T], f func(old T, ok bool) (T, bool)) error {
	return UpdateAt(c, q, f, time.Time{})
}

// UpdateAt is Update for data that are current as of another time than now.
func UpdateAt[T any](c *Client, q Query[T], f func(old T, ok bool) (T, bool), updatedAt time.Time) error {
	if f == nil {
		return ErrNilCallback
	}
	return c.updateData(q.erase(), eraseUpdate(f), updatedAt)
}

// UpdateAll is Update for every entry that matches. Data of another type than T
// are left alone. No entry is made.
func UpdateAll[T any](c *Client, filter Filter, f func(old T, ok bool) (T, bool)) error {
	return UpdateAllAt(c, filter, f, time.Time{})
}

// UpdateAllAt is UpdateAll for data that are current as of another time than
// now.
func UpdateAllAt[T any](c *Client, filter Filter, f func(old T, ok bool) (T, bool), updatedAt time.Time) error {
	if f == nil {
		return ErrNilCallback
	}
	for _, e := range c.match(filter) {
		if err := c.updateEntry(e, eraseUpdate(f), updatedAt); err != nil {
			return err
		}
	}
	return nil
}

func eraseUpdate[T any](f func(T, bool) (T, bool)) func(any, bool) (any, bool) {
	return func(old any, ok bool) (any, bool) {
		if !ok {
			var none T
			return box(f(none, false))
		}
		typed, isT := as[T](old)
		if !isT {
			return nil, false
		}
		return box(f(typed, true))
	}
}

func (c *Client) updateData(o *options, f func(any, bool) (any, bool), at time.Time) error {
	if err := o.key.Err(); err != nil {
		return err
	}
	c.resolve(o)
	c.unpack(o)
	e := c.index.find(o.key)
	if e == nil {
		// Nothing is made if f declines.
		declined := false
		if err := protect(func() error { _, ok := f(nil, false); declined = !ok; return nil }); err != nil || declined {
			return err
		}
	}
	s := c.seed(o)
	var err error
	c.update(func(tx *txn) {
		if err = tx.usable(o); err == nil {
			e = tx.build(o, s)
		}
	})
	if err != nil {
		return err
	}
	return c.updateEntry(e, f, at)
}

// updateEntry is a manual write.
func (c *Client) updateEntry(e *entry, f func(any, bool) (any, bool), at time.Time) error {
	next := func(st *state) (any, bool) { return f(st.base()) }
	return c.write(e, next, func(tx *txn, w written) bool {
		if tx.closed {
			return false
		}
		when := at
		if when.IsZero() {
			when = tx.sched.Now()
		}
		tx.dispatch(e, successAction{data: w.data, under: w.under, at: when, manual: true})
		e.revert = e.state.Load()
		return true
	})
}
