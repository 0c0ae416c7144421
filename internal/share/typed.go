package share

import (
	"bytes"
	"reflect"
)

func (c compiler) structPlan(t reflect.Type) plan {
	if holdsLock(t) {
		return wholePlan()
	}
	fields := make([]*plan, t.NumField())
	plain := true
	for i := range fields {
		f := t.Field(i)
		if !f.IsExported() {
			return wholePlan()
		}
		fields[i] = c.plan(f.Type)
		plain = plain && fields[i].plain
	}
	share := func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		var out reflect.Value // made when the first difference shows
		for i, f := range fields {
			v, equal := f.share(w, old.Field(i), next.Field(i))
			if !equal && plain {
				return next, false
			}
			if !equal && !out.IsValid() {
				out = copyOf(next)
				for k, f := range fields[:i] {
					if !f.plain {
						out.Field(k).Set(old.Field(k))
					}
				}
			}
			if out.IsValid() && !f.plain {
				out.Field(i).Set(v)
			}
		}
		if !out.IsValid() {
			return old, true
		}
		return out, false
	}
	return plan{share: share, plain: plain}
}

func (c compiler) arrayPlan(t reflect.Type) plan {
	if holdsLock(t) {
		return wholePlan()
	}
	elem := c.plan(t.Elem())
	return plan{share: shareElements(elem, copyOf), plain: elem.plain}
}

func (c compiler) slicePlan(t reflect.Type) plan {
	if holdsLock(t.Elem()) {
		return wholePlan()
	}
	elem := c.plan(t.Elem())
	elements := shareElements(elem, func(v reflect.Value) reflect.Value {
		out := reflect.MakeSlice(t, v.Len(), v.Len())
		reflect.Copy(out, v)
		return out
	})
	if t.Elem().Kind() == reflect.Uint8 && elem.plain {
		elements = shareBytes
	}
	return plan{share: shareReference(elements)}
}

// shareBytes is shareElements for slices of bytes.
func shareBytes(_ *walk, old, next reflect.Value) (reflect.Value, bool) {
	return choose(old, next, bytes.Equal(old.Bytes(), next.Bytes()))
}

// shareElements shares arrays and slices by index.
func shareElements(elem *plan, copyOf func(reflect.Value) reflect.Value) sharer {
	return func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		var out reflect.Value // made when the first difference shows
		if old.Len() != next.Len() {
			if elem.plain {
				return next, false
			}
			out = copyOf(next)
		}
		for i := range min(old.Len(), next.Len()) {
			v, equal := elem.share(w, old.Index(i), next.Index(i))
			if !equal && elem.plain {
				return next, false
			}
			if !equal && !out.IsValid() {
				out = copyOf(next)
				for k := range i {
					out.Index(k).Set(old.Index(k))
				}
			}
			if out.IsValid() {
				out.Index(i).Set(v)
			}
		}
		if !out.IsValid() {
			return old, true
		}
		return out, false
	}
}

// copyOf makes an addressable, shallow copy.
func copyOf(v reflect.Value) reflect.Value { return copyAs(v.Type(), v) }

func copyAs(t reflect.Type, v reflect.Value) reflect.Value {
	out := reflect.New(t).Elem()
	out.Set(v)
	return out
}

func (c compiler) mapPlan(t reflect.Type) plan {
	if holdsLock(t.Elem()) {
		return wholePlan()
	}
	elem := c.plan(t.Elem())
	type member struct{ key, value reflect.Value }
	members := func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		// As in object: no order, so what a copy has to carry is noted first.
		var carried []member
		equal := old.Len() == next.Len()
		for key, n := range next.Seq2() {
			o := old.MapIndex(key)
			if !o.IsValid() {
				equal = false
				continue
			}
			v, same := elem.share(w, o, n)
			equal = equal && same
			if !elem.plain {
				carried = append(carried, member{key, v})
			}
		}
		if equal {
			return old, true
		}
		if elem.plain {
			return next, false
		}
		out := reflect.MakeMapWithSize(t, next.Len())
		for key, n := range next.Seq2() {
			out.SetMapIndex(key, n)
		}
		for _, m := range carried {
			out.SetMapIndex(m.key, m.value)
		}
		return out, false
	}
	return plan{share: shareReference(members)}
}

func (c compiler) pointerPlan(t reflect.Type) plan {
	elem := c.plan(t.Elem())
	target := func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		v, equal := elem.share(w, old.Elem(), next.Elem())
		if equal {
			return old, true
		}
		// Only next's own target and a copy just made of it have an address.
		if !v.CanAddr() {
			v = copyAs(t.Elem(), v)
		}
		if v.Addr().Pointer() == next.Pointer() {
			return next, false
		}
		return v.Addr().Convert(t), false
	}
	return plan{share: shareReference(target)}
}

// shareReference settles nil and identical references and has f share the rest.
func shareReference(f sharer) sharer {
	return func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		if old.IsNil() || next.IsNil() {
			return choose(old, next, old.IsNil() && next.IsNil())
		}
		if sameValue(old, next) {
			return old, true
		}
		return w.follow(f, old, next)
	}
}
