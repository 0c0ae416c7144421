package query

import "github.com/freshet-go/freshet/internal/share"

// selector is compared by address.
type selector struct {
	f func(any) (any, error)
}

// memo is the last run of a select function.
type memo struct {
	sel    *selector
	out    any
	hasOut bool
	err    error
}

// placehold puts placeholder data into r if there are no others, and reports
// whether they went through select already.
func (d *derivation) placehold(r *result, before *seen) (selected bool) {
	if d.opts.holder == nil || r.hasData || r.status != isPending {
		return false
	}
	if d.prev != nil && d.prev.placeholder && before.holder().same(d.opts.holder) {
		r.data, r.hasData, selected = d.prev.data, d.prev.hasData, true
	} else {
		var previous any
		ok := false
		if before.withData != nil {
			last := before.withData.state.Load()
			previous, ok = last.data, last.hasData
		}
		err := protect(func() error {
			r.data, r.hasData = d.opts.holder.value(previous, ok)
			return nil
		})
		if err != nil {
			d.o.c.report("PlaceholderData", err)
			r.data, r.hasData = nil, false
		}
		if r.hasData && d.prev != nil {
			r.data = d.shared(r.data)
		}
	}
	if r.hasData {
		r.status, r.placeholder = isSuccess, true
	}
	return selected
}

// selectData runs the select function, unless its input is the one it ran on
// last.
func (d *derivation) selectData(r *result, before *seen) {
	m := &d.seen.memory.memo
	if d.sel == nil || !r.hasData {
		if !r.hasData || !d.o.c.quirks.StickySelectErrors {
			m.err = nil
		}
		return
	}
	if d.prev != nil && m.sel == d.sel && before.st != nil && before.st.hasData && share.Same(open(r.data), open(before.st.data)) {
		r.data, r.hasData = m.out, m.hasOut
		return
	}
	m.sel = d.sel
	m.err = protect(func() error {
		out, err := d.sel.f(r.data)
		if err != nil {
			return err
		}
		m.out, m.hasOut = d.shared(out), true
		r.data = m.out
		return nil
	})
}

// showSelectError lets r show the failure of select beside its last good data.
func (d *derivation) showSelectError(r *result) {
	m, x := &d.seen.memory.memo, *r.rare
	x.err, x.errorUpdatedAt = m.err, d.now
	if d.prev != nil && share.Same(d.prev.err, m.err) {
		x.errorUpdatedAt = d.prev.errorUpdatedAt
	}
	own := r.with(x)
	own.data, own.hasData, own.status = m.out, m.hasOut, isError
	r.state, r.placeholder = &own, false
}

// shared keeps of next what the previous result showed already.
func (d *derivation) shared(next any) any {
	if d.prev == nil {
		return next
	}
	if err := protect(func() error {
		next = d.opts.shared(d.prev.data, d.prev.hasData, next)
		return nil
	}); err != nil {
		d.o.c.report("Share", err)
	}
	return next
}
