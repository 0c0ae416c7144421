package query

import "slices"

// eventLog brings events to those who listen. It is guarded by the client's
// mutex, and while nobody listens nothing is done.
//
// An operation changes states first and brings observers up to date after, when
// the mutex is free. As in query-core its events come after the results that it
// changed, but always in the order in which operations took the mutex: they are
// held until the operation and those before it are done.
type eventLog struct {
	subs []*eventBox
	held []*eventBatch // oldest first
}

// eventBatch is what one operation brought about.
type eventBatch struct {
	list []Event
	done bool // observers are up to date
}

// maxHeld is for how many later operations events wait. A select function that
// does not return holds nobody up for longer.
const maxHeld = 256

// eventNote is an event of an operation that still has the mutex.
type eventNote struct {
	Event

	e *entry
}

// tell notes an event about a query. change is the action of EventUpdated.
func (tx *txn) tell(kind EventKind, e *entry, change action) {
	if !tx.heard() {
		return
	}
	ev := Event{Kind: kind, At: tx.sched.Now(), Query: lookAt(e)}
	ev.Action, ev.Manual = actionOf(change)
	ev.Unchanged = unchanged(change)
	tx.notes = append(tx.notes, eventNote{ev, e})
}

// heard reports whether somebody listens.
func (tx *txn) heard() bool { return len(tx.events.subs) > 0 }

// tellMutation is tell for a mutation.
func (tx *txn) tellMutation(kind EventKind, m *mutation, change mutationAction) {
	if len(tx.events.subs) == 0 {
		return
	}
	i := m.info()
	ev := Event{Kind: kind, At: tx.sched.Now(), Mutation: &i}
	ev.Action, _ = actionOf(change)
	tx.notes = append(tx.notes, eventNote{Event: ev})
}

// tellOptions notes that an observer has got other options.
func (o *mutationObserver) tellOptions(tx *txn) {
	if o.m != nil {
		tx.tellMutation(EventObserverOptionsUpdated, o.m, nil)
		return
	}
	if len(tx.events.subs) > 0 {
		none := &MutationInfo{Key: o.opts.key, Meta: o.opts.meta, Status: StatusIdle}
		ev := Event{Kind: EventObserverOptionsUpdated, At: tx.sched.Now(), Mutation: none}
		tx.notes = append(tx.notes, eventNote{Event: ev})
	}
}

// tellResult tells that an observer of e shows s. It needs the mutex.
func (c *Client) tellResult(e *entry, s shown) {
	if len(c.events.subs) == 0 {
		return
	}
	c.events.put(Event{
		Kind: EventObserverResultsUpdated, At: c.sched.Now(), Query: lookAt(e), Result: Result[any](s),
	})
}

func lookAt(e *entry) *Entry {
	look := e.look()
	return &look
}

// hold takes the events of an operation that is about to release the mutex. If it
// has observers to bring up to date it must call release then.
func (l *eventLog) hold(tx *txn) *eventBatch {
	if len(tx.notes) == 0 {
		return nil
	}
	b := &eventBatch{done: len(tx.dirty) == 0}
	for _, n := range tx.notes {
		if n.Kind == EventAdded && n.e != nil {
			n.Query = lookAt(n.e) // it has got its state after it was added
		}
		b.list = append(b.list, n.Event)
	}
	l.held = append(l.held, b)
	l.flush()
	if b.done {
		return nil
	}
	return b
}

// release lets the events of an operation go.
func (c *Client) release(b *eventBatch) {
	c.mu.Lock()
	defer c.unlock()
	b.done = true
	c.events.flush()
}

// flush tells what no longer waits for anything.
func (l *eventLog) flush() {
	for len(l.held) > 0 && (l.held[0].done || len(l.held) > maxHeld) {
		for _, ev := range l.held[0].list {
			l.put(ev)
		}
		l.held = slices.Delete(l.held, 0, 1)
	}
}

func (l *eventLog) put(ev Event) {
	for _, box := range l.subs {
		box.put(ev)
	}
}

// end lets nobody hear of anything more.
func (l *eventLog) end() {
	for _, box := range l.subs {
		box.m.end()
	}
	l.subs, l.held = nil, nil
}

// eventBox is a ring of events for one subscriber. Its mailbox says that there
// are some; each mail is one event.
type eventBox struct {
	m *mailbox[eventBox]
	o EventOptions

	// Guarded by the client's mutex.
	ring  []Event
	first int
	n     int
	lost  int
}

func (c *Client) subscribeEvents(o EventOptions, f func(Event)) *eventBox {
	if o.Buffer <= 0 {
		o.Buffer = 1024
	}
	box := &eventBox{o: o, ring: make([]Event, o.Buffer)}
	var deliver func(*eventBox)
	if f != nil {
		deliver = func(*eventBox) {
			if ev, ok := box.take(); ok {
				f(ev)
			}
		}
	}
	box.m = newMailbox(c, deliver)
	err := o.Key.Err()
	if err != nil {
		c.report("events of a key", err)
	}
	c.update(func(tx *txn) {
		if tx.closed || err != nil {
			box.m.end()
			return
		}
		tx.events.subs = append(tx.events.subs, box)
	})
	return box
}

func (c *Client) unsubscribeEvents(box *eventBox) {
	c.update(func(tx *txn) {
		box.m.end()
		tx.events.subs = slices.DeleteFunc(tx.events.subs, func(x *eventBox) bool { return x == box })
	})
}

// put adds an event, in place of the oldest if there are too many. It needs the
// mutex.
func (b *eventBox) put(ev Event) {
	if !b.o.wants(&ev) {
		return
	}
	if b.n == len(b.ring) {
		b.first, b.n = (b.first+1)%len(b.ring), b.n-1
		b.lost++
	}
	b.ring[(b.first+b.n)%len(b.ring)] = ev
	b.n++
	b.m.put(b)
}

// take returns the oldest event, or how many are lost before it.
func (b *eventBox) take() (ev Event, ok bool) {
	b.m.c.mu.Lock()
	defer b.m.c.unlock()
	switch {
	case b.m.ended || b.n == 0:
		return Event{}, false
	case b.lost > 0:
		ev = Event{Kind: EventLost, At: b.ring[b.first].At, Lost: b.lost}
		b.lost = 0
	default:
		ev = b.ring[b.first]
		b.ring[b.first] = Event{}
		b.first, b.n = (b.first+1)%len(b.ring), b.n-1
	}
	if b.n > 0 {
		b.m.put(b)
	}
	return ev, true
}
