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

// bringUpToDate derives the results of the observers that the change touched, in
// order. It needs the mutex, and lets it go while user code runs.
func (tx *txn) bringUpToDate() {
	var last derivation // of a plain observer, since the mutex was taken
	for _, list := range tx.dirty {
		for _, o := range list {
			switch {
			case o.deriving || !o.outlook.plain:
				tx.unlock()
				o.derive()
				tx.mu.Lock()
				last, tx.at = derivation{}, time.Time{}
			case last.fits(o):
				o.show(&last)
			default:
				peer := last.o
				if peer == nil {
					peer = o.e.neighbour(o)
				}
				last = o.derivation(tx.now(), toShow)
				last.result()
				last.agree(peer)
				o.show(&last)
			}
		}
	}
}

// fits reports whether a derivation for o would be made from the same as d.
func (d *derivation) fits(o *observer) bool {
	return o.e == d.e && o.outlook == d.outlook && o.seen == d.before && o.current.Load() == d.prev &&
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
	if d.seen.memory == nil && *d.seen == *peer.seen {
		d.seen = peer.seen
	}
}

// neighbour returns the latest observer of e except o, nil if there is none.
func (e *entry) neighbour(o *observer) *observer {
	for _, x := range slices.Backward(e.observers()) {
		if x != o {
			return x
		}
	}
	return nil
}
