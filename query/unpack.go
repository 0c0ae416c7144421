package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// packed is a value that is still encoded: it came with a snapshot and nobody
// has said yet of which type it is.
type packed struct {
	text json.RawMessage
	once sync.Once
	any  any

	// Those of encoding/json, which programs without snapshots need not link.
	decode func(text []byte, v any) error
	encode func(v any) ([]byte, error)
}

func pack(text json.RawMessage) *packed {
	return &packed{text: text, decode: json.Unmarshal, encode: json.Marshal}
}

func isPacked(v any) bool {
	_, ok := v.(*packed)
	return ok
}

// tree decodes the value without knowing its type.
func (p *packed) tree() any {
	p.once.Do(func() { _ = p.decode(p.text, &p.any) }) // Hydrate has checked it
	return p.any
}

// unpack decodes the data of the entry that o is about to use. Nobody hears of
// it unless the data do not fit and are dropped: they are what they were.
func (c *Client) unpack(o *options) {
	e := c.index.find(o.key)
	if e == nil || o.unpack == nil {
		return
	}
	st := e.state.Load()
	base, _ := st.base()
	p, ok := base.(*packed)
	if !ok || c.claims(e, o.typ) != nil {
		return
	}
	next := *st
	r := *st.rare
	r.under = nil
	next = next.with(r)
	err := protect(func() (err error) { next.data, err = o.unpack(p); return err })
	if err != nil {
		c.report("hydrated data do not fit "+o.key.String(), err)
		next = blank
		next.fetchStatus = st.fetchStatus
	}
	c.update(func(tx *txn) {
		if e.state.Load() != st {
			return
		}
		if err != nil {
			tx.restore(e, next)
			return
		}
		tx.weigh(e, st, &next)
		e.state.Store(&next)
		e.unpackRevert(p, next.data)
		tx.touch(e) // for observers of any
		if len(e.patches()) > 0 {
			tx.later(func() { c.repatch(e, nil) })
		}
	})
}

// unpackRevert decodes p where a cancellation would bring it back.
func (e *entry) unpackRevert(p *packed, data any) {
	if f := e.flight.Load(); f != nil && f.revert.data == p {
		back := *f.revert
		r := *back.rare
		r.under = nil
		back.data = data
		back = back.with(r)
		f.revert = &back
	}
}

// unpackAs decodes p as a T. A null is a T only if some T is encoded as null:
// nobody has meant the 0 that encoding/json makes of it.
func unpackAs[T any](p *packed) (v T, err error) {
	if err = p.decode(p.text, &v); err != nil {
		return v, err
	}
	if string(bytes.TrimSpace(p.text)) != "null" || reflect.TypeFor[T]().Size() == 0 {
		return v, nil
	}
	if again, err := p.encode(v); err != nil || string(again) != "null" {
		return v, fmt.Errorf("null is no %v", reflect.TypeFor[T]())
	}
	return v, nil
}

// decoded is as for data that may still be packed.
func decoded[T any](v any) (T, bool) {
	if t, ok := as[T](v); ok {
		return t, true
	}
	p, ok := v.(*packed)
	if !ok {
		var none T
		return none, false
	}
	t, err := unpackAs[T](p)
	return t, err == nil
}

// unpackerOf decodes packed data as T. An interface does not say how: data stay
// packed for a type that does, and are shown as a tree.
func unpackerOf[T any]() func(*packed) (any, error) {
	if typeOf[T]() == nil {
		return nil
	}
	return func(p *packed) (any, error) { return unpackAs[T](p) }
}
