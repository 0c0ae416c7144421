package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// What can go wrong with a connection to a hub.
var (
	ErrNoHub        = errors.New("bus: what answers is no hub of this version")
	ErrDisconnected = errors.New("bus: disconnected from the hub")
)

// Conn is a Bus over a connection to a Hub. When the connection is lost it is not
// made anew: see Done. All methods may be called concurrently.
type Conn struct {
	socket *socket
	local  Local
	done   chan struct{} // closed when everything has ended
}

// Dial connects to a Hub that listens on an address of net.Dial, such as "unix"
// and the path of a socket. What others publish after it has returned arrives. ctx
// bounds the dialling alone; the connection lasts until Close.
func Dial(ctx context.Context, network, address string) (*Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			_ = conn.Close() // nobody waits for it
		}
		return nil, fmt.Errorf("bus: dial: %w", context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("bus: dial: %w", err)
	}
	s := newSocket(conn)
	stop := context.AfterFunc(ctx, func() { s.close(context.Cause(ctx)) })
	said := make([]byte, len(greeting))
	if _, err = io.ReadFull(conn, said); err == nil && string(said) != greeting {
		err = ErrNoHub
	}
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		s.close(err)
		return nil, fmt.Errorf("bus: dial: %w", err)
	}
	c := &Conn{socket: s, done: make(chan struct{})}
	go func() { // Close waits for it
		defer close(c.done)
		_ = s.run(c.local.deliver) // Err tells
	}()
	return c, nil
}

// Done is closed when the connection has ended. Messages may be missing then: dial
// again, attach again, and invalidate what others may have changed meanwhile.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns nil until Done is closed, and then an ErrDisconnected with the
// reason, which is net.ErrClosed after Close.
func (c *Conn) Err() error {
	select {
	case <-c.done:
		return fmt.Errorf("%w: %w", ErrDisconnected, c.socket.why)
	default:
		return nil
	}
}

// Publish sends a message to all who have dialled the hub, and waits while 16
// others wait to be sent. It fails with the cause of ctx, with ErrTooLarge for more
// than 8 MiB, and with ErrDisconnected.
func (c *Conn) Publish(ctx context.Context, message []byte) error {
	if len(message) > maxFrame {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, len(message), maxFrame)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.socket.gone:
		return ErrDisconnected
	default:
	}
	select {
	case c.socket.out <- message:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.socket.gone:
		return ErrDisconnected
	}
}

// Subscribe calls deliver, one message at a time, until stop is called or the
// connection has ended.
func (c *Conn) Subscribe(deliver func(message []byte)) (stop func(), err error) {
	select {
	case <-c.socket.gone:
		return nil, ErrDisconnected
	default:
		return c.local.Subscribe(deliver)
	}
}

// Close ends the connection and waits until its goroutines are gone, or until ctx
// is done. What waits to be sent is dropped. It must not be called by a
// subscriber. Closing again is harmless.
func (c *Conn) Close(ctx context.Context) error {
	c.socket.close(net.ErrClosed)
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("bus: close: %w", context.Cause(ctx))
	}
}
