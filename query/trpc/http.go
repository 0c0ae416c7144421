package trpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/freshet-go/freshet/internal/httperr"
)

// terminal is the end of the way of a call: one HTTP exchange for one call or
// for a batch of them.
type terminal struct {
	base        base
	http        *http.Client
	transformer Transformer
	maxBytes    int64
	now         func() time.Time
	stats       *counters
}

// outcome is what one call of an exchange came to.
type outcome struct {
	answer Answer
	err    error
}

// response is a complete HTTP response.
type response struct {
	status int
	header http.Header
	body   []byte
}

// httpClient returns a client that follows no redirects, and what closes its
// idle connections if nobody else owns them.
func httpClient(given *http.Client) (own *http.Client, closeIdle func()) {
	own, closeIdle = &http.Client{}, func() {}
	if given != nil {
		*own = *given
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		clone := transport.Clone()
		clone.MaxIdleConnsPerHost = clone.MaxIdleConns // there is one host only
		own.Transport, closeIdle = clone, clone.CloseIdleConnections
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return own, closeIdle
}

// exchange sends r and hands the outcome of each call to hand, exactly once and
// as soon as it is known.
func (t *terminal) exchange(ctx context.Context, r request, hand func(index int, out outcome)) {
	d := newDelivery(r.ops, hand)
	defer func() {
		// The transport may be the caller's code.
		if v := recover(); v != nil {
			err := &PanicError{Value: v, Stack: debug.Stack()}
			d.failRest(func(op Op) error { return t.broken(op, 0, err) })
		}
	}()
	req, err := t.base.newRequest(ctx, r)
	if err != nil {
		d.failRest(func(op Op) error { return fmt.Errorf("trpc: %s: %w", op.Path, err) })
		return
	}
	t.stats.request(len(r.ops), max(0, int(req.ContentLength)))
	resp, err := t.http.Do(req)
	if err != nil {
		t.stats.broken.Add(1)
		cause := causeOf(ctx, err)
		d.failRest(func(op Op) error { return t.broken(op, 0, cause) })
		return
	}
	defer resp.Body.Close() //nolint:errcheck // reading has reported what matters
	if r.stream {
		t.readStream(ctx, r, resp, d)
		return
	}
	body, err := t.read(resp)
	t.conclude(ctx, r, resp, body, err, d)
}

// conclude settles the calls of r by a response that was read until err.
func (t *terminal) conclude(ctx context.Context, r request, resp *http.Response, body []byte, err error, d *delivery) {
	if err != nil && !errors.Is(err, ErrResponseTooLarge) {
		t.stats.broken.Add(1)
		cause := causeOf(ctx, err)
		d.failRest(func(op Op) error { return t.broken(op, resp.StatusCode, cause) })
		return
	}
	t.stats.response(resp)
	if err != nil {
		got := response{resp.StatusCode, resp.Header, nil}
		d.failRest(func(op Op) error { return t.foreign(op, got, err) })
		return
	}
	for i, out := range t.judge(r, response{resp.StatusCode, resp.Header, body}) {
		d.settle(i, out)
	}
}

func (t *terminal) read(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > t.maxBytes {
		return nil, ErrResponseTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.maxBytes+1))
	t.stats.received.Add(int64(len(body)))
	if err == nil && int64(len(body)) > t.maxBytes {
		err = ErrResponseTooLarge
	}
	return body, err
}

// causeOf strips URLs, which may hold secrets, from the errors of net/http,
// and prefers the reason why ctx ended.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	return httperr.Reason(err)
}

// broken is the error of a call that got no complete response.
func (t *terminal) broken(op Op, status int, cause error) error {
	var dial *net.OpError
	notSent := errors.As(cause, &dial) && dial.Op == "dial"
	return &TransportError{
		Procedure:      op.Path,
		Status:         status,
		OutcomeUnknown: op.Kind == KindMutation && !notSent,
		Err:            cause,
	}
}

// judge reads a complete response. The body decides; the status only matters
// for a body that is not tRPC.
func (t *terminal) judge(r request, got response) []outcome {
	if !r.batch {
		return []outcome{t.verdict(r.ops[0], got, got.body, got.status)}
	}
	elements, whole, err := parseBatch(got.body, t.transformer)
	switch {
	case err != nil:
		return r.fail(func(op Op) error { return t.foreign(op, got, err) })
	case whole != nil:
		return r.fail(func(op Op) error { return t.refused(op, got, whole, got.status) })
	}
	outcomes := make([]outcome, len(r.ops))
	for i, op := range r.ops {
		if i < len(elements) {
			outcomes[i] = t.verdict(op, got, elements[i], 0)
		} else {
			outcomes[i].err = t.foreign(op, got, ErrMissingResult)
		}
	}
	return outcomes
}

// verdict turns the envelope of one call into its outcome. status is 0 where
// that of the response says nothing about the call.
func (t *terminal) verdict(op Op, got response, raw []byte, status int) outcome {
	e, err := parseEnvelope(raw, t.transformer)
	switch {
	case err != nil:
		return outcome{err: t.foreign(op, got, err)}
	case e.shape != nil:
		return outcome{err: t.refused(op, got, e.shape, status)}
	}
	return outcome{answer: Answer{Data: e.data, Status: got.status, Header: got.header}}
}

// refused is the error of a call that the server answered with an error shape.
func (t *terminal) refused(op Op, got response, shape *errorShape, status int) error {
	e := &Error{
		Procedure:  op.Path,
		Code:       Code(shape.code),
		Number:     shape.number,
		HTTPStatus: shape.status,
		Message:    redact(op, shape.message),
		Path:       shape.path,
		Data:       shape.data,
		RetryAfter: httperr.RetryAfter(got.header, t.now()),
	}
	if e.HTTPStatus == 0 && status >= http.StatusBadRequest {
		e.HTTPStatus = status
	}
	if e.Code == "" {
		e.Code = codeOf(e.HTTPStatus, e.Number)
	}
	if e.HTTPStatus == 0 {
		e.HTTPStatus = statusOf(e.Code)
	}
	// A result that cannot be encoded turns the whole response into one error
	// without a path, after the procedures ran.
	e.OutcomeUnknown = op.Kind == KindMutation && e.Path == "" && e.HTTPStatus >= http.StatusInternalServerError
	return e
}

// foreign is the error of a call whose response is complete but no answer.
func (t *terminal) foreign(op Op, got response, cause error) error {
	if 300 <= got.status && got.status < 400 && errors.Is(cause, ErrNotTRPC) {
		cause = ErrRedirect
	}
	e := &HTTPError{
		Procedure:   op.Path,
		Status:      got.status,
		ContentType: excerpt(got.header.Get("Content-Type")),
		RetryAfter:  httperr.RetryAfter(got.header, t.now()),
		Err:         cause,
	}
	if !errors.Is(cause, io.ErrUnexpectedEOF) && !errors.Is(cause, ErrMissingResult) {
		e.Excerpt = excerpt(redact(op, string(got.body)))
	}
	refused := 400 <= got.status && got.status < 500 && got.status != http.StatusRequestTimeout && got.status != 499
	e.OutcomeUnknown = op.Kind == KindMutation && !refused
	return e
}

// redact removes the credentials of the call from text of the other side, which
// may have echoed them.
func redact(op Op, text string) string {
	_, token, _ := strings.Cut(op.Header.Get("Authorization"), " ")
	if len(token) < 4 {
		return text // too short to be one, or to be told from other text
	}
	return strings.ReplaceAll(text, token, "[redacted]")
}
