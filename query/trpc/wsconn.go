package trpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/coder/websocket"

	"github.com/freshet-go/freshet/internal/sched"
)

// wsConn is one WebSocket: a goroutine reads, another writes.
type wsConn struct {
	source *wsSource
	key    string
	header http.Header
	params bool
	ctx    context.Context //nolint:containedctx // ends with the connection
	cancel context.CancelCauseFunc
	wake   chan struct{} // something is to be written
	finish chan struct{} // closed when the connection is not needed any more
	done   chan struct{} // closed when the connection has ended and failure is set
	dog    *watchdog
	// failure makes the error of a subscription from why the connection ended.
	failure func(Op) error

	// Guarded by source.mu:
	subs    map[int]*wsSub
	calls   int
	outbox  [][]byte
	retired bool
	pinged  bool // the server owes a sign of life
	idle    *sched.Timer

	// Of the reading goroutine:
	heard   bool // the server has answered a subscription
	refusal *errorShape
}

func newWSConn(s *wsSource, key string, header http.Header, params []byte) *wsConn {
	c := &wsConn{
		source: s, key: key, header: header, params: params != nil, subs: map[int]*wsSub{},
		wake: make(chan struct{}, 1), finish: make(chan struct{}), done: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancelCause(s.life.ctx)
	c.dog = &watchdog{sched: s.sched, bite: c.silent}
	if params != nil {
		c.enqueue(params)
	}
	return c
}

// run lives as long as the connection.
func (c *wsConn) run() {
	err := c.serve()
	c.dog.feed(0)
	c.cancel(err)
	s := c.source
	s.mu.Lock()
	s.retire(c)
	c.idle.Stop()
	s.mu.Unlock()
	close(c.done)
}

// serve returns why the connection ended, for which it sets failure.
func (c *wsConn) serve() (err error) {
	t := c.source.t
	defer func() {
		if v := recover(); v != nil { // the transport may be the caller's code
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
		if c.failure == nil {
			c.failure = func(op Op) error { return t.broken(op, 0, err) }
		}
	}()
	socket, err := c.dial()
	if err != nil {
		return err
	}
	written := make(chan struct{})
	c.source.life.spawn(func() {
		defer close(written)
		c.write(socket)
	})
	err = c.read(socket)
	if cause := context.Cause(c.ctx); cause != nil {
		err = cause
	}
	c.cancel(err)
	_ = socket.CloseNow() // it has ended, one way or another
	<-written
	if c.refusal != nil {
		shape := c.refusal
		c.failure = func(op Op) error { return t.refused(op, response{}, shape, 0) }
	}
	return err
}

func (c *wsConn) dial() (*websocket.Conn, error) {
	s := c.source
	ctx, stop := boundBy(c.ctx, s.life.push)
	defer stop(nil)
	timeout := watchdog{sched: s.sched, bite: func() { stop(ErrInactive) }}
	timeout.feed(s.settings.ConnectTimeout)
	defer timeout.feed(0)
	s.t.stats.request(1, 0)
	socket, resp, err := dialWebSocket(ctx, s.url(c.params), c.header, s.t.http) //nolint:bodyclose // it is in memory
	if resp != nil && ctx.Err() == nil {
		s.t.stats.response(resp)
	}
	if err == nil {
		socket.SetReadLimit(s.t.maxBytes)
		return socket, nil
	}
	s.t.stats.broken.Add(1)
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols && resp.Body != nil {
		got := response{status: resp.StatusCode, header: resp.Header}
		got.body, _ = io.ReadAll(resp.Body) // the start of it, in memory
		c.failure = func(op Op) error { return s.refusedUpgrade(op, got) }
	}
	if errors.Is(context.Cause(ctx), ErrInactive) {
		return nil, ErrInactive
	}
	return nil, causeOf(ctx, err)
}

func (s *wsSource) refusedUpgrade(op Op, got response) error {
	if out := s.t.verdict(op, got, got.body, got.status); out.err != nil {
		return out.err
	}
	return s.t.foreign(op, got, ErrNotTRPC)
}

// read hands the messages to their subscriptions.
func (c *wsConn) read(socket *websocket.Conn) error {
	s := c.source
	for {
		c.alive()
		kind, text, err := socket.Read(c.ctx)
		if err != nil {
			s.t.stats.broken.Add(1)
			return err
		}
		s.t.stats.received.Add(int64(len(text)))
		if kind != websocket.MessageText {
			continue
		}
		c.dispatch(parseWSMessage(text, s.t.transformer))
	}
}

// alive notes a sign of life.
func (c *wsConn) alive() {
	c.source.mu.Lock()
	c.pinged = false
	c.source.mu.Unlock()
	c.dog.feed(c.source.settings.PingInterval)
}

// silent is called when there was no sign of life for a while.
func (c *wsConn) silent() {
	s := c.source
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.pinged {
		c.cancel(ErrInactive)
		return
	}
	c.pinged = true
	c.enqueue([]byte("PING"))
	c.dog.feed(s.settings.PingTimeout)
}

// enqueue writes text soon. The lock is held.
func (c *wsConn) enqueue(text []byte) {
	c.outbox = append(c.outbox, text)
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// remove forgets a subscription, and the connection with the last one. The lock
// is held.
func (c *wsConn) remove(sub *wsSub) {
	delete(c.subs, sub.call)
	if len(c.subs) > 0 {
		return
	}
	if c.retired {
		c.finishOnce()
		return
	}
	c.idle = c.source.sched.AfterFunc(c.source.settings.IdleTime, func() {
		c.source.mu.Lock()
		defer c.source.mu.Unlock()
		if len(c.subs) == 0 {
			c.source.retire(c)
			c.finishOnce()
		}
	})
}

func (c *wsConn) finishOnce() {
	select {
	case <-c.finish:
	default:
		close(c.finish)
	}
}

// write sends what is in the outbox, and says goodbye at the end.
func (c *wsConn) write(socket *websocket.Conn) {
	for {
		if err := c.flush(socket); err != nil {
			c.cancel(err)
			return
		}
		select {
		case <-c.wake:
			continue
		case <-c.finish:
		case <-c.source.life.push.Done():
		case <-c.ctx.Done():
			return
		}
		if err := c.flush(socket); err == nil {
			_ = socket.Close(websocket.StatusNormalClosure, "") // a peer that does not answer is left alone
		}
		c.cancel(errFinished)
		return
	}
}

func (c *wsConn) flush(socket *websocket.Conn) error {
	s := c.source
	s.mu.Lock()
	texts := c.outbox
	c.outbox = nil
	s.mu.Unlock()
	for _, text := range texts {
		s.t.stats.sent.Add(int64(len(text)))
		if err := socket.Write(c.ctx, websocket.MessageText, text); err != nil {
			return err
		}
	}
	return nil
}
