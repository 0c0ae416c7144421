package query

import (
	"errors"
	"reflect"
	"time"

	"github.com/freshet-go/freshet/querykey"
)

// Get returns the cached data of q, however old. It fetches nothing, takes no
// lock and allocates nothing. Of q only the key matters. Data of another type
// are not found.
func Get[T any](c *Client, q Query[T]) (T, bool) {
	return get[T](c, q.Key) // small enough to be inlined, so that q is not copied
}

func get[T any](c *Client, key querykey.Key) (T, bool) {
	e := c.index.find(key)
	if e == nil {
		var none T
		return none, false
	}
	return look[T](e)
}

// look returns the data of e, which it unpacks if need be.
func look[T any](e *entry) (T, bool) {
	st := e.state.Load()
	if !st.hasData {
		var none T
		return none, false
	}
	e.use()
	if base, _ := st.base(); isPacked(base) {
		e.client().unpack((&Query[T]{Key: e.key}).erase())
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
	return updateData(c, &q, func(any, bool) (any, bool, error) { return v, true, nil }, updatedAt)
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
	return updateData(c, &q, eraseUpdate(f), updatedAt)
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
	if err := c.accepts(filter); err != nil {
		return err
	}
	for _, e := range c.match(filter) {
		if c.claims(e, typeOf[T]()) != nil {
			continue
		}
		err := c.updateEntry(e, eraseUpdate(f), updatedAt)
		if err != nil && !errors.Is(err, ErrTypeMismatch) && !errors.Is(err, errMoved) {
			return err
		}
	}
	return nil
}

// updater makes new data of old; false leaves them alone.
type updater func(old any, ok bool) (any, bool, error)

func eraseUpdate[T any](f func(T, bool) (T, bool)) updater {
	return func(old any, ok bool) (any, bool, error) {
		var typed T
		if ok {
			var fits bool
			if typed, fits = decoded[T](old); !fits {
				return nil, false, &TypeError{Have: reflect.TypeOf(old), Want: reflect.TypeFor[T]()}
			}
		}
		v, write := f(typed, ok)
		return v, write, nil
	}
}

func updateData[T any](c *Client, q *Query[T], f updater, at time.Time) error {
	if err := q.Key.Err(); err != nil {
		return err
	}
	if c.over.Load() {
		return ErrClosed
	}
	for {
		var err error
		if e := c.index.find(q.Key); e != nil {
			if base, _ := e.state.Load().base(); isPacked(base) {
				c.unpack(q.erase())
			}
			if err = c.claims(e, typeOf[T]()); err == nil {
				err = c.updateEntry(e, f, at)
			}
		} else {
			err = c.insert(optionsOf(c, q, false), f, at)
		}
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

// insert is a manual write under a key that is not in use. Nothing is made if f
// declines.
func (c *Client) insert(o *options, f updater, at time.Time) error {
	s := c.seed(o)
	var data any
	write := false
	err := protect(func() (err error) {
		data, write, err = f(s.data, s.ok)
		return err
	})
	if err != nil || !write {
		return err
	}
	c.update(func(tx *txn) {
		if tx.index.find(o.key) != nil {
			err = errMoved
			return
		}
		if err = tx.usable(o); err != nil {
			return
		}
		e := tx.build(o, s)
		if tx.governor.applying.Load() > 0 {
			e.tally().pushed.Add(1)
		}
		tx.writeByHand(e, written{data: data, hasData: true}, at)
	})
	return err
}

// updateEntry is a manual write.
func (c *Client) updateEntry(e *entry, f updater, at time.Time) error {
	c.overtaken(e)
	next := func(st *state) (any, bool, error) { return f(st.base()) }
	err := c.write(e, next, func(tx *txn, w written) { tx.writeByHand(e, w, at) })
	if err == nil {
		return nil
	}
	var mismatch *TypeError
	if errors.As(err, &mismatch) {
		mismatch.Key = e.key
	}
	return err
}

// writeByHand stores data as of the time at, now if that is zero.
func (tx *txn) writeByHand(e *entry, w written, at time.Time) {
	if at.IsZero() {
		at = tx.now()
	}
	doubtful := tx.doubtful(e)
	tx.succeed(e, successAction{data: w.data, under: w.under, hidden: !w.hasData, at: at, manual: true})
	if doubtful {
		tx.dispatch(e, invalidateAction{})
	}
	e.keep()
}
