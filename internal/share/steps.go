package share

import (
	"reflect"
	"time"
)

// steps appends how a value of type t at the given offset is compared. It takes
// structs apart itself, as the plan of a part may still be under way.
func (c compiler) steps(into []step, t reflect.Type, offset uintptr) []step {
	s := step{offset: offset}
	if t == reflect.TypeFor[time.Time]() {
		s.op = compareTime
		return append(into, s)
	}
	if equal, ok := equalMethod(t); ok {
		return append(into, byReflection(t, offset, equalBy(equal)))
	}
	if opaque(t) {
		return append(into, byReflection(t, offset, equalWhole))
	}
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			into = c.steps(into, f.Type, offset+f.Offset)
		}
		return into
	case reflect.Complex64, reflect.Complex128:
		part := reflect.TypeFor[float64]()
		if t.Kind() == reflect.Complex64 {
			part = reflect.TypeFor[float32]()
		}
		return c.steps(c.steps(into, part, offset), part, offset+part.Size())
	case reflect.Array:
		if first := c.steps(nil, t.Elem(), offset); isRun(first, t.Elem().Size()) && t.Len() > 0 {
			first[0].size = t.Size()
			return appendRun(into, first[0])
		}
		s.op, s.elem, s.count = compareArray, c.plan(t.Elem()), t.Len()
	case reflect.Slice:
		s.op, s.elem = compareSlice, c.plan(t.Elem())
	case reflect.Pointer:
		s.op, s.elem = comparePointer, c.plan(t.Elem())
	case reflect.String:
		return appendRun(into, step{op: compareStrings, offset: offset, size: t.Size()})
	case reflect.Float32:
		s.op = compareFloat32
	case reflect.Float64:
		s.op = compareFloat64
	case reflect.Map:
		s = byReflection(t, offset, equalMaps(c.plan(t.Elem())))
	case reflect.Interface:
		s = byReflection(t, offset, equalInterfaces)
	case reflect.Func:
		s = byReflection(t, offset, equalFuncs)
	default:
		return appendRun(into, step{op: compareMemory, offset: offset, size: t.Size()})
	}
	return append(into, s)
}

// appendRun lengthens the last step where that is possible.
func appendRun(into []step, s step) []step {
	if n := len(into); n > 0 {
		last := &into[n-1]
		if last.op == s.op && last.offset+last.size == s.offset {
			last.size += s.size
			return into
		}
	}
	return append(into, s)
}

// isRun reports whether values of the given size are compared in one step that
// leaves out nothing, so that values in a row are, too.
func isRun(steps []step, size uintptr) bool {
	return len(steps) == 1 && steps[0].size == size && size > 0
}

// opaque reports whether values of type t are kept whole: nobody but their own
// package may take apart a struct with unexported fields, and nobody may copy
// a lock.
func opaque(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		for f := range t.Fields() {
			if !f.IsExported() {
				return true
			}
		}
		return holdsLock(t)
	case reflect.Array:
		return holdsLock(t)
	case reflect.Slice, reflect.Map:
		return holdsLock(t.Elem())
	default:
		return false
	}
}
