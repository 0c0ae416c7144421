package trpc

import (
	"bufio"
	"bytes"
	"io"
)

// sseEvent is one block of an event stream. Unlike an EventSource, it has only
// the ID of its own block, and blocks without data count.
type sseEvent struct {
	name string
	data []byte
	id   string
}

// sseReader splits an event stream into its events.
type sseReader struct {
	from     *bufio.Reader
	maxBytes int64  // of one event
	alive    func() // called for every line
	size     int64
	afterCR  bool
	begun    bool
}

func newSSEReader(from io.Reader, maxBytes int64, alive func()) *sseReader {
	return &sseReader{from: bufio.NewReader(from), maxBytes: maxBytes, alive: alive}
}

// next returns the next event. One that the stream ends in is dropped.
func (r *sseReader) next() (sseEvent, error) {
	var e sseEvent
	fields, dataLines := 0, 0
	r.size = 0
	for {
		line, err := r.line()
		if err != nil {
			return sseEvent{}, err
		}
		r.alive()
		if len(line) == 0 {
			if fields > 0 {
				return e, nil
			}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			e.name = string(value)
		case "data":
			if dataLines > 0 {
				e.data = append(e.data, '\n')
			}
			e.data = append(e.data, value...)
			dataLines++
		case "id":
			if bytes.IndexByte(value, 0) < 0 {
				e.id = string(value)
			}
		default:
			continue // a comment, or of no meaning here
		}
		fields++
	}
}

// line returns the next line without its end, which is LF, CR or both. It does
// not wait for what follows a CR.
func (r *sseReader) line() ([]byte, error) {
	var line []byte
	for {
		if _, err := r.from.Peek(1); err != nil {
			return nil, err
		}
		buffered, _ := r.from.Peek(r.from.Buffered()) // cannot fail
		if r.afterCR && buffered[0] == '\n' {
			r.afterCR = false
			r.take(1)
			continue
		}
		r.afterCR = false
		end := bytes.IndexAny(buffered, "\r\n")
		if end < 0 {
			line = append(line, buffered...)
			r.take(len(buffered))
		} else {
			line = append(line, buffered[:end]...)
			r.afterCR = buffered[end] == '\r'
			r.take(end + 1)
		}
		if r.size > r.maxBytes {
			return nil, ErrResponseTooLarge
		}
		if end >= 0 {
			break
		}
	}
	if !r.begun {
		r.begun = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line, nil
}

func (r *sseReader) take(n int) {
	r.size += int64(n)
	_, _ = r.from.Discard(n) // cannot fail, it is buffered
}
