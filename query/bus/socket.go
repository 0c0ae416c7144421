package bus

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/freshet-go/freshet/internal/sched"
)

const (
	// greeting is what a hub says first; whoever hears it is served.
	greeting = "freshet bus 1\n"
	// maxFrame is how many bytes a message on a socket may have.
	maxFrame = 8 << 20
	// maxWaiting is how many messages wait for a socket.
	maxWaiting = 16
	// patience is how long the other end may take to read a message.
	patience = 10 * time.Second
)

// socket is one end of a connection on which messages travel, each behind its
// length in four bytes.
type socket struct {
	conn net.Conn
	wall *sched.Scheduler // the time of sockets
	out  chan []byte
	gone chan struct{} // closed when it is over
	once sync.Once
	why  error // set before gone is closed
}

func newSocket(conn net.Conn) *socket {
	return &socket{conn: conn, wall: sched.New(nil), out: make(chan []byte, maxWaiting), gone: make(chan struct{})}
}

// close ends the connection, if it has not ended for another reason.
func (s *socket) close(why error) {
	s.once.Do(func() {
		s.why = why
		close(s.gone)
		_ = s.conn.Close() // the reason is known
	})
}

// run sends what is put into out and hands on what arrives, until the connection
// ends, and returns the reason.
func (s *socket) run(receive func([]byte)) error {
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case message := <-s.out:
				if err := s.send(message); err != nil {
					s.close(err)
				}
			case <-s.gone:
				return
			}
		}
	})
	defer writer.Wait()
	for {
		message, err := readFrame(s.conn)
		if err != nil {
			s.close(err)
			return s.why
		}
		receive(message)
	}
}

// readFrame returns the next message. The error of an end between two messages is
// io.EOF.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, size, maxFrame)
	}
	message := make([]byte, size)
	if n, err := io.ReadFull(r, message); err != nil {
		return nil, fmt.Errorf("bus: connection ended after %d bytes of %d: %w", n, size, err)
	}
	return message, nil
}

func (s *socket) send(message []byte) error {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
	return s.write(append(frame, message...))
}

func (s *socket) write(text []byte) error {
	if err := s.conn.SetWriteDeadline(s.wall.Now().Add(patience)); err != nil {
		return err
	}
	_, err := s.conn.Write(text)
	return err
}
