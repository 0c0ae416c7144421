package query

import (
	"slices"
	"time"
)

// outlook is how an observer looks at any state of its entry. A plain one calls
// no user code for that and remembers nothing from one state to the next, so that
// plain observers of one entry with the same outlook show the same result.
type outlook struct {
	plain   bool
	enabled Toggle
	stale   staleKind
	after   time.Duration
	poll    time.Duration
	hears   fieldSet // changes of which its subscribers are told
}

func outlookOf(o *options, sel *selector) outlook {
	p := &o.policy
	enabled, said := p.Enabled.(Toggle)
	l := outlook{hears: fieldsOf(p.NotifyOn)}
	if sel != nil || o.holder != nil || o.pager != nil ||
		p.Enabled != nil && !said || p.StaleTime.kind == staleFunc || p.RefetchInterval.kind == intervalFunc {
		return l
	}
	l.plain, l.enabled = true, enabled
	if o.skip {
		l.enabled = Off
	}
	l.stale, l.after, l.poll = p.StaleTime.kind, p.StaleTime.d, p.RefetchInterval.d
	return l
}

// bringUpToDate derives the results of the observers in lists, in order. It needs
// the mutex, and lets it go while user code runs.
func (c *Client) bringUpToDate(lists [][]*observer) {
	var last *derivation // of a plain observer, since the mutex was taken
	for _, list := range lists {
		for _, o := range list {
			switch {
			case o.deriving || !o.outlook.plain:
				c.unlock()
				o.derive()
				c.mu.Lock()
				last = nil
			case last == nil || !last.fits(o):
				last = o.derivePlain(last)
			default:
				o.show(last)
			}
		}
	}
}

// derivePlain derives the result of a plain observer right after last, if that is
// not nil.
func (o *observer) derivePlain(last *derivation) *derivation {
	var now time.Time
	if last != nil {
		now = last.now
	} else {
		now = o.c.sched.Now()
	}
	d := o.derivation(now, toShow)
	d.result()
	if last != nil {
		d.agree(last.o)
	} else {
		d.agree(o.e.neighbour(o))
	}
	o.show(d)
	return d
}

// fits reports whether a derivation for o would be made from the same as d.
func (d *derivation) fits(o *observer) bool {
	return o.e == d.e && o.outlook == d.o.outlook && o.seen == d.before && o.current.Load() == d.prev &&
		d.st == d.e.state.Load() && d.st.isAfter(o.since) == d.r.fetchedAfterMount
}

// agree takes over what the plain observer peer shows, if it is what d comes to,
// so that the two fit from now on.
func (d *derivation) agree(peer *observer) {
	if peer == nil || peer.e != d.e || !peer.outlook.plain {
		return
	}
	if r := peer.current.Load(); d.r != d.prev && d.r.changed(r) == 0 {
		d.r = r
	}
	if d.seen.equal(peer.seen) {
		d.seen = peer.seen
	}
}

// neighbour returns the latest observer of e except o, nil if there is none.
func (e *entry) neighbour(o *observer) *observer {
	for _, x := range slices.Backward(e.observers) {
		if x != o {
			return x
		}
	}
	return nil
}
