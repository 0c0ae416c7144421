package trpc

// dispatch acts on a message from the server.
func (c *wsConn) dispatch(m wsMessage) {
	s := c.source
	switch m.kind {
	case wsStarted, wsData, wsStopped, wsFailed: // of a subscription
	case wsUnknown, wsPong:
		return
	case wsPing:
		s.mu.Lock()
		defer s.mu.Unlock()
		c.enqueue([]byte("PONG"))
		return
	case wsReconnect:
		c.leave()
		return
	case wsRefused:
		// Later ones answer odd messages, such as pings to servers of version 10.
		if !c.heard {
			c.refusal = m.shape
		}
		return
	}
	c.heard, c.refusal = true, nil
	s.mu.Lock()
	sub := c.subs[m.call]
	if sub != nil && (m.kind == wsStopped || m.kind == wsFailed) {
		c.remove(sub)
	}
	s.mu.Unlock()
	if sub != nil && !sub.muted {
		c.deliver(sub, m)
	}
}

// leave sends all subscriptions to a new connection, as the server asks.
func (c *wsConn) leave() {
	s := c.source
	s.mu.Lock()
	s.retire(c)
	subs := c.subscriptions()
	for _, sub := range subs {
		sub.muted = true
	}
	if len(c.subs) == 0 {
		c.finishOnce()
	}
	s.mu.Unlock()
	for _, sub := range subs {
		c.deliver(sub, wsMessage{kind: wsReconnect})
	}
}

// deliver holds the connection up while the queue is full, for a while.
func (c *wsConn) deliver(sub *wsSub, m wsMessage) {
	select {
	case sub.queue <- m:
		return
	default:
	}
	c.dog.feed(0) // the server may say what it wants, nobody listens
	s := c.source
	late := make(chan struct{})
	timer := s.sched.AfterFunc(s.settings.PingTimeout, func() { close(late) })
	defer timer.Stop()
	select {
	case sub.queue <- m:
	case <-sub.gone:
	case <-c.ctx.Done():
	case <-s.life.push.Done():
	case <-late:
		s.mu.Lock()
		defer s.mu.Unlock()
		if c.subs[sub.call] == sub {
			c.enqueue(wsStop(sub.call))
			c.remove(sub)
		}
		close(sub.cut)
	}
}
