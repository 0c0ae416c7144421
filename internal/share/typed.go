package share

import "reflect"

func (c compiler) structPlan(t reflect.Type) plan {
	fields := make([]*plan, t.NumField())
	plain := true
	for i := range fields {
		fields[i] = c.plan(t.Field(i).Type)
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
	elem := c.plan(t.Elem())
	merge := func(old, _ reflect.Value) reflect.Value { return copyOf(old) }
	return plan{share: shareElements(elem, merge), plain: elem.plain}
}

func (c compiler) slicePlan(t reflect.Type) plan {
	elem := c.plan(t.Elem())
	elements := shareElements(elem, func(old, next reflect.Value) reflect.Value {
		out := reflect.MakeSlice(t, next.Len(), next.Len())
		reflect.Copy(out, next)
		reflect.Copy(out, old)
		return out
	})
	return plan{share: shareReference(elements)}
}

// shareElements shares arrays and slices by index. What merge returns is as long
// as next and has the elements of old, as far as there are any.
func shareElements(elem *plan, merge func(old, next reflect.Value) reflect.Value) sharer {
	return func(w *walk, old, next reflect.Value) (reflect.Value, bool) {
		var out reflect.Value // made when the first difference shows
		both := min(old.Len(), next.Len())
		if old.Len() != next.Len() {
			if elem.plain {
				return next, false
			}
			out = merge(old, next)
		}
		for i := elem.equalElements(w, old, next, 0, both); i < both; i = elem.equalElements(w, old, next, i+1, both) {
			v, equal := elem.share(w, old.Index(i), next.Index(i))
			if equal {
				continue
			}
			if elem.plain {
				return next, false
			}
			if !out.IsValid() {
				out = merge(old, next)
			}
			out.Index(i).Set(v)
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
		if elem.equalAt(w, old, next) {
			return old, true
		}
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
