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
		s.op, s.elem, s.count = compareArray, c.plan(t.Elem()), t.Len()
	case reflect.Slice:
		s.op, s.elem = compareSlice, c.plan(t.Elem())
	case reflect.Pointer:
		s.op, s.elem = comparePointer, c.plan(t.Elem())
	case reflect.String:
		s.op = compareString
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
		return appendMemory(into, offset, t.Size())
	}
	return append(into, s)
}

// appendMemory lengthens the last step where that is possible.
func appendMemory(into []step, offset, size uintptr) []step {
	if n := len(into); n > 0 {
		last := &into[n-1]
		if last.op == compareMemory && last.offset+last.size == offset {
			last.size += size
			return into
		}
	}
	return append(into, step{op: compareMemory, offset: offset, size: size})
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
