package bus

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
)

// Hub passes messages on between processes of one machine, which Dial it. One
// process has it, or it is a process of its own; who has it dials it, too. The
// zero Hub is ready for use.
//
// A hub keeps at most 16 messages of at most 8 MiB for each connection. While one
// is full the others wait, and so do the senders; an end that reads nothing for 10
// seconds is disconnected. Whoever can connect is served, so let it listen on a
// Unix socket in a directory of the user's own.
type Hub struct {
	// Logger hears why connections were lost. Default: silence.
	Logger *slog.Logger

	mu    sync.Mutex
	ports []*socket // copied on write
}

// Serve serves the connections that listener accepts until ctx is done, and
// returns its cause, or until accepting fails. Then it closes the listener and
// all its connections, and waits for their goroutines.
func (h *Hub) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel(net.ErrClosed)
	work.Go(func() {
		<-ctx.Done()
		_ = listener.Close() // Accept says so
	})
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			work.Go(func() { h.serve(ctx, conn) })
		case ctx.Err() != nil:
			return context.Cause(ctx)
		default:
			return err
		}
	}
}

// serve is there for one connection.
func (h *Hub) serve(ctx context.Context, conn net.Conn) {
	s := newSocket(conn)
	stop := context.AfterFunc(ctx, func() { s.close(context.Cause(ctx)) })
	defer stop()
	h.join(s)
	defer h.leave(s)
	if err := s.write([]byte(greeting)); err != nil {
		s.close(err)
	}
	err := s.run(h.pass)
	if h.Logger != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
		h.Logger.Error("bus: hub lost a connection", "error", err)
	}
}

func (h *Hub) join(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ports = append(slices.Clip(h.ports), s)
}

func (h *Hub) leave(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ports = slices.DeleteFunc(slices.Clone(h.ports), func(x *socket) bool { return x == s })
}

// pass gives a message to all connections, that of its sender included.
func (h *Hub) pass(message []byte) {
	h.mu.Lock()
	ports := h.ports
	h.mu.Unlock()
	for _, s := range ports {
		select {
		case s.out <- message:
		case <-s.gone:
		}
	}
}
