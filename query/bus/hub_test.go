package bus_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/freshet-go/freshet/query"
	"github.com/freshet-go/freshet/query/bus"
	"github.com/freshet-go/freshet/query/bus/bustest"
)

// serve has h listen and returns where.
func serve(t *testing.T, h *bus.Hub, listener net.Listener) net.Addr {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-served, context.Canceled)
	})
	return listener.Addr()
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return listener
}

func dial(t *testing.T, at net.Addr) *bus.Conn {
	t.Helper()
	c, err := bus.Dial(t.Context(), at.Network(), at.String())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	return c
}

func TestHub_isABus(t *testing.T) {
	t.Parallel()
	bustest.Run(t, func(t *testing.T) (a, b bus.Bus) {
		at := serve(t, new(bus.Hub), loopback(t))
		return dial(t, at), dial(t, at)
	})
}

func TestHub_onUnix(t *testing.T) { // the path of a socket, which this is part of, must be short
	t.Parallel()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	c := dial(t, serve(t, new(bus.Hub), listener))
	got := make(chan []byte, 1)
	_, err = c.Subscribe(func(m []byte) { got <- m })
	require.NoError(t, err)
	require.NoError(t, c.Publish(t.Context(), []byte("m")))
	require.Equal(t, "m", string(<-got))
}

func TestHub_endOfServingIsHeardAtTheOtherEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	listener := loopback(t)
	served := make(chan error, 1)
	go func() { served <- new(bus.Hub).Serve(ctx, listener) }()
	c := dial(t, listener.Addr())
	require.NoError(t, c.Err())
	cancel()
	require.ErrorIs(t, <-served, context.Canceled)
	<-c.Done()
	require.ErrorIs(t, c.Err(), bus.ErrDisconnected)
	require.ErrorIs(t, c.Publish(t.Context(), []byte("m")), bus.ErrDisconnected)
	_, err := c.Subscribe(func([]byte) {})
	require.ErrorIs(t, err, bus.ErrDisconnected)
	_, err = bus.Dial(t.Context(), "tcp", listener.Addr().String())
	require.Error(t, err)
}

func TestHub_failsWithItsListener(t *testing.T) {
	t.Parallel()
	listener := loopback(t)
	require.NoError(t, listener.Close())
	require.ErrorIs(t, new(bus.Hub).Serve(t.Context(), listener), net.ErrClosed)
}

// journal is a log that can be read.
type journal struct {
	mu    sync.Mutex
	text  strings.Builder
	lines chan struct{}
}

func (j *journal) Write(text []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() { j.lines <- struct{}{} }()
	return j.text.Write(text)
}

func TestHub_leavesThoseWhoSendTooMuch(t *testing.T) {
	t.Parallel()
	j := &journal{lines: make(chan struct{}, 8)}
	at := serve(t, &bus.Hub{Logger: slog.New(slog.NewTextHandler(j, nil))}, loopback(t))
	c := dial(t, at)
	require.ErrorIs(t, c.Publish(t.Context(), make([]byte, 9<<20)), bus.ErrTooLarge)

	var dialer net.Dialer
	raw, err := dialer.DialContext(t.Context(), at.Network(), at.String())
	require.NoError(t, err)
	_, err = raw.Write(binary.BigEndian.AppendUint32(nil, 1<<31))
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, raw) // until the hub closes
	<-j.lines
	require.Contains(t, j.text.String(), "message is too large: 2147483648 bytes")
	require.NoError(t, raw.Close())
	require.NoError(t, c.Publish(t.Context(), []byte("others go on")))
	require.NoError(t, c.Err())
}

func TestHub_messageThatIsCutOffIsDropped(t *testing.T) {
	t.Parallel()
	j := &journal{lines: make(chan struct{}, 8)}
	at := serve(t, &bus.Hub{Logger: slog.New(slog.NewTextHandler(j, nil))}, loopback(t))
	c := dial(t, at)
	got := make(chan []byte, 8)
	_, err := c.Subscribe(func(m []byte) { got <- m })
	require.NoError(t, err)
	var dialer net.Dialer
	raw, err := dialer.DialContext(t.Context(), at.Network(), at.String())
	require.NoError(t, err)
	_, err = raw.Write(append(binary.BigEndian.AppendUint32(nil, 10), "half"...))
	require.NoError(t, err)
	require.NoError(t, raw.Close())
	<-j.lines
	require.Contains(t, j.text.String(), "after 4 bytes of 10")
	require.NoError(t, c.Publish(t.Context(), []byte("whole")))
	require.Equal(t, "whole", string(<-got))
}

// pipes is a listener without network, so that its time is that of the bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error {
	close(p)
	return nil
}

func (p pipes) Addr() net.Addr { return nil }

// connect returns the other end of a new connection, which has read the greeting.
func (p pipes) connect(t *testing.T) net.Conn {
	t.Helper()
	here, there := net.Pipe()
	p <- there
	_, err := io.ReadFull(here, make([]byte, len("freshet bus 1\n")))
	require.NoError(t, err)
	return here
}

