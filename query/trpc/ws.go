package trpc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// wsSource subscribes over WebSockets that subscriptions share, one for each
// set of headers and connection params: two users never share one.
type wsSource struct {
	*pusher

	mu    sync.Mutex // guards the connections, too
	conns map[string]*wsConn
}

// wsSub is one subscription of a connection.
type wsSub struct {
	call  int
	op    Op
	queue chan wsMessage
	gone  chan struct{} // closed when the consumer has left
	cut   chan struct{} // closed when it was too slow
	muted bool          // goes on over another connection
}

// wsFeed is what a consumer has of its subscription.
type wsFeed struct {
	conn  *wsConn
	sub   *wsSub
	first *wsMessage // came instead of the confirmation
}

func (s *wsSource) open(ctx context.Context, op Op, token string) (feed, error) {
	var params []byte
	if s.settings.Params != nil {
		given, err := s.settings.Params(ctx, token)
		if err == nil && given != nil {
			params, err = wsParams(given)
		}
		if err != nil {
			return nil, fmt.Errorf("trpc: %s: connection params: %w", op.Path, err)
		}
	}
	f, err := s.join(op, params)
	if err != nil {
		return nil, err
	}
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	dog := watchdog{sched: s.sched, bite: func() { stop(ErrInactive) }}
	dog.feed(s.settings.ConnectTimeout)
	defer dog.feed(0)
	m, err := f.receive(waiting)
	switch {
	case err != nil:
	case m.kind == wsFailed:
		err = s.t.refused(op, response{}, m.shape, 0)
	case m.kind == wsReconnect:
		err = s.t.broken(op, 0, errMoved)
	case m.kind != wsStarted:
		f.first = &m
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// join puts the subscription on the connection of its user, or on a new one.
func (s *wsSource) join(op Op, params []byte) (*wsFeed, error) {
	key := headerKey(op.Header) + string(params)
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.conns[key]
	if conn == nil {
		conn = newWSConn(s, key, op.Header, params)
		s.conns[key] = conn
		s.life.spawn(conn.run)
	}
	conn.idle.Stop()
	conn.calls++
	sub := &wsSub{
		call: conn.calls, op: op, queue: make(chan wsMessage, s.settings.Queue),
		gone: make(chan struct{}), cut: make(chan struct{}),
	}
	if super, ok := s.t.transformer.(superJSON); ok && op.Input == nil {
		op.Input = super.undefined() // a message without input would get no answer
	}
	text, err := wsSubscribe(sub.call, op)
	if err != nil {
		return nil, fmt.Errorf("trpc: %s: %w", op.Path, err)
	}
	conn.subs[sub.call] = sub
	conn.enqueue(text)
	return &wsFeed{conn: conn, sub: sub}, nil
}

func (f *wsFeed) next(ctx context.Context) (pushed, error) {
	for {
		var m wsMessage
		if f.first != nil {
			m, f.first = *f.first, nil
		} else {
			var err error
			if m, err = f.receive(ctx); err != nil {
				return pushed{}, err
			}
		}
		switch m.kind {
		case wsData:
			return m.value, nil
		case wsStopped:
			return pushed{}, errFinished
		case wsReconnect:
			return pushed{}, errMoved
		case wsFailed:
			return pushed{}, f.conn.source.t.refused(f.sub.op, response{}, m.shape, 0)
		case wsStarted: // known already
		case wsUnknown, wsPing, wsPong, wsRefused: // of the connection
		}
	}
}

// receive waits for a message. What arrived before the end comes before it.
func (f *wsFeed) receive(ctx context.Context) (wsMessage, error) {
	t, op := f.conn.source.t, f.sub.op
	if ctx.Err() != nil {
		return wsMessage{}, t.broken(op, 0, context.Cause(ctx))
	}
	var end func() error
	select {
	case m := <-f.sub.queue:
		return m, nil
	case <-ctx.Done():
		return wsMessage{}, t.broken(op, 0, context.Cause(ctx))
	case <-f.sub.cut:
		end = func() error { return t.broken(op, 0, ErrSlowConsumer) }
	case <-f.conn.done:
		end = func() error { return f.conn.failure(op) }
	}
	select {
	case m := <-f.sub.queue:
		return m, nil
	default:
		return wsMessage{}, end()
	}
}

// close unsubscribes, unless the subscription has ended.
func (f *wsFeed) close() {
	s := f.conn.source
	close(f.sub.gone)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.conn.subs[f.sub.call] != f.sub {
		return
	}
	f.conn.enqueue(wsStop(f.sub.call))
	f.conn.remove(f.sub)
}

// retire takes the connection out of use for new subscriptions.
func (s *wsSource) retire(c *wsConn) {
	c.retired = true
	if s.conns[c.key] == c {
		delete(s.conns, c.key)
	}
}

// url returns the address of the router. With params, the first message is
// taken as them.
func (s *wsSource) url(params bool) string {
	parts := []string{}
	if s.t.base.query != "" {
		parts = append(parts, s.t.base.query)
	}
	if params {
		parts = append(parts, "connectionParams=1")
	}
	if len(parts) == 0 {
		return s.t.base.prefix
	}
	return s.t.base.prefix + "?" + strings.Join(parts, "&")
}

// subscriptions returns those of c that are not muted, in order.
func (c *wsConn) subscriptions() []*wsSub {
	var subs []*wsSub
	for _, call := range slices.Sorted(maps.Keys(c.subs)) {
		if !c.subs[call].muted {
			subs = append(subs, c.subs[call])
		}
	}
	return subs
}
