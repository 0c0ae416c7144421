package share

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"time"
	"unsafe"
)

// This file alone reads values by their address. What it may rely on: plans are
// made of reflect's offsets and sizes, an address is only ever used with the plan
// of the type that lies there, and nothing is written.

// operation is how one part of a value is compared.
type operation uint8

const (
	compareMemory  operation = iota // a run of bytes that are equal if their bits are
	compareStrings                  // a run of strings
	compareFloat32
	compareFloat64
	compareTime
	comparePointer // to elem
	compareSlice   // of elem
	compareArray   // of count times elem
	compareByCall
)

// step compares the part of a value that lies at an offset.
type step struct {
	op     operation
	offset uintptr
	size   uintptr // of a run, in bytes
	count  int
	elem   *plan
	call   func(w *walk, a, b unsafe.Pointer) bool
}

// equal reports whether the values at a and b, of the type of the plan, are equal.
// A negative answer can also mean that the walk leads too far to tell.
func (p *plan) equal(w *walk, a, b unsafe.Pointer) bool {
	for i := range p.steps {
		s := &p.steps[i]
		a, b := unsafe.Add(a, s.offset), unsafe.Add(b, s.offset)
		var equal bool
		// Only the usual cases: one more makes a jump table of the switch, and that
		// takes longer than most comparisons.
		switch s.op {
		case compareMemory:
			equal = equalMemory(a, b, s.size)
		case compareStrings:
			equal = equalStrings(a, b, s.size)
		case comparePointer:
			equal = s.equalTargets(w, *(*unsafe.Pointer)(a), *(*unsafe.Pointer)(b))
		case compareSlice:
			// Only the headers are read, and those do not depend on the type.
			equal = s.equalSlices(w, *(*[]byte)(a), *(*[]byte)(b))
		default:
			equal = s.equalOther(w, a, b)
		}
		if !equal {
			return false
		}
	}
	return true
}

func (s *step) equalOther(w *walk, a, b unsafe.Pointer) bool {
	switch s.op {
	case compareFloat32:
		return *(*float32)(a) == *(*float32)(b)
	case compareFloat64:
		return *(*float64)(a) == *(*float64)(b)
	case compareTime:
		return (*time.Time)(a).Equal(*(*time.Time)(b))
	case compareArray:
		return s.elem.equalRun(w, a, b, 0, s.count) == s.count
	default:
		return s.call(w, a, b)
	}
}

func (s *step) equalTargets(w *walk, a, b unsafe.Pointer) bool {
	if a == b {
		return true
	}
	if a == nil || b == nil || !w.glance() {
		return false
	}
	equal := s.elem.equal(w, a, b)
	w.ascend()
	return equal
}

func (s *step) equalSlices(w *walk, a, b []byte) bool {
	n := len(a)
	if n != len(b) || (a == nil) != (b == nil) {
		return false
	}
	x, y := unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b))
	if n == 0 || x == y {
		return true
	}
	if !w.glance() {
		return false
	}
	equal := s.elem.equalRun(w, x, y, 0, n) == n
	w.ascend()
	return equal
}

// equalRun returns the index of the first of the elements from start to end that
// is not known to be equal, or else end.
func (p *plan) equalRun(w *walk, a, b unsafe.Pointer, start, end int) int {
	if isRun(p.steps, p.size) {
		at, size := p.size*uintptr(start), p.size*uintptr(end-start)
		if p.steps[0].equalRun(unsafe.Add(a, at), unsafe.Add(b, at), size) {
			return end
		}
	}
	for i := start; i < end; i++ {
		at := p.size * uintptr(i)
		if !p.equal(w, unsafe.Add(a, at), unsafe.Add(b, at)) {
			return i
		}
	}
	return end
}

// equalElements is equalRun for two slices or arrays of the type of the plan. It
// knows nothing about arrays that have no address.
func (p *plan) equalElements(w *walk, old, next reflect.Value, start, end int) int {
	if w.wary() {
		return start
	}
	if old.Kind() == reflect.Slice {
		return p.equalRun(w, old.UnsafePointer(), next.UnsafePointer(), start, end)
	}
	if old.CanAddr() && next.CanAddr() {
		return p.equalRun(w, old.Addr().UnsafePointer(), next.Addr().UnsafePointer(), start, end)
	}
	return start
}

// equalAt reports whether what two pointers to the type of the plan point to is
// known to be equal.
func (p *plan) equalAt(w *walk, old, next reflect.Value) bool {
	return !w.wary() && p.equal(w, old.UnsafePointer(), next.UnsafePointer())
}

func (s *step) equalRun(a, b unsafe.Pointer, size uintptr) bool {
	if s.op == compareStrings {
		return equalStrings(a, b, size)
	}
	return equalMemory(a, b, size)
}

func equalMemory(a, b unsafe.Pointer, size uintptr) bool {
	x, y := unsafe.Slice((*byte)(a), size), unsafe.Slice((*byte)(b), size)
	if 8 <= size && size <= 16 {
		// The first and the last eight bytes, which may overlap, without a call.
		order, last := binary.NativeEndian, size-8
		return order.Uint64(x) == order.Uint64(y) && order.Uint64(x[last:]) == order.Uint64(y[last:])
	}
	return bytes.Equal(x, y)
}

func equalStrings(a, b unsafe.Pointer, size uintptr) bool {
	n := size / unsafe.Sizeof("")
	others := unsafe.Slice((*string)(b), n)
	for i, s := range unsafe.Slice((*string)(a), n) {
		if s != others[i] {
			return false
		}
	}
	return true
}

// sameList reports whether two lists are one, as they lie in one place.
func sameList(a, b []any) bool {
	return len(a) == len(b) && (a == nil) == (b == nil) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// byReflection makes a step that compares two values of type t as reflect sees them.
func byReflection(t reflect.Type, offset uintptr, equal func(w *walk, a, b reflect.Value) bool) step {
	call := func(w *walk, a, b unsafe.Pointer) bool {
		return equal(w, reflect.NewAt(t, a).Elem(), reflect.NewAt(t, b).Elem())
	}
	return step{op: compareByCall, offset: offset, call: call}
}
