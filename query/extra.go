package query

import (
	"reflect"
	"sync/atomic"
)

// extra is what an entry has only while there is something special about it. Most
// have none. All but cover belongs to the client's mutex.
type extra struct {
	observers []*observer // copied on write
	patches   []*patch    // copied on write; see optimistic.go

	defaults []Defaults   // for its key when it was made; the latest first
	initial  *state       // what a reset goes back to, nil if that is blank
	pager    *pager       // the last one given: an entry stays infinite
	typ      reflect.Type // the first that was claimed, if the options name another or none
	gcTime   GCTime       // the longest that was asked for, unless inherited from the options
	cost     int64        // see limit.go; up to 1 if it is not known

	remembered *remembered // of the fetch that got the data; see remember.go

	cover atomic.Pointer[coverage] // by push, nil if there is none; see governor.go
}

// own returns what is special about e, for a change.
func (e *entry) own() *extra {
	x := e.extra.Load()
	if x == nil {
		x = new(extra)
		e.extra.Store(x)
	}
	return x
}

// tidy drops what is not special about e any more.
func (e *entry) tidy() {
	x := e.extra.Load()
	if x != nil && len(x.observers) == 0 && len(x.patches) == 0 && len(x.defaults) == 0 &&
		x.initial == nil && x.pager == nil && x.typ == nil && x.gcTime.kind == gcInherit && x.remembered == nil && x.cost <= 1 && x.cover.Load() == nil {
		e.extra.Store(nil)
	}
}

func (e *entry) observers() []*observer {
	if x := e.extra.Load(); x != nil {
		return x.observers
	}
	return nil
}

func (e *entry) patches() []*patch {
	if x := e.extra.Load(); x != nil {
		return x.patches
	}
	return nil
}

func (e *entry) setPatches(list []*patch) {
	e.own().patches = list
	e.tidy()
}

func (e *entry) defaults() []Defaults {
	if x := e.extra.Load(); x != nil {
		return x.defaults
	}
	return nil
}

// initial returns what a reset goes back to.
func (e *entry) initial() *state {
	if x := e.extra.Load(); x != nil && x.initial != nil {
		return x.initial
	}
	return &blank
}

func (e *entry) setInitial(s *state) {
	if s != &blank {
		e.own().initial = s
	}
}

func (e *entry) pager() *pager {
	if x := e.extra.Load(); x != nil {
		return x.pager
	}
	return nil
}

// typ returns the type of the data, nil as long as nobody has claimed it.
func (e *entry) typ() reflect.Type {
	if x := e.extra.Load(); x != nil && x.typ != nil {
		return x.typ
	}
	return e.opts.Load().typ
}

// gcTime returns how long the entry stays when nobody needs it.
func (e *entry) gcTime() GCTime {
	if x := e.extra.Load(); x != nil && x.gcTime.kind != gcInherit {
		return x.gcTime
	}
	return e.opts.Load().policy.GCTime.orDefault()
}

// cover returns what covers the entry, nil if nothing does. It takes no lock.
func (e *entry) cover() *coverage {
	if x := e.extra.Load(); x != nil {
		return x.cover.Load()
	}
	return nil
}

func (e *entry) setCover(cv *coverage) {
	e.own().cover.Store(cv)
	e.tidy()
}

// remembered returns what the fetch function wants to know again of the data, nil if
// there is nothing.
func (e *entry) remembered() *remembered {
	if x := e.extra.Load(); x != nil {
		return x.remembered
	}
	return nil
}

// cost is what e was found to cost, 1 until then.
func (e *entry) cost() int64 {
	if x := e.extra.Load(); x != nil {
		return max(x.cost, 1)
	}
	return 1
}

func (e *entry) setCost(cost int64) {
	e.own().cost = cost
	e.tidy()
}

// take makes m the entry's options. What was claimed stays so, and the longest gc
// time counts.
func (e *entry) take(m *method) {
	typ, gc := e.typ(), e.gcTime()
	e.opts.Store(m)
	if typ != nil && typ != m.typ {
		e.own().typ = typ
	}
	own := m.policy.GCTime.orDefault()
	if gc = gc.longer(own); gc != own {
		e.own().gcTime = gc
	} else if x := e.extra.Load(); x != nil {
		x.gcTime = GCTime{}
	}
	if m.pager != nil {
		e.own().pager = m.pager
	}
}
