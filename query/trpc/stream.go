package trpc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// readStream settles the calls of r one by one while the response arrives. A
// server that does not stream, or refuses the whole request, is read as usual.
func (t *terminal) readStream(ctx context.Context, r request, resp *http.Response, d *delivery) {
	limit := &io.LimitedReader{R: resp.Body, N: t.maxBytes + 1}
	counted := &countingReader{from: limit}
	defer func() { t.stats.received.Add(counted.n) }()
	lines := bufio.NewReader(counted)
	first, err := lines.ReadBytes('\n')
	a, ends, streaming := newAssembler(first, t.transformer)
	if err != nil || !streaming {
		var rest []byte
		if err == nil {
			rest, err = io.ReadAll(lines)
		}
		t.conclude(ctx, r, resp, append(first, rest...), completeness(err, limit), d)
		return
	}
	t.stats.response(resp)
	got := response{status: resp.StatusCode, header: resp.Header}
	for i, op := range r.ops {
		if !a.has(i) {
			d.settle(i, outcome{err: t.foreign(op, got, ErrMissingResult)})
		}
	}
	for {
		t.settleStreamed(got, ends, d)
		if d.left == 0 && a.running() {
			return // what is still to come, nobody waits for
		}
		line, err := lines.ReadBytes('\n')
		if err != nil { // also for a last line without its end, which is not complete
			t.cutStream(ctx, got, completeness(err, limit), d)
			return
		}
		// A server keeps the connection alive by spaces between lines.
		if line = bytes.TrimSpace(line); len(line) == 0 {
			ends = nil
			continue
		}
		if ends, err = a.feed(line); err != nil {
			t.settleStreamed(got, ends, d)
			d.failRest(func(op Op) error { return t.foreign(op, got, err) })
			return
		}
	}
}

func (t *terminal) settleStreamed(got response, ends []streamed, d *delivery) {
	for _, end := range ends {
		if end.index < len(d.ops) {
			d.settle(end.index, t.streamedVerdict(d.ops[end.index], got, end))
		}
	}
}

// streamedVerdict is verdict for an answer whose lines the transformer has
// decoded already.
func (t *terminal) streamedVerdict(op Op, got response, end streamed) outcome {
	if end.failure != nil {
		shape, ok := parseShape(end.failure)
		if !ok {
			return outcome{err: t.foreign(op, got, ErrNotTRPC)}
		}
		return outcome{err: t.refused(op, got, shape, 0)}
	}
	out := t.verdict(op, got, end.envelope, 0)
	if _, plain := t.transformer.(plainJSON); plain || out.answer.Data == nil {
		return out
	}
	encoded, err := t.transformer.Encode(out.answer.Data)
	if err != nil {
		return outcome{err: &DecodeError{Procedure: op.Path, Err: err}}
	}
	out.answer.Data = encoded
	return out
}

// cutStream fails the calls that the stream ended without answering.
func (t *terminal) cutStream(ctx context.Context, got response, cause error, d *delivery) {
	switch {
	case d.left == 0:
		return
	case errors.Is(cause, ErrResponseTooLarge):
		d.failRest(func(op Op) error { return t.foreign(op, got, cause) })
		return
	case cause == nil:
		cause = io.ErrUnexpectedEOF
	}
	t.stats.broken.Add(1)
	cause = causeOf(ctx, cause)
	if ctx.Err() == nil {
		cause = fmt.Errorf("%w: %w", ErrStreamCut, cause)
	}
	d.failRest(func(op Op) error { return t.broken(op, got.status, cause) })
}

// completeness tells, of a body that was read until err, why it is not whole.
func completeness(err error, limit *io.LimitedReader) error {
	switch {
	case limit.N <= 0:
		return ErrResponseTooLarge
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

type countingReader struct {
	from io.Reader
	n    int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}
