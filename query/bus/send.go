package bus

import (
	"fmt"

	"github.com/freshet-go/freshet/query"
)

// heard takes what the client tells of itself. Received data come as
// query.ActionSetState: they are not sent on.
func (a *Attachment) heard(ev query.Event) {
	if ev.Kind == query.EventLost {
		a.report(&Error{Op: OpPublish, Err: fmt.Errorf("%w: %d events lost", ErrOverflow, ev.Lost)})
		return
	}
	if ev.Query == nil {
		return
	}
	kind, ok := a.kindOf(ev)
	key := ev.Query.State.Key()
	if !ok || key.Len() == 0 || !a.shares(key) {
		return
	}
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	lost, full := a.out.put(news{kind, ev})
	if !a.sending {
		a.sending = true
		a.work.Go(a.send)
	}
	a.mu.Unlock()
	if full {
		a.report(&Error{Op: OpPublish, Kind: lost.kind, Key: lost.key(), Err: ErrOverflow})
	}
}

// kindOf says what an event is to others, false if it is nothing to them.
func (a *Attachment) kindOf(ev query.Event) (Kind, bool) {
	switch st := ev.Query.State; ev.Kind {
	case query.EventAdded:
		// What was written or received with it is told by the next event.
		return Added, st.Status() == query.StatusSuccess && st.DataUpdateCount() == 0
	case query.EventUpdated:
		return Updated, ev.Action == query.ActionSuccess
	case query.EventRemoved:
		a.mu.Lock()
		defer a.mu.Unlock()
		_, told := a.removing[ev.Query.ID]
		delete(a.removing, ev.Query.ID)
		return Removed, !told && ev.Query.Observers > 0
	default:
		return "", false
	}
}

// send empties the outbox.
func (a *Attachment) send() {
	for {
		a.mu.Lock()
		n, ok := a.out.take()
		ok = ok && !a.closed
		a.sending = ok
		a.mu.Unlock()
		if !ok {
			return
		}
		if err := a.publish(n); err != nil {
			a.report(&Error{Op: OpPublish, Kind: n.kind, Key: n.key(), Err: err})
		}
	}
}

func (a *Attachment) publish(n news) error {
	m := message{From: a.id, Kind: n.kind, Key: n.key(), At: n.At.Round(0)}
	if n.kind != Removed {
		q, err := a.client.DehydrateEntry(*n.Query)
		if err != nil {
			return err
		}
		m.At, m.Infinite, m.Data = q.DataUpdatedAt, q.Infinite, q.Data
		if len(q.Data) == 0 { // a patch shows data where there are none
			return nil
		}
	}
	text, err := m.encode(a.opts.MaxMessage)
	if err != nil {
		return err
	}
	return a.bus.Publish(a.ctx, text)
}
