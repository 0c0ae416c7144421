package query

import "sync"

// landing is where fetches wait that have got their data, while the data of others
// are being stored. Who comes first stores for all who come meanwhile: so a hundred
// polls that end together take the client's mutex once, and no goroutine waits.
// Only those land here for which no user code is called; the others do so alone, and
// so do those which a caller runs, who is not to work for others.
type landing struct {
	mu       sync.Mutex // guards what follows
	arrivals []arrival
	spare    []arrival // empty
	busy     bool      // somebody stores
}

// arrival is a flight with its data, as they are to be stored if the entry is still
// in state st.
type arrival struct {
	f    *flight
	data any
	st   *state
	done bool
}

// maxLanded is how many flights land at most before others may use the cache.
const maxLanded = 128

// landWithOthers stores data as the outcome of f, now or shortly, and reports
// whether it does.
func (c *Client) landWithOthers(f *flight, data any) bool {
	st, o := f.e.state.Load(), f.e.opts.Load()
	if !c.sched.System() || f.byCaller || o.share != nil || st.under != nil || c.onFetch.listens() {
		return false
	}
	a := arrival{f: f, st: st}
	if err := protect(func() error { a.data = o.shared(st.data, st.hasData, data); return nil }); err != nil {
		return false
	}
	l := &c.landing
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivals = append(l.arrivals, a)
	if l.busy {
		return true
	}
	l.busy = true
	for len(l.arrivals) > 0 {
		batch := l.arrivals
		l.arrivals = l.spare
		l.mu.Unlock()
		c.landAll(batch)
		clear(batch)
		l.mu.Lock()
		l.spare = batch[:0]
	}
	if l.busy = false; cap(l.spare) > maxLanded {
		l.arrivals, l.spare = nil, nil // after a rush
	}
	return true
}

// landAll stores what has arrived.
func (c *Client) landAll(all []arrival) {
	for len(all) > 0 {
		n := 0
		c.update(func(tx *txn) {
			for n < min(len(all), maxLanded) {
				all[n].done = tx.accept(&all[n])
				n++
				if len(tx.events.subs) > 0 {
					return // what is told of each comes after its results
				}
			}
		})
		for _, a := range all[:n] {
			if a.done {
				a.f.data = a.data
				a.f.done.open()
			} else {
				c.work.Go(func() { c.landAlone(a.f, a.data) })
			}
		}
		all = all[n:]
	}
}

func (c *Client) landAlone(f *flight, data any) {
	if err := c.store(f, data); err != nil {
		c.fail(f, err)
	}
}

// accept makes what has arrived the entry's state, if that takes no user code and
// nothing has happened meanwhile.
func (tx *txn) accept(a *arrival) (done bool) {
	f, e := a.f, a.f.e
	if f.settled || f.outdated || tx.closed || e.removed() || e.state.Load() != a.st || len(e.patches()) > 0 || !e.isPlain() {
		return false
	}
	tx.succeed(e, successAction{data: a.data, at: tx.now()})
	e.tally().answered(f, a.st, e.state.Load(), false, tx.now())
	tx.remember(f)
	tx.land(f)
	tx.testify(f)
	tx.answered(f)
	return true
}

// isPlain reports whether all observers of e are plain.
func (e *entry) isPlain() bool {
	for _, o := range e.observers() {
		if !o.outlook.plain {
			return false
		}
	}
	return true
}

func (cb *FetchCallbacks) listens() bool {
	return cb.OnSuccess != nil || cb.OnError != nil || cb.OnSettled != nil
}
