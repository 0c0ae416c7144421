package share

import (
	"reflect"
	"sync"
	"time"
)

// sharer shares two values of the type it was made for. It returns old and true
// if they are equal, next itself if nothing of old is kept, or else a new value.
type sharer func(w *walk, old, next reflect.Value) (out reflect.Value, equal bool)

// plan is how the values of one type are shared: most of them are found equal by
// its steps, and where they are not, share builds the result.
type plan struct {
	share sharer
	plain bool // equal values are interchangeable: nothing in them has an identity
	whole bool // share does no more than compare
	steps []step
	size  uintptr // from one element of a slice to the next
}

// plans caches the compiled plan of every reflect.Type met so far.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := cached(t); ok {
		return p
	}
	c := compiler{}
	p := c.plan(t)
	// Only finished plans are published; compiling one twice does no harm.
	for t, p := range c {
		plans.Store(t, p)
	}
	return p
}

func cached(t reflect.Type) (*plan, bool) {
	v, _ := plans.Load(t)
	p, ok := v.(*plan)
	return p, ok
}

// compiler holds the plans under way, so that a recursive type finds itself.
type compiler map[reflect.Type]*plan

func (c compiler) plan(t reflect.Type) *plan {
	if p, ok := c[t]; ok {
		return p
	}
	if p, ok := cached(t); ok {
		return p
	}
	p := &plan{}
	c[t] = p
	*p = c.compile(t)
	p.steps, p.size = c.steps(nil, t, 0), t.Size()
	return p
}

func (c compiler) compile(t reflect.Type) plan {
	if t == reflect.TypeFor[time.Time]() {
		return plan{share: shareTime, whole: true}
	}
	if equal, ok := equalMethod(t); ok {
		return plan{share: compared(equalBy(equal)), whole: true}
	}
	if opaque(t) {
		return plan{share: compared(equalWhole), whole: true}
	}
	switch t.Kind() {
	case reflect.Struct:
		return c.structPlan(t)
	case reflect.Array:
		return c.arrayPlan(t)
	case reflect.Slice:
		return c.slicePlan(t)
	case reflect.Map:
		return c.mapPlan(t)
	case reflect.Pointer:
		return c.pointerPlan(t)
	case reflect.Interface:
		return plan{share: shareInterface}
	case reflect.Func:
		return plan{share: compared(equalFuncs), plain: true, whole: true}
	case reflect.String:
		return plan{share: shareString, plain: true, whole: true}
	default:
		return plan{share: shareScalar, plain: true, whole: true}
	}
}

func shareScalar(_ *walk, old, next reflect.Value) (reflect.Value, bool) {
	return choose(old, next, old.Equal(next))
}

func shareString(_ *walk, old, next reflect.Value) (reflect.Value, bool) {
	return choose(old, next, old.String() == next.String())
}

func shareInterface(w *walk, old, next reflect.Value) (reflect.Value, bool) {
	if old.IsNil() || next.IsNil() {
		return choose(old, next, old.IsNil() && next.IsNil())
	}
	out, equal := w.value(old.Interface(), next.Interface())
	if equal {
		return old, true
	}
	return reflect.ValueOf(out), false
}

// choose returns one of two values that are kept as a whole.
func choose(old, next reflect.Value, equal bool) (reflect.Value, bool) {
	if equal {
		return old, true
	}
	return next, false
}
