package bus

import "github.com/freshet-go/freshet/query"

// deliver takes what comes from the bus.
func (a *Attachment) deliver(text []byte) {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return
	}
	a.work.Add(1)
	a.mu.Unlock()
	defer a.work.Done()

	m, err := decode(text, a.opts.MaxMessage)
	if err != nil {
		a.report(&Error{Op: OpReceive, Err: err})
		return
	}
	if m.From == a.id || !a.shares(m.Key) {
		return
	}
	if now := a.client.Now(); m.At.After(now.Add(maxAhead)) {
		m.At = now // else nothing would ever be newer
	}
	if err := a.apply(&m); err != nil {
		a.report(&Error{Op: OpReceive, Kind: m.Kind, Key: m.Key, Err: err})
	}
}

func (a *Attachment) apply(m *message) error {
	switch st, _ := a.client.State(m.Key); m.Kind {
	case Removed:
		a.remove(m)
		return nil
	case Added:
		if st.Status() == query.StatusSuccess || !st.DataUpdatedAt().IsZero() {
			return nil
		}
	default:
	}
	return a.client.Receive(m.snapshot(), a.opts.Hydrate)
}

// remove removes an entry without telling others of it.
func (a *Attachment) remove(m *message) {
	exactly := query.Filter{Key: m.Key, Exact: true}
	for _, e := range a.client.Entries(exactly) {
		if e.State.DataUpdatedAt().After(m.At) {
			return
		}
		a.mu.Lock()
		a.removing[e.ID] = struct{}{}
		a.mu.Unlock()
	}
	a.client.Remove(exactly)
}
