package query

import "reflect"

// extra is what an entry has only while there is something special about it. Most
// have none. It belongs to the client's mutex.
type extra struct {
	observers []*observer // copied on write
	patches   []*patch    // copied on write; see optimistic.go

	defaults []Defaults   // for its key when it was made; the latest first
	initial  *state       // what a reset goes back to, nil if that is blank
	pager    *pager       // the last one given: an entry stays infinite
	typ      reflect.Type // the first that was claimed, if the options name another or none
	gcTime   GCTime       // the longest that was asked for, unless inherited from the options
}

// own returns what is special about e, for a change.
func (e *entry) own() *extra {
	if e.extra == nil {
		e.extra = new(extra)
	}
	return e.extra
}

// tidy drops what is not special about e any more.
func (e *entry) tidy() {
	x := e.extra
	if x != nil && len(x.observers) == 0 && len(x.patches) == 0 && len(x.defaults) == 0 &&
		x.initial == nil && x.pager == nil && x.typ == nil && x.gcTime.kind == gcInherit {
		e.extra = nil
	}
}

func (e *entry) observers() []*observer {
	if e.extra == nil {
		return nil
	}
	return e.extra.observers
}

func (e *entry) patches() []*patch {
	if e.extra == nil {
		return nil
	}
	return e.extra.patches
}

func (e *entry) setPatches(list []*patch) {
	e.own().patches = list
	e.tidy()
}

func (e *entry) defaults() []Defaults {
	if e.extra == nil {
		return nil
	}
	return e.extra.defaults
}

// initial returns what a reset goes back to.
func (e *entry) initial() *state {
	if e.extra == nil || e.extra.initial == nil {
		return &blank
	}
	return e.extra.initial
}

func (e *entry) setInitial(s *state) {
	if s != &blank {
		e.own().initial = s
	}
}

func (e *entry) pager() *pager {
	if e.extra == nil {
		return nil
	}
	return e.extra.pager
}

// typ returns the type of the data, nil as long as nobody has claimed it.
func (e *entry) typ() reflect.Type {
	if e.extra != nil && e.extra.typ != nil {
		return e.extra.typ
	}
	return e.opts.Load().typ
}

// gcTime returns how long the entry stays when nobody needs it.
func (e *entry) gcTime() GCTime {
	if e.extra != nil && e.extra.gcTime.kind != gcInherit {
		return e.extra.gcTime
	}
	return e.opts.Load().policy.GCTime.orDefault()
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
	} else if e.extra != nil {
		e.extra.gcTime = GCTime{}
	}
	if m.pager != nil {
		e.own().pager = m.pager
	}
}