func TestHub_leavesThoseWhoDoNotRead(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T) {
		listener := make(pipes)
		serve(t, new(bus.Hub), listener)
		stuck, sender, reader := listener.connect(t), listener.connect(t), listener.connect(t)
		go func() { _, _ = io.Copy(io.Discard, sender) }() // until it is closed
		const n = 100
		go func() {
			for range n {
				_, _ = sender.Write([]byte("\x00\x00\x00\x01m")) // the reader would miss it
			}
		}()
		began := time.Now()
		got := make([]byte, n*5)
		_, err := io.ReadFull(reader, got)
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("\x00\x00\x00\x01m", n), string(got), "nothing is lost")
		require.Equal(t, 10*time.Second, time.Since(began), "the stuck one held them up")
		_, err = stuck.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, errors.Join(stuck.Close(), sender.Close(), reader.Close()))
	})
}

func TestDial_refusesWhatIsNoHub(t *testing.T) {
	t.Parallel()
	listener := loopback(t)
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, err = conn.Write(bytes.Repeat([]byte("SSH-2.0"), 10))
			err = errors.Join(err, conn.Close())
		}
		done <- err
	}()
	_, err := bus.Dial(t.Context(), "tcp", listener.Addr().String())
	require.ErrorIs(t, err, bus.ErrNoHub)
	require.NoError(t, <-done)
	require.NoError(t, listener.Close())
}

func TestDial_heedsItsContext(t *testing.T) {
	t.Parallel()
	listener := loopback(t) // accepts, and says nothing
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		cancel(errDown)
		if err == nil {
			_, _ = io.Copy(io.Discard, conn) // until the other end closes
			err = conn.Close()
		}
		done <- err
	}()
	_, err := bus.Dial(ctx, "tcp", listener.Addr().String())
	require.ErrorIs(t, err, errDown)
	require.NoError(t, <-done)
	require.NoError(t, listener.Close())
}

func TestConn_closeWaitsForSubscribersOrItsContext(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, new(bus.Hub), loopback(t)))
	busy, free := make(chan struct{}), make(chan struct{})
	_, err := c.Subscribe(func([]byte) {
		close(busy)
		<-free
	})
	require.NoError(t, err)
	require.NoError(t, c.Publish(t.Context(), []byte("m")))
	<-busy
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Close(ctx), context.Canceled)
	close(free)
	require.NoError(t, c.Close(t.Context()))
	require.ErrorIs(t, c.Err(), net.ErrClosed)
}

// childVariable has a process of this test play the other process.
const childVariable = "FRESHET_BUS_HUB"

func TestMain(m *testing.M) {
	if at := os.Getenv(childVariable); at != "" {
		if err := beOther(context.Background(), at); err != nil {
			log.Fatal(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// beOther is what the other process of TestHub_joinsTwoProcesses does.
func beOther(ctx context.Context, at string) error {
	conn, err := bus.Dial(ctx, "tcp", at)
	if err != nil {
		return err
	}
	back := make(chan []byte, 8) // what went through the hub comes back
	if _, err = conn.Subscribe(func(m []byte) { back <- m }); err != nil {
		return err
	}
	c, err := query.New(query.Config{})
	if err != nil {
		return err
	}
	a, err := bus.Attach(ctx, c, conn, bus.Options{})
	if err != nil {
		return err
	}
	if err := query.Set(c, orderQuery("1"), order{"1", 42}); err != nil {
		return err
	}
	fmt.Printf("%s\n", <-back)
	return errors.Join(a.Close(ctx), c.Close(ctx), conn.Close(ctx))
}

func TestHub_joinsTwoProcesses(t *testing.T) {
	t.Parallel()
	at := serve(t, new(bus.Hub), loopback(t))
	c, err := query.New(query.Config{})
	require.NoError(t, err)
	a, err := bus.Attach(t.Context(), c, dial(t, at), bus.Options{})
	require.NoError(t, err)
	arrived := make(chan order, 8)
	defer query.Observe(c, orderQuery("1")).Subscribe(func(r query.Result[order]) {
		if r.HasData() {
			arrived <- r.Data()
		}
	})()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+at.String())
	output, err := child.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "42")
	require.Equal(t, order{"1", 42}, <-arrived)
	require.NoError(t, a.Close(t.Context()))
	require.NoError(t, c.Close(t.Context()))
}

// FuzzHub sends anything to a hub, which must stay usable for others.
func FuzzHub(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01m"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x05half"))
	f.Fuzz(func(t *testing.T, text []byte) {
		at := serve(t, new(bus.Hub), loopback(t))
		c := dial(t, at)
		got := make(chan []byte, 1<<16)
		_, err := c.Subscribe(func(m []byte) { got <- m })
		require.NoError(t, err)
		var dialer net.Dialer
		raw, err := dialer.DialContext(t.Context(), at.Network(), at.String())
		require.NoError(t, err)
		_, _ = raw.Write(text) // the hub may have enough of it
		require.NoError(t, raw.Close())
		require.NoError(t, c.Publish(t.Context(), []byte("a message of some length")))
		for m := range got {
			if string(m) == "a message of some length" {
				break
			}
		}
		require.NoError(t, c.Err())
	})
}
