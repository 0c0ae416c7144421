package trpc_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/freshet-go/freshet/query/trpc"
)

// eventStream is one request for a subscription, and the response to it.
type eventStream struct {
	request

	t *testing.T
	w *io.PipeWriter
}

// ssePeer is a server in memory that streams what the test writes.
type ssePeer struct {
	peer

	t       *testing.T
	streams chan *eventStream
}

func newSSEPeer(t *testing.T) *ssePeer {
	t.Helper()
	s := &ssePeer{t: t, streams: make(chan *eventStream, 100)}
	s.respond = func(r request) (*http.Response, error) { return s.stream(r), nil }
	return s
}

func (s *ssePeer) stream(r request) *http.Response {
	body, w := io.Pipe()
	context.AfterFunc(r.Context(), func() { w.CloseWithError(context.Cause(r.Context())) })
	resp := reply(http.StatusOK, "")
	resp.Header.Set("Content-Type", "text/event-stream")
	resp.Body = body
	s.streams <- &eventStream{request: r, t: s.t, w: w}
	return resp
}

// accept returns the next request, which must be there.
func (s *ssePeer) accept() *eventStream {
	s.t.Helper()
	synctest.Wait()
	require.NotEmpty(s.t, s.streams, "no request for a subscription")
	return <-s.streams
}

// send writes blocks of an event stream. The consumer must be there to read.
func (e *eventStream) send(blocks ...string) {
	e.t.Helper()
	for _, block := range blocks {
		_, err := io.WriteString(e.w, block+"\n\n")
		require.NoError(e.t, err)
	}
	synctest.Wait()
}

func (e *eventStream) cut(cause error) {
	_ = e.w.CloseWithError(cause) // never fails
	synctest.Wait()
}

const connected = "event: connected\ndata: {}"

// loop is a consumer of a subscription on a goroutine of its own.
type loop struct {
	t      *testing.T
	events chan rawEvent
	ended  chan struct{}
	leave  context.CancelFunc
}

// consume subscribes and collects the events.
func consume(t *testing.T, c *trpc.Client, path string, in any) *loop {
	t.Helper()
	return consumeAll(t, trpc.NewSubscription[any, json.RawMessage](path), c, in)
}

func consumeAll(t *testing.T, s trpc.Subscription[any, json.RawMessage], c *trpc.Client, in any) *loop {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	l := &loop{t: t, events: make(chan rawEvent, 10_000), ended: make(chan struct{}), leave: leave}
	go l.run(s.Events(ctx, c, in))
	t.Cleanup(func() {
		leave()
		<-l.ended
	})
	synctest.Wait()
	return l
}

func (l *loop) run(events iter.Seq[rawEvent]) {
	defer close(l.ended)
	for e := range events {
		l.events <- e
	}
}

// next returns the next event, which must be there.
func (l *loop) next() rawEvent {
	l.t.Helper()
	synctest.Wait()
	require.NotEmpty(l.t, l.events, "nothing has happened")
	return <-l.events
}

func (l *loop) requireEvents(want ...string) {
	l.t.Helper()
	requireEvents(l.t, l.next, want...)
}

// requireQuiet fails if there is another event.
func (l *loop) requireQuiet() {
	l.t.Helper()
	synctest.Wait()
	require.Empty(l.t, l.events)
}

// wsPeer is a server in memory whose WebSockets the test holds.
type wsPeer struct {
	peer

	t       *testing.T
	sockets chan *socket
}

// socket is the server's end of a WebSocket.
type socket struct {
	request

	t    *testing.T
	conn *websocket.Conn
	got  chan string // messages of the client
	gone chan error  // why no more of them come
}

func newWSPeer(t *testing.T) *wsPeer {
	t.Helper()
	p := &wsPeer{t: t, sockets: make(chan *socket, 100)}
	p.respond = p.upgrade
	return p
}

// client returns a client of the peer with settings of its own.
func (p *wsPeer) client(t *testing.T, cfg trpc.Config) *trpc.Client {
	t.Helper()
	cfg.Push.Transport = trpc.WebSocket
	return p.peer.client(t, cfg)
}

// upgrade connects both ends by a pipe.
func (p *wsPeer) upgrade(r request) (*http.Response, error) {
	client, server := net.Pipe()
	w := &hijackable{header: http.Header{}, conn: server}
	conn, err := websocket.Accept(w, r.Request, nil)
	if err != nil {
		return nil, err
	}
	s := &socket{request: r, t: p.t, conn: conn, got: make(chan string, 1000), gone: make(chan error, 1)}
	go s.read(context.WithoutCancel(r.Context()))
	p.sockets <- s
	return &http.Response{StatusCode: http.StatusSwitchingProtocols, Header: w.header, Body: client}, nil
}

func (s *socket) read(ctx context.Context) {
	for {
		_, text, err := s.conn.Read(ctx)
		if err != nil {
			s.gone <- err
			return
		}
		s.got <- string(text)
	}
}

type hijackable struct {
	header http.Header
	conn   net.Conn
}

func (h *hijackable) Header() http.Header { return h.header }

func (h *hijackable) Write([]byte) (int, error) { return 0, errors.New("not for bodies") }

func (h *hijackable) WriteHeader(int) {}

func (h *hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// accept returns the next connection, which must be there.
func (p *wsPeer) accept() *socket {
	p.t.Helper()
	synctest.Wait()
	require.NotEmpty(p.t, p.sockets, "no connection")
	s := <-p.sockets
	p.t.Cleanup(func() { _ = s.conn.CloseNow() }) // fails if it is closed
	return s
}

// send writes messages to the client.
func (s *socket) send(texts ...string) {
	s.t.Helper()
	for _, err := range s.write(texts) {
		require.NoError(s.t, err)
	}
	synctest.Wait()
}

// push is send for a client that may not listen.
func (s *socket) push(texts ...string) {
	go func() {
		for _, err := range s.write(texts) {
			if err != nil {
				s.t.Error(err)
			}
		}
	}()
}

func (s *socket) write(texts []string) (errs []error) {
	for _, text := range texts {
		errs = append(errs, s.conn.Write(context.WithoutCancel(s.Context()), websocket.MessageText, []byte(text)))
	}
	return errs
}

// requireGot compares the messages that the client has sent since.
func (s *socket) requireGot(want ...string) {
	s.t.Helper()
	synctest.Wait()
	for _, text := range want {
		require.NotEmpty(s.t, s.got, "no message; want %s", text)
		require.Equal(s.t, text, <-s.got)
	}
	require.Empty(s.t, s.got)
}

// requireClosed fails unless the client has closed the connection politely.
func (s *socket) requireClosed() {
	s.t.Helper()
	synctest.Wait()
	require.NotEmpty(s.t, s.gone, "the connection is open")
	require.Equal(s.t, websocket.StatusNormalClosure, websocket.CloseStatus(<-s.gone))
}

// cut drops the connection without a word.
func (s *socket) cut() {
	_ = s.conn.CloseNow() // fails if it is closed
	synctest.Wait()
}

// wait lets bubble time go by.
func (l *loop) wait(d time.Duration) {
	pass(d)
}
